// The points of one GEO field in one segment.
//
//   cells         one 64-bit cell per document, all ones where the document has none
//   permutation   docIDs by (cell, docID), documents without a point left out
//   samples       every 64th cell of the permutation
//
// The unsealed segment has the first part only.

import SearchModel

/// `@unchecked Sendable`: immutable once made, except for the unsealed form, whose one writer stores only at
/// docIDs that no published document count covers yet.
final class GeoStorage: @unchecked Sendable {
    static let absent = UInt64.max
    private static let sampleInterval = 64

    let cells: UnsafePointer<UInt64>
    let permutation: UnsafePointer<DocID>?
    /// Documents with a point; 0 in the unsealed form.
    let valueCount: Int
    private let samples: UnsafePointer<UInt64>?
    private let memories: [ColumnMemory]

    /// The unsealed form, all absent. Returns the place where its writer stores cells as well.
    static func open(capacity: Int) -> (storage: GeoStorage, cells: UnsafeMutablePointer<UInt64>) {
        let memory = ColumnMemory.array(of: UInt64.self, count: capacity, repeating: absent)
        return (GeoStorage(openIn: memory), memory.bound(to: UInt64.self))
    }

    private init(openIn memory: ColumnMemory) {
        cells = UnsafePointer(memory.bound(to: UInt64.self))
        permutation = nil
        valueCount = 0
        samples = nil
        memories = [memory]
    }

    /// The sealed form of `count` cells.
    init(_ column: ColumnMemory, count: Int) {
        let cells = UnsafePointer(column.bound(to: UInt64.self))
        var keys: [UInt64] = []
        var docIDs: [DocID] = []
        for docID in 0..<count where cells[docID] != GeoStorage.absent {
            keys.append(cells[docID])
            docIDs.append(DocID(docID))
        }
        sortPairs(&keys, &docIDs)
        let interval = GeoStorage.sampleInterval
        let permutation = ColumnMemory(byteCount: docIDs.count * 4)
        let samples = ColumnMemory(byteCount: (docIDs.count + interval - 1) / interval * 8)
        for i in docIDs.indices {
            permutation.bound(to: DocID.self)[i] = docIDs[i]
            if i % interval == 0 { samples.bound(to: UInt64.self)[i / interval] = keys[i] }
        }
        self.cells = cells
        self.permutation = UnsafePointer(permutation.bound(to: DocID.self))
        self.samples = UnsafePointer(samples.bound(to: UInt64.self))
        valueCount = docIDs.count
        memories = [column, permutation, samples]
    }

    var byteCount: Int { memories.reduce(0) { $0 + $1.byteCount } }

    // MARK: ranks

    /// Positions of the permutation whose cells lie in the range.
    func ranks(_ range: Range<UInt64>) -> Range<Int> {
        let first = rank(of: range.lowerBound, from: 0, to: valueCount)
        let end = rank(of: range.upperBound, from: first, to: valueCount)
        return first..<end
    }

    /// How many cells are smaller, when the answer is known to lie in from ... to.
    func rank(of cell: UInt64, from: Int, to: Int) -> Int {
        guard let permutation, let samples else { return 0 }
        var low = from
        var high = to
        if high &- low > 2 &* GeoStorage.sampleInterval {
            // Samples first: they are few and lie close together.
            var first = low / GeoStorage.sampleInterval &+ 1
            var end = (high &+ GeoStorage.sampleInterval &- 1) / GeoStorage.sampleInterval
            while first < end {
                let middle = (first &+ end) &>> 1
                if samples[middle] < cell { first = middle &+ 1 } else { end = middle }
            }
            // The sample before is smaller, or it lies before `from`; the one at `first` is not smaller.
            low = max(low, (first &- 1) &* GeoStorage.sampleInterval)
            high = min(high, first &* GeoStorage.sampleInterval)
        }
        while low < high {
            let middle = (low &+ high) &>> 1
            if cells[Int(permutation[middle])] < cell { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    // MARK: circles

    /// Calls `take` with runs of the permutation: those that are inside as a whole (`isSure`), and those of
    /// which each document must be asked.
    func forEachRun(_ circle: GeoCircle, _ take: (Range<Int>, _ isSure: Bool) -> Void) {
        for square in circle.coveringSquares() { visit(square, ranks(square.cells), circle, take) }
    }

    private func visit(
        _ square: GeoSquare, _ run: Range<Int>, _ circle: GeoCircle, _ take: (Range<Int>, Bool) -> Void
    ) {
        if run.isEmpty || circle.misses(square) { return }
        // Asking a document costs less than deciding on a square and cutting it up.
        if run.count <= 96 || square.bits == 0 { return take(run, false) }
        if circle.swallows(square) { return take(run, true) }
        var begin = run.lowerBound
        for index in 0..<UInt64(4) {
            let quarter = square.quarter(index)
            let end =
                index == 3 ? run.upperBound : rank(of: quarter.cells.upperBound, from: begin, to: run.upperBound)
            visit(quarter, begin..<end, circle, take)
            begin = end
        }
    }
}
