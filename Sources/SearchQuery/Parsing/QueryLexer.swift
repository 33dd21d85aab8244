// From bytes to tokens, one at a time: the longest match wins, as in the scanner of RediSearch.
//
// Bytes that fit no token (spaces, control characters, punctuation without meaning) are skipped, so the
// lexer never fails. A NUL ends the query.

import SearchModel

struct QueryLexer {
    let source: UnsafeBufferPointer<UInt8>
    /// Dialect 1 has no quoted tokens, no patterns and a simpler notion of numbers.
    let isModern: Bool
    let stopWords: StopWords?

    private(set) var token = QueryToken(.end)
    private var position = 0
    /// Where an error says it is, were ``token`` the culprit.
    private(set) var errorOffset = 0
    /// What an error quotes. Most punctuation leaves the last word standing here.
    private(set) var errorText = 0..<0

    init(_ source: UnsafeBufferPointer<UInt8>, isModern: Bool, stopWords: StopWords?) {
        let length = source.firstIndex(of: 0) ?? source.count
        self.source = UnsafeBufferPointer(rebasing: source[..<length])
        self.isModern = isModern
        self.stopWords = stopWords
    }

    // MARK: Reading

    /// Moves to the next token.
    mutating func advance() {
        if token.kind == .comparison {
            // RediSearch hands a comparison to its parser in three pieces and forgets the text of the last.
            errorOffset = 0
            errorText = 0..<0
        }
        while position < source.count {
            let start = position
            if let found = scan(at: start) {
                token = found
                return
            }
            position = start + 1
        }
        token = QueryToken(.end)
    }

    /// The token that starts at `start`, with ``position`` behind it; `nil` to skip one byte.
    private mutating func scan(at start: Int) -> QueryToken? {
        let byte = source[start]
        switch byte {
        case UInt8(ascii: "("): return symbol(.leftParen, start)
        case UInt8(ascii: ")"): return symbol(.rightParen, start)
        case UInt8(ascii: "{"): return symbol(.leftBrace, start)
        case UInt8(ascii: "}"): return symbol(.rightBrace, start)
        case UInt8(ascii: "["): return symbol(.leftBracket, start)
        case UInt8(ascii: "]"): return symbol(.rightBracket, start)
        case UInt8(ascii: ":"): return symbol(.colon, start)
        case UInt8(ascii: ";"): return symbol(.semicolon, start)
        case UInt8(ascii: "|"): return symbol(.or, start)
        case UInt8(ascii: "~"): return symbol(.tilde, start)
        case UInt8(ascii: "%"): return symbol(.percent, start)
        case UInt8(ascii: "="):
            guard start + 1 < source.count, source[start + 1] == UInt8(ascii: ">") else { return nil }
            // The quoted text starts at the second byte and is two bytes long: one too many.
            return finish(
                QueryToken(.arrow), end: start + 2, offset: start, text: start + 1..<min(start + 3, source.count))
        case UInt8(ascii: "\""):
            return scanDoubleQuotes(start)
        case UInt8(ascii: "'"):
            return isModern ? scanSingleQuotes(start) : nil
        case UInt8(ascii: "*"):
            return scanSuffix(start)
        case UInt8(ascii: "@"):
            return scanModifier(start)
        case UInt8(ascii: "$"):
            return scanParameter(start)
        case UInt8(ascii: "-"):
            return scanNumberOrWord(start) ?? symbol(.minus, start)
        default:
            return scanNumberOrWord(start)
        }
    }

    private mutating func symbol(_ kind: QueryToken.Kind, _ start: Int) -> QueryToken {
        position = start + 1
        errorOffset = start
        return QueryToken(kind)
    }

    private mutating func finish(
        _ token: QueryToken, end: Int, offset: Int, text: Range<Int>? = nil
    ) -> QueryToken {
        position = end
        errorOffset = offset
        errorText = text ?? token.text
        return token
    }

    // MARK: Words and numbers

    private mutating func scanNumberOrWord(_ start: Int) -> QueryToken? {
        if isModern, let wildcard = scanWildcard(start) { return wildcard }
        let wordEnd = endOfWord(start)
        let numberEnd = endOfNumber(start)
        let end = max(wordEnd, numberEnd)
        guard end > start else { return nil }
        if end < source.count, source[end] == UInt8(ascii: "*") {
            return finish(QueryToken(.prefix, start..<end), end: end + 1, offset: start)
        }
        if numberEnd == end {
            return finish(QueryToken(.number, start..<end), end: end, offset: start)
        }
        // A lone underscore is punctuation.
        if end == start + 1, source[start] == UInt8(ascii: "_") { return nil }
        let kind: QueryToken.Kind
        if isModern && isKeyword(start..<end, "ismissing") {
            kind = .ismissing
        } else {
            kind = isStopWord(start..<end) ? .stopWord : .term
        }
        return finish(QueryToken(kind, start..<end), end: end, offset: start)
    }

