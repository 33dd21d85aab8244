// From a query text to a syntax tree.
//
// RediSearch's grammar is ambiguous and settled by token precedence, so the shape of its trees cannot be
// had from a grammar in layers. `-a b` is (NOT a) b, but `-a b*` is NOT (a b*), because a pattern binds
// tighter than NOT. The parser below keeps what is still open on a stack of frames
//
//       a | ( - b  c          or(a)  group  and(not(b))      operand: c
//
// and asks one question when an operand is followed by another token: which frames does that token
// close? `DialectRules` answers it per dialect. There is no recursion: a megabyte of `(` costs an error
// reply, not a thread's stack.

import SearchModel

/// What a query means beside its text.
package struct QueryParserOptions: Sendable {
    /// 1 to 4; 3 and 4 read queries as 2 does.
    package var dialect: Int
    package var parameters: [Bytes: Bytes]
    /// `nil` under NOSTOPWORDS.
    package var stopWords: StopWords?

    package init(dialect: Int = 1, parameters: [Bytes: Bytes] = [:], stopWords: StopWords? = .standard) {
        self.dialect = dialect
        self.parameters = parameters
        self.stopWords = stopWords
    }
}

package struct QueryParser {
    /// Reads a query. An empty text is a query for nothing.
    ///
    /// The text is read up to its first NUL, as RediSearch does. Linear in the length of the text.
    package static func parse(
        _ text: UnsafeBufferPointer<UInt8>, options: QueryParserOptions
    ) throws(QuerySyntaxError) -> QueryNode {
        var parser = QueryParser(text, options: options)
        return try parser.parseQuery()
    }

    /// A node that is still open.
    struct Frame {
        enum Kind {
            case group
            case not
            case optional
            /// `@a|b:`
            case field([Bytes])
            /// The operand to the left; `nil` is a stop word.
            case and(QueryNode?)
            case or(QueryNode?)
        }
        let kind: Kind
        /// The stack depth to return to when the frame closes.
        let depth: Int
    }

    /// Symbols that RediSearch's parser would have on its stack. Dialect 1 there corrupts queries nested deeper
    /// than about 100; here both dialects stop at the limit of the newer parser.
    private static let depthLimit = 256

    var lexer: QueryLexer
    let options: QueryParserOptions
    var frames: [Frame] = []
    /// Frames of kind `.field` that are open. In dialect 2 nothing but text may stand inside.
    private var openFields = 0
    /// How many symbols RediSearch's parser would hold by now.
    var depth = 1
    /// The first wrong parameter. Reported only when the whole text is well-formed.
    private var parameterError: QuerySyntaxError?
    private var valueError: QuerySyntaxError?

    var isModern: Bool { options.dialect >= 2 }
    var isInsideField: Bool { isModern && openFields > 0 }
    var token: QueryToken { lexer.token }

    private init(_ text: UnsafeBufferPointer<UInt8>, options: QueryParserOptions) {
        self.options = options
        lexer = QueryLexer(text, isModern: options.dialect >= 2, stopWords: options.stopWords)
        lexer.advance()
    }

    // MARK: Tokens

    var unexpected: QuerySyntaxError {
        QuerySyntaxError(.unexpected(near: lexer.bytes(lexer.errorText)), at: lexer.errorOffset)
    }

    /// Takes the current token.
    mutating func shift() throws(QuerySyntaxError) {
        depth += 1
        if depth > Self.depthLimit { throw QuerySyntaxError(.nestedTooDeep) }
        lexer.advance()
    }

    /// Accounts for symbols that no token of ours stands for.
    mutating func deepen(by symbols: Int) throws(QuerySyntaxError) {
        depth += symbols
        if depth > Self.depthLimit { throw QuerySyntaxError(.nestedTooDeep) }
    }

    mutating func expect(_ kind: QueryToken.Kind) throws(QuerySyntaxError) {
        guard token.kind == kind else { throw unexpected }
        try shift()
    }

    /// Runs a rule whose tokens become one symbol.
    mutating func rule<T>(
        _ body: (inout QueryParser) throws(QuerySyntaxError) -> T
    ) throws(QuerySyntaxError) -> T {
        let before = depth
        let result = try body(&self)
        depth = before + 1
        return result
    }

    /// Notes an error about a parameter: syntax errors further on take precedence.
    mutating func noteParameterError(_ reason: QuerySyntaxError.Reason) {
        if parameterError == nil { parameterError = QuerySyntaxError(reason) }
    }

    /// Notes an error about a value that is well-formed but out of range: all other errors take precedence.
    mutating func noteValueError(_ reason: QuerySyntaxError.Reason) {
        if valueError == nil { valueError = QuerySyntaxError(reason) }
    }

    /// The text of `$name`, or an empty one with an error noted.
    mutating func parameter(_ name: Range<Int>) -> Bytes {
        let name = lexer.bytes(name)
        if let value = options.parameters[name] { return value }
        noteParameterError(.noSuchParameter(name))
        return []
    }

    // MARK: The machine

    private mutating func parseQuery() throws(QuerySyntaxError) -> QueryNode {
        if token.kind == .end { return QueryNode(.empty) }
        let node = try isAllQuery() ? QueryNode(.all) : parseExpression() ?? QueryNode(.empty)
        if let parameterError { throw parameterError }
        if let valueError { throw valueError }
        return node
    }

    /// `*`, in dialect 2 also `(*)`: only as the whole query.
    private mutating func isAllQuery() throws(QuerySyntaxError) -> Bool {
        let start = self
        var parentheses = 0
        while isModern && token.kind == .leftParen {
            parentheses += 1
            try shift()
        }
        guard token.kind == .star else {
            self = start
            return false
        }
        try shift()
        for _ in 0..<parentheses { try expect(.rightParen) }
        if isModern && token.kind == .arrow {
            try shift()
            try parseVectorQuery()
        }
        guard token.kind == .end else { throw unexpected }
        return true
    }

    private mutating func parseExpression() throws(QuerySyntaxError) -> QueryNode? {
        while true {
            var operand = try readOperand()
            followers: while true {
                switch token.kind {
                case .end:
                    while let frame = frames.popLast() {
                        if case .group = frame.kind { throw unexpected }
                        operand = close(frame, over: operand)
                    }
                    return operand
                case .rightParen:
                    try closeGroup(&operand)
                case .arrow:
                    closeFrames(&operand, before: .arrow)
                    try readAttributes(of: &operand)
                case .or:
                    closeFrames(&operand, before: .or)
                    let before = depth
                    try shift()
                    push(.or(operand), depth: before - 1)
                    break followers
                default:
                    guard let lookahead = lookaheadOfOperand() else { throw unexpected }
                    closeFrames(&operand, before: lookahead)
                    push(.and(operand), depth: depth - 1)
                    break followers
                }
            }
        }
    }

    /// Opens frames until a whole operand is read.
    private mutating func readOperand() throws(QuerySyntaxError) -> QueryNode? {
        while true {
            let before = depth
            switch token.kind {
            case .leftParen:
                try shift()
                push(.group, depth: before)
            case .minus:
                try shift()
                push(.not, depth: before)
            case .tilde:
                try shift()
                push(.optional, depth: before)
            case .modifier where !isInsideField:
                if let clause = try readModifier() { return clause }
            default:
                return try isModern ? readPrimary() : readPrimaryOfDialect1()
            }
        }
    }

    private mutating func push(_ kind: Frame.Kind, depth: Int) {
        if case .field = kind { openFields += 1 }
        frames.append(Frame(kind: kind, depth: depth))
    }

    /// `@a|b:` opens a frame; `@a:{...}` and `@a:[...]` are whole clauses.
    private mutating func readModifier() throws(QuerySyntaxError) -> QueryNode? {
        let before = depth
        var names = [lexer.unescaped(token.text)]
        try shift()
        while token.kind == .or {
            try shift()
            guard isFieldName(token.kind) else { throw unexpected }
            names.append(lexer.lowercased(token.text))
            try shift()
            depth = before + 1
        }
        try expect(.colon)
        if names.count == 1 && (token.kind == .leftBrace || token.kind == .leftBracket) {
            let isTag = token.kind == .leftBrace
            let kind: QueryNode.Kind
            if isModern {
                kind = try isTag ? readTags(of: names[0]) : readRange(of: names[0])
            } else {
                kind = try isTag ? readTagsOfDialect1(of: names[0]) : readRangeOfDialect1(of: names[0])
            }
            depth = before + 1
            return QueryNode(kind)
        }
        push(.field(names), depth: before)
        return nil
    }

    /// What may follow the `|` of a field list.
    private func isFieldName(_ kind: QueryToken.Kind) -> Bool {
        switch kind {
        case .term, .number: true
        case .stopWord, .quoted, .ismissing: isModern
        default: false
        }
    }

    // MARK: Closing frames

    /// What kind of token follows an operand, as far as it matters for closing frames.
    enum Lookahead {
        case or
        case arrow
        /// A word, and in dialect 1 all that is not listed below.
        case word
        /// A quote, in dialect 1.
        case quote
        case minus
        case tilde
        /// Patterns, numbers and parameters in dialect 2: they bind tighter than NOT, `~` and `@field:`.
        case tight
    }

    /// What the current token would do as the start of another operand; `nil` when it cannot start one.
    private func lookaheadOfOperand() -> Lookahead? {
        switch token.kind {
        case .term, .stopWord, .leftParen: .word
        case .modifier, .comparison: isInsideField && !closesField(.word) ? nil : .word
        case .quoted, .emptyQuotes: .word
        case .ismissing: .word
        case .number, .prefix, .suffix, .infix, .wildcard, .percent: isModern ? .tight : .word
        case .parameter: isModern ? .tight : nil
        case .quote: isModern ? nil : .quote
        case .minus: .minus
        case .tilde: .tilde
        default: nil
        }
    }

    private func closes(_ frame: Frame.Kind, _ lookahead: Lookahead) -> Bool {
        isModern ? DialectRules.modern(frame, lookahead) : DialectRules.first(frame, lookahead)
    }

    /// Whether `lookahead` would close the innermost open field.
    private func closesField(_ lookahead: Lookahead) -> Bool {
        for frame in frames.reversed() {
            if !closes(frame.kind, lookahead) { return false }
            if case .field = frame.kind { return true }
        }
        return false
    }

    private mutating func closeFrames(_ operand: inout QueryNode?, before lookahead: Lookahead) {
        while let frame = frames.last, closes(frame.kind, lookahead) {
            frames.removeLast()
            operand = close(frame, over: operand)
        }
    }

    private mutating func closeGroup(_ operand: inout QueryNode?) throws(QuerySyntaxError) {
        let isOpen = frames.contains { if case .group = $0.kind { true } else { false } }
        guard isOpen else { throw unexpected }
        while let frame = frames.popLast() {
            if case .group = frame.kind {
                try shift()
                depth = frame.depth + 1
                return
            }
            operand = close(frame, over: operand)
        }
    }

    private mutating func close(_ frame: Frame, over operand: QueryNode?) -> QueryNode? {
        depth = frame.depth + 1
        switch frame.kind {
        case .group:
            preconditionFailure("a group is closed by its parenthesis")
        case .not:
            return operand.map { QueryNode(.not($0)) }
        case .optional:
            return operand.map { QueryNode(.optional($0)) }
        case .field(let names):
            openFields -= 1
            return operand.map { $0.restricted(to: names) }
        case .and(let left):
            return QueryNode.conjunction(left, operand)
        case .or(let left):
            return QueryNode.disjunction(left, operand)
        }
    }
}

