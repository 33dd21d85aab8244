// Places on the ring.

/// A point on the ring, which runs from 0 to 4294967295 and on to 0.
///
/// Dynomite's tokens have a sign and up to four words, compared sign first and then by length; of the tokens with one
/// word and no minus sign, which are all that a ring of nodes can use, that is the order of numbers.
package struct Token: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let value: UInt32

    package init(_ value: UInt32) { self.value = value }

    package static func < (a: Token, b: Token) -> Bool { a.value < b.value }

    package var description: String { String(value) }
}

/// Why a text is no token.
package enum TokenError: Error, Equatable, Sendable, CustomStringConvertible {
    case empty
    case negative(String)
    case notDecimal(String)
    case tooLarge(String)

    package var description: String {
        switch self {
        case .empty: "a token is missing"
        case .negative(let text): "token '\(text)' is negative: tokens are 0 to 4294967295"
        case .notDecimal(let text): "token '\(text)' is not a decimal number"
        case .tooLarge(let text): "token '\(text)' is above 4294967295"
        }
    }
}

extension Token {
    /// How texts beyond the ring are read.
    package enum Reading: Sendable {
        /// They are refused.
        case strict
        /// As Dynomite reads them, for rings that were configured with such tokens: see ``folded(_:)``.
        case asDynomite
    }

    package init(_ text: some StringProtocol, reading: Reading = .strict) throws(TokenError) {
        let digits = Array(text.utf8)
        guard !digits.isEmpty else { throw .empty }
        guard digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
            let isNegative =
                digits.count > 1 && digits[0] == 45 && digits.dropFirst().allSatisfy { $0 >= 48 && $0 <= 57 }
            throw isNegative ? .negative(String(text)) : .notDecimal(String(text))
        }
        switch reading {
        case .asDynomite: self.init(Self.folded(digits))
        case .strict:
            var value: UInt64 = 0
            for digit in digits {
                value = value * 10 + UInt64(digit - 48)
                guard value <= UInt32.max else { throw .tooLarge(String(text)) }
            }
            self.init(UInt32(value))
        }
    }

    /// Digits as Dynomite reads them into one word: in groups of ten, the first one shorter where the number is, each
    /// group modulo 2^32, joined by a multiplication that is not the one by 10^10. What fits the ring keeps its value.
    private static func folded(_ digits: [UInt8]) -> UInt32 {
        var word: UInt32 = 0
        var at = 0
        var end = digits.count % 10 == 0 ? min(10, digits.count) : digits.count % 10
        while at < digits.count {
            var group: UInt32 = 0
            for digit in digits[at..<end] { group = group &* 10 &+ UInt32(digit - 48) }
            word = word &* 0x1717_9149 &+ group
            at = end
            end += 10
        }
        return word
    }

    /// Tokens between commas, blanks around them allowed, ascending.
    package static func list(_ text: some StringProtocol, reading: Reading = .strict) throws(TokenError) -> [Token] {
        var tokens: [Token] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            var trimmed = part.drop { $0 == " " }
            while trimmed.last == " " { trimmed.removeLast() }
            tokens.append(try Token(trimmed, reading: reading))
        }
        return tokens.sorted()
    }
}
