// Whole lists and single documents, for queries whose lists are short: no windows, no blocks kept.

import CKernels
import SearchModel

extension PostingReader {
    /// Numbers that ``decodeAll(docs:frequencies:)`` may write to each of its places.
    package var roomForAll: Int { blockCount &* blockSize }

    /// Whether the last block keeps positions between its postings: they are found by decoding all of it.
    package var hasTailPositions: Bool { form != .decoded && hasPositions && documentFrequency & (blockSize - 1) != 0 }

    /// Writes all documents, ascending, and their frequencies.
    ///
    /// - Parameter tail: lists with ``hasTailPositions`` write where the last block's positions are, see
    ///   ``tailPositions(at:)``; room for 128.
    package func decodeAll(
        docs: UnsafeMutablePointer<UInt32>, frequencies: UnsafeMutablePointer<UInt32>,
        tail: UnsafeMutablePointer<UInt32>?
    ) {
        if form == .decoded {
            docs.update(from: decoded.docs, count: documentFrequency)
            frequencies.update(from: decoded.frequencies, count: documentFrequency)
            return
        }
        for block in 0..<blockCount {
            let start = block &* blockSize
            if count(block) < blockSize {
                decodeTail(
                    block, docs: form == .packed ? docs + start : nil, frequencies: frequencies + start,
                    positions: hasPositions ? tail : nil)
                if form == .bitmap { decodeDocIDs(block, into: docs + start) }
            } else {
                decodeDocIDs(block, into: docs + start)
                decodeFrequencies(block, into: frequencies + start)
            }
        }
    }

    /// The position bytes that ``decodeAll(docs:frequencies:tail:)`` found.
    package func tailPositions(at offset: UInt32) -> UnsafePointer<UInt8> { packed.data + Int(offset) }

    /// Whether documents are bits: then ``posting(ofBit:from:)`` finds them.
    package var isBitmap: Bool { form == .bitmap }

    /// Bitmap lists: number of a document's posting, -1 when the list does not hold it.
    ///
    /// - Parameter from: a block that is not behind the document's; moves on to the document's block.
    package func posting(ofBit docID: DocID, from block: inout Int) -> Int {
        guard let bitmap = packed.bitmap, Int(docID) / windowSize < packed.windowCount,
            bitmap[Int(docID &>> 6)] &>> UInt64(docID & 63) & 1 != 0
        else { return -1 }
        block = firstBlock(endingAtOrAfter: docID, from: block)
        return block &* blockSize &+ Int(rk_rank(bitmap, Int(firstPossibleDocID(block)), Int(docID)))
    }

    /// Bitmap lists: whether the list holds a document.
    @inline(__always)
    package func hasBit(_ docID: DocID) -> Bool {
        guard let bitmap = packed.bitmap, Int(docID) / windowSize < packed.windowCount else { return false }
        return bitmap[Int(docID &>> 6)] &>> UInt64(docID & 63) & 1 != 0
    }
}
