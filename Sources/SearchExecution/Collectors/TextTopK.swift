// The first k texts of what is offered, over all segments.

import SearchIndex
import SearchModel

/// A heap whose root is the worst row. Bytes belong to columns that the snapshot holds.
final class TextTopK {
    struct Row {
        var bytes: ByteSlice
        /// Less is better; the sorter turns stamps around for DESC.
        var arrival: ArrivalStamp
        var segment: Int
        var docID: DocID
    }

    private let capacity: Int
    private let ascending: Bool
    private var heap: [Row] = []

    init(_ capacity: Int, ascending: Bool) {
        self.capacity = capacity
        self.ascending = ascending
    }

    var count: Int { heap.count }

    private func precedes(_ a: Row, _ b: Row) -> Bool {
        let order = TextColumn.compareBytes(a.bytes, b.bytes)
        if order != 0 { return ascending ? order < 0 : order > 0 }
        return a.arrival < b.arrival
    }

    func offer(_ row: Row) {
        if heap.count < capacity {
            heap.append(row)
            var index = heap.count - 1
            while index > 0 {
                let parent = (index - 1) / 2
                guard precedes(heap[parent], heap[index]) else { return }
                heap.swapAt(parent, index)
                index = parent
            }
            return
        }
        guard capacity > 0, precedes(row, heap[0]) else { return }
        heap[0] = row
        var index = 0
        while true {
            var child = 2 * index + 1
            if child >= heap.count { return }
            if child + 1 < heap.count, precedes(heap[child], heap[child + 1]) { child += 1 }
            guard precedes(heap[index], heap[child]) else { return }
            heap.swapAt(index, child)
            index = child
        }
    }

    /// The rows `offset ..< offset + count` of the order.
    func rows(_ offset: Int, _ count: Int) -> [Row] {
        Array(heap.sorted(by: precedes).dropFirst(offset).prefix(count))
    }
}
