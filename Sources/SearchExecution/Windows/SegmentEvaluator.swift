// Which documents of one segment match, by windows of 4,096 docIDs held as 64 words.
//
//   fill(node, window, words)       ORs the node's documents into the words
//   restrict(node, window, words)   clears those that do not match
//   nextWindow(node, from)          the first window that may hold a match: others are never looked at
//
// A node is asked per window, never per posting, so choosing by kind costs nothing. A list that is
// dense is a bitmap and costs an AND of 64 words; one that is sparse meets few candidates, which are
// looked up one by one.

import CKernels
import SearchIndex
import SearchModel

final class SegmentEvaluator {
    let plan: Plan
    let segment: SegmentView
    let segmentIndex: Int
    let arena: ScratchArena
    let root: Int
    let nodes: UnsafeMutablePointer<Node>
    let windowCount: Int

    let cursors: UnsafeMutablePointer<PostingCursor>
    let cursorCount: Int
    // `nil`: no node has one, so that nobody looks.
    let documentLists: UnsafeMutablePointer<DocumentList>!
    let documentListCount: Int
    let numericColumns: UnsafeMutablePointer<(NumericColumn, ValueRange)>!
    let numericCount: Int
    let missingColumns: UnsafeMutablePointer<MissingColumn>!
    let missingCount: Int
    let keyLists: UnsafeMutablePointer<(UnsafeMutablePointer<DocID>, Int)>!
    let keyListCount: Int

    /// The live documents of `liveWindow`.
    let liveWords: UnsafeMutablePointer<UInt64>
    @exclusivity(unchecked) private var liveWindow = -1

    let positions: PositionScratch
    @exclusivity(unchecked) var counters = ExecutionCounters()
    /// Asked now and then by what may take long inside one window.
    var isLate: () -> Bool = { false }

    /// Below so many candidates of a window a posting list is probed, not unpacked.
    static let probeLimit = 4

    init(_ plan: Plan, root: Int, segment index: Int, arena: ScratchArena, positions: PositionScratch) {
        self.plan = plan
        self.root = root
        self.arena = arena
        self.positions = positions
        segment = plan.snapshot.segments[index]
        segmentIndex = index
        windowCount = (segment.documentCount + windowSize - 1) / windowSize
        liveWords = arena.allocate(UInt64.self, wordsPerWindow)
        var binder = NodeBinder(plan, segment: segment, segmentIndex: index, arena: arena)
        binder.bind()
        nodes = binder.nodes
        cursors = binder.cursors
        cursorCount = binder.cursorCount
        (documentLists, documentListCount) = binder.documentLists.moveOut()
        (numericColumns, numericCount) = binder.numericColumns.moveOut()
        (missingColumns, missingCount) = binder.missingColumns.moveOut()
        (keyLists, keyListCount) = binder.keyLists.moveOut()
    }

    deinit {
        documentLists?.deinitialize(count: documentListCount).deallocate()
        numericColumns?.deinitialize(count: numericCount).deallocate()
        missingColumns?.deinitialize(count: missingCount).deallocate()
        keyLists?.deinitialize(count: keyListCount).deallocate()
    }

    var matchesNothing: Bool { nodes[root].kind == .nothing }

    /// The live documents of a window. Valid until another window is asked for.
    func live(_ window: Int) -> UnsafePointer<UInt64> {
        if liveWindow != window {
            segment.copyLiveWindow(window, into: liveWords)
            liveWindow = window
        }
        return UnsafePointer(liveWords)
    }

    // MARK: matches of a window

    /// The window's live matches, in `words`, and how many there are.
    func matches(_ window: Int, _ words: UnsafeMutablePointer<UInt64>) -> Int {
        clear(words)
        fill(root, window, words)
        if segment.hasDeletions { segment.restrictToLive(window, words) }
        return rs_exec_popcount(words, wordsPerWindow)
    }

