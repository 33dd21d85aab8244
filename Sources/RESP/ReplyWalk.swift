// Finding the replies in a run of them, without reading what they hold.

#if canImport(Glibc)
import Glibc
#endif

/// Walks over replies that stand one behind the other.
package struct ReplyWalk {
    private let bytes: ByteSlice
    private var position = 0

    package init(_ bytes: ByteSlice) { self.bytes = bytes }

    /// Whether there can be an error among the replies; `true` may be wrong, `false` never is.
    package static func mayHoldErrors(_ bytes: ByteSlice) -> Bool {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return false }
        var at = 0
        while at < bytes.count, let found = memchr(start + at, 45, bytes.count - at) {
            let position = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - start
            if position == 0 || start[position - 1] == 10 { return true }
            at = position + 1
        }
        return false
    }

    /// The next reply, with its type byte and line ends; `nil` at the end, or where the bytes are no replies.
    package mutating func next() -> ByteSlice? {
        let first = position
        // Values still to be passed: an array adds its elements. Never recursive.
        var owed = 1
        while owed > 0 {
            owed -= 1
            guard position < bytes.count else { return nil }
            let type = bytes[position]
            guard let value = line() else { return nil }
            switch type {
            case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
                guard value >= 0 else { continue }
                guard value <= bytes.count - position - 2 else { return nil }
                position += value + 2
            case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"):
                if value > 0 { owed += value }
            case UInt8(ascii: "%"):
                if value > 0 { owed += 2 * value }
            default: continue
            }
            // Every value takes three bytes at least.
            guard owed <= bytes.count else { return nil }
        }
        return ByteSlice(rebasing: bytes[first..<position])
    }

    /// Passes a line; its number, where it is one (else 0).
    private mutating func line() -> Int? {
        var i = position + 1
        var value = 0
        let isNegative = i < bytes.count && bytes[i] == UInt8(ascii: "-")
        if isNegative { i += 1 }
        while i < bytes.count, bytes[i] != 13 {
            let digit = bytes[i] &- 48
            // A length beyond 2^56 would be refused by its reader: any large number does.
            if digit < 10, value < 1 << 56 { value = 10 * value + Int(digit) }
            i += 1
        }
        guard i + 1 < bytes.count else { return nil }
        position = i + 2
        return isNegative ? -1 : value
    }
}
