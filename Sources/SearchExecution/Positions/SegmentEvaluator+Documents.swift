// One document at a time: does it match, with which positions, and how far apart are they.

import CKernels
import SearchIndex
import SearchModel

extension SegmentEvaluator {
    /// What kind of match a node found, as far as positions care.
    struct MatchShape: OptionSet {
        let rawValue: UInt8
        static let term = MatchShape(rawValue: 1)
        static let virtual = MatchShape(rawValue: 2)
        static let numeric = MatchShape(rawValue: 4)
        static let aggregate = MatchShape(rawValue: 8)
        /// Takes part where distances are measured.
        static let hasPositions = MatchShape(rawValue: 128)

        var kind: MatchShape { subtracting(.hasPositions) }
    }

    func matches(_ index: Int, _ docID: DocID) -> Bool {
        let node = nodes + index
        switch node.pointee.kind {
        case .nothing: return false
        case .all, .optional: return true
        case .postings: return posting(cursors + node.pointee.slot, docID) >= 0
        case .documents, .geo: return documentLists[node.pointee.slot].contains(docID)
        case .numeric:
            let slot = node.pointee.slot
            return numericColumns[slot].0.value(docID).map(numericColumns[slot].1.contains) ?? false
        case .missing: return missingColumns[node.pointee.slot].isMissing(docID)
        case .keys:
            let (keys, count) = keyLists[node.pointee.slot]
            for place in 0..<count where keys[place] == docID { return true }
            return false
        case .and:
            for place in 0..<node.pointee.childCount
            where !matches(Int(node.pointee.children[place]), docID) { return false }
            return !node.pointee.hasProximity || isNear(node, docID)
        case .or, .expansion:
            for place in 0..<node.pointee.childCount
            where matches(Int(node.pointee.children[place]), docID) { return true }
            return false
        case .not:
            return node.pointee.childCount == 0 || !matches(Int(node.pointee.children[0]), docID)
        }
    }

    /// Keeps the candidates whose positions satisfy an AND's slop and order.
    func keepNear(_ node: UnsafeMutablePointer<Node>, _ window: Int, _ words: UnsafeMutablePointer<UInt64>) -> Bool {
        keep(in: words, window) { isNear(node, $0) }
    }

    /// Whether a document that all children match has them near enough.
    func isNear(_ node: UnsafeMutablePointer<Node>, _ docID: DocID) -> Bool {
        let count = node.pointee.childCount
        if count <= 1 { return true }
        counters.positionsRead += 1
        let first = positions.depth
        positions.prepare(count)
        positions.depth += count
        defer { positions.depth = first }
        var used = 0
        for place in 0..<count {
            let shape = collect(Int(node.pointee.children[place]), docID, forScore: false, into: first + used)
            if let shape, shape.contains(.hasPositions) { used += 1 }
        }
        if used == 0 { return true }
        return node.pointee.inOrder
            ? Proximity.isWithinOrdered(positions.lists + first, used, slop: node.pointee.maxSlop)
            : Proximity.isWithinUnordered(positions.lists + first, used, slop: node.pointee.maxSlop)
    }

    /// Puts a node's positions in a document into a list of the scratch.
    ///
    /// - Parameter forScore: numeric ranges may count as unions, see ``Clause/isRangeUnion``.
    /// - Returns: `nil` when the node does not match the document.
    func collect(_ index: Int, _ docID: DocID, forScore: Bool, into list: Int) -> MatchShape? {
        positions.lists[list].count = 0
        return append(index, docID, forScore, list)
    }

    private func append(_ index: Int, _ docID: DocID, _ forScore: Bool, _ list: Int) -> MatchShape? {
        let node = nodes + index
        switch node.pointee.kind {
        case .postings:
            let cursor = cursors + node.pointee.slot
            let posting = posting(cursor, docID)
            if posting < 0 { return nil }
            return readPositions(cursor, posting, positions.lists + list) ? [.term, .hasPositions] : .term
        case .documents:
            return matches(index, docID) ? .term : nil
        case .numeric, .geo:
            guard matches(index, docID) else { return nil }
            return forScore && node.pointee.isRangeUnion ? [.aggregate, .hasPositions] : .numeric
        case .nothing, .all, .missing, .keys, .not:
            return matches(index, docID) ? .virtual : nil
        case .optional:
            if node.pointee.childCount > 0, let shape = append(Int(node.pointee.children[0]), docID, forScore, list) {
                return shape
            }
            return .virtual
        case .expansion:
            for place in 0..<node.pointee.childCount
            where append(Int(node.pointee.children[place]), docID, forScore, list) != nil {
                return [.aggregate, .hasPositions]
            }
            return nil
        case .or:
            return appendAll(node, docID, forScore, list)
        case .and:
            guard matches(index, docID) else { return nil }
            return appendAll(node, docID, forScore, list)
        }
    }

