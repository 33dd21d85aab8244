// A reply of FT.SEARCH taken apart, so that two can be compared by meaning.

import TestKit

/// One row of a RESP2 reply.
struct ReplyRow {
    var id: String
    var score: RESPValue?
    var payload: RESPValue?
    var sortKey: RESPValue?
    var fields: RESPValue?
}

/// A RESP2 reply of FT.SEARCH.
enum SearchReply {
    case error(String)
    case rows(total: Int, [ReplyRow])
    /// Not what a search answers.
    case other(RESPValue)

    init(_ value: RESPValue, to question: QueryCase) {
        if let text = value.errorText {
            self = .error(text)
            return
        }
        guard question.command == "FT.SEARCH", let elements = value.elements, let total = elements.first?.integerValue
        else {
            self = .other(value)
            return
        }
        let given = question.words.map { $0.uppercased() }
        let scores = given.contains("WITHSCORES")
        let payloads = given.contains("WITHPAYLOADS")
        let sortKeys = given.contains("WITHSORTKEYS")
        let returnsNothing = question.option("RETURN").map { $0.count > 1 && $0[1] == "0" } ?? false
        let content = !given.contains("NOCONTENT") && !returnsNothing
        let stride = 1 + (scores ? 1 : 0) + (payloads ? 1 : 0) + (sortKeys ? 1 : 0) + (content ? 1 : 0)
        guard (elements.count - 1) % stride == 0 else {
            self = .other(value)
            return
        }
        var rows: [ReplyRow] = []
        var i = 1
        while i < elements.count {
            guard let id = elements[i].text else {
                self = .other(value)
                return
            }
            var row = ReplyRow(id: id)
            var next = i + 1
            func take() -> RESPValue {
                defer { next += 1 }
                return elements[next]
            }
            if scores { row.score = take() }
            if payloads { row.payload = take() }
            if sortKeys { row.sortKey = take() }
            if content { row.fields = take() }
            rows.append(row)
            i = next
        }
        self = .rows(total: total, rows)
    }

    /// Whether it found something.
    var isNonEmpty: Bool {
        switch self {
        case .rows(let total, _): total > 0
        case .error: false
        case .other(let value): value.elements.map { !$0.isEmpty } ?? true
        }
    }
}
