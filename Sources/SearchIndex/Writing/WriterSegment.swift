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
    /// Of a sealed segment; an unsealed one has its own.
    var columns: FieldColumns
    var stamps: StampColumn
    /// Rises with every patch.
    private var patchCount = 0
    private var viewPatchCount = 0

    init(_ segment: MutableSegment, slot: SegmentSlot) {
        core = .mutable(segment)
        self.slot = slot
        columns = FieldColumns(fieldCount: 0)
        stamps = StampColumn(base: segment.columns, isOrdered: true)
    }

    init(_ segment: SealedSegment, columns: FieldColumns, stamps: StampColumn, slot: SegmentSlot) {
        core = .sealed(segment)
        self.slot = slot
        self.columns = columns
        self.stamps = stamps
    }

    /// Replaces values of a document; views made so far keep the old ones.
    func patch(_ docID: DocID, stamp: ArrivalStamp, _ values: [(field: Int, value: FieldValue)]) {
        patchCount += 1
        stamps.patch(docID, stamp)
        for (field, value) in values {
            switch core {
            case .mutable(let segment): segment.fields.set(docID, field, value)
            case .sealed: columns.patch(docID, field, value)
            }
        }
    }

    /// The columns as of now, patches included.
    var currentColumns: FieldColumns {
        switch core {
        case .mutable(let segment): segment.fields.view(documentCount: segment.documentCount)
        case .sealed: columns
        }
    }

    /// Whether columns have so many patches that a new base pays.
    var needsRebuild: Bool {
        isSealed && (columns.needsRebuild || stamps.needsRebuild(documentCount: documentCount))
    }

    /// Columns made from those of `frozen`, with what was patched since.
    func replaceColumns(_ columns: FieldColumns, _ stamps: StampColumn, since frozen: SegmentView) {
        var columns = columns
        var stamps = stamps
        columns.adoptPatches(of: self.columns, since: frozen.columns, mapping: nil)
        stamps.adoptPatches(of: self.stamps, since: frozen.stampColumn, mapping: nil)
        self.columns = columns
        self.stamps = stamps
        patchCount += 1
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

    /// Fields that its columns know.
    var fieldCount: Int {
        switch core {
        case .mutable(let segment): segment.fields.fieldCount
        case .sealed: columns.fieldCount
        }
    }

    /// Bytes of everything that is found by 32-bit offsets.
    var textByteCount: Int {
        switch core {
        case .mutable(let segment): segment.variableByteCount
        case .sealed(let segment): segment.byteCounts.total
        }
    }

    var liveCount: Int { documentCount - deaths.count }

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
        if let view, view.documentCount == documentCount, view.deaths.count == deaths.count,
            viewPatchCount == patchCount
        {
            return view
        }
        let made =
            switch core {
            case .mutable(let segment):
                SegmentView(
                    mutable: segment, stamps: stamps, deaths: deaths.publish(), slot: slot, deadCounts: deadCounts)
            case .sealed(let segment):
                SegmentView(
                    sealed: segment, columns: columns, stamps: stamps, deaths: deaths.publish(), slot: slot,
                    deadCounts: deadCounts)
            }
        view = made
        viewPatchCount = patchCount
        return made
    }
}