/// Which tokens end which open nodes.
private enum DialectRules {
    static func modern(_ frame: QueryParser.Frame.Kind, _ next: QueryParser.Lookahead) -> Bool {
        switch (frame, next) {
        case (.group, _): false
        case (.field, .tight): false
        case (.field, _): true
        case (_, .arrow), (_, .tight): false
        case (.or, let next): next == .or
        case (.and, _), (.not, _), (.optional, _): true
        }
    }

    static func first(_ frame: QueryParser.Frame.Kind, _ next: QueryParser.Lookahead) -> Bool {
        switch (frame, next) {
        case (.group, _), (_, .arrow): false
        case (.not, let next): next == .quote || next == .minus || next == .tilde
        case (.optional, let next): next == .tilde
        case (.and, let next), (.field, let next): next != .or
        case (.or, _): true
        }
    }
}

extension QueryNode {
    /// Both operands; without one of them (a stop word) just the other.
    static func conjunction(_ left: QueryNode?, _ right: QueryNode?) -> QueryNode? {
        guard var left else { return right }
        guard let right else { return left }
        // An AND to the left takes the operand in, parentheses or not, unless a field clause made it.
        if case .intersection(var children) = left.kind, left.fields == nil {
            left.kind = .empty
            children.append(right)
            left.kind = .intersection(children)
            return left
        }
        return QueryNode(.intersection([left, right]))
    }

    static func disjunction(_ left: QueryNode?, _ right: QueryNode?) -> QueryNode? {
        guard var left else { return right }
        guard let right else { return left }
        if case .union(var children, isExpansion: false) = left.kind, left.fields == nil {
            left.kind = .empty
            children.append(right)
            left.kind = .union(children, isExpansion: false)
            return left
        }
        return QueryNode(.union([left, right], isExpansion: false))
    }

    func restricted(to names: [Bytes]) -> QueryNode {
        var node = self
        node.fields = fields.map { inner in inner.filter(names.contains) } ?? names
        return node
    }
}
