// One search over all segments.

import CKernels
import SearchIndex
import SearchModel

final class SearchRun {
    let plan: Plan
    let snapshot: IndexSnapshot
    let parameters: SearchParameters
    let arena: ScratchArena
    let context: ScoringContext
    let positions = PositionScratch()
    var outcome = SearchOutcome()
    private let deadline: UInt64

    init(_ plan: Plan, _ arena: ScratchArena) {
        self.plan = plan
        self.arena = arena
        snapshot = plan.snapshot
        parameters = plan.parameters
        context = ScoringContext(plan)
        deadline = plan.parameters.deadline ?? .max
    }

    func run() -> SearchOutcome {
        outcome.expansionsTruncated = plan.expansionsTruncated
        guard let root = plan.root else { return outcome }
        if parameters.collectAll {
            collectAll(root)
        } else if rowLimit == 0 {
            count(root)
        } else if parameters.sort != nil {
            sortedSearch(root)
        } else {
            rankedSearch(root)
        }
        return outcome
    }

    /// Rows that must be known: those before the page, the page, and the spare ones.
    var rowLimit: Int {
        if parameters.limit <= 0 { return 0 }
        let (rows, overflow) = max(0, parameters.offset).addingReportingOverflow(pageLimit)
        return overflow ? .max : rows
    }

    /// Rows of the page, the spare ones included.
    var pageLimit: Int {
        let (rows, overflow) = max(0, parameters.limit).addingReportingOverflow(max(0, parameters.spareRows))
        return overflow ? .max : rows
    }

    /// Whether time is up; remembers it.
    func isLate() -> Bool {
        if deadline == .max || outcome.timedOut { return outcome.timedOut }
        if MonotonicClock.now() >= deadline { outcome.timedOut = true }
        return outcome.timedOut
    }

    /// Runs `body` on every segment that can match, with memory that is given back afterwards.
    ///
    /// - Parameter untilLate: what is done for the few winners is done whatever the time.
    func forEachSegment(_ root: Int, untilLate: Bool = true, _ body: (SegmentEvaluator) -> Void) {
        for index in snapshot.segments.indices {
            if untilLate, isLate() { return }
            let mark = arena.mark()
            let evaluator = SegmentEvaluator(plan, root: root, segment: index, arena: arena, positions: positions)
            if !evaluator.matchesNothing {
                outcome.counters.segments += 1
                evaluator.isLate = { [unowned self] in isLate() }
                body(evaluator)
            }
            outcome.counters.add(evaluator.counters)
            arena.release(to: mark)
        }
    }

    /// Calls `body` with each window that may hold a match, slice by slice, until time is up.
    func forEachWindow(_ evaluator: SegmentEvaluator, needsOwners: Bool, _ body: (Int) -> Void) {
        var window = evaluator.nextWindow(evaluator.root, from: 0)
        var slice = -1
        outcome.counters.windowsSkipped += min(window, evaluator.windowCount)
        while window < evaluator.windowCount {
            if isLate() { return }
            if window / windowsPerSlice != slice {
                slice = window / windowsPerSlice
                evaluator.enter(slice: slice, needsOwners: needsOwners)
            }
            outcome.counters.windowsVisited += 1
            body(window)
            let next = evaluator.nextWindow(evaluator.root, from: window + 1)
            outcome.counters.windowsSkipped += next - window - 1
            window = next
        }
    }

    // MARK: counting

    private func count(_ root: Int) {
        let words = arena.allocate(UInt64.self, wordsPerWindow)
        forEachSegment(root) { evaluator in
            if let exact = evaluator.exactCount(root) {
                outcome.total += exact
                return
            }
            if let cost = evaluator.sparseCost(root), cost <= parameters.sparseLimit {
                outcome.total += evaluator.sparseMatches(root).count
                outcome.counters.sparseSegments += 1
                return
            }
            forEachWindow(evaluator, needsOwners: false) { window in
                outcome.counters.windowsOnlyCounted += 1
                outcome.total += evaluator.matches(window, words)
            }
        }
    }

    // MARK: everything

    private func collectAll(_ root: Int) {
        let words = arena.allocate(UInt64.self, wordsPerWindow)
        let docs = arena.allocate(DocID.self, windowSize)
        let topK = TopK(0, on: snapshot)
        forEachSegment(root) { evaluator in
            let segment = evaluator.segment
            let scorer = parameters.needsScores ? BatchScorer(evaluator, context, topK) : nil
            scorer?.sink = { [unowned self] docID, score in
                outcome.hits.append(
                    Hit(
                        segment: evaluator.segmentIndex, docID: docID, stamp: segment.stamp(docID), score: score))
            }
            forEachWindow(evaluator, needsOwners: parameters.needsScores) { window in
                let matched = evaluator.matches(window, words)
                outcome.total += matched
                if matched == 0 { return }
                if let scorer {
                    scorer.score(window, words)
                    return
                }
                let count = rs_exec_documents(words, wordsPerWindow, UInt32(window * windowSize), docs)
                outcome.hits.reserveCapacity(outcome.hits.count + count)
                for place in 0..<count {
                    outcome.hits.append(
                        Hit(
                            segment: evaluator.segmentIndex, docID: docs[place],
                            stamp: segment.stamp(docs[place]), score: 0))
                }
            }
        }
        if parameters.needsScores { finishScores() }
    }

    /// TANH and NORM, once the largest score is known.
    func finishScores() {
        guard context.scorer == .bm25StdTanh || context.scorer == .bm25StdNorm else { return }
        let largest = outcome.hits.reduce(0) { max($0, $1.score) }
        for index in outcome.hits.indices {
            outcome.hits[index].score = context.finished(outcome.hits[index].score, largest: largest)
        }
    }
}

extension ExecutionCounters {
    mutating func add(_ other: ExecutionCounters) {
        segments += other.segments
        sparseSegments += other.sparseSegments
        windowsVisited += other.windowsVisited
        windowsSkipped += other.windowsSkipped
        windowsOnlyCounted += other.windowsOnlyCounted
        documentsScored += other.documentsScored
        blocksDecoded += other.blocksDecoded
        frequencyBlocksDecoded += other.frequencyBlocksDecoded
        postingsScored += other.postingsScored
        positionsRead += other.positionsRead
    }
}
