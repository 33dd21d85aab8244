// Counts that need no window.

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
            let list = cursors[slot].list
            return segment.hasDeletions
                ? list.pointee.liveDocumentFrequency(in: segment) : list.pointee.documentFrequency
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
}
