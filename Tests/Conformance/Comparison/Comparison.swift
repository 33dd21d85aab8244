// Whether two replies mean the same, and if not, in what they differ.

import TestKit

/// The first thing in which two replies differ.
enum Difference: String, CaseIterable {
    case errorOnOneSide = "one side answers an error"
    case errorText = "error text"
    case total
    case ids
    case order
    case scores
    case explanation = "explanation of a score"
    case sortKeys = "sort keys"
    case payloads
    case fields
    case shape
}

/// How strictly order is looked at.
enum TieRule: String {
    /// Rows of equal score or sort key come in the same order.
    case strict
    /// They may come in any order.
    case sets
}

struct Comparison {
    var ties = TieRule.strict
    /// Whether the branches of an explained score come in one order.
    var ordersBranches = true

    /// Largest difference of two scores that are the same, relative to the larger one when that is above 1.
    static let scoreTolerance = 1e-6

    func difference(_ a: RESPValue, _ b: RESPValue, question: QueryCase) -> Difference? {
        if question.channel == .resp3 { return Self.agree(a, b) ? nil : structural(a, b) }
        switch (SearchReply(a, to: question), SearchReply(b, to: question)) {
        case (.error(let x), .error(let y)): return x == y ? nil : .errorText
        case (.error, _), (_, .error): return .errorOnOneSide
        case (.rows(let totalA, let rowsA), .rows(let totalB, let rowsB)):
            if totalA != totalB { return .total }
            return difference(rowsA, rowsB, question: question)
        case (.other(let x), .other(let y)): return Self.agree(x, y) ? nil : .shape
        default: return .shape
        }
    }

    private func structural(_ a: RESPValue, _ b: RESPValue) -> Difference {
        switch (a.errorText, b.errorText) {
        case (.some, .some): return .errorText
        case (nil, .some), (.some, nil): return .errorOnOneSide
        case (nil, nil): break
        }
        if a["total_results"] != b["total_results"] { return .total }
        let ids = [a, b].map { $0["results"]?.elements?.map { $0["id"]?.text ?? "" } ?? [] }
        if ids[0] != ids[1] { return Set(ids[0]) == Set(ids[1]) ? .order : .ids }
        return .shape
    }

    private func difference(_ a: [ReplyRow], _ b: [ReplyRow], question: QueryCase) -> Difference? {
        let idsA = a.map(\.id)
        let idsB = b.map(\.id)
        if idsA != idsB {
            if idsA.count == idsB.count && Set(idsA) == Set(idsB) {
                if ties == .strict || !isPermutationOfTies(a, b) { return .order }
            } else {
                return .ids
            }
        }
        let other = Dictionary(b.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let pairs = a.compactMap { row in other[row.id].map { (row, $0) } }
        for (x, y) in pairs {
            if question.has("EXPLAINSCORE") {
                guard let (scoreX, textX) = Self.explained(x.score), let (scoreY, textY) = Self.explained(y.score)
                else {
                    if x.score == y.score { continue }
                    return .explanation
                }
                if !Self.close(scoreX, scoreY) { return .scores }
                let same = ordersBranches ? textX == textY : Self.unordered(textX) == Self.unordered(textY)
                if !same { return .explanation }
            } else if !Self.sameNumber(x.score, y.score) {
                return .scores
            }
        }
        for (x, y) in pairs where x.sortKey != y.sortKey { return .sortKeys }
        for (x, y) in pairs where x.payload != y.payload { return .payloads }
        let ordered = question.has("RETURN")
        for (x, y) in pairs where !Self.sameFields(x.fields, y.fields, ordered: ordered) { return .fields }
        return nil
    }

    /// Whether the orders differ only among rows that nothing tells apart.
    private func isPermutationOfTies(_ a: [ReplyRow], _ b: [ReplyRow]) -> Bool {
        guard a.allSatisfy({ $0.score != nil || $0.sortKey != nil }) else { return false }
        return zip(a, b).allSatisfy { x, y in Self.sameNumber(x.score, y.score) && x.sortKey == y.sortKey }
    }

    private static func explained(_ value: RESPValue?) -> (score: Double, text: RESPValue)? {
        guard let parts = value?.elements, parts.count == 2, let score = parts[0].number else { return nil }
        return (score, parts[1])
    }

    /// An explanation as text, with the branches of each node sorted.
    private static func unordered(_ value: RESPValue) -> String {
        guard let parts = value.elements else { return value.description }
        return "(" + parts.map(unordered).sorted().joined(separator: " ") + ")"
    }

    static func close(_ a: Double, _ b: Double) -> Bool {
        a == b || (a.isNaN && b.isNaN) || abs(a - b) <= scoreTolerance * max(1, max(abs(a), abs(b)))
    }

    private static func sameNumber(_ a: RESPValue?, _ b: RESPValue?) -> Bool {
        if a == b { return true }
        guard let x = a?.number, let y = b?.number else { return false }
        return close(x, y)
    }

    /// A hash's fields come in any order: it is the store that chooses.
    private static func sameFields(_ a: RESPValue?, _ b: RESPValue?, ordered: Bool) -> Bool {
        if ordered || a == b { return a == b }
        guard let x = a?.elements, let y = b?.elements else { return a == b }
        return sortedPairs(x) == sortedPairs(y)
    }

    private static func sortedPairs(_ elements: [RESPValue]) -> [String] {
        stride(from: 0, to: elements.count - 1, by: 2).map { "\(elements[$0])=\(elements[$0 + 1])" }.sorted()
    }

    /// Deep equality but for the last digits of doubles and the order of maps.
    static func agree(_ a: RESPValue, _ b: RESPValue) -> Bool {
        switch (a, b) {
        case (.double(let x), .double(let y)): close(x, y)
        case (.array(let x), .array(let y)): x.count == y.count && zip(x, y).allSatisfy(agree)
        case (.map(let x), .map(let y)):
            x.count == y.count
                && stride(from: 0, to: x.count, by: 2).allSatisfy { i in
                    x[i].text.flatMap { b[$0] }.map { agree(x[i + 1], $0) }
                        ?? (x[i] == y[i] && agree(x[i + 1], y[i + 1]))
                }
        default: a == b
        }
    }
}
