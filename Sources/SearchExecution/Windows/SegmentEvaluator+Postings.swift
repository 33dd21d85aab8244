// Posting lists: windows, decoded blocks, single documents, and the frequencies of many.
//
// A posting's place in its list follows from its place in a window: the number of the window's first
// posting plus the documents before it in the window. So a frequency is found by counting bits, and
// docIDs are decoded only to make windows of lists that are not bitmaps.

import CKernels
import SearchIndex
import SearchModel

extension SegmentEvaluator {
    // MARK: windows

    /// The documents of a window, kept until another window is asked for.
    @inline(__always)
    func windowWords(_ cursor: UnsafeMutablePointer<PostingCursor>, _ window: Int) -> UnsafePointer<UInt64> {
        cursor.pointee.window == window ? cursor.pointee.words : makeWindow(cursor, window)
    }

    private func makeWindow(_ cursor: UnsafeMutablePointer<PostingCursor>, _ window: Int) -> UnsafePointer<UInt64> {
        cursor.pointee.window = window
        cursor.pointee.isEmptyWindow = false
        let own = cursor.pointee.ownWords
        if cursor.pointee.hasMask {
            clear(own)
            cursor.pointee.list.pointee.fillWindow(window, mask: cursor.pointee.mask, words: own)
            cursor.pointee.firstPosting = -2
            cursor.pointee.words = UnsafePointer(own)
        } else if let bitmap = cursor.pointee.list.pointee.bitmapWindow(window) {
            cursor.pointee.firstPosting = -1
            cursor.pointee.words = bitmap
        } else {
            cursor.pointee.firstPosting = decodeWindow(cursor, window, own)
            cursor.pointee.words = UnsafePointer(own)
        }
        return cursor.pointee.words
    }

    /// - Returns: number of the first posting at or after the window's start.
    private func decodeWindow(
        _ cursor: UnsafeMutablePointer<PostingCursor>, _ window: Int, _ words: UnsafeMutablePointer<UInt64>
    ) -> Int {
        clear(words)
        let start = DocID(window &* windowSize)
        let end = start &+ DocID(windowSize)
        let blockCount = cursor.pointee.blockCount
        var block = block(atOrAfter: start, cursor)
        if block >= blockCount {
            cursor.pointee.isEmptyWindow = true
            return blockCount &* blockSize
        }
        load(block, cursor)
        let docs = cursor.pointee.docs
        var from = docs[0] >= start ? 0 : Int(rs_exec_place_in_block(docs, start))
        let first = block &* blockSize &+ from
        cursor.pointee.isEmptyWindow = docs[from] >= end
        while true {
            let count = cursor.pointee.count
            let to = docs[count &- 1] < end ? count : Int(rs_exec_place_in_block(docs, end))
            if to > from { rs_exec_set_bits(words, docs + from, to &- from, start) }
            block &+= 1
            if to < count || block >= blockCount { return first }
            load(block, cursor)
            from = 0
        }
    }

    /// Number of the window's first posting in the list; `nil` when masks hide postings.
    func firstPosting(_ cursor: UnsafeMutablePointer<PostingCursor>, _ window: Int) -> Int? {
        _ = windowWords(cursor, window)
        if cursor.pointee.firstPosting == -2 { return nil }
        if cursor.pointee.firstPosting == -1 {
            // A bitmap: count from the start of the block that the window begins in.
            let list = cursor.pointee.list
            let start = DocID(window &* windowSize)
            let block = list.pointee.firstBlock(endingAtOrAfter: start, from: 0)
            let from = block < cursor.pointee.blockCount ? list.pointee.firstPossibleDocID(block) : start
            var first = block &* blockSize
            if from < start, let bitmap = list.pointee.bitmapWindow(0) {
                first &+= rk_rank(bitmap, Int(from), Int(start))
            }
            cursor.pointee.firstPosting = first
        }
        return cursor.pointee.firstPosting
    }

