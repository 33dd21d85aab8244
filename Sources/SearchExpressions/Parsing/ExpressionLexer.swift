// Tokens of the expression language. A minus sign before a digit belongs to the number: `10-4` is two numbers.
// Bytes that begin no token (`.`, `#`, a lone quote) are skipped, as RediSearch does.

import Glibc
import SearchModel

enum ExpressionToken: Equatable {
    case number(Double)
    case string(Bytes)
    case property(Bytes)
    case symbol(Bytes)
    case punctuation(StaticPunctuation)
    case end
}

enum StaticPunctuation: Equatable {
    case open, close, comma
    case plus, minus, times, slash, percent, caret
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case and, or, not
}

struct ExpressionLexer {
    private let text: Bytes
    private var position = 0
    /// Where the last token began; at the end of the text still that of the token before.
    private(set) var offset = 0
    /// The last number, string, name or property as written: what messages say an error is near.
    private(set) var lastWord = Bytes()

    init(_ text: Bytes) { self.text = text }

    private var lexeme: Bytes { Bytes(text[offset..<position]) }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < text.count ? text[position + ahead] : nil
    }

    mutating func next() -> ExpressionToken {
        while let c = peek() {
            let start = position
            guard let token = token(startingWith: c, at: start) else {
                position = start + 1
                continue
            }
            offset = start
            switch token {
            case .number, .string, .symbol: lastWord = lexeme
            case .property: lastWord = Bytes(lexeme.dropFirst())
            case .punctuation, .end: break
            }
            return token
        }
        return .end
    }

    private mutating func token(startingWith c: UInt8, at start: Int) -> ExpressionToken? {
        if isDigit(c) || (c == UInt8(ascii: "-") && peek(1).map(isDigit) == true) { return number(from: start) }
        if c == UInt8(ascii: "-") || c == UInt8(ascii: "+"), matchesInfinity(at: position + 1) {
            position += 4
            return .number(c == UInt8(ascii: "-") ? -.infinity : .infinity)
        }
        if c == UInt8(ascii: "'") || c == UInt8(ascii: "\"") { return string(quote: c) }
        if c == UInt8(ascii: "@") { return property() }
        if isLetter(c) {
            while let c = peek(), isLetter(c) || isDigit(c) || c == UInt8(ascii: "_") { position += 1 }
            return .symbol(Bytes(text[start..<position]))
        }
        return punctuation(c)
    }

    private mutating func number(from start: Int) -> ExpressionToken {
        if peek() == UInt8(ascii: "-") { position += 1 }
        while let c = peek(), isDigit(c) { position += 1 }
        if peek() == UInt8(ascii: "."), peek(1).map(isDigit) == true {
            position += 1
            while let c = peek(), isDigit(c) { position += 1 }
        }
        if let e = peek(), e == UInt8(ascii: "e") || e == UInt8(ascii: "E") {
            var ahead = 1
            if let sign = peek(1), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { ahead = 2 }
            if peek(ahead).map(isDigit) == true {
                position += ahead
                while let c = peek(), isDigit(c) { position += 1 }
            }
        }
        return .number(Self.number(text[start..<position]))
    }

    /// Digits out of a double's range are infinite, or 0.
    private static func number(_ digits: ArraySlice<UInt8>) -> Double {
        String(decoding: digits, as: UTF8.self).withCString { strtod($0, nil) }
    }

    private mutating func string(quote: UInt8) -> ExpressionToken? {
        position += 1
        var content = Bytes()
        while let c = peek() {
            position += 1
            if c == quote { return .string(content) }
            // Before a letter or a digit a backslash is itself.
            if c == UInt8(ascii: "\\"), let escaped = peek(), !isLetter(escaped), !isDigit(escaped), escaped < 128 {
                content.append(escaped)
                position += 1
            } else {
                content.append(c)
            }
        }
        return nil
    }

    private mutating func property() -> ExpressionToken? {
        position += 1
        var name = Bytes()
        while let c = peek() {
            // What is escaped belongs to the name together with its backslash.
            if c == UInt8(ascii: "\\"), let escaped = peek(1) {
                name.append(c)
                name.append(escaped)
                position += 2
            } else if isLetter(c) || isDigit(c) || c == UInt8(ascii: "_") || c >= 128 {
                name.append(c)
                position += 1
            } else {
                break
            }
        }
        return name.isEmpty ? nil : .property(name)
    }

    private mutating func punctuation(_ c: UInt8) -> ExpressionToken? {
        let second = peek(1)
        func two(_ token: StaticPunctuation) -> (StaticPunctuation, Int) { (token, 2) }
        let found: (StaticPunctuation, Int)?
        switch (c, second) {
        case (UInt8(ascii: "="), UInt8(ascii: "=")): found = two(.equal)
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): found = two(.notEqual)
        case (UInt8(ascii: "<"), UInt8(ascii: "=")): found = two(.lessOrEqual)
        case (UInt8(ascii: ">"), UInt8(ascii: "=")): found = two(.greaterOrEqual)
        case (UInt8(ascii: "&"), UInt8(ascii: "&")): found = two(.and)
        case (UInt8(ascii: "|"), UInt8(ascii: "|")): found = two(.or)
        case (UInt8(ascii: "("), _): found = (.open, 1)
        case (UInt8(ascii: ")"), _): found = (.close, 1)
        case (UInt8(ascii: ","), _): found = (.comma, 1)
        case (UInt8(ascii: "+"), _): found = (.plus, 1)
        case (UInt8(ascii: "-"), _): found = (.minus, 1)
        case (UInt8(ascii: "*"), _): found = (.times, 1)
        case (UInt8(ascii: "/"), _): found = (.slash, 1)
        case (UInt8(ascii: "%"), _): found = (.percent, 1)
        case (UInt8(ascii: "^"), _): found = (.caret, 1)
        case (UInt8(ascii: "<"), _): found = (.less, 1)
        case (UInt8(ascii: ">"), _): found = (.greater, 1)
        case (UInt8(ascii: "!"), _): found = (.not, 1)
        default: found = nil
        }
        guard let (token, length) = found else { return nil }
        position += length
        return .punctuation(token)
    }

    private func isDigit(_ c: UInt8) -> Bool { c &- 48 < 10 }
    private func isLetter(_ c: UInt8) -> Bool { (c | 0x20) &- 97 < 26 }

    private func matchesInfinity(at start: Int) -> Bool {
        guard start + 3 <= text.count else { return false }
        let word = text[start..<start + 3].map { $0 | 0x20 }
        guard word == Bytes("inf".utf8) else { return false }
        guard start + 3 < text.count else { return true }
        let after = text[start + 3]
        return !(isLetter(after) || isDigit(after) || after == UInt8(ascii: "_"))
    }
}
