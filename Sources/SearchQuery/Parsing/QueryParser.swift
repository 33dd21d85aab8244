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
//
// Dialect 2 has two kinds of expressions: text (words, patterns, quotes and what NOT, AND and OR make of
// them), which may stand behind `@field:`, and everything else. A union that begins as two or more texts
// stays one: `a|b|@n:[1 2]` is an error, and `a|b|c @n:[1 2]` is (a|b|c) AND a range. See ``Form``.

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

    package static func parse(_ text: Bytes, options: QueryParserOptions) throws(QuerySyntaxError) -> QueryNode {
        // Typed errors do not pass through `withUnsafeBufferPointer` before they are a value.
        let result = text.withUnsafeBufferPointer { buffer in
            Result { () throws(QuerySyntaxError) in try parse(buffer, options: options) }
        }
        return try result.get()
    }

    /// What an operand may become part of. Dialect 1 knows `.general` only.
    enum Form {
        case text
        /// An OR of texts that more texts, and nothing else, can join.
        case textUnion
        case general
        /// An OR that anything can join.
        case union
    }

    struct Operand {
        /// `nil` is a stop word.
        var node: QueryNode?
        var form: Form

        var isText: Bool { form == .text || form == .textUnion }
        /// The form once it is a part of something else.
        var settledForm: Form { isText ? .text : .general }
    }

    /// A node that is still open.
    struct Frame {
        enum Kind {
            case group
            case not
            case optional
            /// `@a|b:`
            case field([Bytes])
            /// The operand to the left is on top of ``QueryParser/lefts``.
            case and
            case or(left: Form)
        }
        let kind: Kind
        /// The stack depth to return to when the frame closes.
        let depth: Int

        /// Whether nothing but text may stand inside, in dialect 2.
        var admitsOnlyText: Bool {
            switch kind {
            case .field: true
            case .or(let left): left == .textUnion
            default: false
            }
        }
    }

    /// Symbols that RediSearch's parser would have on its stack. Dialect 1 there corrupts queries nested deeper
    /// than about 100; here both dialects stop at the limit of the newer parser.
    private static let depthLimit = 256

    var lexer: QueryLexer
    let options: QueryParserOptions
    var frames: [Frame] = []
    /// Left operands of the open ANDs and ORs. Apart from the frames, so that a long list of operands has one
    /// owner when the next one joins it: or else each step would copy the list.
    private var lefts: [Operand] = []
    /// How many open frames admit only text.
    private var textFrames = 0
    /// How many symbols RediSearch's parser would hold by now.
    var depth = 1
    /// The first wrong parameter. Reported only when the whole text is well-formed.
    private var parameterError: QuerySyntaxError?
    private var valueError: QuerySyntaxError?

    var isModern: Bool { options.dialect >= 2 }
    var admitsOnlyText: Bool { isModern && textFrames > 0 }
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
                        close(frame, over: &operand)
                    }
                    return operand.node
                case .rightParen:
                    try closeGroup(&operand)
                case .arrow:
                    closeFrames(&operand, before: .arrow)
                    try readAttributes(of: &operand.node)
                case .or:
                    closeFrames(&operand, before: .or)
                    let before = depth
                    try shift()
                    push(.or(left: operand.form), depth: before - 1)
                    lefts.append(operand)
                    break followers
                default:
                    guard let lookahead = lookaheadOfOperand() else { throw unexpected }
                    closeFrames(&operand, before: lookahead)
                    if lookahead == .clause && admitsOnlyText { throw unexpected }
                    push(.and, depth: depth - 1)
                    lefts.append(operand)
                    break followers
                }
            }
        }
    }

    /// Opens frames until a whole operand is read.
    private mutating func readOperand() throws(QuerySyntaxError) -> Operand {
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
            case .modifier where !admitsOnlyText:
                if let clause = try readModifier() { return Operand(node: clause, form: .general) }
            default:
                return try isModern ? readPrimary() : readPrimaryOfDialect1()
            }
        }
    }

    private mutating func push(_ kind: Frame.Kind, depth: Int) {
        let frame = Frame(kind: kind, depth: depth)
        if frame.admitsOnlyText { textFrames += 1 }
        frames.append(frame)
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
        /// `@name`, in dialect 2.
        case clause
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
        case .term, .stopWord, .leftParen, .quoted, .emptyQuotes, .ismissing: .word
        case .modifier, .comparison: isModern ? .clause : .word
        case .number, .prefix, .suffix, .infix, .wildcard, .percent: isModern ? .tight : .word
        case .parameter: isModern ? .tight : nil
        case .quote: isModern ? .word : .quote
        case .minus: .minus
        case .tilde: .tilde
        default: nil
        }
    }

    private mutating func closeFrames(_ operand: inout Operand, before lookahead: Lookahead) {
        while let frame = frames.last {
            let closes =
                isModern
                ? DialectRules.modern(frame, operand, lookahead) : DialectRules.first(frame.kind, lookahead)
            guard closes else { return }
            frames.removeLast()
            close(frame, over: &operand)
        }
    }

    private mutating func closeGroup(_ operand: inout Operand) throws(QuerySyntaxError) {
        let isOpen = frames.contains { if case .group = $0.kind { true } else { false } }
        guard isOpen else { throw unexpected }
        while let frame = frames.popLast() {
            if case .group = frame.kind {
                try shift()
                depth = frame.depth + 1
                operand.form = operand.settledForm
                return
            }
            close(frame, over: &operand)
        }
    }

    /// Makes the frame's node out of `operand`.
    private mutating func close(_ frame: Frame, over operand: inout Operand) {
        depth = frame.depth + 1
        if frame.admitsOnlyText { textFrames -= 1 }
        switch frame.kind {
        case .group:
            preconditionFailure("a group is closed by its parenthesis")
        case .not:
            operand.node = operand.node.map { QueryNode(.not($0)) }
            operand.form = operand.settledForm
        case .optional:
            operand.node = operand.node.map { QueryNode(.optional($0)) }
            operand.form = operand.settledForm
        case .field(let names):
            operand.node = operand.node.map { $0.restricted(to: names) }
            operand.form = .general
        case .and:
            var left = lefts.removeLast()
            left.form = left.isText && operand.isText ? .text : .general
            QueryNode.conjoin(&left.node, with: operand.node)
            operand = left
        case .or:
            var left = lefts.removeLast()
            left.form = left.isText && operand.isText ? .textUnion : .union
            QueryNode.disjoin(&left.node, with: operand.node)
            operand = left
        }
    }
}

