// Posting lists: cursors over decoded blocks, windows, single documents.

import CKernels
import SearchIndex
import SearchModel

extension SegmentEvaluator {
    func fillPostings(_ slot: Int, _ window: Int, _ words: UnsafeMutablePointer<UInt64>) {
        let cursor = cursors + slot
        if cursor.pointee.blockCount == 1, !cursor.pointee.hasMask {
            fillFromOnlyBlock(cursor, slot, window, words)
            return
        }
        if !cursor.pointee.hasMask, let bitmap = lists[slot].bitmapWindow(window) {
            rs_exec_or(words, bitmap, wordsPerWindow)
            return
        }
        lists[slot].fillWindow(window, mask: cursor.pointee.hasMask ? cursor.pointee.mask : nil, words: words)
    }

    /// A short list stays decoded: its documents of the window are picked from the block.
    private func fillFromOnlyBlock(
        _ cursor: UnsafeMutablePointer<PostingCursor>, _ slot: Int, _ window: Int,
        _ words: UnsafeMutablePointer<UInt64>
    ) {
        load(0, cursor, slot)
        let docs = cursor.pointee.docs
        let count = cursor.pointee.count
        let start = UInt32(window &* windowSize)
        let end = start &+ UInt32(windowSize)
        if docs[count &- 1] < start || docs[0] >= end { return }
        var index = 0
        while docs[index] < start { index &+= 1 }
        while index < count, docs[index] < end {
            set(words, Int(docs[index] &- start))
            index &+= 1
        }
    }

    /// The stored documents of a window when they are at hand as they are: a dense list, all fields.
    func wholeBitmap(_ slot: Int, _ window: Int) -> UnsafePointer<UInt64>? {
        cursors[slot].hasMask ? nil : lists[slot].bitmapWindow(window)
    }

    func restrictPostings(
        _ node: UnsafeMutablePointer<Node>, _ window: Int, _ words: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        let slot = node.pointee.slot
        if let bitmap = wholeBitmap(slot, window) {
            return rs_exec_and(words, bitmap, wordsPerWindow) != 0
        }
        let candidates = rs_exec_popcount(words, wordsPerWindow)
        if candidates == 0 { return false }
        if candidates <= SegmentEvaluator.probeLimit {
            return keep(in: words, window) { holds(slot, $0) }
        }
        let own = node.pointee.scratch!
        clear(own)
        fillPostings(slot, window, own)
        return rs_exec_and(words, own, wordsPerWindow) != 0
    }

    /// Keeps the candidates that pass a test.
    @inline(__always)
    func keep(in words: UnsafeMutablePointer<UInt64>, _ window: Int, _ passes: (DocID) -> Bool) -> Bool {
        var left = false
        let base = window &* windowSize
        for index in 0..<wordsPerWindow where words[index] != 0 {
            var rest = words[index]
            var kept: UInt64 = 0
            while rest != 0 {
                let bit = rest & (0 &- rest)
                if passes(DocID(truncatingIfNeeded: base &+ index &* 64 &+ rest.trailingZeroBitCount)) { kept |= bit }
                rest ^= bit
            }
            words[index] = kept
            if kept != 0 { left = true }
        }
        return left
    }

    // MARK: blocks

    @inline(__always)
    func load(_ block: Int, _ cursor: UnsafeMutablePointer<PostingCursor>, _ slot: Int) {
        if cursor.pointee.block != block { decode(block, cursor, slot) }
    }

    private func decode(_ block: Int, _ cursor: UnsafeMutablePointer<PostingCursor>, _ slot: Int) {
        let count = lists[slot].decodeDocIDs(block, into: cursor.pointee.docs)
        if count < blockSize { rs_exec_pad_block(cursor.pointee.docs, count) }
        cursor.pointee.count = count
        cursor.pointee.block = block
        cursor.pointee.hasFrequencies = false
        cursor.pointee.hasMatching = false
        counters.blocksDecoded += 1
    }

