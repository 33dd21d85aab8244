// The score of one document by walking its match tree: for winners that need an explanation or
// whose order came from elsewhere, for trees that the batch scorer leaves alone, and the reference
// that tests hold the batch scorer to.

import SearchIndex
import SearchModel

/// One node of a document's match tree.
struct MatchTree {
    enum Kind { case term, virtual, aggregate }

    var kind: Kind
    /// Clause of the plan.
    var clause: Int
    var frequency: Double = 0
    var weight: Double = 1
    var children: [MatchTree] = []
}

extension SegmentEvaluator {
    /// How a node matches a document; `nil` when it does not.
    func matchTree(_ index: Int, _ docID: DocID) -> MatchTree? {
        let node = nodes + index
        func virtual() -> MatchTree {
            MatchTree(
                kind: .virtual, clause: index, frequency: node.pointee.virtualFrequency, weight: node.pointee.weight)
        }
        switch node.pointee.kind {
        case .nothing:
            return nil
        case .postings:
            let frequency = frequency(node.pointee.slot, docID)
            guard frequency > 0 else { return nil }
            return MatchTree(
                kind: .term, clause: index, frequency: Double(frequency), weight: node.pointee.weight)
        case .documents:
            guard matches(index, docID) else { return nil }
            return MatchTree(kind: .term, clause: index, frequency: 1, weight: node.pointee.weight)
        case .numeric, .geo:
            guard matches(index, docID) else { return nil }
            guard node.pointee.isRangeUnion else { return virtual() }
            var leaf = virtual()
            leaf.weight = 1
            return MatchTree(kind: .aggregate, clause: index, weight: node.pointee.weight, children: [leaf])
        case .all, .missing, .keys, .not:
            return matches(index, docID) ? virtual() : nil
        case .optional:
            if node.pointee.childCount > 0, let tree = matchTree(Int(node.pointee.children[0]), docID) { return tree }
            return MatchTree(kind: .virtual, clause: index, frequency: 1, weight: node.pointee.unmatchedWeight)
        case .and, .or, .expansion:
            if node.pointee.kind == .and, !matches(index, docID) { return nil }
            var tree = MatchTree(kind: .aggregate, clause: index, weight: node.pointee.weight)
            for place in 0..<node.pointee.childCount {
                guard let child = matchTree(Int(node.pointee.children[place]), docID) else { continue }
                tree.children.append(child)
                if node.pointee.kind == .expansion { break }
            }
            return tree.children.isEmpty ? nil : tree
        }
    }

    func treeScore(_ tree: MatchTree, length: UInt32, _ context: ScoringContext) -> Double {
        switch tree.kind {
        case .term:
            var node = nodes[tree.clause]
            node.weight = tree.weight
            return context.termScore(node, frequency: UInt32(tree.frequency), length: length)
        case .virtual:
            let isAll = nodes[tree.clause].kind == .all
            return context.virtualScore(frequency: tree.frequency, weight: tree.weight, length: length, isAll: isAll)
        case .aggregate:
            var sum = 0.0
            let takesMaximum = context.scorer == .disMax && nodes[tree.clause].kind != .and
            for child in tree.children {
                let score = treeScore(child, length: length, context)
                sum = takesMaximum ? max(sum, score) : sum + score
            }
            return sum * tree.weight
        }
    }

    /// The score of a document that matches the root, as BM25STD.TANH and .NORM see it before their last step.
    func score(_ docID: DocID, _ context: ScoringContext) -> Double {
        switch context.scorer {
        case .docScore: return segment.score(docID)
        case .hamming: return context.hammingScore(segment.payload(docID))
        case .tfidf, .tfidfDocNorm, .bm25, .bm25Std, .bm25StdNorm, .bm25StdTanh, .disMax: break
        }
        guard let tree = matchTree(root, docID) else { return 0 }
        let length = segment.length(docID)
        let score = context.documentScore(
            tree: treeScore(tree, length: length, context), documentScore: segment.score(docID),
            maxFrequency: segment.maxFrequency(docID), length: length)
        return context.scorer.dividesBySlop && score != 0 ? score / slopDivisor(docID) : score
    }
}
