// A segment as the writer knows it.

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
    private var view: SegmentView?

    init(_ core: Core, slot: SegmentSlot) {
        self.core = core
        self.slot = slot
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
        switch core {
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
        if let view, view.documentCount == documentCount, view.deaths.count == deaths.count { return view }
        let made =
            switch core {
            case .mutable(let segment):
                SegmentView(mutable: segment, deaths: deaths.publish(), slot: slot, deadCounts: deadCounts)
            case .sealed(let segment):
                SegmentView(sealed: segment, deaths: deaths.publish(), slot: slot, deadCounts: deadCounts)
            }
        view = made
        return made
    }
}