    /// ORs the documents of the window that match the node into `words`; dead ones may be among them.
    func fill(_ index: Int, _ window: Int, _ words: UnsafeMutablePointer<UInt64>) {
        let node = nodes + index
        switch node.pointee.kind {
        case .nothing:
            return
        case .all, .optional:
            rs_exec_or(words, live(window), wordsPerWindow)
        case .postings:
            let cursor = cursors + node.pointee.slot
            let own = windowWords(cursor, window)
            if !cursor.pointee.isEmptyWindow { rs_exec_or(words, own, wordsPerWindow) }
        case .documents, .geo:
            rs_exec_or(words, documentWords(node, window), wordsPerWindow)
        case .numeric:
            let slot = node.pointee.slot
            numericColumns[slot].0.fillWindow(window, numericColumns[slot].1, words: words)
        case .missing:
            missingColumns[node.pointee.slot].fillWindow(window, words: words)
        case .keys:
            fillKeys(node.pointee.slot, window, words)
        case .and:
            let own = node.pointee.scratch!
            clear(own)
            fill(Int(node.pointee.fillOrder[0]), window, own)
            if narrow(node, from: 1, window, own) { rs_exec_or(words, own, wordsPerWindow) }
        case .or:
            if node.pointee.sliceWords != nil {
                rs_exec_or(words, unionWords(node, window), wordsPerWindow)
                return
            }
            for child in 0..<node.pointee.childCount { fill(Int(node.pointee.children[child]), window, words) }
        case .expansion:
            rs_exec_or(words, unionWords(node, window), wordsPerWindow)
        case .not:
            let own = node.pointee.scratch!
            own.update(from: live(window), count: wordsPerWindow)
            if node.pointee.childCount > 0 { exclude(Int(node.pointee.children[0]), window, own) }
            rs_exec_or(words, own, wordsPerWindow)
        }
    }

    /// Clears the documents that do not match the node.
    ///
    /// - Returns: whether any is left.
    @discardableResult
    func restrict(_ index: Int, _ window: Int, _ words: UnsafeMutablePointer<UInt64>) -> Bool {
        let node = nodes + index
        switch node.pointee.kind {
        case .nothing:
            clear(words)
            return false
        case .all, .optional:
            return rs_exec_and(words, live(window), wordsPerWindow) != 0
        case .postings:
            return restrictPostings(node, window, words)
        case .documents, .geo:
            if node.pointee.window != window, rs_exec_popcount(words, wordsPerWindow) <= SegmentEvaluator.probeLimit {
                let slot = node.pointee.slot
                return keep(in: words, window) { documentLists[slot].contains($0) }
            }
            return rs_exec_and(words, documentWords(node, window), wordsPerWindow) != 0
        case .numeric:
            let slot = node.pointee.slot
            numericColumns[slot].0.restrict(window, numericColumns[slot].1, words: words)
            return any(words)
        case .missing:
            let own = node.pointee.scratch!
            clear(own)
            missingColumns[node.pointee.slot].fillWindow(window, words: own)
            return rs_exec_and(words, own, wordsPerWindow) != 0
        case .keys:
            let own = node.pointee.scratch!
            clear(own)
            fillKeys(node.pointee.slot, window, own)
            return rs_exec_and(words, own, wordsPerWindow) != 0
        case .and:
            return narrow(node, from: 0, window, words)
        case .or, .expansion:
            if node.pointee.sliceWords != nil || node.pointee.kind == .expansion {
                return rs_exec_and(words, unionWords(node, window), wordsPerWindow) != 0
            }
            return restrictUnion(node, window, words)
        case .not:
            if node.pointee.childCount == 0 { return any(words) }
            exclude(Int(node.pointee.children[0]), window, words)
            return any(words)
        }
    }

    // MARK: parts

    /// Applies an AND's children from a place on, then its positions.
    private func narrow(
        _ node: UnsafeMutablePointer<Node>, from first: Int, _ window: Int, _ words: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        var place = first
        while place < node.pointee.fillCount {
            if !restrict(Int(node.pointee.fillOrder[place]), window, words) { return false }
            place += 1
        }
        guard node.pointee.hasProximity else { return any(words) }
        // Positions are dear: dead documents go first.
        if segment.hasDeletions { segment.restrictToLive(window, words) }
        return keepNear(node, window, words)
    }

