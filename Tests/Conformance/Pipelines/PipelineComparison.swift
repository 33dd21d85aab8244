// Whether two replies to an aggregation say the same.

import TestKit

enum PipelineComparison {
    /// What differs; `nil`: nothing.
    static func difference(_ a: [RESPValue], _ b: [RESPValue], _ question: PipelineQuestion) -> String? {
        if a == b { return nil }
        if let x = a.first?.errorText, let y = b.first?.errorText { return x == y ? nil : "error text" }
        if (a.first?.errorText == nil) != (b.first?.errorText == nil) { return "error on one side" }
        guard a.count == b.count else { return "chunks" }
        var ours: [RESPValue] = []
        var theirs: [RESPValue] = []
        for (x, y) in zip(a, b) {
            guard let (total, rows) = parts(x), let (otherTotal, otherRows) = parts(y) else { return "shape" }
            if rows.count != otherRows.count { return "number of rows" }
            if total != otherTotal { return "total" }
            ours += rows
            theirs += otherRows
        }
        if question.isOrdered { return zip(ours, theirs).allSatisfy(isClose) ? nil : "rows" }
        return isSame(ours, theirs) ? nil : "rows"
    }

    private static func parts(_ reply: RESPValue) -> (total: Int, rows: [RESPValue])? {
        if case .map = reply {
            guard let total = reply["total_results"]?.integerValue, let rows = reply["results"]?.elements else {
                return nil
            }
            return (total, rows + (reply["warning"]?.elements ?? []))
        }
        guard let elements = reply.elements, let total = elements.first?.integerValue else { return nil }
        return (total, Array(elements.dropFirst()))
    }

    /// As bags.
    private static func isSame(_ a: [RESPValue], _ b: [RESPValue]) -> Bool {
        var left = b
        for value in a {
            guard let i = left.firstIndex(where: { isClose(value, $0) }) else { return false }
            left.remove(at: i)
        }
        return left.isEmpty
    }

    /// Equal, but for the last digits of numbers and the order of elements of a list.
    private static func isClose(_ a: RESPValue, _ b: RESPValue) -> Bool { isClose(a, b, isInside: false) }

    /// Whether an element of a row is a list, and not one of the maps that rows of RESP3 are made of.
    private static func isValue(_ value: RESPValue) -> Bool {
        if case .array = value { true } else { false }
    }

    /// - Parameter isInside: the value is a list in a row.
    private static func isClose(_ a: RESPValue, _ b: RESPValue, isInside: Bool) -> Bool {
        if a == b { return true }
        if let x = a.elements, let y = b.elements {
            guard x.count == y.count else { return false }
            // TOLIST promises no order; a row's names and values keep their places.
            if isInside { return isSame(x, y) }
            return zip(x, y).allSatisfy { isClose($0, $1, isInside: isValue($0)) }
        }
        guard let x = a.number, let y = b.number else { return false }
        if x.isNaN, y.isNaN { return a == b }
        return abs(x - y) <= 1e-9 * max(abs(x), abs(y))
    }
}
