// Counts that need no window, and what evaluating a node costs.

import SearchIndex
import SearchModel

extension SegmentEvaluator {
    /// The number of live documents that match a node, when the index knows it.
    func exactCount(_ index: Int) -> Int? {
        let node = nodes + index
        let slot = node.pointee.slot
        switch node.pointee.kind {
        case .nothing:
            return 0
        case .all, .optional:
            return segment.liveCount
        case .postings:
            if cursors[slot].hasMask { return nil }
            return segment.hasDeletions
                ? lists[slot].liveDocumentFrequency(in: segment) : lists[slot].documentFrequency
        case .documents, .geo:
            return segment.hasDeletions
                ? documentLists[slot].liveDocumentFrequency(
                    deadCount: segment.documentCount - segment.liveCount, copyLiveWindow: segment.copyLiveWindow)
                : documentLists[slot].documentFrequency
        case .numeric:
            let (column, range) = numericColumns[slot]
            guard segment.hasDeletions else { return column.count(range) }
            guard column.hasSortedPermutation else { return nil }
            return column.liveCount(
                range, deadCount: segment.documentCount - segment.liveCount, copyLiveWindow: segment.copyLiveWindow)
        case .not:
            if node.pointee.childCount == 0 { return segment.liveCount }
            return exactCount(Int(node.pointee.children[0])).map { segment.liveCount - $0 }
        case .or, .expansion:
            return disjointCount(node)
        case .missing, .keys, .and:
            return nil
        }
    }

    /// Values of a TAG field that gives no document two of them: their lists are disjoint.
    private func disjointCount(_ node: UnsafeMutablePointer<Node>) -> Int? {
        if node.pointee.childCount == 1 { return exactCount(Int(node.pointee.children[0])) }
        var count = 0
        var common: Int?
        var seen: Set<TagID> = []
        for place in 0..<node.pointee.childCount {
            let child = Int(node.pointee.children[place])
            guard case .tag(let field, let value) = plan.clauses[child].source, common == nil || common == field,
                seen.insert(value).inserted, let own = exactCount(child)
            else { return nil }
            if common == nil {
                guard let column = segment.tags(field), column.isSingleValued else { return nil }
                common = field
            }
            count += own
        }
        return count
    }

    // MARK: cost

    /// Nanoseconds, roughly, to compute all windows of a node.
    func cost(_ index: Int) -> Double {
        let node = nodes + index
        let documents = Double(segment.documentCount)
        let scan = documents * 0.01
        switch node.pointee.kind {
        case .nothing: return 0
        case .all, .optional, .keys, .missing: return scan
        case .postings, .documents, .geo:
            let postings = Double(node.pointee.estimate)
            return 100 + (postings > documents / 16 ? scan : postings)
        case .numeric: return documents * 0.3
        case .or, .expansion:
            return (0..<node.pointee.childCount).reduce(0) { $0 + cost(Int(node.pointee.children[$1])) }
        case .not:
            return scan + (node.pointee.childCount == 0 ? 0 : cost(Int(node.pointee.children[0])))
        case .and:
            let lead = Int(node.pointee.fillOrder[0])
            let candidates = Double(nodes[lead].estimate)
            var sum = cost(lead)
            for place in 1..<max(1, node.pointee.fillCount) {
                sum += min(cost(Int(node.pointee.fillOrder[place])), candidates * 50)
            }
            return node.pointee.hasProximity ? sum + candidates * 50 : sum
        }
    }
}
