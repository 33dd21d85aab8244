// A term's postings in one segment, as blocks of 128: the one shape that execution sees.
//
//   decoded   unsealed lists and short ones: unpacked whole when opened, flat arrays
//   packed    128 postings a block, directory entry of 24 bytes each, the last block as varints
//   bitmap    packed without document numbers: these are the set bits

import CKernels
import Containers
import SearchModel

/// A list as plain addresses: what hot loops hold. Valid as long as the ``PostingList`` it came from.
///
/// `@unchecked Sendable`: points to what is never written again.
package struct PostingReader: BitwiseCopyable, @unchecked Sendable {
    enum Form: BitwiseCopyable { case decoded, packed, bitmap }

    /// Stored postings, dead documents included.
    package let documentFrequency: Int
    /// Blocks of 128 postings; the last may have fewer.
    package let blockCount: Int
    /// Largest frequency of the list.
    package let maxFrequency: UInt32
    /// The field mask that all postings share; `nil` when they differ.
    package let isSingleMask: FieldMask?
    /// False in an index without offsets.
    package let hasPositions: Bool
    let term: TermID
    let form: Form
    let segmentBounds: SegmentBounds
    /// Whether documents of the segment differ in score.
    let hasScores: Bool
    let decoded: DecodedArrays
    let packed: PackedArrays

    /// Flat arrays of a decoded list.
    struct DecodedArrays: BitwiseCopyable {
        var docs = emptyNumbers
        var frequencies = emptyNumbers
        /// Two words a posting; only when masks differ.
        var masks: UnsafePointer<UInt64>?
        /// Where each posting's position bytes are: offsets into chunks, or from a base.
        var positions = emptyNumbers
        var positionChunks: ChunkDirectory?
        var positionBase: UnsafePointer<UInt8>?
    }

    /// The parts of a packed list.
    struct PackedArrays: BitwiseCopyable {
        var directory = UnsafeRawPointer(emptyNumbers).assumingMemoryBound(to: BlockEntry.self)
        var data = UnsafeRawPointer(emptyNumbers).assumingMemoryBound(to: UInt8.self)
        var positions = UnsafeRawPointer(emptyNumbers).assumingMemoryBound(to: UInt8.self)
        var bitmap: UnsafePointer<UInt64>?
        var defaultMask: FieldMask = 0
        var windowCount = 0
    }

    // MARK: Blocks

    package func lastDocID(_ block: Int) -> DocID {
        form == .decoded
            ? decoded.docs[min(block &* blockSize &+ blockSize, documentFrequency) &- 1]
            : packed.directory[block].lastDocID
    }

    /// No document of the block is before this one.
    package func firstPossibleDocID(_ block: Int) -> DocID {
        block == 0 ? 0 : lastDocID(block &- 1) &+ 1
    }

    /// Postings in the block.
    package func count(_ block: Int) -> Int {
        min(blockSize, documentFrequency &- block &* blockSize)
    }

    /// First block from `from` on whose last document is at or after `docID`; `blockCount` when there is none.
    package func firstBlock(endingAtOrAfter docID: DocID, from: Int) -> Int {
        var low = from
        var high = from
        var step = 1
        while high < blockCount && lastDocID(high) < docID {
            low = high &+ 1
            high &+= step
            step &<<= 1
        }
        high = min(high, blockCount)
        while low < high {
            let middle = (low &+ high) &>> 1
            if lastDocID(middle) < docID { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    package func bounds(_ block: Int) -> BlockBounds {
        guard form != .decoded else {
            return BlockBounds(
                maxFrequency: maxFrequency, tfF: 1, tfMaxf: 1, bmF: maxFrequency, bmLen: segmentBounds.minLength,
                maxScore: segmentBounds.maxScore, minLength: segmentBounds.minLength)
        }
        let entry = packed.directory + block
        let isPairKnown = entry.pointee.bmF != 255
        return BlockBounds(
            maxFrequency: entry.pointee.maxF == 255 ? maxFrequency : UInt32(entry.pointee.maxF),
            tfF: UInt32(entry.pointee.tfF), tfMaxf: UInt32(entry.pointee.tfMaxf),
            bmF: isPairKnown ? UInt32(entry.pointee.bmF) : maxFrequency,
            bmLen: isPairKnown ? UInt32(entry.pointee.bmLength) : segmentBounds.minLength,
            maxScore: hasScores ? upperFloat(entry.pointee.maxScore) : segmentBounds.maxScore,
            minLength: segmentBounds.minLength)
    }

    // MARK: Documents and frequencies

    /// Writes the block's documents, ascending, and returns how many. There is always room for 128.
    @discardableResult
    package func decodeDocIDs(_ block: Int, into docs: UnsafeMutablePointer<UInt32>) -> Int {
        let count = count(block)
        switch form {
        case .decoded:
            docs.update(from: decoded.docs + block &* blockSize, count: count)
        case .bitmap:
            rk_extract_bits(packed.bitmap, Int(firstPossibleDocID(block)), Int32(count), docs)
        case .packed:
            guard count == blockSize else {
                decodeTail(block, docs: docs)
                return count
            }
            let entry = packed.directory + block
            let bits = Int32(entry.pointee.docBits)
            let data = packed.data + Int(entry.pointee.dataOffset)
            let base = firstPossibleDocID(block) &- 1
            if entry.pointee.patches == 0 {
                rk_unpack_gaps(data, docs, bits, base)
            } else {
                rk_unpack(data, docs, bits)
                rk_apply_patches(
                    data + 16 &* Int(bits), Int32(entry.pointee.patches & 31), Int32(entry.pointee.patches &>> 5), bits,
                    docs)
                rk_sum_gaps(docs, base)
            }
        }
        return count
    }

    /// Writes the block's frequencies. There is always room for 128.
    package func decodeFrequencies(_ block: Int, into frequencies: UnsafeMutablePointer<UInt32>) {
        let count = count(block)
        if form == .decoded {
            frequencies.update(from: decoded.frequencies + block &* blockSize, count: count)
            return
        }
        guard count == blockSize else {
            decodeTail(block, frequencies: frequencies)
            return
        }
        let entry = packed.directory + block
        if entry.pointee.frequencyBits == 0 {
            frequencies.update(repeating: 1, count: blockSize)
            return
        }
        let bits = Int32(entry.pointee.frequencyBits & ~BlockEntry.hasFrequencyPatches)
        let data = packed.data + Int(entry.pointee.dataOffset) + entry.pointee.frequencyOffset
        if entry.pointee.frequencyBits & BlockEntry.hasFrequencyPatches == 0 {
            rk_unpack(data, frequencies, bits)
        } else {
            let patches = data[0]
            rk_unpack(data + 1, frequencies, bits)
            rk_apply_patches(
                data + 1 + 16 &* Int(bits), Int32(patches & 31), Int32(patches &>> 5), bits, frequencies)
        }
        for i in 0..<blockSize { frequencies[i] &+= 1 }
    }

    /// The last block of a packed list, if it is not full: varints with the positions in between.
    func decodeTail(
        _ block: Int, docs: UnsafeMutablePointer<UInt32>? = nil, frequencies: UnsafeMutablePointer<UInt32>? = nil,
        masks: UnsafeMutablePointer<UInt64>? = nil, positions: UnsafeMutablePointer<UInt32>? = nil
    ) {
        let data = packed.data + Int(packed.directory[block].dataOffset)
        var run = rk_run(cursor: data, last: firstPossibleDocID(block) &- 1)
        withUnsafePointer(to: packed.defaultMask) { mask in
            _ = rk_decode_postings(
                &run, Int32(count(block)), .max, hasPositions ? 1 : 0,
                UnsafeRawPointer(mask).assumingMemoryBound(to: UInt64.self), docs, frequencies, masks, positions,
                UInt(bitPattern: packed.data))
        }
    }

    // MARK: Field masks

    /// Bit i of the pair: posting i's mask has a bit in common with `query`.
    package func matching(_ block: Int, _ query: FieldMask) -> (UInt64, UInt64) {
        let count = count(block)
        let all = (lowBits(count), lowBits(count - 64))
        if let single = isSingleMask { return single & query != 0 ? all : (0, 0) }
        if form == .decoded {
            return Self.matching(decoded.masks! + 2 &* block &* blockSize, count, query)
        }
        guard count == blockSize else {
            return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 256) { masks in
                decodeTail(block, masks: masks.baseAddress!)
                return Self.matching(masks.baseAddress!, count, query)
            }
        }
        let entry = packed.directory + block
        var cursor = packed.data + Int(entry.pointee.dataOffset)
        cursor += entry.pointee.maskOffset(cursor)
        let distinct = Int(cursor.pointee) &+ 1
        cursor += 1
        let planeCount = Int(entry.pointee.maskPlanes)
        if planeCount == 0 { return cursor.takeWideVarint() & query != 0 ? all : (0, 0) }
        var hits: UInt128 = 0
        for i in 0..<distinct where cursor.takeWideVarint() & query != 0 { hits |= 1 &<< UInt128(i) }
        if hits == 0 { return (0, 0) }
        let planes = UnsafeRawPointer(cursor)
        var result: (UInt64, UInt64) = (0, 0)
        for i in 0..<distinct where hits &>> UInt128(i) & 1 != 0 {
            var low = ~UInt64(0)
            var high = ~UInt64(0)
            for plane in 0..<planeCount {
                let flip: UInt64 = i &>> plane & 1 == 0 ? .max : 0
                low &= planes.loadUnaligned(fromByteOffset: 16 &* plane, as: UInt64.self) ^ flip
                high &= planes.loadUnaligned(fromByteOffset: 16 &* plane &+ 8, as: UInt64.self) ^ flip
            }
            result.0 |= low
            result.1 |= high
        }
        return result
    }

    private static func matching(
        _ masks: UnsafePointer<UInt64>, _ count: Int, _ query: FieldMask
    ) -> (UInt64, UInt64) {
        let low = UInt64(truncatingIfNeeded: query)
        let high = UInt64(truncatingIfNeeded: query >> 64)
        var result: (UInt64, UInt64) = (0, 0)
        for i in 0..<count {
            let hit: UInt64 = (masks[2 &* i] & low) | (masks[2 &* i &+ 1] & high) != 0 ? 1 : 0
            if i < 64 { result.0 |= hit &<< UInt64(i) } else { result.1 |= hit &<< UInt64(i &- 64) }
        }
        return result
    }

    /// The field mask of one posting.
    package func mask(_ block: Int, _ index: Int) -> FieldMask {
        if let single = isSingleMask { return single }
        if form == .decoded {
            let words = decoded.masks! + 2 &* (block &* blockSize &+ index)
            return FieldMask(words[0]) | FieldMask(words[1]) << 64
        }
        guard count(block) == blockSize else {
            return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 256) { masks in
                decodeTail(block, masks: masks.baseAddress!)
                return FieldMask(masks[2 * index]) | FieldMask(masks[2 * index + 1]) << 64
            }
        }
        let entry = packed.directory + block
        var cursor = packed.data + Int(entry.pointee.dataOffset)
        cursor += entry.pointee.maskOffset(cursor)
        let distinct = Int(cursor.pointee) + 1
        cursor += 1
        var masks: [FieldMask] = []
        for _ in 0..<distinct { masks.append(cursor.takeWideVarint()) }
        var ordinal = 0
        for plane in 0..<Int(entry.pointee.maskPlanes) {
            ordinal |= Int(cursor[16 * plane + index >> 3] >> UInt8(index & 7) & 1) << plane
        }
        return masks[ordinal]
    }

    /// Writes the masks of a block of a packed list without single mask, two words each; for merging.
    func decodeMasks(_ block: Int, into masks: UnsafeMutablePointer<UInt64>) {
        guard count(block) == blockSize else {
            decodeTail(block, masks: masks)
            return
        }
        let entry = packed.directory + block
        var cursor = packed.data + Int(entry.pointee.dataOffset)
        cursor += entry.pointee.maskOffset(cursor)
        let distinct = Int(cursor.pointee) &+ 1
        cursor += 1
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * blockSize) { buffer in
            let table = buffer.baseAddress!
            for i in 0..<distinct {
                let value = cursor.takeWideVarint()
                table[2 &* i] = UInt64(truncatingIfNeeded: value)
                table[2 &* i &+ 1] = UInt64(truncatingIfNeeded: value >> 64)
            }
            let planeCount = Int(entry.pointee.maskPlanes)
            for i in 0..<blockSize {
                var ordinal = 0
                for plane in 0..<planeCount {
                    ordinal |= Int(cursor[16 &* plane &+ (i &>> 3)] &>> UInt8(i & 7) & 1) &<< plane
                }
                masks[2 &* i] = table[2 &* ordinal]
                masks[2 &* i &+ 1] = table[2 &* ordinal &+ 1]
            }
        }
    }

    /// Postings whose mask meets `query`, dead documents included.
    package func countMatching(_ query: FieldMask) -> Int {
        if let single = isSingleMask { return single & query != 0 ? documentFrequency : 0 }
        var total = 0
        for block in 0..<blockCount {
            let hits = matching(block, query)
            total &+= hits.0.nonzeroBitCount &+ hits.1.nonzeroBitCount
        }
        return total
    }

    // MARK: Positions

    /// Positions of a posting; 0 in an index without offsets.
    package func positionCount(_ block: Int, _ index: Int) -> Int {
        guard let bytes = positionBytes(block, index) else { return 0 }
        return rk_count_positions(bytes)
    }

    /// Replaces the contents of `positions` by the ascending positions of a posting.
    package func readPositions(_ block: Int, _ index: Int, into positions: inout [UInt32]) {
        positions.removeAll(keepingCapacity: true)
        readPositionsAppending(block, index, into: &positions)
    }

    package func readPositionsAppending(_ block: Int, _ index: Int, into positions: inout [UInt32]) {
        guard let bytes = positionBytes(block, index) else { return }
        let count = rk_count_positions(bytes)
        let before = positions.count
        positions.append(contentsOf: repeatElement(0, count: count))
        positions.withUnsafeMutableBufferPointer { _ = rk_decode_positions(bytes, $0.baseAddress! + before) }
    }

    func positionBytes(_ block: Int, _ index: Int) -> UnsafePointer<UInt8>? {
        guard hasPositions else { return nil }
        if form == .decoded {
            let offset = decoded.positions[block &* blockSize &+ index]
            if let chunks = decoded.positionChunks { return UnsafePointer(ChunkStore.pointer(at: offset, in: chunks)) }
            return decoded.positionBase! + Int(offset)
        }
        if count(block) == blockSize {
            return rk_skip_positions(packed.positions + Int(packed.directory[block].positionOffset), index)
        }
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockSize) { offsets in
            decodeTail(block, positions: offsets.baseAddress!)
            return packed.data + Int(offsets[index])
        }
    }

    /// Writes where the position bytes of each posting of a block are; for merging packed lists.
    func positionAddresses(_ block: Int, into addresses: UnsafeMutablePointer<UnsafePointer<UInt8>?>) {
        if count(block) == blockSize {
            let base = packed.positions + Int(packed.directory[block].positionOffset)
            rk_position_addresses(base, blockSize, addresses)
            return
        }
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockSize) { offsets in
            decodeTail(block, positions: offsets.baseAddress!)
            for i in 0..<count(block) { addresses[i] = packed.data + Int(offsets[i]) }
        }
    }

    // MARK: Windows

    /// ORs the documents of a window into its 64 words; `mask` nil takes any field.
    package func fillWindow(_ window: Int, mask: FieldMask?, words: UnsafeMutablePointer<UInt64>) {
        if let mask, let single = isSingleMask, single & mask == 0 { return }
        let start = DocID(window &* windowSize)
        let end = start &+ DocID(windowSize)
        let query = isSingleMask == nil ? mask : nil
        if form == .bitmap, query == nil {
            if window < packed.windowCount { rk_window_or(words, packed.bitmap! + window &* wordsPerWindow) }
            return
        }
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockSize) { buffer in
            let docs = buffer.baseAddress!
            var block = firstBlock(endingAtOrAfter: start, from: 0)
            while block < blockCount && firstPossibleDocID(block) < end {
                let count = decodeDocIDs(block, into: docs)
                let from = docs[0] >= start ? 0 : Int(rk_lower_bound(docs, Int32(count), start))
                let to = docs[count &- 1] < end ? count : Int(rk_lower_bound(docs, Int32(count), end))
                if let query {
                    let hits = matching(block, query)
                    for i in from..<max(from, to) {
                        let hit = i < 64 ? hits.0 &>> UInt64(i) & 1 : hits.1 &>> UInt64(i &- 64) & 1
                        let bit = docs[i] &- start
                        words[Int(bit &>> 6)] |= hit &<< UInt64(bit & 63)
                    }
                } else if to > from {
                    rk_set_bits(words, docs + from, to &- from, start)
                }
                block &+= 1
            }
        }
    }

    /// Bitmap lists: the 64 words of a window, dead documents included; otherwise nil.
    package func bitmapWindow(_ window: Int) -> UnsafePointer<UInt64>? {
        guard form == .bitmap, window < packed.windowCount else { return nil }
        return packed.bitmap! + window &* wordsPerWindow
    }
}

/// The lowest `count` bits, for counts below 0 and above 64 too.
func lowBits(_ count: Int) -> UInt64 {
    count <= 0 ? 0 : count >= 64 ? .max : (1 &<< UInt64(count)) &- 1
}

/// Something to point to where there is nothing; never written after its making.
nonisolated(unsafe) let emptyNumbers: UnsafePointer<UInt32> = {
    let word = UnsafeMutablePointer<UInt32>.allocate(capacity: 16)
    word.initialize(repeating: 0, count: 16)
    return UnsafePointer(word)
}()
