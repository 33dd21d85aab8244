// The unsealed segment: slice chains for postings, flat columns for documents.
//
//   term id → ListTable → ListHead ─ first ─► slice: posting, posting, ..., 0, link ─► slice ...
//
// A posting never spans two slices, so it is decoded without looking for ends; a zero byte (no posting starts with one)
// says that four bytes follow with the next slice's offset. Layout of a posting: see postings.c; positions lie between.
//
// Readers take no lock. What orders them after the writer:
//  - columns, keys, directories: the publication of the snapshot that carries their view's document count;
//  - lists, which grow while they are read: the list's count, stored with release after posting and links;
//  - new lists: the table's slot, stored with release after the head.
// A view stops at documents past its count, and at offsets past what was allocated when it was made.

import CKernels
import Containers
import SearchModel

#if canImport(Glibc)
import Glibc
#endif

/// Where a term's chain begins and where the writer stands in it.
struct ListHead {
    // Read by everyone.
    let term: TermID
    let first: UInt32
    /// Complete postings.
    var count: UInt32
    /// Not 0: some posting's mask differs from `mask`.
    var isMixed: UInt32
    let maskLow: UInt64
    let maskHigh: UInt64
    // The writer's.
    var cursor: UnsafeMutablePointer<UInt8>
    var end: UnsafeMutablePointer<UInt8>
    var lastDocID: UInt32
    var level: UInt32
    /// The document that is being added, if the term occurred in it, and where its occurrences are gathered.
    var pendingSerial: UInt32
    var pendingSlot: UInt32
}

/// `@unchecked Sendable`: one writer; see the header for what orders readers.
final class MutableSegment: @unchecked Sendable {
    let capacity: Int
    let hasPositions: Bool
    let defaultScore: Float
    /// Everything but the text.
    let fields: OpenFieldColumns

    // Columns, preallocated for `capacity` documents.
    let norms: UnsafeMutablePointer<UInt32>
    let stamps: UnsafeMutablePointer<UInt64>
    let lengths: UnsafeMutablePointer<UInt32>
    let maxFrequencies: UnsafeMutablePointer<UInt32>
    let scores: UnsafeMutablePointer<Float>
    let keyOffsets: UnsafeMutablePointer<UInt32>
    /// 0: the document has none.
    let payloadOffsets: UnsafeMutablePointer<UInt32>
    let columns: RawBlock

    let pool = ChunkStore()
    let headStore = ChunkStore()
    let blobs = ChunkStore()
    private(set) var table = ListTable(capacity: 1024)
    private var retiredTables: [ListTable] = []
    private let scratch: UnsafeMutablePointer<Growable<UInt8>>
    /// What finding a list needs, behind a pointer: no exclusivity checks, no reference counts.
    private let hot: UnsafeMutablePointer<Hot>

    private struct Hot {
        var table: ListTableAddresses
        var heads: ChunkDirectory
    }

    // The writer's counters.
    private(set) var documentCount = 0
    private(set) var bounds = SegmentBounds()
    private(set) var hasScores = false
    private(set) var isStampOrdered = true
    private(set) var postingCount = 0

    init(capacity: Int, hasPositions: Bool, defaultScore: Float, schema: Schema) {
        self.capacity = capacity
        self.hasPositions = hasPositions
        self.defaultScore = defaultScore
        fields = OpenFieldColumns(schema: schema, capacity: capacity)
        columns = RawBlock(zeroed: capacity * 32)
        stamps = columns.pointer()
        norms = columns.pointer(atByte: 8 * capacity)
        lengths = norms + capacity
        maxFrequencies = lengths + capacity
        scores = UnsafeMutableRawPointer(maxFrequencies + capacity).assumingMemoryBound(to: Float.self)
        keyOffsets = UnsafeMutableRawPointer(scores + capacity).assumingMemoryBound(to: UInt32.self)
        payloadOffsets = keyOffsets + capacity
        scratch = .allocate(capacity: 1)
        scratch.initialize(to: Growable<UInt8>(capacity: 256))
        hot = .allocate(capacity: 1)
        hot.initialize(to: Hot(table: table.addresses, heads: headStore.directory))
    }

