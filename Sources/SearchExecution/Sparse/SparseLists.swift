// Short lists, read whole: where there are few candidates, a window of 4,096 documents costs more than they do.

import CKernels
import SearchIndex
import SearchModel

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// All postings of a list that were asked for, in the query's memory.
struct WholeList: BitwiseCopyable {
    /// Ascending; `UInt32.max` stands behind the last.
    var docs: UnsafePointer<UInt32>
    var frequencies: UnsafePointer<UInt32>
    /// Numbers of the postings in the list; `nil`: all of them are here.
    var numbers: UnsafePointer<UInt32>?
    var count: Int
    /// Where the positions of the last block are, if they stand between its postings.
    var tail: UnsafePointer<UInt32>?

    /// Place of a document, or -1.
    @inline(__always)
    func place(of docID: DocID) -> Int {
        let place = Int(rs_exec_lower_bound(docs, count, docID))
        return docs[place] == docID ? place : -1
    }
}

/// Ascending documents in the query's memory.
struct DocumentRun: BitwiseCopyable {
    var docs: UnsafeMutablePointer<DocID>
    var count: Int
}

extension SegmentEvaluator {
    /// The whole of a posting list, decoded once; only postings whose field mask fits.
    func whole(_ slot: Int) -> WholeList {
        let cursor = cursors + slot
        if let whole = cursor.pointee.whole { return whole }
        let list = cursor.pointee.list
        let count = list.pointee.documentFrequency
        let docs = arena.allocate(UInt32.self, list.pointee.roomForAll + 1)
        let frequencies = arena.allocate(UInt32.self, list.pointee.roomForAll + 1)
        let tail = list.pointee.hasTailPositions ? arena.allocate(UInt32.self, blockSize) : nil
        list.pointee.decodeAll(docs: docs, frequencies: frequencies, tail: tail)
        counters.blocksDecoded += cursor.pointee.blockCount
        counters.frequencyBlocksDecoded += cursor.pointee.blockCount
        var whole = WholeList(
            docs: docs, frequencies: frequencies, numbers: nil, count: count, tail: UnsafePointer(tail))
        if cursor.pointee.hasMask {
            let numbers = arena.allocate(UInt32.self, count)
            whole.numbers = UnsafePointer(numbers)
            whole.count = keepMatching(cursor, docs, frequencies, numbers)
        }
        docs[whole.count] = .max
        frequencies[whole.count] = 0
        cursor.pointee.whole = whole
        return whole
    }

    /// Drops the postings without a fitting mask; returns how many are left.
    private func keepMatching(
        _ cursor: UnsafeMutablePointer<PostingCursor>, _ docs: UnsafeMutablePointer<UInt32>,
        _ frequencies: UnsafeMutablePointer<UInt32>, _ numbers: UnsafeMutablePointer<UInt32>
    ) -> Int {
        let list = cursor.pointee.list
        var kept = 0
        for block in 0..<cursor.pointee.blockCount {
            let (low, high) = list.pointee.matching(block, cursor.pointee.mask)
            let start = block &* blockSize
            for half in 0..<2 {
                var rest = half == 0 ? low : high
                while rest != 0 {
                    let place = start &+ half &* 64 &+ rest.trailingZeroBitCount
                    rest &= rest &- 1
                    // Never ahead of what is still to be read.
                    docs[kept] = docs[place]
                    frequencies[kept] = frequencies[place]
                    numbers[kept] = UInt32(truncatingIfNeeded: place)
                    kept &+= 1
                }
            }
        }
        return kept
    }

    /// Number of a document's posting in its list, or -1; field masks are looked at.
    func sparsePosting(_ cursor: UnsafeMutablePointer<PostingCursor>, _ docID: DocID) -> Int {
        if let whole = cursor.pointee.whole {
            let place = whole.place(of: docID)
            if place < 0 { return -1 }
            return whole.numbers.map { Int($0[place]) } ?? place
        }
        if cursor.pointee.list.pointee.isBitmap, !cursor.pointee.list.pointee.hasBit(docID) { return -1 }
        let index = find(cursor, docID)
        return index < 0 ? -1 : cursor.pointee.block &* blockSize &+ index
    }

    /// Reads the lists that are worth it for so many candidates. What is read stays until the segment is done, so this
    /// must not be left to somebody who gives memory back before.
    func readWholeLists(for candidates: Int) {
        for slot in 0..<cursorCount where isWorthReadingWhole(cursors + slot, candidates) { _ = whole(slot) }
    }

    /// The frequencies of ascending candidates, 0 where the list does not hold one.
    func sparseFrequencies(
        _ slot: Int, _ docs: UnsafePointer<DocID>, _ count: Int, into out: UnsafeMutablePointer<UInt32>
    ) {
        let cursor = cursors + slot
        if let whole = cursor.pointee.whole {
            if whole.count == count, memcmp(whole.docs, docs, 4 * count) == 0 {
                // A stem's list holds most words' documents, so that it is their union.
                out.update(from: whole.frequencies, count: count)
            } else {
                rs_exec_gather_sorted(whole.docs, whole.frequencies, docs, count, out)
            }
            counters.postingsScored += count
        } else if cursor.pointee.list.pointee.isBitmap, !cursor.pointee.hasMask {
            var block = 0
            for place in 0..<count {
                let posting = cursor.pointee.list.pointee.posting(ofBit: docs[place], from: &block)
                if posting < 0 {
                    out[place] = 0
                    continue
                }
                loadFrequencies(posting &>> 7, cursor)
                out[place] = cursor.pointee.frequencies[posting & 127]
                counters.postingsScored += 1
            }
        } else {
            gatherFrequencies(slot, docs, count, into: out)
        }
    }

    /// Unpacking a posting costs a nanosecond or two, looking for one in a list thirty to sixty.
    func isWorthReadingWhole(_ cursor: UnsafeMutablePointer<PostingCursor>, _ candidates: Int) -> Bool {
        cursor.pointee.list.pointee.documentFrequency <= max(blockSize, 16 * candidates)
    }
}
