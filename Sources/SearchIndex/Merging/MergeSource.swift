// One input of a merge: its lists in the order of term ids.

import CKernels
import Containers
import SearchModel

struct MergeSource {
    private enum Lists {
        case sealed(SealedSegment)
        case mutable(heads: ChunkDirectory, pool: ChunkDirectory)
    }

    private let lists: Lists
    /// Term id << 32 | offset of the list or its head, ascending.
    private let entries: RawBlock
    private let end: Int
    private var at = 0
    let placement: Placement

    /// - Precondition: nobody writes to the segment any more.
    init(_ view: SegmentView, _ placement: Placement) {
        self.placement = placement
        var entries = Growable<UInt64>(capacity: 1024)
        switch view.core {
        case .sealed(let segment):
            lists = .sealed(segment)
            segment.forEachList { entries.append(UInt64($0) << 32 | UInt64($1)) }
        case .mutable(let segment, let extent):
            lists = .mutable(heads: extent.heads, pool: extent.pool)
            let table = extent.table.addresses
            for i in 0..<table.capacity where table.slots[i] != 0 { entries.append(table.slots[i]) }
            var slots = UnsafeMutableBufferPointer(start: entries.base, count: entries.count)
            slots.sort()
            _ = segment
        }
        end = entries.count
        self.entries = entries.copy()
    }

    /// The term at hand; `.max` after the last.
    var term: TermID {
        at < end ? TermID(truncatingIfNeeded: entries.pointer(to: UInt64.self)[at] &>> 32) : .max
    }

    /// Adds the list at hand and moves on.
    mutating func take(into gathering: inout ListGathering) {
        let entry = entries.pointer(to: UInt64.self)[at]
        at &+= 1
        let offset = UInt32(truncatingIfNeeded: entry)
        switch lists {
        case .mutable(let heads, let pool):
            let head = UnsafeRawPointer(ChunkStore.pointer(at: offset, in: heads))
                .assumingMemoryBound(to: ListHead.self)
            gathering.add(head, pool: pool, placement)
        case .sealed(let segment):
            segment.gather(TermID(truncatingIfNeeded: entry &>> 32), offset, into: &gathering, placement)
        }
    }
}