    deinit {
        hot.deallocate()
        scratch.deinitialize(count: 1)
        scratch.deallocate()
    }

    /// Bytes of postings, keys and payloads so far.
    var variableByteCount: Int { pool.usedByteCount + headStore.usedByteCount + blobs.usedByteCount }

    var byteCount: Int {
        columns.byteCount + pool.byteCount + headStore.byteCount + blobs.byteCount
            + table.byteCount + retiredTables.reduce(0) { $0 + $1.byteCount }
    }

    // MARK: Writing

    /// The list of `term`, made if it is new; `mask` is that of its first posting.
    @inline(__always) func list(for term: TermID, mask: FieldMask) -> UnsafeMutablePointer<ListHead> {
        let known = hot.pointee.table.find(term)
        return known != 0 ? Self.head(at: known, in: hot.pointee.heads) : newList(term, mask)
    }

    @inline(__always) private static func head(
        at offset: UInt32, in heads: ChunkDirectory
    ) -> UnsafeMutablePointer<ListHead> {
        UnsafeMutableRawPointer(ChunkStore.pointer(at: offset, in: heads)).assumingMemoryBound(to: ListHead.self)
    }

    @inline(never) private func newList(_ term: TermID, _ mask: FieldMask) -> UnsafeMutablePointer<ListHead> {
        let offset = headStore.allocate(MemoryLayout<ListHead>.stride)
        let slice = pool.allocate(Self.sliceSize(0))
        let start = pool.pointer(at: slice)
        let head = Self.head(at: offset, in: headStore.directory)
        head.initialize(
            to: ListHead(
                term: term, first: slice, count: 0, isMixed: 0, maskLow: UInt64(truncatingIfNeeded: mask),
                maskHigh: UInt64(truncatingIfNeeded: mask >> 64), cursor: start,
                end: start + (Self.sliceSize(0) - Self.linkSize), lastDocID: .max, level: 0, pendingSerial: 0,
                pendingSlot: 0))
        if table.count >= table.capacity / 2 {
            // Readers may be probing the old table: it stays until the segment goes.
            retiredTables.append(table)
            table = ListTable(growing: table)
        }
        table.insert(term, offset)
        hot.pointee = Hot(table: table.addresses, heads: headStore.directory)
        return head
    }

    /// The zero byte and the offset of the next slice.
    private static let linkSize = 5
    private static func sliceSize(_ level: UInt32) -> Int { 16 << Int(min(level, 6)) }

    /// Appends the posting of document `docID` to a list.
    ///
    /// - Precondition: `docID` is ``documentCount``; `positions` ascend, and there is at least one if the segment keeps
    ///   positions, else `positionCount` is 0.
    @inline(__always) func append(
        to head: UnsafeMutablePointer<ListHead>, _ docID: DocID, frequency: UInt32, maskLow: UInt64, maskHigh: UInt64,
        positions: UnsafePointer<UInt32>, positionCount: Int
    ) {
        let gap = docID &- head.pointee.lastDocID
        let masks = (UnsafeRawPointer(head) + 16).assumingMemoryBound(to: UInt64.self)
        let isDefaultMask = maskLow == head.pointee.maskLow && maskHigh == head.pointee.maskHigh
        // Four bytes for a gap of less than 2^26 with its flags; most postings have one small position.
        let bound =
            4 &+ (frequency == 1 ? 0 : 5) &+ (isDefaultMask ? 0 : 19)
            &+ (positionCount == 1 && positions[0] < 4096 ? 2 : 6 &* positionCount)
        if head.pointee.end - head.pointee.cursor >= bound {
            head.pointee.cursor = rk_encode_posting(
                head.pointee.cursor, gap, frequency, maskLow, maskHigh, masks, positions, positionCount)
        } else {
            // It may still fit; only its size tells.
            scratch.pointee.reserve(bound)
            let start = scratch.pointee.base
            let size =
                rk_encode_posting(start, gap, frequency, maskLow, maskHigh, masks, positions, positionCount)! - start
            if head.pointee.end - head.pointee.cursor < size { addSlice(head, atLeast: size) }
            let cursor = head.pointee.cursor
            for i in 0..<size { cursor[i] = start[i] }
            head.pointee.cursor = cursor + size
        }
        head.pointee.lastDocID = docID
        if !isDefaultMask {
            rk_store_relaxed_u32(UnsafeMutableRawPointer(head) + 12, 1)
        }
        // Release: whoever sees the count sees the bytes, the links and the flag before it.
        rk_store_release_u32(UnsafeMutableRawPointer(head) + 8, head.pointee.count &+ 1)
    }