    func restrictPostings(
        _ node: UnsafeMutablePointer<Node>, _ window: Int, _ words: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        let cursor = cursors + node.pointee.slot
        if cursor.pointee.window != window, cursor.pointee.hasMask || !isBitmap(cursor) {
            let candidates = rs_exec_popcount(words, wordsPerWindow)
            if candidates == 0 { return false }
            if candidates <= SegmentEvaluator.probeLimit { return keep(in: words, window) { find(cursor, $0) >= 0 } }
        }
        return rs_exec_and(words, windowWords(cursor, window), wordsPerWindow) != 0
    }

    private func isBitmap(_ cursor: UnsafeMutablePointer<PostingCursor>) -> Bool {
        cursor.pointee.list.pointee.bitmapWindow(0) != nil
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
    func load(_ block: Int, _ cursor: UnsafeMutablePointer<PostingCursor>) {
        if cursor.pointee.block != block { decode(block, cursor) }
    }

    private func decode(_ block: Int, _ cursor: UnsafeMutablePointer<PostingCursor>) {
        let count = cursor.pointee.list.pointee.decodeDocIDs(block, into: cursor.pointee.docs)
        if count < blockSize { rs_exec_pad_block(cursor.pointee.docs, count) }
        cursor.pointee.count = count
        cursor.pointee.block = block
        cursor.pointee.hasMatching = false
        counters.blocksDecoded += 1
    }

    @inline(__always)
    func loadFrequencies(_ block: Int, _ cursor: UnsafeMutablePointer<PostingCursor>) {
        if cursor.pointee.frequencyBlock != block {
            cursor.pointee.list.pointee.decodeFrequencies(block, into: cursor.pointee.frequencies)
            cursor.pointee.frequencyBlock = block
            counters.frequencyBlocksDecoded += 1
        }
    }

    @inline(__always)
    func loadMatching(_ cursor: UnsafeMutablePointer<PostingCursor>) {
        if !cursor.pointee.hasMatching {
            let (low, high) = cursor.pointee.list.pointee.matching(cursor.pointee.block, cursor.pointee.mask)
            cursor.pointee.matching[0] = low
            cursor.pointee.matching[1] = high
            cursor.pointee.hasMatching = true
        }
    }

    /// Whether a posting of the loaded block has a fitting mask.
    @inline(__always)
    func isMatching(_ index: Int, _ cursor: UnsafeMutablePointer<PostingCursor>) -> Bool {
        if !cursor.pointee.hasMask { return true }
        loadMatching(cursor)
        return cursor.pointee.matching[index &>> 6] &>> UInt64(index & 63) & 1 == 1
    }

    /// The first block that may hold `docID` or a later one; `blockCount` when there is none.
    @inline(__always)
    func block(atOrAfter docID: DocID, _ cursor: UnsafeMutablePointer<PostingCursor>) -> Int {
        let list = cursor.pointee.list
        if cursor.pointee.blockCount == 1 { return list.pointee.lastDocID(0) < docID ? 1 : 0 }
        let known = cursor.pointee.block
        if known >= 0 {
            let last = cursor.pointee.docs[cursor.pointee.count &- 1]
            if docID <= last {
                if docID >= cursor.pointee.docs[0] { return known }
            } else {
                return list.pointee.firstBlock(endingAtOrAfter: docID, from: known + 1)
            }
        }
        return list.pointee.firstBlock(endingAtOrAfter: docID, from: 0)
    }

    /// Number of a document's posting in the list, or -1; field masks are looked at.
    func posting(_ cursor: UnsafeMutablePointer<PostingCursor>, _ docID: DocID) -> Int {
        let window = Int(docID) / windowSize
        if cursor.pointee.window == window {
            let bit = Int(docID) % windowSize
            let word = cursor.pointee.words[bit &>> 6]
            if word &>> UInt64(bit & 63) & 1 == 0 { return -1 }
            if let first = firstPosting(cursor, window) {
                let below = word & ((1 &<< UInt64(bit & 63)) &- 1)
                return first &+ Int(documentsBefore(cursor, window)[bit &>> 6]) &+ rs_exec_bits(below)
            }
        }
        return sparsePosting(cursor, docID)
    }

    private func documentsBefore(
        _ cursor: UnsafeMutablePointer<PostingCursor>, _ window: Int
    ) -> UnsafeMutablePointer<UInt16> {
        let counts = cursor.pointee.documentsBefore
        if cursor.pointee.countedWindow != window {
            rs_exec_bits_before(cursor.pointee.words, counts)
            cursor.pointee.countedWindow = window
        }
        return counts
    }

    /// Place of a document's posting in the block that is then loaded, or -1; field masks are looked at.
    func find(_ cursor: UnsafeMutablePointer<PostingCursor>, _ docID: DocID) -> Int {
        let block = block(atOrAfter: docID, cursor)
        if block >= cursor.pointee.blockCount { return -1 }
        load(block, cursor)
        let index = Int(rs_exec_find_in_block(cursor.pointee.docs, docID))
        return index >= 0 && isMatching(index, cursor) ? index : -1
    }

    /// The document's frequency, 0 when the list does not hold it.
    func frequency(_ slot: Int, _ docID: DocID) -> UInt32 {
        let cursor = cursors + slot
        let posting = posting(cursor, docID)
        if posting < 0 { return 0 }
        loadFrequencies(posting &>> 7, cursor)
        return cursor.pointee.frequencies[posting & 127]
    }

    // MARK: many documents

    /// The candidates of a window that the list holds: each one's place among the candidates and its frequency.
    ///
    /// - Returns: how many; `nil` when masks are in the way, see ``gatherFrequencies(_:_:_:into:)``.
    func hits(
        _ slot: Int, _ window: Int, _ candidates: UnsafePointer<UInt64>, _ range: Range<Int>,
        _ ordinals: UnsafeMutablePointer<UInt32>, _ frequencies: UnsafeMutablePointer<UInt32>
    ) -> Int? {
        let cursor = cursors + slot
        guard let first = firstPosting(cursor, window) else { return nil }
        let count = rs_exec_hits(
            candidates, cursor.pointee.words, range.lowerBound, range.upperBound, ordinals, frequencies)
        var place = 0
        while place < count {
            let block = (first &+ Int(frequencies[place])) &>> 7
            loadFrequencies(block, cursor)
            let decoded = cursor.pointee.frequencies
            let end = UInt32(truncatingIfNeeded: (block &+ 1) &* blockSize &- first)
            let shift = UInt32(truncatingIfNeeded: first)
            while place < count, frequencies[place] < end {
                frequencies[place] = decoded[Int((frequencies[place] &+ shift) & 127)]
                place &+= 1
            }
        }
        counters.postingsScored += count
        return count
    }

    /// The frequencies of ascending candidates, 0 where the list does not hold one.
    func gatherFrequencies(
        _ slot: Int, _ docs: UnsafePointer<DocID>, _ count: Int, into out: UnsafeMutablePointer<UInt32>
    ) {
        let cursor = cursors + slot
        let blockCount = cursor.pointee.blockCount
        var at = 0
        while at < count {
            let block = block(atOrAfter: docs[at], cursor)
            if block >= blockCount {
                (out + at).update(repeating: 0, count: count &- at)
                return
            }
            let last = cursor.pointee.list.pointee.lastDocID(block)
            var end = at &+ 1
            if docs[count &- 1] <= last {
                end = count
            } else {
                while docs[end] <= last { end &+= 1 }
            }
            load(block, cursor)
            loadFrequencies(block, cursor)
            if cursor.pointee.hasMask { loadMatching(cursor) }
            rs_exec_gather_block(
                cursor.pointee.docs, cursor.pointee.frequencies,
                cursor.pointee.hasMask ? UnsafePointer(cursor.pointee.matching) : nil,
                docs + at, end &- at, out + at)
            counters.postingsScored += end &- at
            at = end
        }
    }
}