    @inline(__always)
    func loadFrequencies(_ cursor: UnsafeMutablePointer<PostingCursor>, _ slot: Int) {
        if !cursor.pointee.hasFrequencies {
            lists[slot].decodeFrequencies(cursor.pointee.block, into: cursor.pointee.frequencies)
            cursor.pointee.hasFrequencies = true
        }
    }

    @inline(__always)
    func loadMatching(_ cursor: UnsafeMutablePointer<PostingCursor>, _ slot: Int) {
        if !cursor.pointee.hasMatching {
            let (low, high) = lists[slot].matching(cursor.pointee.block, cursor.pointee.mask)
            cursor.pointee.matching[0] = low
            cursor.pointee.matching[1] = high
            cursor.pointee.hasMatching = true
        }
    }

    /// The first block that may hold `docID` or a later one; `blockCount` when there is none.
    @inline(__always)
    func block(atOrAfter docID: DocID, _ cursor: UnsafeMutablePointer<PostingCursor>, _ slot: Int) -> Int {
        if cursor.pointee.blockCount == 1 {
            return lists[slot].lastDocID(0) < docID ? 1 : 0
        }
        let known = cursor.pointee.block
        if known >= 0 {
            let last = cursor.pointee.docs[cursor.pointee.count &- 1]
            if docID <= last {
                if docID >= cursor.pointee.docs[0] { return known }
            } else {
                return lists[slot].firstBlock(endingAtOrAfter: docID, from: known + 1)
            }
        }
        return lists[slot].firstBlock(endingAtOrAfter: docID, from: 0)
    }

    /// Place of a document's posting in the block that is then loaded, or -1; field masks are looked at.
    func find(_ slot: Int, _ docID: DocID) -> Int {
        let cursor = cursors + slot
        let block = block(atOrAfter: docID, cursor, slot)
        if block >= cursor.pointee.blockCount { return -1 }
        load(block, cursor, slot)
        let index = Int(rs_exec_find_in_block(cursor.pointee.docs, docID))
        guard index >= 0, cursor.pointee.hasMask else { return index }
        loadMatching(cursor, slot)
        return cursor.pointee.matching[index &>> 6] &>> UInt64(index & 63) & 1 == 1 ? index : -1
    }

    func holds(_ slot: Int, _ docID: DocID) -> Bool { find(slot, docID) >= 0 }

    /// The document's frequency, 0 when the list does not hold it.
    func frequency(_ slot: Int, _ docID: DocID) -> UInt32 {
        let index = find(slot, docID)
        if index < 0 { return 0 }
        loadFrequencies(cursors + slot, slot)
        return cursors[slot].frequencies[index]
    }

    // MARK: many documents

    /// The frequencies of ascending candidates, 0 where the list does not hold one.
    func gatherFrequencies(
        _ slot: Int, _ docs: UnsafePointer<DocID>, _ count: Int, into out: UnsafeMutablePointer<UInt32>
    ) {
        let cursor = cursors + slot
        let blockCount = cursor.pointee.blockCount
        var at = 0
        while at < count {
            let block = block(atOrAfter: docs[at], cursor, slot)
            if block >= blockCount {
                (out + at).update(repeating: 0, count: count &- at)
                return
            }
            let last = lists[slot].lastDocID(block)
            var end = at &+ 1
            if docs[count &- 1] <= last {
                end = count
            } else {
                while docs[end] <= last { end &+= 1 }
            }
            load(block, cursor, slot)
            loadFrequencies(cursor, slot)
            if cursor.pointee.hasMask { loadMatching(cursor, slot) }
            rs_exec_gather_block(
                cursor.pointee.docs, cursor.pointee.frequencies,
                cursor.pointee.hasMask ? UnsafePointer(cursor.pointee.matching) : nil,
                docs + at, end &- at, out + at)
            counters.postingsScored += end &- at
            at = end
        }
    }
}