    @inline(never) private func addSlice(_ head: UnsafeMutablePointer<ListHead>, atLeast size: Int) {
        head.pointee.level += 1
        let room = (max(Self.sliceSize(head.pointee.level), size + Self.linkSize) + 15) & ~15
        let offset = pool.allocate(room)
        let link = head.pointee.cursor
        link[0] = 0
        UnsafeMutableRawPointer(link + 1).storeBytes(of: offset, as: UInt32.self)
        let start = pool.pointer(at: offset)
        head.pointee.cursor = start
        head.pointee.end = start + (room - Self.linkSize)
    }

    /// Fills in the columns of document ``documentCount`` and counts it.
    func finishDocument(
        key: ByteSlice, stamp: UInt64, score: Float, payload: ByteSlice?, length: UInt32, maxFrequency: UInt32,
        postingCount added: Int
    ) {
        let i = documentCount
        postingCount += added
        stamps[i] = stamp
        norms[i] = makeNorm(length: length, maxFrequency: maxFrequency)
        lengths[i] = length
        maxFrequencies[i] = maxFrequency
        scores[i] = score
        keyOffsets[i] = store(key)
        payloadOffsets[i] = payload.map { store($0) } ?? 0
        bounds.include(length: length, maxFrequency: maxFrequency, score: score)
        // "Not equal" would call a NaN equal to nothing, which is what is wanted.
        if score != defaultScore { hasScores = true }
        if i > 0 && stamps[i - 1] > stamp { isStampOrdered = false }
        documentCount = i + 1
    }

    private func store(_ bytes: ByteSlice) -> UInt32 {
        let offset = blobs.allocate((4 + bytes.count + 3) & ~3)
        let start = blobs.pointer(at: offset)
        UnsafeMutableRawPointer(start).storeBytes(of: UInt32(bytes.count), as: UInt32.self)
        if let source = bytes.baseAddress, bytes.count > 0 { (start + 4).update(from: source, count: bytes.count) }
        return offset
    }

    // MARK: Reading

    /// The key of a document that the registry leads to. Any thread: the registry's lock orders the key's writing.
    func key(_ docID: DocID) -> ByteSlice { blob(keyOffsets[Int(docID)], in: blobs.sharedDirectory) }

