// Fuzzy clauses: all terms within an edit distance, in code points.
//
// The sorted terms are walked with one row of the distance table per code point of the current term. Rows of a shared
// prefix are kept from one term to the next, and a prefix whose row has no entry within the distance is skipped as a
// whole by seeking past it. With word length m and distance k a row has 2k + 1 entries that matter.

import Containers
import SearchModel

extension TermDictionary {
    /// Terms within `distance` insertions, deletions and substitutions of code points.
    package func expandFuzzy(_ word: ByteSlice, distance: Int, limit: Int) -> TermExpansion {
        let runs = sortedRuns()
        var result = TermExpansion()
        var table = EditDistanceTable(word, distance: distance)
        var walk = SortedWalk(runs, reader, termCount)
        while let id = walk.peek() {
            switch table.step(to: reader.bytes(id)) {
            case .matches:
                if result.terms.count == limit {
                    result.truncated = true
                    return result
                }
                result.terms.append(id)
                _ = walk.next()
            case .differs:
                _ = walk.next()
            case .prefixIsDead(let length):
                guard let past = table.successor(ofPrefixOf: length) else { return result }
                past.withUnsafeBufferPointer { walk.seek($0) }
            }
        }
        return result
    }
}

/// Rows of the edit distance table for one word against a sequence of terms in byte order.
struct EditDistanceTable {
    enum Verdict: Equatable {
        case matches
        case differs
        /// No term that starts with the first so many bytes can match.
        case prefixIsDead(Int)
    }

    private let word: [UInt32]
    private let distance: Int
    /// `rows[d * width + j]`: distance of the term's first d code points to the word's first j, capped.
    private var rows: [UInt8]
    private let width: Int
    /// The current term, and where each of its evaluated code points ends.
    private var term: [UInt8] = []
    private var ends: [Int] = [0]

    init(_ word: ByteSlice, distance: Int) {
        var points: [UInt32] = []
        var i = 0
        while i < word.count {
            let (point, length) = codePoint(word, i)
            points.append(point)
            i += length
        }
        self.word = points
        self.distance = max(0, min(distance, 200))
        width = points.count + 1
        rows = (0...points.count).map { UInt8(min($0, 255)) }
    }

    /// Moves on to `next`, reusing the rows of what it shares with the term before.
    mutating func step(to next: ByteSlice) -> Verdict {
        var shared = 0
        while shared < term.count && shared < next.count && term[shared] == next[shared] { shared += 1 }
        // A code point that is cut by the end of what is shared may be another one now.
        while ends.count > 1 && ends[ends.count - 1] > shared { ends.removeLast() }
        // So may bytes that formed none.
        while ends.count > 1 && ends[ends.count - 1] == ends[ends.count - 2] + 1
            && term[ends[ends.count - 2]] >= 0x80
        {
            ends.removeLast()
        }
        term.removeAll(keepingCapacity: true)
        term.append(contentsOf: next)

        while true {
            let depth = ends.count - 1
            let start = ends[depth]
            if start == term.count { break }
            let (point, length) = codePoint(next, start)
            let alive = addRow(depth + 1, point)
            ends.append(start + length)
            // The byte of a broken code point says nothing about terms in which it is whole.
            if !alive { return length == 1 && term[start] >= 0x80 ? .differs : .prefixIsDead(start + length) }
        }
        let depth = ends.count - 1
        return rows[depth * width + word.count] <= distance ? .matches : .differs
    }

    /// Returns whether some entry is within the distance.
    private mutating func addRow(_ depth: Int, _ point: UInt32) -> Bool {
        let needed = (depth + 1) * width
        if rows.count < needed { rows.append(contentsOf: repeatElement(0, count: needed - rows.count)) }
        let cap = UInt8(distance + 1)
        // Outside this band every entry is above the distance.
        let low = max(1, depth - distance)
        let high = min(word.count, depth + distance)
        let above = (depth - 1) * width
        let here = depth * width
        var least = cap
        rows[here] = UInt8(min(depth, Int(cap)))
        if rows[here] < least { least = rows[here] }
        if low > 1 { rows[here + low - 1] = cap }
        if low <= high {
            for j in low...high {
                let substituted = min(rows[above + j - 1], cap) &+ (word[j - 1] == point ? 0 : 1)
                // The band of the row above ends one entry earlier.
                let deleted = j <= depth - 1 + distance ? min(rows[above + j], cap) &+ 1 : cap
                let inserted = rows[here + j - 1] &+ 1
                let best = min(substituted, min(deleted, min(inserted, cap)))
                rows[here + j] = best
                if best < least { least = best }
            }
        }
        if high < word.count { rows[here + word.count] = cap }
        return Int(least) <= distance
    }

    /// The least string after all that start with the term's first `length` bytes.
    func successor(ofPrefixOf length: Int) -> [UInt8]? {
        var bytes = Array(term[..<length])
        while let last = bytes.last {
            if last < 255 {
                bytes[bytes.count - 1] = last + 1
                return bytes
            }
            bytes.removeLast()
        }
        return nil
    }
}

/// The code point at `at`; bytes that form none count one each, apart from all code points.
func codePoint(_ bytes: ByteSlice, _ at: Int) -> (UInt32, Int) {
    let length = codePointLength(bytes, at)
    let lead = UInt32(bytes[at])
    switch length {
    case 1: return (lead < 0x80 ? lead : 0x11_0000 + lead, 1)
    case 2: return ((lead & 0x1F) << 6 | UInt32(bytes[at + 1] & 0x3F), 2)
    case 3:
        return ((lead & 0x0F) << 12 | UInt32(bytes[at + 1] & 0x3F) << 6 | UInt32(bytes[at + 2] & 0x3F), 3)
    default:
        return (
            (lead & 0x07) << 18 | UInt32(bytes[at + 1] & 0x3F) << 12 | UInt32(bytes[at + 2] & 0x3F) << 6
                | UInt32(bytes[at + 3] & 0x3F), 4
        )
    }
}