    /// Appends the positions of a posting; false when it has none.
    private func readPositions(
        _ cursor: UnsafeMutablePointer<PostingCursor>, _ posting: Int, _ list: UnsafeMutablePointer<PositionList>
    ) -> Bool {
        let block = posting &>> 7
        let index = posting & 127
        if let tail = cursor.pointee.whole?.tail, block == cursor.pointee.blockCount &- 1 {
            return append(cursor.pointee.list.pointee.tailPositions(at: tail[index]), list)
        }
        let address: UnsafePointer<UInt8>
        if cursor.pointee.positionBlock == block {
            if cursor.pointee.positionBase == nil {
                // The second posting of the block: there may be many.
                cursor.pointee.positionBase = cursor.pointee.list.pointee.openPositions(
                    block, cursor.pointee.positionStarts)
            }
        } else {
            cursor.pointee.positionBlock = block
            cursor.pointee.positionBase = nil
        }
        if let base = cursor.pointee.positionBase {
            address = base + Int(cursor.pointee.positionStarts[index])
        } else if let found = cursor.pointee.list.pointee.positionAddress(block, index) {
            address = found
        } else {
            return false
        }
        return append(address, list)
    }

    @inline(__always)
    private func append(_ address: UnsafePointer<UInt8>, _ list: UnsafeMutablePointer<PositionList>) -> Bool {
        let count = rk_count_positions(address)
        list.pointee.reserve(count)
        _ = rk_decode_positions(address, list.pointee.start + list.pointee.count)
        list.pointee.count &+= count
        return count > 0
    }

    /// An aggregate's positions are those of its matching children; one that is purely virtual or
    /// purely numeric has none.
    private func appendAll(
        _ node: UnsafeMutablePointer<Node>, _ docID: DocID, _ forScore: Bool, _ list: Int
    ) -> MatchShape? {
        let before = positions.lists[list].count
        var kinds: MatchShape = []
        for place in 0..<node.pointee.childCount {
            if let shape = append(Int(node.pointee.children[place]), docID, forScore, list) {
                kinds.formUnion(shape.kind)
            }
        }
        if kinds.isEmpty { return nil }
        if positions.lists[list].count - before > 1 { positions.lists[list].sort(from: before) }
        return kinds == .virtual || kinds == .numeric ? .aggregate : [.aggregate, .hasPositions]
    }

    // MARK: slop of a score

    /// What TFIDF and BM25 divide a matching document's score by.
    func slopDivisor(_ docID: DocID) -> Double {
        var index = root
        while nodes[index].kind == .optional {
            guard nodes[index].childCount > 0, matches(Int(nodes[index].children[0]), docID) else { return 1 }
            index = Int(nodes[index].children[0])
        }
        let node = nodes + index
        guard node.pointee.kind == .and || node.pointee.kind == .or, node.pointee.childCount > 1 else { return 1 }
        counters.positionsRead += 1
        // Two lists take turns: the positions of the last child that had some, and those of the next.
        let first = positions.depth
        positions.prepare(2)
        positions.depth += 2
        defer { positions.depth = first }
        var matched = 0
        var sum = 0
        var previous: Int?
        for place in 0..<node.pointee.childCount {
            let list = previous == first ? first + 1 : first
            guard let shape = collect(Int(node.pointee.children[place]), docID, forScore: true, into: list)
            else { continue }
            matched += 1
            guard shape.contains(.hasPositions) else { continue }
            if let previous {
                let distance = Proximity.distance(positions.lists[previous], positions.lists[list])
                sum += distance * distance
            }
            previous = list
        }
        if matched <= 1 { return 1 }
        return sum == 0 ? Double(matched - 1) : Double(sum).squareRoot().rounded(.down)
    }
}
