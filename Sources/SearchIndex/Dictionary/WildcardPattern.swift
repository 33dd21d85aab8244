// A pattern of `?` and `*` over bytes that are UTF-8, or over bytes alone.

import SearchModel

/// A compiled pattern. Matching takes at most (length of the term) x (length of the pattern) steps: after a failure
/// only the last `*` is tried again, one code point further, which is enough for a pattern without alternatives.
package struct WildcardPattern {
    /// One place of a term.
    package enum Unit: Sendable {
        case codePoint
        case byte
    }

    enum Element: Equatable {
        case byte(UInt8)
        case anyOne
        case anyRun
    }

    let elements: [Element]
    /// What `?` stands for.
    private let unit: Unit
    /// Literal bytes before the first `?` or `*`.
    let prefix: [UInt8]
    /// The longest run of literal bytes anywhere.
    let longestLiteral: [UInt8]

    package init(_ pattern: ByteSlice, unit: Unit = .codePoint) {
        self.unit = unit
        var elements: [Element] = []
        var i = 0
        while i < pattern.count {
            switch pattern[i] {
            case UInt8(ascii: "?"): elements.append(.anyOne)
            case UInt8(ascii: "*"):
                if elements.last != .anyRun { elements.append(.anyRun) }
            case UInt8(ascii: "\\") where i + 1 < pattern.count:
                i += 1
                elements.append(.byte(pattern[i]))
            default: elements.append(.byte(pattern[i]))
            }
            i += 1
        }
        self.elements = elements

        var literals: [[UInt8]] = [[]]
        for element in elements {
            if case .byte(let byte) = element {
                literals[literals.count - 1].append(byte)
            } else {
                literals.append([])
            }
        }
        prefix = literals[0]
        longestLiteral = literals.max { $0.count < $1.count }!
    }

    package func matches(_ term: ByteSlice) -> Bool {
        var at = 0
        var element = 0
        var retryElement = -1
        var retryAt = 0
        while at < term.count || element < elements.count {
            if element < elements.count {
                switch elements[element] {
                case .anyRun:
                    retryElement = element
                    retryAt = at
                    element += 1
                    continue
                case .anyOne where at < term.count:
                    at += length(term, at)
                    element += 1
                    continue
                case .byte(let byte) where at < term.count && term[at] == byte:
                    at += 1
                    element += 1
                    continue
                case .anyOne, .byte: break
                }
            }
            guard retryElement >= 0, retryAt < term.count else { return false }
            retryAt += length(term, retryAt)
            at = retryAt
            element = retryElement + 1
        }
        return true
    }

    private func length(_ term: ByteSlice, _ at: Int) -> Int {
        switch unit {
        case .codePoint: codePointLength(term, at)
        case .byte: 1
        }
    }
}

/// Bytes of the code point at `at`; a byte that starts none counts as one.
func codePointLength(_ bytes: ByteSlice, _ at: Int) -> Int {
    let lead = bytes[at]
    let wanted = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 1
    if wanted == 1 { return 1 }
    guard at + wanted <= bytes.count else { return 1 }
    for i in 1..<wanted where bytes[at + i] & 0xC0 != 0x80 { return 1 }
    return wanted
}
