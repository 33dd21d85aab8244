// All matches, batch by batch, for whoever computes with them: aggregations and cursors.
//
// In the order of arrival when that is asked for. Segments whose documents stand in that order are walked window by
// window; if patches have disturbed it, all matches are gathered and sorted first.

import CKernels
import SearchIndex
import SearchModel

/// One match among those of several segments.
package struct StreamedMatch: BitwiseCopyable, Sendable {
    package var segment: UInt32
    package var docID: DocID
    package var stamp: ArrivalStamp
    package var score: Double
}

/// Matches; pointers are valid until the next call.
package enum MatchBatch {
    /// Ascending documents of one segment; `scores` when they were asked for.
    case segment(Int, docIDs: UnsafePointer<DocID>, scores: UnsafePointer<Double>?, count: Int)
    /// Sorted matches of all segments.
    case mixed(UnsafeBufferPointer<StreamedMatch>)
}

/// Belongs to one thread at a time.
package final class MatchStream {
    private let plan: Plan
    private let needsScores: Bool
    private let context: ScoringContext
    private let positions = PositionScratch()
    private var largest = 0.0

    /// CLOCK_MONOTONIC nanoseconds: from then on there are no more matches.
    package var deadline: UInt64? {
        didSet { timedOut = false }
    }
    package private(set) var timedOut = false
    /// Matches given out.
    package private(set) var count = 0

    // Where the walk is.
    private var arena: ScratchArena?
    private var evaluator: SegmentEvaluator?
    private var scorer: BatchScorer?
    private var segment = 0
    private var window = 0
    private var slice = -1

    // Matches of one segment that wait.
    private let docs: UnsafeMutablePointer<DocID>
    private let scores: UnsafeMutablePointer<Double>
    private let words: UnsafeMutablePointer<UInt64>
    private var bufferSegment = 0
    private var bufferCount = 0
    private var bufferStart = 0

    /// All matches in the order of their arrival, when they had to be sorted.
    private var sorted: [StreamedMatch]?
    private var sortedStart = 0
    private let mustSort: Bool

    /// For ``matchedTerms(segment:docID:)``.
    private var termEvaluators: [Int: SegmentEvaluator] = [:]
    private var termArena: ScratchArena?

    /// - Parameter inOrder: matches of different segments come in the order of their arrival.
    package init(_ parameters: SearchParameters, on snapshot: IndexSnapshot, inOrder: Bool) throws(ExecutionError) {
        plan = try Plan(parameters, on: snapshot)
        needsScores = parameters.needsScores
        context = ScoringContext(plan)
        deadline = parameters.deadline
        mustSort = inOrder && !snapshot.isInArrivalOrder
        docs = .allocate(capacity: 2 * windowSize)
        scores = .allocate(capacity: needsScores ? 2 * windowSize : 1)
        words = .allocate(capacity: wordsPerWindow)
        if needsScores, context.scorer == .bm25StdNorm { largest = try largestScore(parameters, snapshot) }
    }

    deinit {
        docs.deallocate()
        scores.deallocate()
        words.deallocate()
        if let arena {
            evaluator = nil
            scorer = nil
            ScratchPool.give(arena)
        }
    }

    package var hasScores: Bool { needsScores }
    package var expansionsTruncated: Bool { plan.expansionsTruncated }
    /// What finding all matches takes, in nanoseconds, roughly.
    package var estimatedNanoseconds: Int { CostEstimate.nanoseconds(plan) }
    /// Matches, roughly.
    package var estimatedMatches: Int {
        plan.root.map { min(plan.clauses[$0].estimate, plan.documentCount) } ?? 0
    }

    /// NORM divides by the best score of all.
    private func largestScore(
        _ parameters: SearchParameters, _ snapshot: IndexSnapshot
    ) throws(ExecutionError) -> Double {
        var parameters = parameters
        parameters.collectAll = false
        parameters.sort = nil
        parameters.offset = 0
        parameters.limit = 1
        parameters.spareRows = 0
        parameters.scorer = .bm25Std
        return try PreparedSearch(parameters, on: snapshot).run().hits.first?.score ?? 0
    }

    /// The next matches, `maximum` at most (and 4,096); `nil` at the end.
    package func next(atMost maximum: Int = windowSize) -> MatchBatch? {
        if mustSort { return nextSorted(maximum) }
        if bufferStart == bufferCount { fill(wanted: maximum) }
        guard bufferStart < bufferCount else { return nil }
        let number = min(maximum, windowSize, bufferCount - bufferStart)
        let start = bufferStart
        bufferStart += number
        count += number
        return .segment(
            bufferSegment, docIDs: docs + start, scores: needsScores ? UnsafePointer(scores + start) : nil,
            count: number)
    }

    /// Gives back what can be had again: a cursor may sleep for minutes.
    package func suspend() {
        termEvaluators = [:]
        termArena = nil
        scorer = nil
        evaluator = nil
        if let arena { ScratchPool.give(arena) }
        arena = nil
    }

    // MARK: windows

    /// Fills the buffer from one segment: a few small windows, or one.
    private func fill(wanted: Int) {
        bufferStart = 0
        bufferCount = 0
        guard let root = plan.root else { return }
        let enough = min(max(1, wanted), windowSize / 4)
        while segment < plan.snapshot.segments.count, !isLate() {
            guard let evaluator = openSegment(root) else {
                segment += 1
                window = 0
                if bufferCount > 0 { return }
                continue
            }
            bufferSegment = segment
            window = evaluator.nextWindow(root, from: window)
            guard window < evaluator.windowCount else {
                closeSegment()
                segment += 1
                window = 0
                if bufferCount > 0 { return }
                continue
            }
            if window / windowsPerSlice != slice {
                slice = window / windowsPerSlice
                evaluator.enter(slice: slice, needsOwners: needsScores)
            }
            let matched = evaluator.matches(window, words)
            if matched > 0 { take(matched) }
            window += 1
            if bufferCount >= enough { return }
        }
    }

    private func take(_ matched: Int) {
        let base = UInt32(window * windowSize)
        if let scorer {
            var place = bufferCount
            scorer.sink = { [self] docID, score in
                docs[place] = docID
                scores[place] = context.finished(score, largest: largest)
                place += 1
            }
            scorer.score(window, words)
            scorer.sink = nil
            bufferCount = place
        } else {
            bufferCount += rs_exec_documents(words, wordsPerWindow, base, docs + bufferCount)
        }
    }

    private func openSegment(_ root: Int) -> SegmentEvaluator? {
        if let evaluator { return evaluator }
        let arena = arena ?? ScratchPool.take()
        self.arena = arena
        let opened = SegmentEvaluator(plan, root: root, segment: segment, arena: arena, positions: positions)
        guard !opened.matchesNothing else {
            arena.reset()
            return nil
        }
        opened.isLate = { [unowned self] in isLate() }
        evaluator = opened
        slice = -1
        if needsScores { scorer = BatchScorer(opened, context, TopK(0, on: plan.snapshot)) }
        return opened
    }

    private func closeSegment() {
        scorer = nil
        evaluator = nil
        arena?.reset()
    }

    private func isLate() -> Bool {
        guard let deadline, !timedOut else { return timedOut }
        if MonotonicClock.now() >= deadline { timedOut = true }
        return timedOut
    }

    // MARK: sorted

    private func nextSorted(_ maximum: Int) -> MatchBatch? {
        let all = sorted ?? gather()
        sorted = all
        guard sortedStart < all.count else { return nil }
        let number = min(maximum, windowSize, all.count - sortedStart)
        let start = sortedStart
        sortedStart += number
        count += number
        return all.withUnsafeBufferPointer {
            .mixed(UnsafeBufferPointer(rebasing: $0[start..<start + number]))
        }
    }

    private func gather() -> [StreamedMatch] {
        var all: [StreamedMatch] = []
        while true {
            fill(wanted: windowSize)
            if bufferCount == 0 { break }
            let segment = plan.snapshot.segments[bufferSegment]
            for place in 0..<bufferCount {
                all.append(
                    StreamedMatch(
                        segment: UInt32(bufferSegment), docID: docs[place], stamp: segment.stamp(docs[place]),
                        score: needsScores ? scores[place] : 0))
            }
        }
        bufferCount = 0
        suspend()
        all.sort { a, b in
            if a.stamp != b.stamp { return a.stamp < b.stamp }
            return a.segment != b.segment ? a.segment < b.segment : a.docID < b.docID
        }
        return all
    }

    // MARK: terms

    /// The terms of the query that a matching document has, at most 100, in the order of the tree.
    package func matchedTerms(segment: Int, docID: DocID) -> [Bytes] {
        guard let root = plan.root else { return [] }
        let arena = termArena ?? ScratchArena()
        termArena = arena
        let evaluator =
            termEvaluators[segment]
            ?? SegmentEvaluator(plan, root: root, segment: segment, arena: arena, positions: positions)
        termEvaluators[segment] = evaluator
        var terms: [Bytes] = []
        evaluator.appendTerms(root, docID, to: &terms)
        return terms
    }
}

