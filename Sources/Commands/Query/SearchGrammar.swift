// The options of FT.SEARCH, which FT.EXPLAIN and FT.PROFILE read as well. Any order, after the query.

import RESP
import SearchEngine
import SearchExecution
import SearchModel
import SearchQuery
import Settings

package struct SearchGrammar {
    /// Who reads: a few words mean something else elsewhere.
    package enum Command: Sendable {
        case search
        /// FT.EXPLAIN: FILTER takes an expression, as in FT.AGGREGATE.
        case explain
        /// FT.AGGREGATE: what it shares with FT.SEARCH.
        case aggregate
    }

    package var options = SearchOptions()
    private var hasParameters = false
    private let command: Command
    /// Position of the query among the arguments.
    private let query: Int
    private let maximum: Int?

    init(_ command: Command, query: Int, settings: SearchSettings) {
        self.command = command
        self.query = query
        maximum = settings.maxSearchResults
        options.dialect = settings.defaultDialect
        options.timeout = settings.timeout
    }

    /// - Parameter query: position of the query text; options start behind it.
    package static func parse(
        _ arguments: Arguments, query: Int, command: Command = .search, settings: SearchSettings
    ) throws(ReplyError) -> SearchOptions {
        var grammar = SearchGrammar(command, query: query, settings: settings)
        var cursor = ArgumentCursor(arguments, from: query + 1)
        cursor.emptyIsZero = true
        while !cursor.isAtEnd {
            if try grammar.takeFlag(&cursor) { continue }
            if try grammar.takeCommonOption(&cursor) { continue }
            if try grammar.takeRareOption(&cursor) { continue }
            throw ErrorReplies.unknownArgument(arguments[cursor.position], position: cursor.position - query)
        }
        if grammar.options.flags.contains(.explainScore), !grammar.options.flags.contains(.withScores) {
            throw ErrorReplies.explainScoreWithoutScores
        }
        // RETURN 0 is NOCONTENT.
        if let returns = grammar.options.returns, returns.isEmpty { grammar.options.flags.insert(.noContent) }
        return grammar.options
    }

    // MARK: options

    mutating func takeFlag(_ cursor: inout ArgumentCursor) throws(ReplyError) -> Bool {
        guard let word = cursor.peek, word.count >= 6 else { return false }
        let flag: SearchOptions.Flags
        switch word[0] | 0x20 {
        case UInt8(ascii: "n"):
            if word.equalsIgnoringCase("NOCONTENT") {
                flag = .noContent
            } else if word.equalsIgnoringCase("NOSTOPWORDS") {
                flag = .noStopWords
            } else {
                return false
            }
        case UInt8(ascii: "w"):
            if word.equalsIgnoringCase("WITHSCORES") {
                flag = .withScores
            } else if word.equalsIgnoringCase("WITHPAYLOADS") {
                flag = .withPayloads
            } else if word.equalsIgnoringCase("WITHSORTKEYS") {
                flag = .withSortKeys
            } else if word.equalsIgnoringCase("WITHRAWIDS") {
                flag = .withRawIDs
            } else if word.equalsIgnoringCase("WITHCOUNT") {
                flag = .withCount
                options.flags.remove(.withoutCount)
            } else if word.equalsIgnoringCase("WITHOUTCOUNT") {
                flag = .withoutCount
                options.flags.remove(.withCount)
            } else {
                return false
            }
        case UInt8(ascii: "v"):
            guard word.equalsIgnoringCase("VERBATIM") else { return false }
            flag = .verbatim
        case UInt8(ascii: "i"):
            guard word.equalsIgnoringCase("INORDER") else { return false }
            flag = .inOrder
        case UInt8(ascii: "e"):
            guard word.equalsIgnoringCase("EXPLAINSCORE") else { return false }
            flag = .explainScore
        default:
            return false
        }
        options.flags.insert(flag)
        cursor.position += 1
        return true
    }

    private mutating func takeCommonOption(_ cursor: inout ArgumentCursor) throws(ReplyError) -> Bool {
        if cursor.take("LIMIT") {
            try parseLimit(&cursor)
        } else if try takeSharedOption(&cursor) {
            return true
        } else if cursor.take("SORTBY") {
            try parseSortBy(&cursor)
        } else if cursor.take("RETURN") {
            options.returns = try parseReturn(&cursor)
        } else if cursor.take("FILTER") {
            try parseFilter(&cursor)
        } else if cursor.take("GEOFILTER") {
            try parseGeoFilter(&cursor)
        } else if cursor.take("HIGHLIGHT") {
            try parseHighlight(&cursor)
        } else if cursor.take("SUMMARIZE") {
            try parseSummarize(&cursor)
        } else {
            return false
        }
        return true
    }

    /// Options that FT.AGGREGATE takes between its steps, too.
    mutating func takeSharedOption(_ cursor: inout ArgumentCursor) throws(ReplyError) -> Bool {
        if cursor.take("DIALECT") {
            guard !cursor.isAtEnd else { throw ErrorReplies.dialectMissing }
            guard case .success(let dialect) = cursor.takeInteger(), dialect >= 1, dialect <= 4 else {
                throw ErrorReplies.dialectBad
            }
            options.dialect = dialect
            // Not held against EXPAND: the default dialect, and one that is given before it.
            if dialect < 3, options.flags.contains(.expandFormat) { throw ErrorReplies.expandNeedsDialect }
        } else if cursor.take("PARAMS") {
            try parseParameters(&cursor)
        } else if cursor.take("TIMEOUT") {
            guard !cursor.isAtEnd else { throw ErrorReplies.timeoutMissing }
            guard case .success(let timeout) = cursor.takeInteger(), timeout >= 0 else {
                throw ErrorReplies.timeoutBad
            }
            options.timeout = timeout
        } else if cursor.take("FORMAT") {
            guard let format = cursor.take() else { throw ErrorReplies.formatMissing }
            if format.equalsIgnoringCase("STRING") {
                options.flags.remove(.expandFormat)
            } else if format.equalsIgnoringCase("EXPAND") {
                options.flags.insert(.expandFormat)
            } else {
                throw ErrorReplies.formatUnknown(format)
            }
        } else {
            return false
        }
        return true
    }

    /// Options of the query itself: which documents match, and how they score.
    mutating func takeQueryOption(_ cursor: inout ArgumentCursor) throws(ReplyError) -> Bool {
        if cursor.take("SCORER") {
            let name = Array(try value(&cursor, "SCORER"))
            options.updateExtras { $0.scorer = name }
        } else if cursor.take("LANGUAGE") {
            let name = Array(try value(&cursor, "LANGUAGE"))
            options.updateExtras { $0.language = name }
        } else if cursor.take("INKEYS") {
            let keys = cursor.bytes(try cursor.takeList("INKEYS"))
            options.updateExtras { $0.keys = keys }
        } else if cursor.take("INFIELDS") {
            let fields = cursor.bytes(try cursor.takeList("INFIELDS"))
            options.updateExtras { $0.fields = fields.isEmpty ? nil : fields }
        } else if cursor.take("SLOP") {
            let slop = try integer(&cursor, "SLOP", in: Int(Int32.min)...Int(Int32.max))
            options.updateExtras { $0.slop = slop < 0 ? nil : slop }
        } else if cursor.take("PAYLOAD") {
            let payload = Array(try value(&cursor, "PAYLOAD"))
            options.updateExtras { $0.payload = payload }
        } else if cursor.take("EXPANDER") {
            let name = Array(try value(&cursor, "EXPANDER"))
            options.updateExtras { $0.expander = name }
        } else if cursor.take("BM25STD_TANH_FACTOR") {
            let factor = try integer(&cursor, "BM25STD_TANH_FACTOR", in: 1...10_000)
            options.updateExtras { $0.tanhFactor = factor }
        } else {
            return false
        }
        return true
    }

    private mutating func takeRareOption(_ cursor: inout ArgumentCursor) throws(ReplyError) -> Bool {
        if try takeQueryOption(&cursor) {
            return true
        } else if cursor.take("WITHCURSOR") {
            options.flags.insert(.withCursor)
            _ = try parseCursor(&cursor)
        } else if cursor.take("_NUM_SSTRING") {
            // RediSearch's own: how aggregations print numbers. A search has nothing to print by it.
        } else if cursor.take("ADDSCORES") {
            throw ErrorReplies.addScoresInSearch
        } else if cursor.take("GROUPBY") {
            throw ErrorReplies.mutuallyExclusive("GROUPBY")
        } else {
            return false
        }
        return true
    }

    func parseCursor(_ cursor: inout ArgumentCursor) throws(ReplyError) -> CursorOptions {
        var result = CursorOptions()
        while true {
            if cursor.take("COUNT") {
                result.count = try integer(&cursor, "COUNT", in: 1...Int(Int32.max))
            } else if cursor.take("MAXIDLE") {
                result.maxIdle = try integer(&cursor, "MAXIDLE", in: 1...Int(Int32.max))
            } else {
                return result
            }
        }
    }

    // MARK: one option each

    private mutating func parseLimit(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        guard cursor.remaining >= 2 else { throw ErrorReplies.limitArguments }
        guard case .success(let offset) = cursor.takeInteger(), case .success(let count) = cursor.takeInteger(),
            offset >= 0, count >= 0
        else { throw ErrorReplies.limitNumbers }
        let ceiling = maximum ?? Int(Int32.max)
        guard count <= ceiling else { throw ErrorReplies.limitExceeds(ceiling) }
        guard offset <= ceiling else { throw ErrorReplies.offsetExceeds(ceiling) }
        options.offset = offset
        options.limit = count
    }

    private mutating func parseSortBy(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        guard options.sort == nil else { throw ErrorReplies.multipleSortBy }
        guard let field = cursor.take() else { throw ErrorReplies.badSortBy }
        var ascending = true
        if cursor.take("DESC") { ascending = false } else { _ = cursor.take("ASC") }
        if let next = cursor.peek, next.equalsIgnoringCase("MAX") { throw ErrorReplies.sortByMax }
        options.sort = SortOption(field: Array(field), ascending: ascending)
    }

    func parseReturn(_ cursor: inout ArgumentCursor) throws(ReplyError) -> [ReturnField] {
        let words = try cursor.takeList("RETURN")
        var fields: [ReturnField] = []
        var i = words.lowerBound
        while i < words.upperBound {
            let source = cursor.arguments[i]
            var name = source
            i += 1
            if i < words.upperBound, cursor.arguments[i].equalsIgnoringCase("AS") {
                guard i + 1 < words.upperBound else { throw ErrorReplies.returnAliasMissing }
                name = cursor.arguments[i + 1]
                guard !name.equalsIgnoringCase("AS") else { throw ErrorReplies.returnAliasIsAs }
                i += 2
            }
            // A name is given once: the first one stays.
            if !fields.contains(where: { $0.name.elementsEqual(name) }) {
                fields.append(ReturnField(source: Array(source), name: Array(name)))
            }
        }
        return fields
    }

    private mutating func parseFilter(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        if command == .explain {
            // An expression that filters rows: nothing that a query tree shows.
            guard cursor.take() != nil else { throw ErrorReplies.badArguments("APPLY/FILTER", .missing) }
            return
        }
        guard cursor.remaining >= 3, let field = cursor.take(), let low = cursor.take(), let high = cursor.take()
        else { throw ErrorReplies.filterArguments }
        guard let lower = RangeBound(low, isLower: true) else { throw ErrorReplies.badLowerRange(low) }
        guard let upper = RangeBound(high, isLower: false) else { throw ErrorReplies.badUpperRange(high) }
        let filter = NumericFilter(
            field: Array(field),
            range: NumericRange(
                lower: lower.value, upper: upper.value, includesLower: lower.isInclusive,
                includesUpper: upper.isInclusive))
        options.updateExtras { $0.numericFilters.append(filter) }
    }

    private mutating func parseGeoFilter(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        guard cursor.remaining >= 5, let field = cursor.take() else { throw ErrorReplies.geoFilterArguments }
        let longitude = try double(&cursor, "<lon>")
        let latitude = try double(&cursor, "<lat>")
        let radius = try double(&cursor, "<radius>")
        guard let word = cursor.take() else { throw ErrorReplies.geoFilterArguments }
        guard let unit = GeoUnit.allCases.first(where: { Self.equals(word, lowercase: $0.rawValue) }) else {
            throw ErrorReplies.unknownDistanceUnit(word)
        }
        let filter = GeoFilter(
            field: Array(field), longitude: longitude, latitude: latitude, radius: radius, unit: unit)
        options.updateExtras { $0.geoFilters.append(filter) }
    }

    private mutating func parseParameters(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        guard !hasParameters else { throw ErrorReplies.multipleParameters }
        let words = try cursor.takeList("PARAMS")
        guard !words.isEmpty, words.count.isMultiple(of: 2) else { throw ErrorReplies.parameterPairs }
        hasParameters = true
        var parameters: [QueryParameter] = []
        for i in stride(from: words.lowerBound, to: words.upperBound, by: 2) {
            let name = cursor.arguments[i]
            guard !parameters.contains(where: { $0.name.elementsEqual(name) }) else {
                throw ErrorReplies.duplicateParameter(name)
            }
            parameters.append(QueryParameter(name: Array(name), value: cursor.arguments.bytes(i + 1)))
        }
        options.updateExtras { $0.parameters = parameters }
    }

    private mutating func parseHighlight(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        let fields = try parseDecoratedFields(&cursor, ErrorReplies.badHighlight)
        var spec = HighlightSpec()
        if cursor.take("TAGS") {
            guard let open = cursor.take(), let close = cursor.take() else { throw ErrorReplies.badHighlight }
            spec.open = Array(open)
            spec.close = Array(close)
        }
        decorate(fields) { $0.highlight = spec }
    }

    private mutating func parseSummarize(_ cursor: inout ArgumentCursor) throws(ReplyError) {
        let fields = try parseDecoratedFields(&cursor, ErrorReplies.badSummarize)
        var spec = SummarizeSpec()
        while true {
            if cursor.take("FRAGS") {
                spec.fragments = try summarizeNumber(&cursor)
            } else if cursor.take("LEN") {
                spec.length = try summarizeNumber(&cursor)
            } else if cursor.take("SEPARATOR") {
                guard let separator = cursor.take() else { throw ErrorReplies.badSummarize }
                spec.separator = Array(separator)
            } else {
                break
            }
        }
        decorate(fields) { $0.summarize = spec }
    }

    private func summarizeNumber(_ cursor: inout ArgumentCursor) throws(ReplyError) -> Int {
        guard case .success(let number) = cursor.takeInteger(), number >= 0, number <= Int(UInt32.max) else {
            throw ErrorReplies.badSummarize
        }
        return number
    }

    /// The names behind FIELDS; none without it.
    private func parseDecoratedFields(
        _ cursor: inout ArgumentCursor, _ fault: ReplyError
    ) throws(ReplyError) -> [Bytes] {
        guard cursor.take("FIELDS") else { return [] }
        guard case .success(let words) = cursor.takeList() else { throw fault }
        return cursor.bytes(words)
    }

    private mutating func decorate(_ names: [Bytes], _ change: (inout Decoration) -> Void) {
        options.updateExtras { extras in
            if names.isEmpty { change(&extras.decorateAll) }
            for name in names {
                if let known = extras.decoratedFields.firstIndex(where: { $0.name == name }) {
                    change(&extras.decoratedFields[known].decoration)
                } else {
                    var field = DecoratedField(name: name)
                    change(&field.decoration)
                    extras.decoratedFields.append(field)
                }
            }
        }
    }

    // MARK: values

    func value(_ cursor: inout ArgumentCursor, _ name: StaticString) throws(ReplyError) -> ByteSlice {
        guard let value = cursor.take() else { throw ErrorReplies.badArguments(name, .missing) }
        return value
    }

    func integer(
        _ cursor: inout ArgumentCursor, _ name: StaticString, in range: ClosedRange<Int>
    ) throws(ReplyError) -> Int {
        switch cursor.takeInteger() {
        case .failure(let fault): throw ErrorReplies.badArguments(name, fault)
        case .success(let value):
            guard range.contains(value) else { throw ErrorReplies.badArguments(name, .bounds) }
            return value
        }
    }

    private func double(_ cursor: inout ArgumentCursor, _ name: StaticString) throws(ReplyError) -> Double {
        switch cursor.takeDouble() {
        case .failure(let fault): throw ErrorReplies.badArguments(name, fault)
        case .success(let value): return value
        }
    }

    private static func equals(_ word: ByteSlice, lowercase text: String) -> Bool {
        word.count == text.utf8.count && zip(word, text.utf8).allSatisfy { $0.asciiLowercased == $1 }
    }
}

/// One end of `FILTER field min max`: a number, `(` in front when the number itself is left out, `-inf` below,
/// `inf` or `+inf` above. No text at all reads as 0, as the oracle has it.
struct RangeBound: Equatable {
    let value: Double
    let isInclusive: Bool

    init?(_ text: ByteSlice, isLower: Bool) {
        var text = text
        isInclusive = text.first != UInt8(ascii: "(")
        if !isInclusive { text = ByteSlice(rebasing: text.dropFirst()) }
        if isLower {
            if Self.equals(text, "-inf") {
                value = -.infinity
                return
            }
        } else if Self.equals(text, "inf") || Self.equals(text, "+inf") {
            value = .infinity
            return
        }
        while let first = text.first, first == 32 || (first >= 9 && first <= 13) {
            text = ByteSlice(rebasing: text.dropFirst())
        }
        if text.isEmpty {
            value = 0
        } else if Self.equals(text, "nan") {
            value = .nan
        } else if let number = NumberText.double(text), number.isFinite {
            value = number
        } else {
            return nil
        }
    }

    private static func equals(_ text: ByteSlice, _ word: StaticString) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        for i in 0..<text.count where text[i].asciiLowercased != word.utf8Start[i] { return false }
        return true
    }
}