    /// End of the run of word bytes and escaped bytes that starts at `start`; `start` when there is none.
    private func endOfWord(_ start: Int) -> Int {
        var i = start
        while i < source.count {
            let byte = source[i]
            if byte.byteClass.contains(.word) {
                i += 1
            } else if byte == UInt8(ascii: "\\"), i + 1 < source.count,
                !source[i + 1].byteClass.isDisjoint(with: .escapable)
            {
                i += 2
            } else {
                break
            }
        }
        return i
    }

    /// End of `[+-]digits[.digits][e[+-]digits]` or `[+-]inf`; `start` when there is none. In dialect 1 only `inf`
    /// may have a plus sign, and `inf` is lower case.
    private func endOfNumber(_ start: Int) -> Int {
        var i = start
        let sign = source[i]
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { i += 1 }
        if i + 3 <= source.count {
            let caseBit: UInt8 = isModern ? 0x20 : 0
            if source[i] | caseBit == UInt8(ascii: "i"), source[i + 1] | caseBit == UInt8(ascii: "n"),
                source[i + 2] | caseBit == UInt8(ascii: "f")
            {
                return i + 3
            }
        }
        if sign == UInt8(ascii: "+") && !isModern { return start }
        guard let integerEnd = endOfDigits(i) else { return start }
        i = integerEnd
        if i < source.count, source[i] == UInt8(ascii: "."), let fractionEnd = endOfDigits(i + 1) { i = fractionEnd }
        if i < source.count, source[i] | 0x20 == UInt8(ascii: "e") {
            var exponent = i + 1
            if exponent < source.count,
                source[exponent] == UInt8(ascii: "-") || (isModern && source[exponent] == UInt8(ascii: "+"))
            {
                exponent += 1
            }
            if let exponentEnd = endOfDigits(exponent) { i = exponentEnd }
        }
        return i
    }

    private func endOfDigits(_ start: Int) -> Int? {
        var i = start
        while i < source.count, source[i].byteClass.contains(.digit) { i += 1 }
        return i > start ? i : nil
    }

    // MARK: Names

    /// `@name`, or in dialect 2 a whole `@name >= 5`.
    private mutating func scanModifier(_ start: Int) -> QueryToken? {
        let end = endOfWord(start + 1)
        guard end > start + 1 else { return nil }
        let name = start + 1..<end
        if isModern, let comparison = scanComparison(name) {
            position = comparison.end
            errorOffset = start
            errorText = name
            return comparison.token
        }
        return finish(QueryToken(.modifier, name), end: end, offset: start)
    }

    private func scanComparison(_ name: Range<Int>) -> (token: QueryToken, end: Int)? {
        var i = skippingSpaces(name.upperBound)
        guard i < source.count else { return nil }
        let isFollowedByEqual = i + 1 < source.count && source[i + 1] == UInt8(ascii: "=")
        var token = QueryToken(.comparison, name)
        switch (source[i], isFollowedByEqual) {
        case (UInt8(ascii: "="), true): token.comparison = .equal
        case (UInt8(ascii: "!"), true): token.comparison = .notEqual
        case (UInt8(ascii: ">"), true): token.comparison = .greaterOrEqual
        case (UInt8(ascii: "<"), true): token.comparison = .lessOrEqual
        case (UInt8(ascii: ">"), false): token.comparison = .greater
        case (UInt8(ascii: "<"), false): token.comparison = .less
        default: return nil
        }
        i = skippingSpaces(i + (isFollowedByEqual ? 2 : 1))
        guard i < source.count else { return nil }
        let numberEnd = endOfNumber(i)
        if numberEnd > i {
            token.operand = i..<numberEnd
            return (token, numberEnd)
        }
        if source[i] == UInt8(ascii: "-") || source[i] == UInt8(ascii: "+") {
            token.operandIsNegated = source[i] == UInt8(ascii: "-")
            i += 1
        }
        guard i < source.count, source[i] == UInt8(ascii: "$") else { return nil }
        let parameterEnd = endOfWord(i + 1)
        guard parameterEnd > i + 1 else { return nil }
        token.operand = i + 1..<parameterEnd
        token.operandIsParameter = true
        return (token, parameterEnd)
    }

    private func skippingSpaces(_ start: Int) -> Int {
        var i = start
        while i < source.count, source[i].byteClass.contains(.space) { i += 1 }
        return i
    }

    private mutating func scanParameter(_ start: Int) -> QueryToken? {
        let end = endOfWord(start + 1)
        guard end > start + 1 else { return nil }
        let name = start + 1..<end
        if isModern, end < source.count, source[end] == UInt8(ascii: "*") {
            return finish(QueryToken(.prefix, name, isParameter: true), end: end + 1, offset: start)
        }
        return finish(QueryToken(.parameter, name), end: end, offset: start)
    }

