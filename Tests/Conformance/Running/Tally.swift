// What came out, by construct.

import TestKit

/// A difference with the smallest question that shows it.
struct Finding {
    let question: QueryCase
    let original: QueryCase
    let difference: Difference
    let ours: RESPValue
    let peer: RESPValue
    /// A document that only one of them has, or has elsewhere, as stored.
    var document: String?
}

struct Tally {
    struct Row {
        var asked = 0
        var nonEmpty = 0
        var errors = 0
        /// Answered alike when the peer walks its unions the other way.
        var unions = 0
        var known = 0
        var different = 0

        var agreeing: Int { asked - unions - known - different }
    }

    private(set) var rows: [String: Row] = [:]
    private(set) var order: [String] = []
    private(set) var known: [String: Int] = [:]
    private(set) var findings: [String: [Finding]] = [:]
    private(set) var findingCounts: [String: Int] = [:]

    mutating func asked(_ question: QueryCase, peer: RESPValue) {
        if rows[question.construct] == nil { order.append(question.construct) }
        var row = rows[question.construct, default: Row()]
        row.asked += 1
        if peer.errorText != nil { row.errors += 1 }
        if SearchReply(peer, to: question).isNonEmpty { row.nonEmpty += 1 }
        rows[question.construct] = row
    }

    mutating func knownDifference(_ name: String, in construct: String) {
        known[name, default: 0] += 1
        if name == KnownDifference.skippedBranches.name || name == KnownDifference.manyBranches.name {
            rows[construct, default: Row()].unions += 1
        } else {
            rows[construct, default: Row()].known += 1
        }
    }

    /// Counts a difference; says whether its class still wants an example.
    mutating func differs(_ construct: String, _ difference: Difference, examples: Int) -> Bool {
        rows[construct, default: Row()].different += 1
        let name = "\(construct): \(difference.rawValue)"
        findingCounts[name, default: 0] += 1
        return findingCounts[name]! <= examples
    }

    mutating func add(_ finding: Finding) {
        findings["\(finding.original.construct): \(finding.difference.rawValue)", default: []].append(finding)
    }

    /// A difference outside the questions: index creation, loading.
    mutating func setup(_ what: String) {
        if rows["setup"] == nil { order.append("setup") }
        rows["setup", default: Row()].asked += 1
        rows["setup", default: Row()].different += 1
        print("\n  setup: \(what)")
    }

    var asked: Int { rows.values.reduce(0) { $0 + $1.asked } }
    var different: Int { rows.values.reduce(0) { $0 + $1.different } }

    func report() -> String {
        var out =
            "\n" + Self.columns("construct", "asked", "found", "errors", "agree", "unions", "known", "differ") + "\n"
        for name in order {
            guard let row = rows[name] else { continue }
            out +=
                Self.columns(
                    name, String(row.asked), Self.percent(row.nonEmpty, row.asked), Self.percent(row.errors, row.asked),
                    Self.percent(row.agreeing, row.asked), row.unions == 0 ? "" : String(row.unions),
                    row.known == 0 ? "" : String(row.known),
                    row.different == 0 ? "" : String(row.different)) + "\n"
        }
        func sum(_ part: (Row) -> Int) -> Int { rows.values.reduce(0) { $0 + part($1) } }
        let agreeing = sum(\.agreeing)
        let unions = sum(\.unions)
        out +=
            Self.columns(
                "together", String(asked), Self.percent(sum(\.nonEmpty), asked), Self.percent(sum(\.errors), asked),
                Self.percent(agreeing, asked), String(unions), String(sum(\.known)), String(different)) + "\n"
        out += "as the peer comes \(Self.percent(agreeing, asked)) agree, "
        out += "where its unions are walked whole \(Self.percent(agreeing + unions, asked))\n"
        let asksForErrors = rows.values.filter { 2 * $0.errors > $0.asked }
        if !asksForErrors.isEmpty {
            let asked = asksForErrors.reduce(0) { $0 + $1.asked }
            let different = asksForErrors.reduce(0) { $0 + $1.different + $1.known }
            out +=
                "of \(asked) questions that are mostly wrong \(Self.percent(asked - different, asked)) are answered alike\n"
        }
        for (name, count) in known.sorted(by: { $0.key < $1.key }) { out += "known: \(name): \(count)\n" }
        for (name, count) in findingCounts.sorted(by: { ($0.value, $1.key) > ($1.value, $0.key) }) {
            out += "\n== \(name): \(count)\n"
            for finding in findings[name] ?? [] { out += Self.describe(finding) }
        }
        return out
    }

    private static func describe(_ finding: Finding) -> String {
        var out = "  \(finding.question.line)\n"
        out += "    ours  \(String(finding.ours.description.prefix(400)))\n"
        out += "    peer  \(String(finding.peer.description.prefix(400)))\n"
        if let document = finding.document { out += "    of it \(document.prefix(400))\n" }
        out += "    from  \(finding.original.line)\n    again --replay \"\(finding.original.replay)\"\n"
        return out
    }

    private static func columns(_ words: String...) -> String {
        words.enumerated().map { i, word in
            let width = i == 0 ? 36 : 8
            let pad = String(repeating: " ", count: max(0, width - word.count))
            return i == 0 ? word + pad : pad + word
        }.joined()
    }

    private static func percent(_ part: Int, _ whole: Int) -> String {
        guard whole > 0 else { return "-" }
        // Rounded down, so that 100 means all.
        let parts = 10_000 * part / whole
        if parts % 100 == 0 { return "\(parts / 100)%" }
        return parts % 10 == 0
            ? "\(parts / 100).\(parts / 10 % 10)%" : "\(parts / 100).\(parts / 10 % 10)\(parts % 10)%"
    }
}
