// Walking a NUMERIC field's documents in order of their values, for SORTBY.

import SearchModel

/// Documents by (value, docID) ascending, or exactly that order backwards. Documents without a value do not
/// occur.
package struct NumericSortedWalk {
    struct Entry: Sendable {
        let value: Double
        let docID: DocID
    }

    private let column: NumericColumn
    private let ascending: Bool
    /// What is left of the permutation; patched documents in it are stale.
    private var base: Range<Int>
    /// What is left of the documents that the permutation does not know: `loose[looseRange]`, ascending.
    private let loose: [Entry]
    private var looseRange: Range<Int>

    init(_ column: NumericColumn, base: Range<Int>, loose: [Entry], ascending: Bool) {
        self.column = column
        self.base = base
        self.loose = loose
        looseRange = 0..<loose.count
        self.ascending = ascending
    }

    /// The next documents and their values, at most `capacity`; 0 at the end.
    package mutating func next(
        _ docIDs: UnsafeMutablePointer<DocID>, _ values: UnsafeMutablePointer<Double>, capacity: Int
    ) -> Int {
        column.patches.isEmpty && looseRange.isEmpty
            ? nextOfBase(docIDs, values, capacity: capacity)
            : nextMerged(docIDs, values, capacity: capacity)
    }

    private mutating func nextOfBase(
        _ docIDs: UnsafeMutablePointer<DocID>, _ values: UnsafeMutablePointer<Double>, capacity: Int
    ) -> Int {
        guard let permutation = column.storage.permutation else { return 0 }
        let storage = column.storage
        let count = min(capacity, base.count)
        if ascending {
            let start = permutation + base.lowerBound
            for i in 0..<count {
                docIDs[i] = start[i]
                values[i] = storage.raw(start[i])
            }
            base = base.lowerBound + count..<base.upperBound
        } else {
            let last = permutation + (base.upperBound - 1)
            for i in 0..<count {
                docIDs[i] = last[-i]
                values[i] = storage.raw(last[-i])
            }
            base = base.lowerBound..<base.upperBound - count
        }
        return count
    }

    private mutating func nextMerged(
        _ docIDs: UnsafeMutablePointer<DocID>, _ values: UnsafeMutablePointer<Double>, capacity: Int
    ) -> Int {
        var count = 0
        while count < capacity {
            let fromBase = peekBase()
            let fromLoose =
                looseRange.isEmpty ? nil : loose[ascending ? looseRange.lowerBound : looseRange.upperBound - 1]
            let entry: Entry
            switch (fromBase, fromLoose) {
            case (nil, nil): return count
            case (let known?, nil):
                entry = known
                dropBase()
            case (nil, let other?):
                entry = other
                dropLoose()
            case (let known?, let other?):
                let isBaseSmaller = (known.value, known.docID) < (other.value, other.docID)
                if isBaseSmaller == ascending {
                    entry = known
                    dropBase()
                } else {
                    entry = other
                    dropLoose()
                }
            }
            docIDs[count] = entry.docID
            values[count] = entry.value
            count += 1
        }
        return count
    }

    /// The next document of the permutation that no patch replaces.
    private mutating func peekBase() -> Entry? {
        guard let permutation = column.storage.permutation else { return nil }
        while !base.isEmpty {
            let docID = permutation[ascending ? base.lowerBound : base.upperBound - 1]
            if !column.patches.contains(docID) { return Entry(value: column.storage.raw(docID), docID: docID) }
            dropBase()
        }
        return nil
    }

    private mutating func dropBase() {
        base = ascending ? base.lowerBound + 1..<base.upperBound : base.lowerBound..<base.upperBound - 1
    }

    private mutating func dropLoose() {
        looseRange =
            ascending
            ? looseRange.lowerBound + 1..<looseRange.upperBound : looseRange.lowerBound..<looseRange.upperBound - 1
    }
}
