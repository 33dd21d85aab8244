// The matches of a query whose least list is short, as one ascending list of documents.
//
//   enumerate(node)               the documents of a node that can say them without looking at others
//   filter(node, run)             keeps those that match
//   mark(node, run, marks)        tells which match
//
// An AND enumerates its least child and asks the others; an OR merges. Dead documents are dropped before positions
// are read.

import CKernels
import SearchIndex
import SearchModel

extension SegmentEvaluator {
    /// A union of more lists is worked out by windows.
    static let sparseUnionLimit = 8

    /// How many documents ``enumerate(_:)`` unpacks for a node; `nil` when it cannot.
    func sparseCost(_ index: Int) -> Int? {
        let node = nodes + index
        switch node.pointee.kind {
        case .nothing:
            return 0
        case .postings, .documents:
            return node.pointee.estimate
        case .keys:
            return node.pointee.estimate
        case .numeric:
            return numericColumns[node.pointee.slot].0.hasExactRanks ? node.pointee.estimate : nil
        case .and:
            guard let lead = sparseLead(node) else { return nil }
            return sparseCost(Int(node.pointee.fillOrder[lead]))
        case .or, .expansion:
            guard node.pointee.childCount <= SegmentEvaluator.sparseUnionLimit else { return nil }
            var sum = 0
            for place in 0..<node.pointee.childCount {
                guard let cost = sparseCost(Int(node.pointee.children[place])) else { return nil }
                sum += cost
            }
            return sum
        case .all, .geo, .missing, .not, .optional:
            return nil
        }
    }

    /// Place in the fill order of the child of an AND that is enumerated.
    private func sparseLead(_ node: UnsafeMutablePointer<Node>) -> Int? {
        var best: Int?
        var least = Int.max
        for place in 0..<node.pointee.fillCount {
            guard let cost = sparseCost(Int(node.pointee.fillOrder[place])), cost < least else { continue }
            best = place
            least = cost
        }
        return best
    }

    /// The live matches of the whole segment. ``sparseCost(_:)`` must have said that it can.
    func sparseMatches(_ index: Int) -> DocumentRun {
        var run = enumerate(index)
        dropDead(&run)
        return run
    }

    private func dropDead(_ run: inout DocumentRun) {
        guard segment.hasDeletions else { return }
        var kept = 0
        for place in 0..<run.count where segment.isLive(run.docs[place]) {
            run.docs[kept] = run.docs[place]
            kept &+= 1
        }
        run.count = kept
    }

    // MARK: enumerating

    private func enumerate(_ index: Int) -> DocumentRun {
        let node = nodes + index
        switch node.pointee.kind {
        case .postings:
            let whole = whole(node.pointee.slot)
            return copy(whole.docs, whole.count)
        case .documents:
            let slot = node.pointee.slot
            let count = documentLists[slot].documentFrequency
            let docs = arena.allocate(DocID.self, (count + blockSize - 1) / blockSize * blockSize)
            return DocumentRun(docs: docs, count: documentLists[slot].decodeAll(into: docs))
        case .numeric:
            let (column, range) = numericColumns[node.pointee.slot]
            let docs = arena.allocate(DocID.self, node.pointee.estimate)
            return DocumentRun(docs: docs, count: column.documents(in: range, into: docs))
        case .keys:
            let (keys, count) = keyLists[node.pointee.slot]
            return copy(UnsafePointer(keys), count)
        case .and:
            return enumerateIntersection(node)
        case .or, .expansion:
            var run = enumerate(Int(node.pointee.children[0]))
            for place in 1..<max(1, node.pointee.childCount) {
                let other = enumerate(Int(node.pointee.children[place]))
                let merged = arena.allocate(DocID.self, run.count + other.count)
                run.count = rs_exec_union(run.docs, run.count, other.docs, other.count, merged)
                run.docs = merged
            }
            return run
        case .nothing, .all, .geo, .missing, .not, .optional:
            return DocumentRun(docs: arena.allocate(DocID.self, 1), count: 0)
        }
    }

    private func copy(_ docs: UnsafePointer<DocID>, _ count: Int) -> DocumentRun {
        let own = arena.allocate(DocID.self, count)
        own.update(from: docs, count: count)
        return DocumentRun(docs: own, count: count)
    }

    private func enumerateIntersection(_ node: UnsafeMutablePointer<Node>) -> DocumentRun {
        let lead = sparseLead(node) ?? 0
        var run = enumerate(Int(node.pointee.fillOrder[lead]))
        dropDead(&run)
        for place in 0..<node.pointee.fillCount where place != lead && run.count > 0 {
            filter(Int(node.pointee.fillOrder[place]), &run)
        }
        if node.pointee.hasProximity { keepNear(node, &run) }
        return run
    }

    private func keepNear(_ node: UnsafeMutablePointer<Node>, _ run: inout DocumentRun) {
        var kept = 0
        for place in 0..<run.count {
            if place & 255 == 255, isLate() { break }
            if isNear(node, run.docs[place]) {
                run.docs[kept] = run.docs[place]
                kept &+= 1
            }
        }
        run.count = kept
    }

    // MARK: filtering

