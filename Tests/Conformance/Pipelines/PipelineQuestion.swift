// One aggregation as it is asked of both servers.

import TestKit

struct PipelineQuestion {
    var construct: String
    var query: String
    /// Options and steps, in order; each can be left out alone.
    var parts: [[String]]
    /// Rows come in an order that both servers must share.
    var isOrdered = true
    var isRESP3 = false
    /// Rows of a cursor's chunk, and then reads until it ends.
    var chunk: Int?
    /// Meant to be refused.
    var isBroken = false
    var replay = ""

    func words(index: String) -> [String] {
        var words = ["FT.AGGREGATE", index, query] + parts.joined()
        if let chunk { words += ["WITHCURSOR", "COUNT", String(chunk)] }
        return words
    }

    /// The same with less.
    var reductions: [PipelineQuestion] {
        parts.indices.reversed().map { i in
            var shorter = self
            shorter.parts.remove(at: i)
            return shorter
        }
    }
}
