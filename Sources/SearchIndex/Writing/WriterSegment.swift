// A segment as the writer knows it.

import CKernels
import SearchModel

/// Belongs to the writer's lane.
final class WriterSegment {
    enum Core {
        case mutable(MutableSegment)
        case sealed(SealedSegment)
    }

    let core: Core
    let slot: SegmentSlot
    var deaths = DeathRecorder()
    private let deadCounts = DeadCountCache()
    /// A task works on it.
    var isBusy = false
    let fields: FieldStore
    /// Documents whose stamp was raised by a patch, in the order it happened.
    private(set) var restamped: [(docID: DocID, stamp: ArrivalStamp)] = []
    private var view: SegmentView?

    init(_ core: Core, slot: SegmentSlot, fields: FieldStore) {
        self.core = core
        self.slot = slot
        self.fields = fields
    }

    var isSealed: Bool {
        if case .sealed = core { true } else { false }
    }

    var documentCount: Int {
        switch core {
        case .mutable(let segment): segment.documentCount
        case .sealed(let segment): segment.documentCount
        }
    }

    var liveCount: Int { documentCount - deaths.count }

    var isStampOrdered: Bool {
        guard restamped.isEmpty else { return false }
        return switch core {
        case .mutable(let segment): segment.isStampOrdered
        case .sealed(let segment): segment.isStampOrdered
        }
    }

    func length(_ docID: DocID) -> UInt32 {
        switch core {
        case .mutable(let segment): segment.lengths[Int(docID)]
        case .sealed(let segment): segment.length(docID)
        }
    }

    /// The document was written again without being added again: it is the latest arrival.
    ///
    /// In place: readers see the old or the new stamp, both whole, and stamps only order equal hits.
    func restamp(_ docID: DocID, _ stamp: ArrivalStamp) {
        restamped.append((docID, stamp))
        let stamps =
            switch core {
            case .mutable(let segment): segment.stamps
            case .sealed(let segment): UnsafeMutablePointer(mutating: segment.stamps)
            }
        rk_store_relaxed_u64(stamps + Int(docID), stamp)
    }

    func kill(_ docID: DocID, burst: UInt64) -> Bool {
        let capacity =
            switch core {
            case .mutable(let segment): segment.capacity
            case .sealed(let segment): segment.documentCount
            }
        return deaths.kill(docID, documentCapacity: capacity, burst: burst)
    }

    /// The segment as of now; the same object as long as nothing changed.
    func publish() -> SegmentView {
        let columns = fields.publish(documentCount: documentCount)
        if let view, view.documentCount == documentCount, view.deaths.count == deaths.count,
            view.isStampOrdered == isStampOrdered, view.fields === columns
        {
            return view
        }
        let made =
            switch core {
            case .mutable(let segment):
                SegmentView(
                    mutable: segment, deaths: deaths.publish(), slot: slot, deadCounts: deadCounts, fields: columns,
                    isStampOrdered: isStampOrdered)
            case .sealed(let segment):
                SegmentView(
                    sealed: segment, deaths: deaths.publish(), slot: slot, deadCounts: deadCounts, fields: columns,
                    isStampOrdered: isStampOrdered)
            }
        view = made
        return made
    }
}
