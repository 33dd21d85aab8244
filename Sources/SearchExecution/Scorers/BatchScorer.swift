// Scores of many candidates of one window at once.
//
// Candidates stand in ascending order in `docs`. Leaf by leaf, in the order of the tree, the candidates
// that a leaf holds are found with their frequencies, and their scores are added to the parent's sums.
// An AND below an alternative is different: its words must not count unless all of it matches.
//
//   docs         12   40   77         (candidates)
//   f(hello)      1         2   ─┐
//   f(+hello)     2    1    2   ─┴─► sums ── * weight ──► parent's sums ──► * ds / maxf / slop
//
// Positions are read last, and only of candidates that would enter the top k without them.

import CKernels
import SearchIndex
import SearchModel

final class BatchScorer {
    static let capacity = 1024

    private let evaluator: SegmentEvaluator
    private let context: ScoringContext
    private let topK: TopK
    private let arena: ScratchArena
    private let segment: SegmentView

    private let docs: UnsafeMutablePointer<DocID>
    private let frequencies: UnsafeMutablePointer<UInt32>
    private let ordinals: UnsafeMutablePointer<UInt32>
    private let lengths: UnsafeMutablePointer<UInt32>
    private let divisors: UnsafeMutablePointer<Double>
    private let batchWords: UnsafeMutablePointer<UInt64>
    private let conditionWords: UnsafeMutablePointer<UInt64>
    private var count = 0
    private var window = 0
    private let usesDivisors: Bool
    /// The tree holds a shape that only the walk of a document's tree understands.
    private let walksTrees: Bool
    /// Receives every score instead of the top k, for callers that want all of them.
    var sink: ((DocID, Double) -> Void)?

    init(_ evaluator: SegmentEvaluator, _ context: ScoringContext, _ topK: TopK) {
        self.evaluator = evaluator
        self.context = context
        self.topK = topK
        arena = evaluator.arena
        segment = evaluator.segment
        docs = arena.allocate(DocID.self, BatchScorer.capacity)
        frequencies = arena.allocate(UInt32.self, BatchScorer.capacity)
        ordinals = arena.allocate(UInt32.self, BatchScorer.capacity)
        lengths = arena.allocate(UInt32.self, BatchScorer.capacity)
        divisors = arena.allocate(Double.self, BatchScorer.capacity)
        batchWords = arena.allocate(UInt64.self, wordsPerWindow)
        conditionWords = arena.allocate(UInt64.self, wordsPerWindow)
        switch context.scorer {
        case .bm25Std, .bm25StdNorm, .bm25StdTanh: usesDivisors = true
        case .tfidf, .tfidfDocNorm, .bm25, .disMax, .docScore, .hamming: usesDivisors = false
        }
        walksTrees = evaluator.plan.needsTreeWalk
    }

    /// Scores the candidates of a window and offers them to the top k.
    func score(_ window: Int, _ words: UnsafePointer<UInt64>) {
        self.window = window
        let total = rs_exec_popcount(words, wordsPerWindow)
        if total == 0 { return }
        if total <= BatchScorer.capacity {
            batchWords.update(from: words, count: wordsPerWindow)
            scoreBatch()
            return
        }
        let step = BatchScorer.capacity / 64
        for first in stride(from: 0, to: wordsPerWindow, by: step) {
            batchWords.update(repeating: 0, count: wordsPerWindow)
            (batchWords + first).update(from: words + first, count: step)
            scoreBatch()
        }
    }

    private func scoreBatch() {
        count = rs_exec_documents(batchWords, wordsPerWindow, UInt32(window * windowSize), docs)
        if count == 0 { return }
        evaluator.counters.documentsScored += count
        if walksTrees || !context.scorer.usesTree {
            for index in 0..<count { offer(index, evaluator.score(docs[index], context)) }
            return
        }
        let mark = arena.mark()
        let sums = arena.allocate(Double.self, count, filledWith: 0)
        if usesDivisors { prepareDivisors() }
        add(evaluator.root, to: sums, takingMaximum: false)
        finish(sums)
        arena.release(to: mark)
    }

    private func prepareDivisors() {
        rs_exec_lengths(segment.norms, docs, count, lengths)
        for index in 0..<count where lengths[index] == normLengthMask { lengths[index] = segment.length(docs[index]) }
        rs_exec_bm25std_divisors(
            lengths, count, ScoringContext.k1, context.b, context.averageLength, divisors)
    }

    // MARK: tree