/// Which tokens end which open nodes.
private enum DialectRules {
    static func modern(
        _ frame: QueryParser.Frame, _ operand: QueryParser.Operand, _ next: QueryParser.Lookahead
    ) -> Bool {
        switch (frame.kind, next) {
        case (.group, _): false
        case (.field, .tight): false
        case (.field, _): true
        case (_, .arrow), (_, .tight): false
        // A union that was just closed goes on, inside a wider one if need be: a | @n:[1 2] | b | c
        case (.or(let left), .or): operand.form == .general || (operand.form == .text && left != .union)
        case (.or, .clause): frame.admitsOnlyText
        case (.or, _): false
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
    /// ANDs `right` to `left`. Without one of them (a stop word) the other stands alone.
    static func conjoin(_ left: inout QueryNode?, with right: QueryNode?) {
        guard let right else { return }
        guard left != nil else {
            left = right
            return
        }
        // An AND to the left takes the operand in, parentheses or not, unless a field clause made it.
        if left?.appendToIntersection(right) != true, let first = left {
            left = QueryNode(.intersection([first, right]))
        }
    }

    static func disjoin(_ left: inout QueryNode?, with right: QueryNode?) {
        guard let right else { return }
        guard left != nil else {
            left = right
            return
        }
        if left?.appendToUnion(right) != true, let first = left {
            left = QueryNode(.union([first, right], isExpansion: false))
        }
    }

    private mutating func appendToIntersection(_ node: QueryNode) -> Bool {
        guard fields == nil, case .intersection(var children) = kind else { return false }
        kind = .empty
        children.append(node)
        kind = .intersection(children)
        return true
    }

    private mutating func appendToUnion(_ node: QueryNode) -> Bool {
        guard fields == nil, case .union(var children, isExpansion: false) = kind else { return false }
        kind = .empty
        children.append(node)
        kind = .union(children, isExpansion: false)
        return true
    }

    func restricted(to names: [Bytes]) -> QueryNode {
        var node = self
        node.fields = fields.map { inner in inner.filter(names.contains) } ?? names
        return node
    }
}
