// The tokens of the query language.

import SearchModel

/// One token. `text` is the part of the source that carries its value: without quotes, stars, `@` or `$`.
struct QueryToken {
    enum Kind: UInt8 {
        case end
        case term
        case stopWord
        case number
        /// `$name`
        case parameter
        /// A whole `"..."` (dialect 2 on).
        case quoted
        /// `""` or `''` (dialect 2 on).
        case emptyQuotes
        /// A whole `'...'` (dialect 2 on): no rule of the language takes it.
        case singleQuoted
        case prefix
        case suffix
        case infix
        /// `w'...'`
        case wildcard
        /// `@name`
        case modifier
        /// `@name >= 5`, one token (dialect 2 on): outside of it `>` and `=` are mere punctuation.
        case comparison
        case ismissing
        case arrow
        case leftParen, rightParen, leftBrace, rightBrace, leftBracket, rightBracket
        case colon, semicolon, or, minus, tilde, star, percent
        /// A `"` of dialect 1, or one that is never closed.
        case quote
    }

    enum Comparison: UInt8 {
        case equal, notEqual, greater, greaterOrEqual, less, lessOrEqual
    }

    var kind: Kind
    var text: Range<Int> = 0..<0
    /// An affix whose value is `$name`.
    var isParameter = false
    var comparison = Comparison.equal
    /// The right side of a comparison: digits, or the name of a parameter.
    var operand: Range<Int> = 0..<0
    var operandIsParameter = false
    var operandIsNegated = false

    init(_ kind: Kind, _ text: Range<Int> = 0..<0, isParameter: Bool = false) {
        self.kind = kind
        self.text = text
        self.isParameter = isParameter
    }
}