    func blob(_ offset: UInt32, in chunks: ChunkDirectory) -> ByteSlice {
        let start = ChunkStore.pointer(at: offset, in: chunks)
        return ByteSlice(start: start + 4, count: Int(UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)))
    }

    /// What a view needs to stay within what was there when it was made.
    func extent() -> Extent {
        Extent(
            documentCount: documentCount, bounds: bounds, hasScores: hasScores, isStampOrdered: isStampOrdered,
            postingCount: postingCount, byteCount: byteCount, table: table, heads: headStore.directory,
            headEnd: UInt32(headStore.usedByteCount),
            pool: pool.directory, poolEnd: UInt32(pool.usedByteCount), blobs: blobs.directory)
    }

    struct Extent {
        let documentCount: Int
        let bounds: SegmentBounds
        let hasScores: Bool
        let isStampOrdered: Bool
        let postingCount: Int
        let byteCount: Int
        let table: ListTable
        let heads: ChunkDirectory
        let headEnd: UInt32
        let pool: ChunkDirectory
        let poolEnd: UInt32
        let blobs: ChunkDirectory
    }

    /// Decodes the part of a list that belongs to the extent.
    func postings(for term: TermID, in extent: Extent) -> PostingList? {
        let offset = extent.table.addresses.find(term)
        guard offset != 0, offset < extent.headEnd else { return nil }
        let head = UnsafeRawPointer(ChunkStore.pointer(at: offset, in: extent.heads))
            .assumingMemoryBound(to: ListHead.self)
        let count = min(
            Int(rk_load_acquire_u32(UnsafeRawPointer(head) + 8)), extent.documentCount)
        guard count > 0 else { return nil }
        let isMixed = rk_load_relaxed_u32(UnsafeRawPointer(head) + 12) != 0
        let mask = FieldMask(head.pointee.maskLow) | FieldMask(head.pointee.maskHigh) << 64

        let decoded = DecodedPostings(capacity: count, owner: self)
        var slice = head.pointee.first
        var last = UInt32.max
        while decoded.count < count {
            let start = ChunkStore.pointer(at: slice, in: extent.pool)
            var run = rk_run(cursor: start, last: last)
            decoded.decode(
                &run, count: count - decoded.count, limit: DocID(extent.documentCount), hasPositions: hasPositions,
                mask: mask, hasMasks: isMixed, bias: UInt(bitPattern: start) &- UInt(slice))
            last = run.last
            // More postings than decoded: here stands a link, or a posting past the extent's documents.
            guard decoded.count < count, run.cursor.pointee == 0 else { break }
            slice = UnsafeRawPointer(run.cursor + 1).loadUnaligned(as: UInt32.self)
            if slice >= extent.poolEnd { break }
        }
        guard decoded.count > 0 else { return nil }
        return decoded.list(
            term: term, mask: mask, hasPositions: hasPositions, bounds: extent.bounds, hasScores: extent.hasScores,
            positionChunks: extent.pool)
    }
}

/// The memory of a table as plain addresses.
struct ListTableAddresses {
    let slots: UnsafeMutablePointer<UInt64>
    let capacity: Int
    let shift: UInt32

    /// 0 when the term has no list.
    @inline(__always) func find(_ term: TermID) -> UInt32 {
        let mask = capacity &- 1
        var i = Int((term &* 0x9E37_79B1) &>> shift)
        while true {
            let slot = rk_load_acquire_u64(slots + i)
            if slot == 0 { return 0 }
            if UInt32(truncatingIfNeeded: slot &>> 32) == term { return UInt32(truncatingIfNeeded: slot) }
            i = (i &+ 1) & mask
        }
    }
}

/// Term id → offset of its head, open addressing.
///
/// `@unchecked Sendable`: one writer inserts; a slot is stored with release after the head it leads to, once.
final class ListTable: @unchecked Sendable {
    let addresses: ListTableAddresses
    private(set) var count = 0

    /// - Precondition: `capacity` is a power of two.
    init(capacity: Int) {
        addresses = ListTableAddresses(
            slots: .allocate(capacity: capacity), capacity: capacity,
            shift: UInt32(32 - capacity.trailingZeroBitCount))
        addresses.slots.initialize(repeating: 0, count: capacity)
    }

    convenience init(growing old: ListTable) {
        self.init(capacity: old.capacity * 2)
        for i in 0..<old.capacity where old.addresses.slots[i] != 0 {
            let slot = old.addresses.slots[i]
            insert(TermID(truncatingIfNeeded: slot >> 32), UInt32(truncatingIfNeeded: slot))
        }
    }

    deinit { addresses.slots.deallocate() }

    var capacity: Int { addresses.capacity }
    var byteCount: Int { capacity * 8 }

    func insert(_ term: TermID, _ offset: UInt32) {
        let mask = capacity - 1
        var i = Int((term &* 0x9E37_79B1) &>> addresses.shift)
        while addresses.slots[i] != 0 { i = (i + 1) & mask }
        rk_store_release_u64(addresses.slots + i, UInt64(term) << 32 | UInt64(offset))
        count += 1
    }
}