extension SegmentEvaluator {
    /// The texts of terms and tag values by which a document matches a node.
    fileprivate func appendTerms(_ index: Int, _ docID: DocID, to terms: inout [Bytes]) {
        guard terms.count < 100 else { return }
        let node = nodes + index
        switch node.pointee.kind {
        case .postings, .documents:
            guard matches(index, docID), let text = plan.text(ofLeaf: index) else { return }
            terms.append(text)
        case .and:
            guard matches(index, docID) else { return }
            for place in 0..<node.pointee.childCount {
                appendTerms(Int(node.pointee.children[place]), docID, to: &terms)
            }
        case .or, .optional:
            for place in 0..<node.pointee.childCount where matches(Int(node.pointee.children[place]), docID) {
                appendTerms(Int(node.pointee.children[place]), docID, to: &terms)
            }
        case .expansion:
            for place in 0..<node.pointee.childCount where matches(Int(node.pointee.children[place]), docID) {
                appendTerms(Int(node.pointee.children[place]), docID, to: &terms)
                return
            }
        case .nothing, .all, .numeric, .geo, .missing, .keys, .not:
            return
        }
    }
}

extension Plan {
    fileprivate func text(ofLeaf index: Int) -> Bytes? {
        switch clauses[index].source {
        case .term(let term, _): snapshot.dictionary.withTerm(term) { Bytes($0) }
        case .tag(let field, let value): snapshot.tagDictionary(field)?.withTerm(value) { Bytes($0) }
        default: nil
        }
    }
}

extension IndexSnapshot {
    /// Whether documents stand in the order of their arrival, over all segments.
    package var isInArrivalOrder: Bool {
        var last: ArrivalStamp = 0
        for segment in segments where segment.documentCount > 0 {
            guard segment.isStampOrdered, segment.stamps[0] >= last else { return false }
            last = segment.stamps[segment.documentCount - 1]
        }
        return true
    }
}
