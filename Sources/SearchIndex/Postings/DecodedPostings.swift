// The arrays of a list that was unpacked whole when it was opened.

import CKernels
import Containers
import SearchModel

/// `@unchecked Sendable`: filled by the function that makes it, never written after it is handed out.
final class DecodedPostings: @unchecked Sendable {
    let docs: UnsafeMutablePointer<UInt32>
    let frequencies: UnsafeMutablePointer<UInt32>
    let positions: UnsafeMutablePointer<UInt32>
    let masks: UnsafeMutablePointer<UInt64>
    private let memory: UnsafeMutableRawPointer
    /// What the positions point into.
    private let owner: AnyObject
    private(set) var count = 0
    private var hasMasks = false

    init(capacity: Int, owner: AnyObject) {
        self.owner = owner
        let room = max(1, capacity)
        // Masks first, for their alignment.
        memory = .allocate(byteCount: room * 28, alignment: 8)
        masks = memory.assumingMemoryBound(to: UInt64.self)
        docs = (memory + room * 16).assumingMemoryBound(to: UInt32.self)
        frequencies = docs + room
        positions = frequencies + room
    }

    deinit { memory.deallocate() }

    /// Decodes more postings; returns how many.
    @discardableResult
    func decode(
        _ run: inout rk_run, count wanted: Int, limit: DocID, hasPositions: Bool, mask: FieldMask, hasMasks: Bool,
        bias: UInt
    ) -> Int {
        let before = count
        let added = withUnsafePointer(to: mask) { pointer in
            rk_decode_postings(
                &run, Int32(wanted), limit, hasPositions ? 1 : 0,
                UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt64.self), docs + before, frequencies + before,
                hasMasks ? masks + 2 * before : nil, positions + before, bias)
        }
        count = before + Int(added)
        self.hasMasks = hasMasks
        return Int(added)
    }

    /// The finished list.
    ///
    /// - Precondition: something was decoded.
    func list(
        term: TermID, mask: FieldMask, hasPositions: Bool, bounds: SegmentBounds, hasScores: Bool,
        positionBase: UnsafePointer<UInt8>? = nil, positionChunks: ChunkDirectory? = nil
    ) -> PostingList {
        var maxFrequency: UInt32 = 1
        for i in 0..<count where frequencies[i] > maxFrequency { maxFrequency = frequencies[i] }
        var isSingle = true
        if hasMasks {
            let low = UInt64(truncatingIfNeeded: mask)
            let high = UInt64(truncatingIfNeeded: mask >> 64)
            for i in 0..<count where masks[2 &* i] != low || masks[2 &* i &+ 1] != high {
                isSingle = false
                break
            }
        }
        let reader = PostingReader(
            documentFrequency: count, blockCount: (count + blockSize - 1) / blockSize, maxFrequency: maxFrequency,
            isSingleMask: isSingle ? readMask(mask) : nil, hasPositions: hasPositions, term: term, form: .decoded,
            segmentBounds: bounds, hasScores: hasScores,
            decoded: PostingReader.DecodedArrays(
                docs: docs, frequencies: frequencies, masks: isSingle ? nil : UnsafePointer(masks),
                positions: positions, positionChunks: positionChunks, positionBase: positionBase),
            packed: PostingReader.PackedArrays())
        return PostingList(reader: reader, owner: self)
    }
}
