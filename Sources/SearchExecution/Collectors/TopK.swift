// The best k of what is offered, by the one total order: score descending, then arrival.
//
// Up to 64 rows live in a heap whose root is the worst of them, so that the threshold is sharp from
// the first full heap on. More rows are gathered in twice the room and halved by selection: O(1) a
// row, where a heap of a thousand rows costs ten levels each.

import SearchIndex
import SearchModel

struct ScoredDocument: BitwiseCopyable {
    var score: Double
    var stamp: ArrivalStamp
    var segment: UInt32
    var docID: DocID
}

final class TopK {
    let capacity: Int
    private let snapshot: IndexSnapshot
    private let isHeap: Bool
    private let room: Int
    private let entries: UnsafeMutablePointer<ScoredDocument>
    @exclusivity(unchecked) private(set) var count = 0

    /// What a document must beat; minus infinity as long as anything enters.
    @exclusivity(unchecked) private(set) var threshold = -Double.infinity
    /// With a score equal to the threshold, a document must have arrived before this.
    @exclusivity(unchecked) private(set) var thresholdStamp = ArrivalStamp.max

    static let heapLimit = 64

    /// Rows until the threshold stands; 0 where rows are not kept as a heap.
    var missing: Int { isHeap ? capacity - count : 0 }

    init(_ capacity: Int, on snapshot: IndexSnapshot) {
        // No more rows than documents, however far the page.
        var documents = 0
        for segment in snapshot.segments { documents += segment.documentCount }
        self.capacity = min(capacity, documents)
        self.snapshot = snapshot
        isHeap = capacity <= TopK.heapLimit
        room = max(1, isHeap ? self.capacity : 2 * self.capacity)
        entries = .allocate(capacity: room)
    }

    deinit { entries.deallocate() }

    /// Whether documents up to this score, none of which arrived before `stampFloor`, may enter.
    @inline(__always)
    func admits(bound: Double, stampFloor: ArrivalStamp) -> Bool {
        bound > threshold || (bound == threshold && stampFloor < thresholdStamp)
    }

    func offer(_ document: ScoredDocument) {
        var document = document
        if document.score.isNaN { document.score = -.infinity }
        if capacity == 0 { return }
        if isHeap { push(document) } else { append(document) }
    }

    /// The rows `offset ..< offset + count` of the order, best first.
    func rows(_ offset: Int, _ wanted: Int) -> [ScoredDocument] {
        let end = min(min(count, capacity), wanted < count ? offset &+ wanted : count)
        guard offset < count, offset < end else { return [] }
        if offset > 0 { select(offset) }
        let rest = UnsafeMutableBufferPointer(start: entries + offset, count: count - offset)
        if rest.count > 4 * (end - offset) {
            // Only the first rows of the rest are wanted in order.
            select(end, from: offset)
            return entries(from: offset, to: end).sorted(by: precedes)
        }
        return Array(entries(from: offset, to: count).sorted(by: precedes).prefix(end - offset))
    }

    private func entries(from start: Int, to end: Int) -> [ScoredDocument] {
        Array(UnsafeBufferPointer(start: entries + start, count: end - start))
    }

    // MARK: order

    @inline(__always)
    private func precedes(_ a: ScoredDocument, _ b: ScoredDocument) -> Bool {
        if a.score != b.score { return a.score > b.score }
        if a.stamp != b.stamp { return a.stamp < b.stamp }
        return precedesByKey(a, b)
    }

    /// Two nodes may give the same stamp; the key settles it.
    private func precedesByKey(_ a: ScoredDocument, _ b: ScoredDocument) -> Bool {
        snapshot.segments[Int(a.segment)].withKey(a.docID) { first in
            snapshot.segments[Int(b.segment)].withKey(b.docID) { second in
                first.lexicographicallyPrecedes(second)
            }
        }
    }

    // MARK: heap

    private func push(_ document: ScoredDocument) {
        if count < capacity {
            var index = count
            count += 1
            while index > 0 {
                let parent = (index - 1) / 2
                guard precedes(entries[parent], document) else { break }
                entries[index] = entries[parent]
                index = parent
            }
            entries[index] = document
            if count == capacity { setThreshold(entries[0]) }
            return
        }
        guard precedes(document, entries[0]) else { return }
        var index = 0
        while true {
            var child = 2 * index + 1
            if child >= count { break }
            if child + 1 < count, precedes(entries[child], entries[child + 1]) { child += 1 }
            guard precedes(document, entries[child]) else { break }
            entries[index] = entries[child]
            index = child
        }
        entries[index] = document
        setThreshold(entries[0])
    }

    private func setThreshold(_ worst: ScoredDocument) {
        threshold = worst.score
        thresholdStamp = worst.stamp
    }

    // MARK: selection

    private func append(_ document: ScoredDocument) {
        guard
            admits(bound: document.score, stampFloor: document.stamp)
                || (document.score == threshold && document.stamp == thresholdStamp)
        else { return }
        entries[count] = document
        count += 1
        if count == room, count > capacity {
            select(capacity - 1)
            setThreshold(entries[capacity - 1])
            count = capacity
        }
    }

    /// Reorders so that the rows before `place` come before it, those after it after it.
    private func select(_ place: Int, from start: Int = 0) {
        var low = start
        var high = count - 1
        while low < high, place >= low, place <= high {
            let pivot = entries[low + (high - low) / 2]
            var i = low
            var j = high
            while i <= j {
                while precedes(entries[i], pivot) { i += 1 }
                while precedes(pivot, entries[j]) { j -= 1 }
                if i <= j {
                    (entries[i], entries[j]) = (entries[j], entries[i])
                    i += 1
                    j -= 1
                }
            }
            if place <= j { high = j } else if place >= i { low = i } else { return }
        }
    }
}
