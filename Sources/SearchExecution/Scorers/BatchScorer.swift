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
    @exclusivity(unchecked) private var batchWords: UnsafePointer<UInt64>
    @exclusivity(unchecked) private var batchRange = 0..<0
    private let conditionWords: UnsafeMutablePointer<UInt64>
    @exclusivity(unchecked) private var count = 0
    @exclusivity(unchecked) private var window = 0
    /// Candidates come from anywhere in the segment: there is no window to look at.
    @exclusivity(unchecked) private var isSparse = false
    private let usesDivisors: Bool
    /// The tree holds a shape that only the walk of a document's tree understands.
    private let walksTrees: Bool
    /// Receives every score instead of the top k, for callers that want all of them.
    @exclusivity(unchecked) var sink: ((DocID, Double) -> Void)?

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
        conditionWords = arena.allocate(UInt64.self, wordsPerWindow)
        batchWords = UnsafePointer(conditionWords)
        switch context.scorer {
        case .bm25Std, .bm25StdNorm, .bm25StdTanh: usesDivisors = true
        case .tfidf, .tfidfDocNorm, .bm25, .disMax, .docScore, .hamming: usesDivisors = false
        }
        walksTrees = evaluator.plan.needsTreeWalk
    }

    /// Scores the candidates of a window and offers them to the top k.
    ///
    /// - Parameter range: the words that hold candidates.
    func score(_ window: Int, _ words: UnsafePointer<UInt64>, in range: Range<Int> = 0..<wordsPerWindow) {
        self.window = window
        batchWords = words
        var first = range.lowerBound
        while first < range.upperBound {
            // As many words as the batch has room for.
            var end = first
            var total = 0
            while end < range.upperBound {
                let more = words[end].nonzeroBitCount
                if total &+ more > BatchScorer.capacity { break }
                total &+= more
                end &+= 1
            }
            if total > 0 { scoreBatch(first..<end) }
            first = end
        }
    }

    /// Scores ascending documents of the whole segment and offers them to the top k.
    func score(_ run: DocumentRun) {
        if run.count == 0 { return }
        isSparse = true
        evaluator.readWholeLists(for: min(run.count, BatchScorer.capacity))
        var start = 0
        while start < run.count {
            count = min(BatchScorer.capacity, run.count - start)
            docs.update(from: run.docs + start, count: count)
            scoreDocuments()
            start += count
        }
        isSparse = false
    }

    private func scoreBatch(_ range: Range<Int>) {
        batchRange = range
        let first = range.lowerBound
        count = rs_exec_documents(
            batchWords + first, range.count, UInt32(window * windowSize + first * 64), docs)
        scoreDocuments()
    }

    private func scoreDocuments() {
        evaluator.counters.documentsScored += count
        if walksTrees || !context.scorer.usesTree {
            for index in 0..<count {
                let score = evaluator.score(docs[index], context)
                if let sink { sink(docs[index], score) } else { offer(docs[index], score, beforeSlop: false) }
            }
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
        if isSparse {
            evaluator.sparseFrequencies(slot, docs, count, into: frequencies)
            addTerm(node, to: sums, takingMaximum)
            return
        }
        let isAtHand = evaluator.cursors[slot].window == window
        if isAtHand, evaluator.cursors[slot].isEmptyWindow { return }
        guard isAtHand || count > SegmentEvaluator.probeLimit,
            let hits = evaluator.hits(slot, window, batchWords, batchRange, ordinals, frequencies)
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

    private func markSparse(_ index: Int) {
        let memory = arena.mark()
        defer { arena.release(to: memory) }
        guard evaluator.nodes[index].kind == .documents, let list = evaluator.sparseDocuments(index, for: count) else {
            for place in 0..<count { frequencies[place] = evaluator.matches(index, docs[place]) ? 1 : 0 }
            return
        }
        // Both ascend; a number that no document has stands behind the list's last.
        var next = list.docs
        for place in 0..<count {
            while next.pointee < docs[place] { next += 1 }
            frequencies[place] = next.pointee == docs[place] ? 1 : 0
        }
    }

    /// Frequency 1 for the candidates that match a node, else 0.
    private func markMatching(_ index: Int) {
        if evaluator.nodes[index].isImplied {
            frequencies.update(repeating: 1, count: count)
            return
        }
        if isSparse {
            markSparse(index)
            return
        }
        conditionWords.update(repeating: 0, count: wordsPerWindow)
        (conditionWords + batchRange.lowerBound).update(
            from: batchWords + batchRange.lowerBound, count: batchRange.count)
        evaluator.restrict(index, window, conditionWords)
        let base = window &* windowSize
        for place in 0..<count {
            let bit = Int(docs[place]) &- base
            frequencies[place] = UInt32(truncatingIfNeeded: conditionWords[bit &>> 6] &>> UInt64(bit & 63)) & 1
        }
    }

    private func clearUnmatched(_ index: Int, _ sums: UnsafeMutablePointer<Double>) {
        if isSparse {
            for place in 0..<count where !evaluator.matches(index, docs[place]) { sums[place] = 0 }
            return
        }
        conditionWords.update(repeating: 0, count: wordsPerWindow)
        (conditionWords + batchRange.lowerBound).update(
            from: batchWords + batchRange.lowerBound, count: batchRange.count)
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
        if isSparse { return addFirstMatching(node, to: sums) }
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

    /// The same where nobody has noted which child owns which document.
    private func addFirstMatching(_ node: UnsafeMutablePointer<Node>, to sums: UnsafeMutablePointer<Double>) {
        let mark = arena.mark()
        defer { arena.release(to: mark) }
        let isOwned = arena.allocate(Bool.self, count, filledWith: false)
        for child in 0..<node.pointee.childCount {
            let index = Int(node.pointee.children[child])
            let child = evaluator.nodes + index
            for place in 0..<count where !isOwned[place] {
                let frequency: UInt32 =
                    child.pointee.isTag
                    ? (evaluator.matches(index, docs[place]) ? 1 : 0)
                    : evaluator.frequency(child.pointee.slot, docs[place])
                if frequency == 0 { continue }
                isOwned[place] = true
                let length = usesDivisors ? lengths[place] : 0
                sums[place] = context.termScore(child.pointee, frequency: frequency, length: length)
            }
        }
    }

    // MARK: documents

    /// Turns the sums into scores of documents and offers those that may enter.
    private func finish(_ scores: UnsafeMutablePointer<Double>) {
        if context.scorer != .disMax {
            if let documentScores = segment.documentScores {
                rs_exec_scale_by_documents(scores, documentScores, docs, count)
            } else if segment.defaultScore != 1 {
                let ds = Double(segment.defaultScore)
                for place in 0..<count { scores[place] = ds * scores[place] }
            }
        }
        switch context.scorer {
        case .tfidf:
            normalize(scores, shift: normFrequencyShift, mask: .max >> normFrequencyShift)
        case .tfidfDocNorm:
            normalize(scores, shift: 0, mask: normLengthMask)
        case .bm25:
            for place in 0..<count where scores[place] < 0 { scores[place] = 0 }
        case .bm25Std, .bm25StdNorm, .bm25StdTanh, .disMax, .docScore, .hamming:
            break
        }
        let dividesBySlop = context.scorer.dividesBySlop
        if let sink {
            for place in 0..<count {
                let score = scores[place]
                sink(docs[place], dividesBySlop && score != 0 ? score / evaluator.slopDivisor(docs[place]) : score)
            }
            return
        }
        if dividesBySlop { offerBest(scores) }
        let selected = rs_exec_select(scores, count, topK.threshold, ordinals)
        for index in 0..<selected {
            let place = Int(ordinals[index])
            offer(docs[place], scores[place], beforeSlop: dividesBySlop)
        }
    }

    /// Offers as many of the best scores as the top k has room for: then the threshold is high before the positions of
    /// others are read. What is offered here gets the score that loses to all.
    private func offerBest(_ scores: UnsafeMutablePointer<Double>) {
        let missing = topK.missing
        guard missing > 0, missing <= BatchScorer.preselectionLimit, count > 2 * missing else { return }
        let mark = arena.mark()
        defer { arena.release(to: mark) }
        // Places of the best so far, best first; of equal scores the first.
        let best = arena.allocate(Int32.self, missing)
        var held = 0
        var least = -Double.infinity
        for place in 0..<count {
            let score = scores[place]
            if held == missing, !(score > least) { continue }
            if score.isNaN { continue }
            var at = held < missing ? held : missing &- 1
            while at > 0, scores[Int(best[at &- 1])] < score {
                best[at] = best[at &- 1]
                at &-= 1
            }
            best[at] = Int32(truncatingIfNeeded: place)
            if held < missing { held &+= 1 }
            least = scores[Int(best[held &- 1])]
        }
        // Fewer only where most are no numbers; then the threshold would not stand afterwards.
        guard held == missing else { return }
        for at in 0..<held {
            let place = Int(best[at])
            offer(docs[place], scores[place], beforeSlop: true)
            scores[place] = -.infinity
        }
    }

    /// More rows than this are not worth the sorting.
    private static let preselectionLimit = 64

    private func normalize(_ scores: UnsafeMutablePointer<Double>, shift: UInt32, mask: UInt32) {
        if rs_exec_normalize(scores, segment.norms, docs, count, shift, mask) == 0 { return }
        // Norms that do not fit their bits: these scores were left as they were.
        for place in 0..<count where segment.norms[Int(docs[place])] >> shift & mask == mask {
            let norm = shift == 0 ? segment.length(docs[place]) : segment.maxFrequency(docs[place])
            scores[place] = max(0, scores[place] / Double(norm))
        }
    }

    private func offer(_ docID: DocID, _ score: Double, beforeSlop: Bool) {
        if score < topK.threshold { return }
        let stamp = segment.stamp(docID)
        guard topK.admits(bound: score, stampFloor: stamp) || score.isNaN else { return }
        var final = score
        if beforeSlop, score != 0 {
            final /= evaluator.slopDivisor(docID)
            guard topK.admits(bound: final, stampFloor: stamp) else { return }
        }
        topK.offer(
            ScoredDocument(
                score: final, stamp: stamp, segment: UInt32(evaluator.segmentIndex), docID: docID))
    }
}