    /// `words &= ~child`
    private func exclude(_ child: Int, _ window: Int, _ words: UnsafeMutablePointer<UInt64>) {
        if nodes[child].kind == .postings {
            _ = rs_exec_and_not(words, windowWords(cursors + nodes[child].slot, window), wordsPerWindow)
            return
        }
        let other = arena.mark()
        let copy = arena.allocate(UInt64.self, wordsPerWindow)
        copy.update(from: words, count: wordsPerWindow)
        if restrict(child, window, copy) { _ = rs_exec_and_not(words, copy, wordsPerWindow) }
        arena.release(to: other)
    }

    private func restrictUnion(
        _ node: UnsafeMutablePointer<Node>, _ window: Int, _ words: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        let own = node.pointee.scratch!
        clear(own)
        if rs_exec_popcount(words, wordsPerWindow) > SegmentEvaluator.probeLimit {
            for child in 0..<node.pointee.childCount { fill(Int(node.pointee.children[child]), window, own) }
        } else {
            let mark = arena.mark()
            let copy = arena.allocate(UInt64.self, wordsPerWindow)
            for child in 0..<node.pointee.childCount {
                copy.update(from: words, count: wordsPerWindow)
                if rs_exec_and_not(copy, own, wordsPerWindow) == 0 { break }
                if restrict(Int(node.pointee.children[child]), window, copy) { rs_exec_or(own, copy, wordsPerWindow) }
            }
            arena.release(to: mark)
        }
        return rs_exec_and(words, own, wordsPerWindow) != 0
    }

    /// The window of a value's documents, kept until another window is asked for.
    func documentWords(_ node: UnsafeMutablePointer<Node>, _ window: Int) -> UnsafePointer<UInt64> {
        if node.pointee.window == window, let words = node.pointee.words { return words }
        let slot = node.pointee.slot
        let words: UnsafePointer<UInt64>
        if let bitmap = documentLists[slot].bitmapWindow(window) {
            words = bitmap
        } else {
            let own = node.pointee.scratch!
            clear(own)
            documentLists[slot].fillWindow(window, words: own)
            words = UnsafePointer(own)
        }
        node.pointee.words = words
        node.pointee.window = window
        return words
    }

    /// The window of a union's documents, kept until another window is asked for.
    func unionWords(_ node: UnsafeMutablePointer<Node>, _ window: Int) -> UnsafePointer<UInt64> {
        if let sliceWords = node.pointee.sliceWords {
            return UnsafePointer(sliceWords + (window % windowsPerSlice) * wordsPerWindow)
        }
        if node.pointee.window == window, let words = node.pointee.words { return words }
        let own = node.pointee.scratch!
        clear(own)
        for child in 0..<node.pointee.childCount { fill(Int(node.pointee.children[child]), window, own) }
        node.pointee.words = UnsafePointer(own)
        node.pointee.window = window
        return UnsafePointer(own)
    }

    private func fillKeys(_ slot: Int, _ window: Int, _ words: UnsafeMutablePointer<UInt64>) {
        let (keys, count) = keyLists[slot]
        let start = DocID(window * windowSize)
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < start { low = middle + 1 } else { high = middle }
        }
        while low < count, keys[low] < start + DocID(windowSize) {
            set(words, Int(keys[low] - start))
            low += 1
        }
    }

    // MARK: words

    @inline(__always) func clear(_ words: UnsafeMutablePointer<UInt64>) {
        words.update(repeating: 0, count: wordsPerWindow)
    }

    @inline(__always) func any(_ words: UnsafeMutablePointer<UInt64>) -> Bool {
        rs_exec_any(words, wordsPerWindow) != 0
    }

    @inline(__always) func set(_ words: UnsafeMutablePointer<UInt64>, _ bit: Int) {
        words[bit &>> 6] |= 1 &<< UInt64(bit & 63)
    }
}