    // MARK: Stars and quotes

    /// `*word`, `*word*`, or a star alone.
    private mutating func scanSuffix(_ start: Int) -> QueryToken {
        var value = start + 1..<start + 1
        var isParameter = false
        var end = start + 1
        if end < source.count {
            let byte = source[end]
            if isModern && byte == UInt8(ascii: "\"") {
                if let close = closingDoubleQuote(end), close > end + 1 {
                    value = end + 1..<close
                    end = close + 1
                }
            } else if isModern && byte == UInt8(ascii: "$") {
                let nameEnd = endOfWord(end + 1)
                if nameEnd > end + 1 {
                    value = end + 1..<nameEnd
                    isParameter = true
                    end = nameEnd
                }
            } else {
                let wordEnd = max(endOfWord(end), endOfNumber(end))
                value = end..<wordEnd
                end = wordEnd
            }
        }
        guard !value.isEmpty else { return symbol(.star, start) }
        let isInfix = end < source.count && source[end] == UInt8(ascii: "*")
        return finish(
            QueryToken(isInfix ? .infix : .suffix, value, isParameter: isParameter), end: isInfix ? end + 1 : end,
            offset: start)
    }

    private mutating func scanDoubleQuotes(_ start: Int) -> QueryToken {
        guard isModern, let close = closingDoubleQuote(start) else { return symbol(.quote, start) }
        let content = start + 1..<close
        if content.isEmpty {
            return finish(QueryToken(.emptyQuotes, content), end: close + 1, offset: start)
        }
        if close + 1 < source.count, source[close + 1] == UInt8(ascii: "*") {
            return finish(QueryToken(.prefix, content), end: close + 2, offset: start)
        }
        return finish(QueryToken(.quoted, content), end: close + 1, offset: start)
    }

    /// The quote that ends the one at `start`: the first without a backslash before it, else the last with one.
    private func closingDoubleQuote(_ start: Int) -> Int? {
        var escaped: Int?
        var i = start + 1
        while i < source.count {
            if source[i] == UInt8(ascii: "\"") {
                guard i > start + 1, source[i - 1] == UInt8(ascii: "\\") else { return i }
                escaped = i
            }
            i += 1
        }
        return escaped
    }

    private mutating func scanSingleQuotes(_ start: Int) -> QueryToken? {
        guard let close = closingSingleQuote(start) else { return nil }
        let kind: QueryToken.Kind = close == start + 1 ? .emptyQuotes : .singleQuoted
        return finish(QueryToken(kind, start + 1..<close), end: close + 1, offset: start)
    }

    private mutating func scanWildcard(_ start: Int) -> QueryToken? {
        guard source[start] == UInt8(ascii: "w"), start + 1 < source.count, source[start + 1] == UInt8(ascii: "'"),
            let close = closingSingleQuote(start + 1), close > start + 2
        else { return nil }
        return finish(QueryToken(.wildcard, start + 2..<close), end: close + 1, offset: start + 2)
    }

    /// The single quote that ends the one at `start`; a backslash takes the byte behind it along.
    private func closingSingleQuote(_ start: Int) -> Int? {
        var i = start + 1
        while i < source.count {
            if source[i] == UInt8(ascii: "'") { return i }
            i += source[i] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    // MARK: Values

    /// The text without the backslashes that make punctuation and white space literal.
    func unescaped(_ range: Range<Int>) -> Bytes { unescape(source[range]) }

    func lowercased(_ range: Range<Int>) -> Bytes { unescaped(range).asciiLowercased }

    func bytes(_ range: Range<Int>) -> Bytes { Array(source[range]) }

    private func isStopWord(_ range: Range<Int>) -> Bool {
        guard let stopWords else { return false }
        return stopWords.contains(lowercased(range))
    }

    private func isKeyword(_ range: Range<Int>, _ keyword: StaticString) -> Bool {
        range.count == keyword.utf8CodeUnitCount
            && bytes(range).asciiLowercased.elementsEqual(
                UnsafeBufferPointer(start: keyword.utf8Start, count: keyword.utf8CodeUnitCount))
    }
}

/// Drops each backslash that stands before punctuation, white space or another backslash.
func unescape(_ text: some RandomAccessCollection<UInt8>) -> Bytes {
    var result = Bytes()
    result.reserveCapacity(text.count)
    var i = text.startIndex
    while i != text.endIndex {
        let next = text.index(after: i)
        if text[i] == UInt8(ascii: "\\"), next != text.endIndex,
            !text[next].byteClass.isDisjoint(with: .escapable)
        {
            result.append(text[next])
            i = text.index(after: next)
        } else {
            result.append(text[i])
            i = next
        }
    }
    return result
}