    private func filter(_ index: Int, _ run: inout DocumentRun) {
        if nodes[index].kind == .optional { return }
        // Lists that are unpacked meanwhile stay, so nothing is given back before the segment is done.
        let marks = arena.allocate(UInt8.self, run.count, filledWith: 0)
        mark(index, run, marks)
        run.count = rs_exec_keep_marked(run.docs, marks, run.count)
    }

    /// Sets the marks of the documents that match a node.
    private func mark(_ index: Int, _ run: DocumentRun, _ marks: UnsafeMutablePointer<UInt8>) {
        let node = nodes + index
        switch node.pointee.kind {
        case .nothing:
            return
        case .all, .optional:
            marks.update(repeating: 1, count: run.count)
        case .postings:
            markPostings(node.pointee.slot, run, marks)
        case .or, .expansion:
            if markByBits(node, run, marks) { return }
            for place in 0..<node.pointee.childCount { mark(Int(node.pointee.children[place]), run, marks) }
        case .and:
            markIntersection(node, run, marks)
        case .not:
            let own = arena.allocate(UInt8.self, run.count, filledWith: 0)
            if node.pointee.childCount > 0 { mark(Int(node.pointee.children[0]), run, own) }
            for place in 0..<run.count where own[place] == 0 { marks[place] = 1 }
        case .documents:
            let memory = arena.mark()
            if let whole = sparseDocuments(index, for: run.count) {
                rs_exec_mark_sorted(whole.docs, run.docs, run.count, marks)
            } else {
                for place in 0..<run.count where matches(index, run.docs[place]) { marks[place] = 1 }
            }
            arena.release(to: memory)
        case .numeric, .geo, .missing, .keys:
            for place in 0..<run.count where matches(index, run.docs[place]) { marks[place] = 1 }
        }
    }

    /// All documents of a list without frequencies, `UInt32.max` behind the last, where reading them pays for so many
    /// candidates. In the query's memory: whoever asks gives it back.
    func sparseDocuments(_ index: Int, for candidates: Int) -> DocumentRun? {
        let slot = nodes[index].slot
        let count = documentLists[slot].documentFrequency
        guard count <= max(blockSize, 16 * candidates) else { return nil }
        let docs = arena.allocate(DocID.self, (count + blockSize) / blockSize * blockSize + 1)
        let run = DocumentRun(docs: docs, count: documentLists[slot].decodeAll(into: docs))
        docs[run.count] = .max
        return run
    }

    private func markPostings(_ slot: Int, _ run: DocumentRun, _ marks: UnsafeMutablePointer<UInt8>) {
        let cursor = cursors + slot
        if cursor.pointee.whole == nil, isWorthReadingWhole(cursor, run.count) { _ = whole(slot) }
        if let whole = cursor.pointee.whole {
            rs_exec_mark_sorted(whole.docs, run.docs, run.count, marks)
        } else if cursor.pointee.list.pointee.isBitmap, !cursor.pointee.hasMask {
            for place in 0..<run.count where cursor.pointee.list.pointee.hasBit(run.docs[place]) { marks[place] = 1 }
        } else {
            for place in 0..<run.count where find(cursor, run.docs[place]) >= 0 { marks[place] = 1 }
        }
    }

    /// A union of short lists is set as bits of the whole segment: one look a candidate, whatever the number of lists.
    ///
    /// - Returns: false where that does not pay.
    private func markByBits(
        _ node: UnsafeMutablePointer<Node>, _ run: DocumentRun, _ marks: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        guard node.pointee.childCount > 1 else { return false }
        var postings = 0
        for place in 0..<node.pointee.childCount {
            let child = nodes + Int(node.pointee.children[place])
            guard child.pointee.kind == .postings, isWorthReadingWhole(cursors + child.pointee.slot, run.count)
            else { return false }
            postings += child.pointee.estimate
        }
        let wordCount = (segment.documentCount + 63) / 64
        guard postings + run.count > wordCount / 8 else { return false }
        // The lists stay when the bits go.
        for place in 0..<node.pointee.childCount { _ = whole(nodes[Int(node.pointee.children[place])].slot) }
        let mark = arena.mark()
        defer { arena.release(to: mark) }
        let bits = arena.allocate(UInt64.self, wordCount, filledWith: 0)
        for place in 0..<node.pointee.childCount {
            let whole = whole(nodes[Int(node.pointee.children[place])].slot)
            rs_exec_set_bits(bits, whole.docs, whole.count, 0)
        }
        rs_exec_mark_bits(bits, run.docs, run.count, marks)
        return true
    }

    private func markIntersection(
        _ node: UnsafeMutablePointer<Node>, _ run: DocumentRun, _ marks: UnsafeMutablePointer<UInt8>
    ) {
        var own = copy(run.docs, run.count)
        for place in 0..<node.pointee.fillCount where own.count > 0 {
            filter(Int(node.pointee.fillOrder[place]), &own)
        }
        if node.pointee.hasProximity { keepNear(node, &own) }
        // Both ascend.
        var at = 0
        for place in 0..<own.count {
            while run.docs[at] != own.docs[place] { at &+= 1 }
            marks[at] = 1
        }
    }
}