    /// Adds a node's scores, its weight included, to a parent's sums.
    private func add(_ index: Int, to sums: UnsafeMutablePointer<Double>, takingMaximum: Bool) {
        let node = evaluator.nodes + index
        switch node.pointee.kind {
        case .nothing, .not, .keys:
            return
        case .postings:
            addPostings(node, to: sums, takingMaximum)
        case .documents:
            markMatching(index)
            addTerm(node, to: sums, takingMaximum)
        case .all, .numeric, .geo, .missing:
            addVirtual(index, to: sums, takingMaximum)
        case .optional:
            if node.pointee.childCount > 0 {
                add(Int(node.pointee.children[0]), to: sums, takingMaximum: takingMaximum)
            }
        case .and, .or:
            let mark = arena.mark()
            let own = arena.allocate(Double.self, count, filledWith: 0)
            let maximum = context.scorer == .disMax && node.pointee.kind == .or
            for place in 0..<node.pointee.childCount {
                add(Int(node.pointee.children[place]), to: own, takingMaximum: maximum)
            }
            if node.pointee.kind == .and, !node.pointee.isImplied { clearUnmatched(index, own) }
            merge(own, node.pointee.weight, into: sums, takingMaximum)
            arena.release(to: mark)
        case .expansion:
            let mark = arena.mark()
            let own = arena.allocate(Double.self, count, filledWith: 0)
            addOwners(node, to: own)
            merge(own, node.pointee.weight, into: sums, takingMaximum)
            arena.release(to: mark)
        }
    }

    private func merge(
        _ own: UnsafePointer<Double>, _ weight: Double, into sums: UnsafeMutablePointer<Double>, _ takingMaximum: Bool
    ) {
        if takingMaximum {
            rs_exec_max_scaled(sums, own, count, weight)
        } else {
            rs_exec_add_scaled(sums, own, count, weight)
        }
    }

    private func addPostings(
        _ node: UnsafeMutablePointer<Node>, to sums: UnsafeMutablePointer<Double>, _ takingMaximum: Bool
    ) {
        let slot = node.pointee.slot
        let isAtHand = evaluator.cursors[slot].window == window
        if isAtHand, evaluator.cursors[slot].isEmptyWindow { return }
        guard isAtHand || count > SegmentEvaluator.probeLimit,
            let hits = evaluator.hits(slot, window, batchWords, ordinals, frequencies)
        else {
            evaluator.gatherFrequencies(slot, docs, count, into: frequencies)
            addTerm(node, to: sums, takingMaximum)
            return
        }
        let weight = node.pointee.weight
        switch context.scorer {
        case .tfidf, .tfidfDocNorm:
            rs_exec_hit_tfidf(sums, ordinals, frequencies, hits, weight, node.pointee.idf)
        case .bm25:
            rs_exec_hit_bm25(sums, ordinals, frequencies, hits, node.pointee.idf, context.bm25Divisor)
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            rs_exec_hit_bm25std(
                sums, ordinals, frequencies, hits, divisors, context.stdCoefficient(node.pointee),
                ScoringContext.k1PlusOne)
        case .disMax:
            if takingMaximum {
                rs_exec_hit_max_weighted(sums, ordinals, frequencies, hits, weight)
            } else {
                rs_exec_hit_add_weighted(sums, ordinals, frequencies, hits, weight)
            }
        case .docScore, .hamming:
            break
        }
    }

    /// Adds the scores of dense frequencies, 0 where a candidate does not match.
    private func addTerm(
        _ node: UnsafeMutablePointer<Node>, to sums: UnsafeMutablePointer<Double>, _ takingMaximum: Bool
    ) {
        switch context.scorer {
        case .tfidf, .tfidfDocNorm:
            rs_exec_add_tfidf(sums, frequencies, count, node.pointee.weight, node.pointee.idf)
        case .bm25:
            rs_exec_add_bm25(sums, frequencies, count, node.pointee.idf, context.bm25Divisor)
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            rs_exec_add_bm25std(
                sums, frequencies, divisors, count, context.stdCoefficient(node.pointee), ScoringContext.k1PlusOne)
        case .disMax:
            if takingMaximum {
                rs_exec_max_weighted(sums, frequencies, count, node.pointee.weight)
            } else {
                rs_exec_add_weighted(sums, frequencies, count, node.pointee.weight)
            }
        case .docScore, .hamming:
            break
        }
    }

    private func addVirtual(_ index: Int, to sums: UnsafeMutablePointer<Double>, _ takingMaximum: Bool) {
        let node = evaluator.nodes + index
        let weight = node.pointee.weight
        switch context.scorer {
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            guard node.pointee.kind == .all else { return }
            frequencies.update(repeating: 1, count: count)
            rs_exec_add_bm25std(
                sums, frequencies, divisors, count, context.isLegacy ? 1 : weight, ScoringContext.k1PlusOne)
        case .bm25:
            if weight == 0 { return }
            markMatching(index)
            rs_exec_add_bm25(sums, frequencies, count, weight, context.bm25Divisor)
        case .tfidf, .tfidfDocNorm, .disMax:
            if weight == 0 { return }
            markMatching(index)
            if takingMaximum {
                rs_exec_max_weighted(sums, frequencies, count, weight)
            } else {
                rs_exec_add_weighted(sums, frequencies, count, weight)
            }
        case .docScore, .hamming:
            break
        }
    }

