// What is worked out a slice of 65,536 documents at a time: wide unions, the child that counts of
// each expansion, and which windows can hold matches at all.

import CKernels
import SearchIndex
import SearchModel

extension SegmentEvaluator {
    /// Windows of a slice.
    func windows(ofSlice slice: Int) -> Range<Int> {
        slice * windowsPerSlice..<min(windowCount, (slice + 1) * windowsPerSlice)
    }

    /// Works out the slice's wide unions. Children come first, so a wide union inside another is ready.
    ///
    /// - Parameter needsOwners: scores are wanted, so expansions must know which child counts.
    func enter(slice: Int, needsOwners: Bool) {
        for index in plan.clauses.indices {
            let node = nodes + index
            if let words = node.pointee.sliceWords { fillSlice(node, slice, words) }
            if needsOwners, let owners = node.pointee.owners { fillOwners(node, slice, owners) }
        }
    }

    private func fillSlice(_ node: UnsafeMutablePointer<Node>, _ slice: Int, _ words: UnsafeMutablePointer<UInt64>) {
        let windows = windows(ofSlice: slice)
        words.update(repeating: 0, count: windows.count * wordsPerWindow)
        for place in 0..<node.pointee.childCount {
            let child = Int(node.pointee.children[place])
            if nodes[child].kind == .postings, cursors[nodes[child].slot].blockCount == 1 {
                fillSliceFromOnlyBlock(cursors + nodes[child].slot, windows, words)
                continue
            }
            var window = windows.lowerBound
            while window < windows.upperBound {
                window = nextWindow(child, from: window)
                guard window < windows.upperBound else { break }
                fill(child, window, words + (window - windows.lowerBound) * wordsPerWindow)
                window += 1
            }
        }
    }

    private func fillSliceFromOnlyBlock(
        _ cursor: UnsafeMutablePointer<PostingCursor>, _ windows: Range<Int>, _ words: UnsafeMutablePointer<UInt64>
    ) {
        load(0, cursor)
        let start = windows.lowerBound * windowSize
        let end = windows.upperBound * windowSize
        for index in 0..<cursor.pointee.count {
            let docID = Int(cursor.pointee.docs[index])
            if docID < start { continue }
            if docID >= end { break }
            if isMatching(index, cursor) { set(words, docID &- start) }
        }
    }

    /// The first expansion that holds a document owns it: written last to first, so that it stays.
    private func fillOwners(_ node: UnsafeMutablePointer<Node>, _ slice: Int, _ owners: UnsafeMutablePointer<UInt16>) {
        let start = slice * sliceSize
        let end = min(start + sliceSize, segment.documentCount)
        owners.update(repeating: 0, count: end - start)
        for place in stride(from: node.pointee.childCount - 1, through: 0, by: -1) {
            let mark = UInt16(truncatingIfNeeded: place + 1)
            forEachDocument(Int(node.pointee.children[place]), from: start, to: end) { owners[$0 - start] = mark }
        }
    }

    /// Visits a term's or tag value's documents in a range of docIDs.
    @inline(__always)
    private func forEachDocument(_ child: Int, from start: Int, to end: Int, _ body: (Int) -> Void) {
        switch nodes[child].kind {
        case .postings:
            let cursor = cursors + nodes[child].slot
            var block = block(atOrAfter: DocID(start), cursor)
            while block < cursor.pointee.blockCount {
                load(block, cursor)
                for index in 0..<cursor.pointee.count {
                    let docID = Int(cursor.pointee.docs[index])
                    if docID >= end { return }
                    if docID < start { continue }
                    if isMatching(index, cursor) { body(docID) }
                }
                block += 1
            }
        default:
            let mark = arena.mark()
            let words = arena.allocate(UInt64.self, wordsPerWindow)
            for window in start / windowSize..<(end + windowSize - 1) / windowSize {
                clear(words)
                fill(child, window, words)
                for index in 0..<wordsPerWindow {
                    var rest = words[index]
                    while rest != 0 {
                        let docID = window * windowSize + index * 64 + rest.trailingZeroBitCount
                        if docID < end { body(docID) }
                        rest &= rest &- 1
                    }
                }
            }
            arena.release(to: mark)
        }
    }

    // MARK: windows

    /// The first window from `window` on that may hold a match of the node; at least `windowCount`
    /// when there is none. Never too late, perhaps too early.
    func nextWindow(_ index: Int, from window: Int) -> Int {
        if window >= windowCount { return windowCount }
        let node = nodes + index
        switch node.pointee.kind {
        case .nothing:
            return windowCount
        case .all, .numeric, .geo, .missing, .not, .optional:
            return window
        case .documents:
            let slot = node.pointee.slot
            if documentLists[slot].isBitmap { return window }
            let start = DocID(window * windowSize)
            let block = documentLists[slot].firstBlock(endingAtOrAfter: start, from: 0)
            return block >= documentLists[slot].blockCount ? windowCount : window
        case .postings:
            let cursor = cursors + node.pointee.slot
            let start = DocID(window * windowSize)
            let block = block(atOrAfter: start, cursor)
            if block >= cursor.pointee.blockCount { return windowCount }
            if cursor.pointee.blockCount == 1 {
                load(0, cursor)
                var at = 0
                while cursor.pointee.docs[at] < start { at += 1 }
                return Int(cursor.pointee.docs[at]) / windowSize
            }
            return max(window, Int(cursor.pointee.list.pointee.firstPossibleDocID(block)) / windowSize)
        case .keys:
            let (keys, count) = keyLists[node.pointee.slot]
            for at in 0..<count where Int(keys[at]) >= window * windowSize { return Int(keys[at]) / windowSize }
            return windowCount
        case .and:
            var target = window
            var agreed = false
            while !agreed {
                agreed = true
                for place in 0..<node.pointee.fillCount {
                    let next = nextWindow(Int(node.pointee.fillOrder[place]), from: target)
                    if next >= windowCount { return windowCount }
                    if next > target {
                        target = next
                        agreed = place == 0
                    }
                }
            }
            return target
        case .or, .expansion:
            var least = windowCount
            for place in 0..<node.pointee.childCount where least > window {
                least = min(least, nextWindow(Int(node.pointee.children[place]), from: window))
            }
            return least
        }
    }
}
