// A segment that does not change any more: flat arenas and columns, found by offsets.

import CKernels
import Containers
import SearchModel

#if canImport(Glibc)
import Glibc
#endif

/// `@unchecked Sendable`: filled once by whoever builds it, before anybody else sees it; immutable from then on.
final class SealedSegment: @unchecked Sendable {
    let documentCount: Int
    let hasPositions: Bool
    let bounds: SegmentBounds
    let defaultScore: Float
    let postingCount: Int
    let postingBlockCount: Int

    let norms: UnsafePointer<UInt32>
    let scores: UnsafePointer<Float>?
    let keys: SealedKeys
    let payloads: SealedPayloads?

    private let columnBlocks: [RawBlock]
    private let blockBounds: UnsafePointer<DocumentBlockBounds>
    /// Exact values of documents whose norm is saturated, by document.
    private let saturated: [(docID: DocID, length: UInt32, maxFrequency: UInt32)]
    private let heads: ListHeads
    private let lists: RawBlock
    private let positions: RawBlock

    init(_ parts: consuming SealedParts) {
        documentCount = parts.documentCount
        hasPositions = parts.hasPositions
        bounds = parts.bounds
        defaultScore = parts.defaultScore
        postingCount = parts.postingCount
        postingBlockCount = parts.postingBlockCount
        norms = UnsafePointer(parts.norms.pointer())
        scores = parts.scores.map { UnsafePointer($0.pointer()) }
        blockBounds = UnsafePointer(parts.blockBounds.pointer())
        columnBlocks = [parts.norms, parts.blockBounds] + (parts.scores.map { [$0] } ?? [])
        saturated = parts.saturated
        keys = parts.keys
        payloads = parts.payloads
        heads = parts.heads
        lists = parts.lists
        positions = parts.positions
    }

    // MARK: Documents

    func length(_ docID: DocID) -> UInt32 {
        let norm = norms[Int(docID)]
        return isSaturatedNorm(norm) ? exact(docID).length : norm & normLengthMask
    }

    func maxFrequency(_ docID: DocID) -> UInt32 {
        let norm = norms[Int(docID)]
        return isSaturatedNorm(norm) ? exact(docID).maxFrequency : norm >> normFrequencyShift
    }

    private func exact(_ docID: DocID) -> (docID: DocID, length: UInt32, maxFrequency: UInt32) {
        var low = 0
        var high = saturated.count
        while low < high {
            let middle = (low + high) / 2
            if saturated[middle].docID < docID { low = middle + 1 } else { high = middle }
        }
        return saturated[low]
    }

    func documentBlockBounds(_ block: Int) -> DocumentBlockBounds { blockBounds[block] }

    // MARK: Postings

    func postings(for term: TermID) -> PostingList? {
        let offset = heads.offset(of: term)
        guard offset != 0 else { return nil }
        let start = lists.pointer(to: UInt8.self, atByte: Int(offset))
        return start.pointee & 3 == 0 ? openShort(term, start) : openPacked(term, start)
    }

    private func openPacked(_ term: TermID, _ start: UnsafeMutablePointer<UInt8>) -> PostingList {
        let header = UnsafeRawPointer(start).load(as: PackedHeader.self)
        let count = Int(header.documentFrequency)
        let blocks = (count + blockSize - 1) / blockSize
        let isBitmap = header.tag == PackedHeader.bitmapTag
        let directory = UnsafeRawPointer(start) + MemoryLayout<PackedHeader>.stride
        var arrays = PostingReader.PackedArrays()
        arrays.directory = directory.assumingMemoryBound(to: BlockEntry.self)
        arrays.data = UnsafePointer(start) + Int(header.dataOffset)
        arrays.positions = UnsafePointer(positions.pointer(atByte: Int(header.positionOffset)))
        arrays.defaultMask = FieldMask(header.maskLow) | FieldMask(header.maskHigh) << 64
        if isBitmap {
            let bitmap = directory + blocks * MemoryLayout<BlockEntry>.stride
            arrays.bitmap = bitmap.assumingMemoryBound(to: UInt64.self)
            arrays.windowCount = (documentCount + windowSize - 1) / windowSize
        }
        let reader = PostingReader(
            documentFrequency: count, blockCount: blocks, maxFrequency: header.maxFrequency,
            isSingleMask: header.isSingleMask != 0 ? readMask(arrays.defaultMask) : nil, hasPositions: hasPositions,
            term: term,
            form: isBitmap ? .bitmap : .packed, segmentBounds: bounds, hasScores: scores != nil,
            decoded: PostingReader.DecodedArrays(), packed: arrays)
        return PostingList(reader: reader, owner: self)
    }

    private func openShort(_ term: TermID, _ start: UnsafeMutablePointer<UInt8>) -> PostingList {
        var cursor = UnsafePointer(start)
        let count = Int(cursor.takeVarint() >> 2)
        let mask = cursor.takeWideVarint()
        let postings = DecodedPostings(capacity: count, owner: self)
        let base = UnsafePointer(lists.pointer(to: UInt8.self))
        var run = rk_run(cursor: cursor, last: .max)
        postings.decode(
            &run, count: count, limit: .max, hasPositions: hasPositions, mask: mask, hasMasks: true,
            bias: UInt(bitPattern: base))
        return postings.list(
            term: term, mask: mask, hasPositions: hasPositions, bounds: bounds, hasScores: scores != nil,
            positionBase: base)
    }