    /// Frequency 1 for the candidates that match a node, else 0.
    private func markMatching(_ index: Int) {
        if evaluator.nodes[index].isImplied {
            frequencies.update(repeating: 1, count: count)
            return
        }
        conditionWords.update(from: batchWords, count: wordsPerWindow)
        evaluator.restrict(index, window, conditionWords)
        let base = window &* windowSize
        for place in 0..<count {
            let bit = Int(docs[place]) &- base
            frequencies[place] = UInt32(truncatingIfNeeded: conditionWords[bit &>> 6] &>> UInt64(bit & 63)) & 1
        }
    }

    private func clearUnmatched(_ index: Int, _ sums: UnsafeMutablePointer<Double>) {
        conditionWords.update(from: batchWords, count: wordsPerWindow)
        evaluator.restrict(index, window, conditionWords)
        let base = window &* windowSize
        for place in 0..<count {
            let bit = Int(docs[place]) &- base
            if conditionWords[bit &>> 6] &>> UInt64(bit & 63) & 1 == 0 { sums[place] = 0 }
        }
    }

    /// The scores of an expansion's first matching children.
    private func addOwners(_ node: UnsafeMutablePointer<Node>, to sums: UnsafeMutablePointer<Double>) {
        guard let owners = node.pointee.owners else {
            add(Int(node.pointee.children[0]), to: sums, takingMaximum: false)
            return
        }
        let sliceStart = window / windowsPerSlice * sliceSize
        for place in 0..<count {
            let owner = Int(owners[Int(docs[place]) - sliceStart])
            if owner == 0 { continue }
            let child = evaluator.nodes + Int(node.pointee.children[owner - 1])
            let frequency = child.pointee.isTag ? 1 : evaluator.frequency(child.pointee.slot, docs[place])
            let length = usesDivisors ? lengths[place] : 0
            sums[place] = context.termScore(child.pointee, frequency: frequency, length: length)
        }
    }

    // MARK: documents

    private func finish(_ sums: UnsafeMutablePointer<Double>) {
        let scores = segment.documentScores
        let same = Double(segment.defaultScore)
        for place in 0..<count {
            let docID = docs[place]
            let ds = scores.map { Double($0[Int(docID)]) } ?? same
            let score: Double
            switch context.scorer {
            case .bm25Std, .bm25StdNorm, .bm25StdTanh:
                score = ds * sums[place]
            case .tfidf:
                score = context.documentScore(
                    tree: sums[place], documentScore: ds, maxFrequency: maxFrequency(docID), length: 0)
            case .tfidfDocNorm:
                score = context.documentScore(
                    tree: sums[place], documentScore: ds, maxFrequency: 0, length: length(docID))
            case .bm25, .disMax, .docScore, .hamming:
                score = context.documentScore(tree: sums[place], documentScore: ds, maxFrequency: 0, length: 0)
            }
            offer(place, score, beforeSlop: context.scorer.dividesBySlop)
        }
    }

    @inline(__always)
    private func maxFrequency(_ docID: DocID) -> UInt32 {
        let norm = segment.norms[Int(docID)]
        return isSaturatedNorm(norm) ? segment.maxFrequency(docID) : norm >> UInt32(normFrequencyShift)
    }

    @inline(__always)
    private func length(_ docID: DocID) -> UInt32 {
        let norm = segment.norms[Int(docID)]
        return isSaturatedNorm(norm) ? segment.length(docID) : norm & normLengthMask
    }

    @inline(__always)
    private func offer(_ place: Int, _ score: Double, beforeSlop: Bool = false) {
        let docID = docs[place]
        if let sink {
            sink(docID, beforeSlop && score != 0 ? score / evaluator.slopDivisor(docID) : score)
            return
        }
        let stamp = segment.stamp(docID)
        guard topK.admits(bound: score, stampFloor: stamp) || score.isNaN else { return }
        var final = score
        if beforeSlop, score != 0 {
            final /= evaluator.slopDivisor(docID)
            guard topK.admits(bound: final, stampFloor: stamp) else { return }
        }
        topK.offer(ScoredDocument(
            score: final, stamp: stamp, segment: UInt32(evaluator.segmentIndex), docID: docID))
    }
}
