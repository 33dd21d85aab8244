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
    package let stamps: UnsafePointer<UInt64>
    /// `nil`: all documents have ``defaultScore``.
    package let documentScores: UnsafePointer<Float>?
    package let defaultScore: Float
    /// Whether stamps ascend with the document id.
    package let isStampOrdered: Bool
    package let bounds: SegmentBounds
    package let isSealed: Bool

    let core: Core
    let deaths: DeathTable
    let slot: SegmentSlot
    let deadCounts: DeadCountCache
    let fields: FieldColumns

    init(
        sealed segment: SealedSegment, deaths: DeathTable, slot: SegmentSlot, deadCounts: DeadCountCache,
        fields: FieldColumns, isStampOrdered: Bool
    ) {
        self.fields = fields
        core = .sealed(segment)
        documentCount = segment.documentCount
        liveCount = segment.documentCount - deaths.count
        norms = segment.norms
        stamps = segment.stamps
        documentScores = segment.scores
        defaultScore = segment.defaultScore
        self.isStampOrdered = isStampOrdered
        bounds = segment.bounds
        isSealed = true
        self.deaths = deaths
        self.slot = slot
        self.deadCounts = deadCounts
    }

    init(
        mutable segment: MutableSegment, deaths: DeathTable, slot: SegmentSlot, deadCounts: DeadCountCache,
        fields: FieldColumns, isStampOrdered: Bool
    ) {
        self.fields = fields
        let extent = segment.extent()
        core = .mutable(segment, extent)
        documentCount = extent.documentCount
        liveCount = extent.documentCount - deaths.count
        norms = UnsafePointer(segment.norms)
        stamps = UnsafePointer(segment.stamps)
        documentScores = extent.hasScores ? UnsafePointer(segment.scores) : nil
        defaultScore = segment.defaultScore
        self.isStampOrdered = isStampOrdered
        bounds = extent.bounds
        isSealed = false
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

    // MARK: Fields, by position in the schema

    package func numeric(_ field: Int) -> NumericColumn? {
        guard field < fields.main.count, case .numeric(let column)? = fields.main[field] else { return nil }
        return column
    }

    package func tags(_ field: Int) -> TagColumn? {
        guard field < fields.main.count, case .tags(let column)? = fields.main[field] else { return nil }
        return column
    }

    package func geo(_ field: Int) -> GeoColumn? {
        guard field < fields.main.count, case .geo(let column)? = fields.main[field] else { return nil }
        return column
    }

    /// What SORTBY compares; `nil` when the values are only in the documents (or no document here has one).
    package func sortColumn(_ field: Int) -> SortColumn? {
        guard field < fields.main.count else { return nil }
        if case .numeric(let column)? = fields.main[field] { return .number(column) }
        return fields.texts[field].map { .text($0) }
    }

    /// What a TAG field's values say as written; `nil` when only the documents know.
    package func rawTexts(_ field: Int) -> RawTextColumn? {
        field < fields.raws.count ? fields.raws[field] : nil
    }

    // MARK: Missing fields

    /// Documents that lack a field; `nil` when that is not recorded.
    package func missing(_ field: Int) -> MissingColumn? {
        switch core {
        case .sealed(let segment):
            return segment.missing[field].map { MissingColumn(source: .words($0), documentCount: documentCount) }
        case .mutable(let segment, _):
            return segment.missingFields.firstIndex(of: field).map {
                MissingColumn(source: .bytes(segment, column: $0), documentCount: documentCount)
            }
        }
    }

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
        counts.deaths = deaths.byteCount + deaths.log.capacity * 4
        counts.fields = fields.byteCount
        return counts
    }
}

/// The documents that lack a field, dead ones included.
package struct MissingColumn {
    enum Source {
        case words(RawBlock)
        case bytes(MutableSegment, column: Int)
    }

    let source: Source
    let documentCount: Int

    package func isMissing(_ docID: DocID) -> Bool {
        switch source {
        case .words(let block): block.pointer(to: UInt64.self)[Int(docID >> 6)] >> UInt64(docID & 63) & 1 != 0
        case .bytes(let segment, let column): segment.isMissing(docID, column: column)
        }
    }

    /// ORs the documents of a window into its 64 words.
    package func fillWindow(_ window: Int, words: UnsafeMutablePointer<UInt64>) {
        switch source {
        case .words(let block):
            rk_window_or(words, block.pointer(to: UInt64.self) + window * wordsPerWindow)
        case .bytes(let segment, let column):
            let start = window * windowSize
            for i in 0..<max(0, min(windowSize, documentCount - start))
            where segment.isMissing(DocID(start + i), column: column) {
                words[i >> 6] |= 1 << UInt64(i & 63)
            }
        }
    }

    /// Clears the documents of a window that have the field.
    package func restrict(_ window: Int, words: UnsafeMutablePointer<UInt64>) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: wordsPerWindow) { lacking in
            lacking.initialize(repeating: 0)
            fillWindow(window, words: lacking.baseAddress!)
            for i in 0..<wordsPerWindow { words[i] &= lacking[i] }
        }
    }

    /// How many documents lack it.
    package var missingCount: Int {
        switch source {
        case .words(let block): rk_popcount(block.pointer(to: UInt64.self), block.byteCount / 8)
        case .bytes(let segment, let column):
            (0..<documentCount).count { segment.isMissing(DocID($0), column: column) }
        }
    }
}