    /// Calls `body` with every term that has postings and the offset of its list, in id order.
    func forEachList(_ body: (TermID, UInt32) -> Void) { heads.forEach(body) }

    /// Adds a list to a merge.
    func gather(_ term: TermID, _ offset: UInt32, into gathering: inout ListGathering, _ placement: Placement) {
        let start = lists.pointer(to: UInt8.self, atByte: Int(offset))
        guard start.pointee & 3 == 0 else {
            gathering.add(openPacked(term, start), placement)
            return
        }
        var cursor = UnsafePointer(start)
        let count = Int(cursor.takeVarint() >> 2)
        let mask = cursor.takeWideVarint()
        gathering.add(shortList: cursor, count: count, mask: mask, placement)
    }

    /// Bytes held, by part.
    var byteCounts: SegmentByteCounts {
        var counts = SegmentByteCounts()
        counts.lists = lists.byteCount
        counts.positions = positions.byteCount
        counts.heads = heads.byteCount
        counts.columns = columnBlocks.reduce(0) { $0 + $1.byteCount } + saturated.capacity * 12
        counts.keys = keys.byteCount
        counts.payloads = payloads?.byteCount ?? 0
        return counts
    }
}

/// Bytes of one segment, by part.
package struct SegmentByteCounts: Equatable, Sendable {
    package var lists = 0
    package var positions = 0
    package var heads = 0
    package var columns = 0
    package var keys = 0
    package var payloads = 0
    package var fields = 0
    package var deaths = 0

    package init() {}

    package var total: Int { lists + positions + heads + columns + keys + payloads + fields + deaths }

    package static func += (a: inout Self, b: Self) {
        a.lists += b.lists
        a.positions += b.positions
        a.heads += b.heads
        a.columns += b.columns
        a.keys += b.keys
        a.payloads += b.payloads
        a.fields += b.fields
        a.deaths += b.deaths
    }
}

/// What a sealed segment is made from.
struct SealedParts {
    var documentCount: Int
    var hasPositions: Bool
    var bounds: SegmentBounds
    var defaultScore: Float
    var postingCount: Int
    var postingBlockCount: Int
    var norms: RawBlock
    var scores: RawBlock?
    var blockBounds: RawBlock
    var saturated: [(docID: DocID, length: UInt32, maxFrequency: UInt32)]
    var keys: SealedKeys
    var payloads: SealedPayloads?
    var heads: ListHeads
    var lists: RawBlock
    var positions: RawBlock

    init(
        documentCount: Int, hasPositions: Bool, bounds: SegmentBounds, defaultScore: Float,
        postingCount: Int, postingBlockCount: Int, norms: RawBlock, scores: RawBlock?,
        blockBounds: RawBlock, saturated: [(docID: DocID, length: UInt32, maxFrequency: UInt32)],
        keys: SealedKeys, payloads: SealedPayloads?,
        finishing builder: inout SegmentBuilder
    ) {
        self.documentCount = documentCount
        self.hasPositions = hasPositions
        self.bounds = bounds
        self.defaultScore = defaultScore
        self.postingCount = postingCount
        self.postingBlockCount = postingBlockCount
        self.norms = norms
        self.scores = scores
        self.blockBounds = blockBounds
        self.saturated = saturated
        self.keys = keys
        self.payloads = payloads
        heads = ListHeads(terms: builder.terms.base, offsets: builder.offsets.base, count: builder.terms.count)
        // Kernels may read up to 16 bytes past what they decode.
        lists = builder.lists.copy(padding: 16)
        positions = builder.positions.copy(padding: 16)
    }
}

/// Term id → offset of its list: an array when a third of all ids have one, else sorted pairs.
struct ListHeads {
    private let block: RawBlock
    private let isDense: Bool
    let count: Int
    /// Ids the dense form has room for.
    private let span: Int

    init(terms: UnsafePointer<UInt32>, offsets: UnsafePointer<UInt32>, count: Int) {
        self.count = count
        span = count == 0 ? 0 : Int(terms[count - 1]) + 1
        isDense = span <= 3 * count
        if isDense {
            block = RawBlock(zeroed: 4 * span)
            let heads: UnsafeMutablePointer<UInt32> = block.pointer()
            for i in 0..<count { heads[Int(terms[i])] = offsets[i] }
        } else {
            block = RawBlock(zeroed: 8 * count)
            let heads: UnsafeMutablePointer<UInt32> = block.pointer()
            heads.update(from: terms, count: count)
            (heads + count).update(from: offsets, count: count)
        }
    }

    var byteCount: Int { block.byteCount }

    /// 0 when the term has no list.
    func offset(of term: TermID) -> UInt32 {
        let heads: UnsafeMutablePointer<UInt32> = block.pointer()
        if isDense { return Int(term) < span ? heads[Int(term)] : 0 }
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) &>> 1
            if heads[middle] < term { low = middle &+ 1 } else { high = middle }
        }
        return low < count && heads[low] == term ? heads[count &+ low] : 0
    }

    func forEach(_ body: (TermID, UInt32) -> Void) {
        let heads: UnsafeMutablePointer<UInt32> = block.pointer()
        if isDense {
            for term in 0..<span where heads[term] != 0 { body(TermID(term), heads[term]) }
        } else {
            for i in 0..<count { body(heads[i], heads[count + i]) }
        }
    }
}
