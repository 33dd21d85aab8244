// Prefix, suffix, infix and wildcard clauses.
//
// What starts with known bytes is a range of the sorted runs. Everything else is found by scanning the records for
// the longest literal piece: a megabyte of terms takes about as long as fifty random comparisons would.

import CKernels
import Containers
import SearchModel

#if canImport(Glibc)
import Glibc
#endif

extension TermDictionary {
    /// Terms that start with `prefix`.
    package func expandPrefix(_ prefix: ByteSlice, limit: Int) -> TermExpansion {
        takeInOrder(startingWith: prefix, limit: limit) { _ in true }
    }

    /// Terms that end with `suffix`.
    package func expandSuffix(_ suffix: ByteSlice, limit: Int) -> TermExpansion {
        takeScanned(for: suffix, limit: limit) { term in
            term.count >= suffix.count
                && (suffix.count == 0
                    || memcmp(term.baseAddress! + (term.count - suffix.count), suffix.baseAddress!, suffix.count) == 0)
        }
    }

    /// Terms that contain `infix`.
    package func expandInfix(_ infix: ByteSlice, limit: Int) -> TermExpansion {
        takeScanned(for: infix, limit: limit) { term in
            infix.count == 0
                || term.count >= infix.count
                    && rk_find(term.baseAddress!, term.count, 0, infix.baseAddress!, infix.count) < term.count
        }
    }

    /// Terms that match a pattern: `?` one place, `*` any run, a backslash makes the next byte literal.
    package func expandWildcard(
        _ pattern: ByteSlice, unit: WildcardPattern.Unit = .codePoint, limit: Int
    ) -> TermExpansion {
        let compiled = WildcardPattern(pattern, unit: unit)
        if !compiled.prefix.isEmpty {
            return compiled.prefix.withUnsafeBufferPointer { prefix in
                takeInOrder(startingWith: prefix, limit: limit) { compiled.matches($0) }
            }
        }
        return compiled.longestLiteral.withUnsafeBufferPointer { literal in
            takeScanned(for: literal, limit: limit) { compiled.matches($0) }
        }
    }

    /// The first `limit` terms that start with `prefix` and satisfy `accepts`.
    private func takeInOrder(
        startingWith prefix: ByteSlice, limit: Int, where accepts: (ByteSlice) -> Bool
    ) -> TermExpansion {
        var walk = SortedWalk(sortedRuns(), reader, termCount)
        walk.seek(prefix)
        var result = TermExpansion()
        while let id = walk.next() {
            let term = reader.bytes(id)
            guard term.count >= prefix.count,
                prefix.count == 0 || memcmp(term.baseAddress!, prefix.baseAddress!, prefix.count) == 0
            else { break }
            guard accepts(term) else { continue }
            if result.terms.count == limit {
                result.truncated = true
                break
            }
            result.terms.append(id)
        }
        return result
    }

    /// The first `limit` terms that contain `literal` and satisfy `accepts`.
    private func takeScanned(
        for literal: ByteSlice, limit: Int, where accepts: (ByteSlice) -> Bool
    ) -> TermExpansion {
        var result = TermExpansion()
        // Frequent matches are met soon when walking in order; then there is nothing to sort.
        var walk = SortedWalk(sortedRuns(), reader, termCount)
        var visited = 0
        let walkLimit = literal.count == 0 ? Int.max : 4096
        while visited < walkLimit {
            guard let id = walk.next() else { return result }
            visited += 1
            guard accepts(reader.bytes(id)) else { continue }
            if result.terms.count == limit {
                result.truncated = true
                return result
            }
            result.terms.append(id)
        }

        var found: [(key: UInt64, id: TermID)] = []
        scanRecords(for: literal) { id in
            let term = reader.bytes(id)
            if accepts(term) { found.append((termSortKey(term), id)) }
        }
        found.sort { a, b in
            a.key != b.key ? a.key < b.key : compareBytes(reader.bytes(a.id), reader.bytes(b.id)) < 0
        }
        return TermExpansion(terms: found.prefix(limit).map(\.id), truncated: found.count > limit)
    }

    /// Calls `body` with every term that has `literal` in it, once each, in id order.
    private func scanRecords(for literal: ByteSlice, _ body: (TermID) -> Void) {
        var first = 0
        while first < termCount {
            // Records of one chunk lie one after the other, in id order; a long one may run on into the next chunks.
            let chunk = reader.offset(TermID(first)) >> 16
            let end = partition(from: first) { reader.offset(TermID($0)) >> 16 > chunk }
            let start = ChunkStore.pointer(at: reader.offset(TermID(first)), in: reader.records)
            let last = reader.bytes(TermID(end - 1))
            let length = last.baseAddress! + last.count - UnsafePointer(start)
            var at = 0
            var id = first
            while true {
                at = rk_find(start, length, at, literal.baseAddress, literal.count)
                if at >= length { break }
                let hit = reader.offset(TermID(first)) + UInt32(at)
                id = partition(from: id) { reader.offset(TermID($0)) > hit } - 1
                let term = reader.bytes(TermID(id))
                let termStart = term.baseAddress! - UnsafePointer(start)
                if at >= termStart && at + literal.count <= termStart + term.count {
                    body(TermID(id))
                    at = termStart + term.count
                    id += 1
                    if id >= end { break }
                } else {
                    at += 1
                }
            }
            first = end
        }
    }

    /// First index in `from..<termCount` for which `isPast` holds, when it holds from some index on.
    private func partition(from: Int, _ isPast: (Int) -> Bool) -> Int {
        var low = from
        var step = 1
        var high = from
        while high < termCount && !isPast(high) {
            low = high + 1
            high += step
            step *= 2
        }
        high = min(high, termCount)
        while low < high {
            let middle = (low + high) / 2
            if isPast(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Both sorted runs as one, without the terms that are younger than the view.
struct SortedWalk {
    private let long: [TermID]
    private let short: [TermID]
    private let reader: TermRecords
    private let termCount: Int
    private var i = 0
    private var j = 0

    init(_ runs: SortedTerms.Runs, _ reader: TermRecords, _ termCount: Int) {
        long = runs.long.ids
        short = runs.short.ids
        self.reader = runs.reader ?? reader
        self.termCount = termCount
        skipYounger()
    }

    /// Moves forward to the first term at or after `target`.
    mutating func seek(_ target: ByteSlice) {
        i = Self.lowerBound(long, from: i, target, reader)
        j = Self.lowerBound(short, from: j, target, reader)
        skipYounger()
    }

    /// The term that ``next()`` would return.
    func peek() -> TermID? {
        if i == long.count { return j == short.count ? nil : short[j] }
        if j == short.count { return long[i] }
        return compareBytes(reader.bytes(long[i]), reader.bytes(short[j])) < 0 ? long[i] : short[j]
    }

    mutating func next() -> TermID? {
        guard let id = peek() else { return nil }
        if i < long.count && long[i] == id { i += 1 } else { j += 1 }
        skipYounger()
        return id
    }

    private mutating func skipYounger() {
        while i < long.count && long[i] >= termCount { i += 1 }
        while j < short.count && short[j] >= termCount { j += 1 }
    }

    /// Gallops: seeks that move a little are cheap.
    private static func lowerBound(
        _ ids: [TermID], from: Int, _ target: ByteSlice, _ reader: TermRecords
    ) -> Int {
        var low = from
        var high = from
        var step = 1
        while high < ids.count {
            if reader.compare(ids[high], target) >= 0 { break }
            low = high + 1
            high += step
            step *= 2
        }
        high = min(high, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if reader.compare(ids[middle], target) < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
