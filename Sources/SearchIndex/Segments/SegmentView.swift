// One segment as one snapshot sees it.

import CKernels
import Containers
import SearchModel

/// A segment's documents, their numbers and their postings, as of one snapshot. Document ids run from 0 below
/// ``documentCount``; dead ones are among them.
///
/// `@unchecked Sendable`: immutable, and what it points to does not change below its counts (see `MutableSegment`).
package final class SegmentView: @unchecked Sendable {
    enum Core {
        case sealed(SealedSegment)
        case mutable(MutableSegment, MutableSegment.Extent)
    }

    /// Documents, dead ones included.
    package let documentCount: Int
    package let liveCount: Int
    /// Length and largest frequency of each document, see `Norms.swift`.
    package let norms: UnsafePointer<UInt32>
    /// When documents arrived, without what patches changed: use ``stamp(_:)`` unless ``isStampOrdered``.
    package let stamps: UnsafePointer<UInt64>
    /// `nil`: all documents have ``defaultScore``.
    package let documentScores: UnsafePointer<Float>?
    package let defaultScore: Float
    /// Whether stamps ascend with the document id.
    package let isStampOrdered: Bool
    package let bounds: SegmentBounds
    package let isSealed: Bool

    let core: Core
    let columns: FieldColumns
    let stampColumn: StampColumn
    let deaths: DeathTable
    let slot: SegmentSlot
    let deadCounts: DeadCountCache

    init(
        sealed segment: SealedSegment, columns: FieldColumns, stamps: StampColumn, deaths: DeathTable,
        slot: SegmentSlot, deadCounts: DeadCountCache
    ) {
        core = .sealed(segment)
        documentCount = segment.documentCount
        liveCount = segment.documentCount - deaths.count
        norms = segment.norms
        documentScores = segment.scores
        defaultScore = segment.defaultScore
        bounds = segment.bounds
        isSealed = true
        self.columns = columns
        stampColumn = stamps
        self.stamps = stamps.addresses
        isStampOrdered = stamps.isOrdered
        self.deaths = deaths
        self.slot = slot
        self.deadCounts = deadCounts
    }

    init(
        mutable segment: MutableSegment, stamps: StampColumn, deaths: DeathTable, slot: SegmentSlot,
        deadCounts: DeadCountCache
    ) {
        let extent = segment.extent()
        core = .mutable(segment, extent)
        documentCount = extent.documentCount
        liveCount = extent.documentCount - deaths.count
        norms = UnsafePointer(segment.norms)
        documentScores = extent.hasScores ? UnsafePointer(segment.scores) : nil
        defaultScore = segment.defaultScore
        bounds = extent.bounds
        isSealed = false
        columns = segment.fields.view(documentCount: extent.documentCount)
        stampColumn = stamps
        self.stamps = stamps.addresses
        isStampOrdered = extent.isStampOrdered && stamps.isOrdered
        self.deaths = deaths
        self.slot = slot
        self.deadCounts = deadCounts
    }

    // MARK: Live documents

    package var hasDeletions: Bool { deaths.count > 0 }

    package func isLive(_ docID: DocID) -> Bool { !deaths.contains(docID) }

    /// Copies the live documents of a window; bits past the last document are 0.
    package func copyLiveWindow(_ window: Int, into words: UnsafeMutablePointer<UInt64>) {
        let left = documentCount &- window &* windowSize
        for i in 0..<wordsPerWindow { words[i] = lowBits(left &- 64 &* i) }
        if let dead = deaths.window(window) { rk_window_and_not(words, dead) }
    }

    /// Clears the dead documents of a window.
    package func restrictToLive(_ window: Int, _ words: UnsafeMutablePointer<UInt64>) {
        if let dead = deaths.window(window) { rk_window_and_not(words, dead) }
    }

    // MARK: Numbers of a document

    /// Weighted number of tokens, exact.
    package func length(_ docID: DocID) -> UInt32 {
        let norm = norms[Int(docID)]
        if !isSaturatedNorm(norm) { return norm & normLengthMask }
        switch core {
        case .sealed(let segment): return segment.length(docID)
        case .mutable(let segment, _): return segment.lengths[Int(docID)]
        }
    }

    /// Largest frequency of any of its terms, exact; 0 for a document without text.
    package func maxFrequency(_ docID: DocID) -> UInt32 {
        let norm = norms[Int(docID)]
        if !isSaturatedNorm(norm) { return norm >> normFrequencyShift }
        switch core {
        case .sealed(let segment): return segment.maxFrequency(docID)
        case .mutable(let segment, _): return segment.maxFrequencies[Int(docID)]
        }
    }

    /// When the document was last written.
    package func stamp(_ docID: DocID) -> ArrivalStamp { stampColumn[docID] }

    package func score(_ docID: DocID) -> Double {
        Double(documentScores.map { $0[Int(docID)] } ?? defaultScore)
    }

    /// Extremes over documents `block * 128 ..< block * 128 + 128`; the segment's while it is unsealed.
    package func blockBounds(_ block: Int) -> DocumentBlockBounds {
        if case .sealed(let segment) = core { return segment.documentBlockBounds(block) }
        let floor = isStampOrdered ? stamps[block * blockSize] : 0
        return DocumentBlockBounds(
            minLength: bounds.minLength, minMaxFrequency: bounds.minMaxFrequency, maxScore: bounds.maxScore,
            stampFloor: floor)
    }

    package func withKey<R>(_ docID: DocID, _ body: (ByteSlice) -> R) -> R {
        switch core {
        case .sealed(let segment): segment.keys.withKey(docID, body)
        case .mutable(let segment, let extent):
            body(segment.blob(segment.keyOffsets[Int(docID)], in: extent.blobs))
        }
    }

    /// Asks for the memory of keys that will be wanted: several at once wait no longer than one.
    package func prefetchKey(_ docID: DocID) {
        if case .sealed(let segment) = core { segment.keys.prefetch(docID) }
    }

    package func payload(_ docID: DocID) -> [UInt8]? {
        switch core {
        case .sealed(let segment): return segment.payloads?[docID]
        case .mutable(let segment, let extent):
            let offset = segment.payloadOffsets[Int(docID)]
            return offset == 0 ? nil : Array(segment.blob(offset, in: extent.blobs))
        }
    }

    // MARK: Postings

    /// The term's postings; `nil` when there are none. Decodes short and unsealed lists: open a list once a query.
    package func postings(for term: TermID) -> PostingList? {
        switch core {
        case .sealed(let segment): segment.postings(for: term)
        case .mutable(let segment, let extent): segment.postings(for: term, in: extent)
        }
    }

    // MARK: Fields

    /// The column of a NUMERIC field, by its position in the schema; `nil` when the segment has none.
    package func numeric(_ field: Int) -> NumericColumn? { field < columns.fieldCount ? columns.numeric[field] : nil }

    /// The lists of a TAG field.
    package func tags(_ field: Int) -> TagColumn? { field < columns.fieldCount ? columns.tags[field] : nil }

    /// The column of a GEO field.
    package func geo(_ field: Int) -> GeoColumn? { field < columns.fieldCount ? columns.geo[field] : nil }

    /// What SORTBY sorts by; `nil` when the field has no column.
    package func sortColumn(_ field: Int) -> SortColumn? {
        guard field < columns.fieldCount else { return nil }
        if let column = columns.numeric[field] { return .number(column) }
        return columns.texts[field].map { .text($0) }
    }

    /// What a TAG field's values say as written; `nil` when only the documents know.
    package func rawTexts(_ field: Int) -> RawTextColumn? { field < columns.fieldCount ? columns.raws[field] : nil }

    /// Documents that lack a field; `nil` when that is not recorded.
    package func missing(_ field: Int) -> MissingColumn? { field < columns.fieldCount ? columns.missing[field] : nil }

    /// Postings, dead documents' included.
    package var postingCount: Int {
        switch core {
        case .sealed(let segment): segment.postingCount
        case .mutable(_, let extent): extent.postingCount
        }
    }

    package var postingBlockCount: Int {
        switch core {
        case .sealed(let segment): segment.postingBlockCount
        case .mutable(_, let extent): (extent.postingCount + blockSize - 1) / blockSize
        }
    }

    package var byteCounts: SegmentByteCounts {
        var counts = SegmentByteCounts()
        switch core {
        case .sealed(let segment): counts = segment.byteCounts
        case .mutable(_, let extent): counts.lists = extent.byteCount
        }
        counts.fields = columns.byteCount
        counts.columns += isSealed ? stampColumn.base.byteCount : 0
        counts.deaths = deaths.byteCount + deaths.log.capacity * 4
        return counts
    }
}

/// The documents that lack a field.
package typealias MissingColumn = MissingBitmap

extension MissingBitmap {
    /// How many documents lack it, dead ones included.
    package var count: Int { missingCount }
}
