// Whether one term matches one pattern: for the few terms of a document that is shown. Searching the
// dictionary for all terms that match is the index's business.

import SearchIndex
import SearchModel

/// A prefix, suffix, infix, wildcard or fuzzy clause over terms, already folded.
enum TermPattern {
    case prefix(Bytes)
    case suffix(Bytes)
    case infix(Bytes)
    case wildcard(Bytes)
    case fuzzy(FuzzyWord)

    func matches(_ term: UnsafeBufferPointer<UInt8>) -> Bool {
        switch self {
        case .prefix(let text): term.starts(with: text)
        case .suffix(let text): term.count >= text.count && term.suffix(text.count).elementsEqual(text)
        case .infix(let text): Self.contains(term, text)
        case .wildcard(let text): Self.matchesWildcard(term, text)
        case .fuzzy(let word): word.matches(term)
        }
    }

    /// What every matching term starts with; `nil`: they may start with anything.
    var firstByte: UInt8? {
        switch self {
        case .prefix(let text): text.first
        case .wildcard(let text):
            text.first.flatMap { [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "\\")].contains($0) ? nil : $0 }
        case .suffix, .infix, .fuzzy: nil
        }
    }

    private static func contains(_ term: UnsafeBufferPointer<UInt8>, _ text: Bytes) -> Bool {
        guard text.count <= term.count else { return false }
        for start in 0...(term.count - text.count) {
            var i = 0
            while i < text.count && term[start + i] == text[i] { i += 1 }
            if i == text.count { return true }
        }
        return false
    }

    /// `?` is any one code point, `*` any run. Backtracks to the last star only, so it is linear in practice
    /// and quadratic at worst.
    private static func matchesWildcard(_ term: UnsafeBufferPointer<UInt8>, _ pattern: Bytes) -> Bool {
        var t = 0
        var p = 0
        var star: Int?
        var starTerm = 0
        while t < term.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = p
                starTerm = t
                p += 1
            } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") {
                t = endOfCodePoint(term, t)
                p += 1
            } else if p < pattern.count, pattern[p] == term[t] {
                t += 1
                p += 1
            } else if let star {
                p = star + 1
                starTerm += 1
                t = starTerm
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
        return p == pattern.count
    }

    private static func endOfCodePoint(_ term: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var i = start + 1
        while i < term.count && term[i] & 0xc0 == 0x80 { i += 1 }
        return i
    }
}
