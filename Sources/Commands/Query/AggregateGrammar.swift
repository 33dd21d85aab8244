// The arguments of FT.AGGREGATE behind the query: options of the query, then steps with a few options between them.

import RESP
import SearchAggregation
import SearchEngine
import SearchModel
import Settings

package struct AggregateGrammar {
    private var search: SearchGrammar
    private var request = AggregateRequest()
    private let arguments: Arguments
    /// Position of the query among the arguments.
    private let query: Int
    private let maxRows: Int?
    private let maxOffset: Int

    private init(_ arguments: Arguments, query: Int, settings: SearchSettings) {
        self.arguments = arguments
        self.query = query
        search = SearchGrammar(.aggregate, query: query, settings: settings)
        maxRows = settings.maxAggregateResults
        maxOffset = settings.maxSearchResults ?? Int(Int32.max)
    }

    /// - Parameter query: position of the query text; options start behind it.
    package static func parse(
        _ arguments: Arguments, query: Int, settings: SearchSettings
    ) throws(ReplyError) -> AggregateRequest {
        var grammar = AggregateGrammar(arguments, query: query, settings: settings)
        var cursor = ArgumentCursor(arguments, from: query + 1)
        cursor.emptyIsZero = true
        try grammar.parseQueryOptions(&cursor)
        try grammar.parseSteps(&cursor)
        grammar.request.options = grammar.search.options
        return grammar.request
    }

    // MARK: before the first step

    private mutating func parseQueryOptions(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        var hasReturn = false
        while !cursor.isAtEnd {
            if try search.takeFlag(&cursor) { continue }
            if try search.takeQueryOption(&cursor) { continue }
            if try takeAnywhere(&cursor) { continue }
            if cursor.take("ADDSCORES") {
                request.addsScores = true
            } else if cursor.take("RETURN") {
                _ = try search.parseReturn(&cursor)
                hasReturn = true
            } else if cursor.take("SUMMARIZE") {
                throw ErrorReplies.notInAggregate("SUMMARIZE")
            } else if cursor.take("HIGHLIGHT") {
                throw ErrorReplies.notInAggregate("HIGHLIGHT")
            } else {
                break
            }
        }
        if search.options.flags.contains(.explainScore), !search.options.flags.contains(.withScores) {
            throw ErrorReplies.explainScoreWithoutScores
        }
        if hasReturn { throw ErrorReplies.notInAggregate("RETURN") }
    }

    /// What may stand before and between steps.
    private mutating func takeAnywhere(_ cursor: inout ArgumentCursor) throws(ReplyError) -> Bool {
        if try search.takeSharedOption(&cursor) { return true }
        if cursor.take("LIMIT") {
            try parseLimit(&cursor)
        } else if cursor.take("SORTBY") {
            try parseSortBy(&cursor)
        } else if cursor.take("WITHCURSOR") {
            request.cursor = try search.parseCursor(&cursor)
        } else if let word = cursor.peek, word.equalsIgnoringCase("WITHRAWIDS") {
            return try search.takeFlag(&cursor)
        } else {
            return false
        }
        return true
    }

    // MARK: steps

    private mutating func parseSteps(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        while !cursor.isAtEnd {
            if try takeAnywhere(&cursor) { continue }
            if cursor.take("GROUPBY") {
                try parseGroupBy(&cursor)
            } else if cursor.take("APPLY") {
                let expression = try self.expression(&cursor)
                var name = expression
                if cursor.take("AS") {
                    guard let alias = cursor.take() else { throw ErrorReplies.asNeedsArgument }
                    name = Array(alias)
                }
                request.steps.append(.apply(expression: expression, name: name))
            } else if cursor.take("FILTER") {
                request.steps.append(.filter(expression: try expression(&cursor)))
            } else if cursor.take("LOAD") {
                try parseLoad(&cursor)
            } else {
                throw ErrorReplies.unknownArgument(arguments[cursor.position], position: cursor.position - query)
            }
        }
    }

    private func expression(_ cursor: inout ArgumentCursor) throws(ReplyError) -> Bytes {
        guard let text = cursor.take() else { throw ErrorReplies.badArguments("APPLY/FILTER", .missing) }
        return Array(text)
    }

    private mutating func parseLoad(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        guard !cursor.isAtEnd else { throw ErrorReplies.badArguments("LOAD", .missing) }
        if cursor.take("*") {
            request.steps.append(.loadAll)
            return
        }
        guard case .success(let words) = cursor.takeList() else { throw ErrorReplies.badLoad }
        request.steps.append(.load(cursor.bytes(words)))
    }

    private mutating func parseGroupBy(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        let properties = cursor.bytes(try cursor.takeList("GROUPBY"))
        for property in properties where property.first != UInt8(ascii: "@") {
            throw ErrorReplies.groupByUnknown(property)
        }
        var reducers: [ReducerCall] = []
        while cursor.take("REDUCE") {
            guard let function = cursor.take() else { throw ErrorReplies.badReduce }
            let words: Range<Int>
            switch cursor.takeList() {
            case .success(let range): words = range
            case .failure(let fault): throw ErrorReplies.badArguments(of: function, fault)
            }
            var name: Bytes?
            if cursor.take("AS") {
                guard let alias = cursor.take() else { throw ErrorReplies.badArguments("AS", .missing) }
                name = Array(alias)
            }
            reducers.append(ReducerCall(function: Array(function), arguments: cursor.bytes(words), name: name))
        }
        request.steps.append(.group(properties: properties, reducers: reducers))
    }

    // MARK: SORTBY and LIMIT: one arrangement until the next GROUPBY

    private mutating func arrange(_ change: (inout Arrangement) throws(ReplyError) -> Void) throws(ReplyError) {
        for place in request.steps.indices.reversed() {
            if case .group = request.steps[place] { break }
            if case .arrange(var arrangement) = request.steps[place] {
                try change(&arrangement)
                request.steps[place] = .arrange(arrangement)
                return
            }
        }
        var arrangement = Arrangement()
        try change(&arrangement)
        request.steps.append(.arrange(arrangement))
    }

    private mutating func parseLimit(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        guard cursor.remaining >= 2 else { throw ErrorReplies.limitArguments }
        guard case .success(let offset) = cursor.takeInteger(), case .success(let count) = cursor.takeInteger(),
            offset >= 0, count >= 0
        else { throw ErrorReplies.limitNumbers }
        if let maxRows, count > maxRows { throw ErrorReplies.limitExceeds(maxRows) }
        guard offset <= maxOffset else { throw ErrorReplies.offsetExceeds(maxOffset) }
        try arrange { arrangement in
            arrangement.limit = (offset, count)
            arrangement.isCount = arrangement.isCount || count == 0
        }
    }

    private mutating func parseSortBy(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        var isKnown = false
        try arrange { isKnown = $0.sort != nil }
        guard !isKnown else { throw ErrorReplies.multipleSortByInAggregate }
        let words = try cursor.takeList("SORTBY")
        var items: [SortItem] = []
        for position in words {
            let word = arguments[position]
            if word.first == UInt8(ascii: "@") {
                guard items.count < 8 else { throw ErrorReplies.tooManySortFields(8) }
                items.append(SortItem(property: Array(word.dropFirst()), ascending: true))
            } else if word.equalsIgnoringCase("ASC") || word.equalsIgnoringCase("DESC") {
                if !items.isEmpty { items[items.count - 1].ascending = word.equalsIgnoringCase("ASC") }
            } else {
                throw ErrorReplies.sortDirectionMissing(word)
            }
        }
        var most: Int?
        if cursor.take("MAX") {
            guard case .success(let value) = cursor.takeInteger(), value >= 0, value <= Int(UInt32.max) else {
                throw ErrorReplies.badArguments("MAX", .type)
            }
            most = value
        }
        try arrange { arrangement in
            arrangement.sort = items
            guard let most else { return }
            let offset = arrangement.limit?.offset ?? 0
            arrangement.limit = most == 0 && offset == 0 ? nil : (offset, most)
        }
    }
}
