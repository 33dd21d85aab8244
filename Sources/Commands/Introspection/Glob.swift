// Patterns of CONFIG GET and COMMAND LIST: `*`, `?`, `[a-z]`, `[^x]`, `\x`.

enum Glob {
    /// Steps are bounded by pattern × text: a star is retried from the last one only.
    static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var p = 0
        var t = 0
        var star = -1
        var retry = 0
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = p
                retry = t
                p += 1
            } else if p < pattern.count, let next = single(pattern, p, text[t]) {
                p = next
                t += 1
            } else if star >= 0 {
                p = star + 1
                retry += 1
                t = retry
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
        return p == pattern.count
    }

    /// Matches one byte at `p`; returns where the pattern goes on, or `nil`.
    private static func single(_ pattern: [UInt8], _ p: Int, _ c: UInt8) -> Int? {
        switch pattern[p] {
        case UInt8(ascii: "?"): return p + 1
        case UInt8(ascii: "\\") where p + 1 < pattern.count: return pattern[p + 1] == c ? p + 2 : nil
        case UInt8(ascii: "["): return group(pattern, p + 1, c)
        default: return pattern[p] == c ? p + 1 : nil
        }
    }

    private static func group(_ pattern: [UInt8], _ start: Int, _ c: UInt8) -> Int? {
        var p = start
        let isNegated = p < pattern.count && pattern[p] == UInt8(ascii: "^")
        if isNegated { p += 1 }
        var found = false
        while p < pattern.count, pattern[p] != UInt8(ascii: "]") {
            if pattern[p] == UInt8(ascii: "\\"), p + 1 < pattern.count {
                p += 1
                found = found || pattern[p] == c
            } else if p + 2 < pattern.count, pattern[p + 1] == UInt8(ascii: "-") {
                let low = min(pattern[p], pattern[p + 2])
                let high = max(pattern[p], pattern[p + 2])
                found = found || (low...high).contains(c)
                p += 2
            } else {
                found = found || pattern[p] == c
            }
            p += 1
        }
        if p < pattern.count { p += 1 }
        return found != isNegated ? p : nil
    }
}
