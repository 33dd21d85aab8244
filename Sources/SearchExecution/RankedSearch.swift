// The default order: best scores first.
//
// Windows are taken in the order of their bounds, so that the threshold rises at once; those whose
// bound cannot win are only counted, and not even looked at when the index knows the count. Inside a
// window the units of 256 documents are scored in growing groups, again best first.

import CKernels
import SearchIndex
import SearchModel

extension SearchRun {
    func rankedSearch(_ root: Int) {
        let topK = TopK(rowLimit, on: snapshot)
        let words = arena.allocate(UInt64.self, wordsPerWindow)
        forEachSegment(root) { evaluator in
            let scorer = BatchScorer(evaluator, context, topK)
            if let cost = evaluator.sparseCost(root), cost <= parameters.sparseLimit {
                let matches = evaluator.sparseMatches(root)
                outcome.total += matches.count
                outcome.counters.sparseSegments += 1
                scorer.score(matches)
            } else if evaluator.nodes[root].estimate > topK.capacity, evaluator.segment.documentCount > 2 * unitSize,
                ScoreBounds.apply(to: plan, evaluator.segment)
            {
                pruned(evaluator, scorer, topK, words)
            } else {
                forEachWindow(evaluator, needsOwners: true) { window in
                    outcome.total += evaluator.matches(window, words)
                    scorer.score(window, words)
                }
            }
        }
        let rows = topK.rows(max(0, parameters.offset), pageLimit)
        let largest = context.scorer == .bm25StdNorm ? topK.rows(0, 1).first?.score ?? 0 : 0
        if rows.count <= RankedPage.prefetched {
            for row in rows { snapshot.segments[Int(row.segment)].prefetchKey(row.docID) }
        }
        outcome.hits = rows.map { row in
            Hit(
                segment: Int(row.segment), docID: row.docID, stamp: row.stamp,
                score: context.finished(row.score, largest: largest))
        }
        if parameters.explainScores { explain(root, largest: largest) }
    }

    private func pruned(
        _ evaluator: SegmentEvaluator, _ scorer: BatchScorer, _ topK: TopK, _ words: UnsafeMutablePointer<UInt64>
    ) {
        let exact = parameters.withoutCount ? nil : evaluator.exactCount(evaluator.root)
        let mustCount = exact == nil && !parameters.withoutCount
        if let exact { outcome.total += exact }
        let bounds = ScoreBounds(evaluator, context)
        let order = arena.allocate(Int.self, windowsPerSlice)
        let limits = arena.allocate(Double.self, windowsPerSlice)
        let slices = (evaluator.windowCount + windowsPerSlice - 1) / windowsPerSlice
        for slice in 0..<slices {
            if isLate() { return }
            evaluator.enter(slice: slice, needsOwners: true)
            bounds.compute(slice: slice)
            let windows = evaluator.windows(ofSlice: slice)
            let count = sortByBound(windows, order, limits) { bounds.window($0) }
            for place in 0..<count {
                if isLate() { return }
                let window = order[place]
                let mayWin =
                    limits[place] > -Double.infinity
                    && anyUnit(of: window, evaluator, bounds, topK)
                guard mayWin || (mustCount && limits[place] > -Double.infinity) else {
                    outcome.counters.windowsSkipped += 1
                    continue
                }
                outcome.counters.windowsVisited += 1
                let matched = evaluator.matches(window, words)
                if exact == nil { outcome.total += matched }
                if mayWin, matched > 0 {
                    scoreUnits(window, matched, words, evaluator, scorer, bounds, topK)
                } else {
                    outcome.counters.windowsOnlyCounted += 1
                }
            }
        }
    }

    /// Best bound first; equal ones in the order of arrival, roughly.
    private func sortByBound(
        _ range: Range<Int>, _ order: UnsafeMutablePointer<Int>, _ limits: UnsafeMutablePointer<Double>,
        _ bound: (Int) -> Double
    ) -> Int {
        var count = 0
        for item in range {
            let limit = bound(item)
            var place = count
            while place > 0, limits[place - 1] < limit {
                limits[place] = limits[place - 1]
                order[place] = order[place - 1]
                place -= 1
            }
            limits[place] = limit
            order[place] = item
            count += 1
        }
        return count
    }

    private func units(of window: Int, _ evaluator: SegmentEvaluator) -> Range<Int> {
        let documents = evaluator.segment.documentCount
        let first = window * unitsPerWindow
        return first..<min(first + unitsPerWindow, (documents + unitSize - 1) / unitSize)
    }

    private func anyUnit(
        of window: Int, _ evaluator: SegmentEvaluator, _ bounds: ScoreBounds, _ topK: TopK
    ) -> Bool {
        for unit in units(of: window, evaluator) where mayWin(unit, bounds, topK) { return true }
        return false
    }

    @inline(__always)
    private func mayWin(_ unit: Int, _ bounds: ScoreBounds, _ topK: TopK) -> Bool {
        let bound = bounds.unit(unit)
        if bound > topK.threshold { return true }
        return bound == topK.threshold && topK.admits(bound: bound, stampFloor: bounds.stampFloor(unit))
    }

    private func scoreUnits(
        _ window: Int, _ matched: Int, _ words: UnsafePointer<UInt64>, _ evaluator: SegmentEvaluator,
        _ scorer: BatchScorer, _ bounds: ScoreBounds, _ topK: TopK
    ) {
        let mark = arena.mark()
        defer { arena.release(to: mark) }
        let group = arena.allocate(UInt64.self, wordsPerWindow)
        if topK.threshold > -Double.infinity {
            // The threshold is there: all units that may win at once.
            score(units(of: window, evaluator), .max, window, words, group, scorer, bounds, topK) { $0 }
            return
        }
        // Enough units to fill the heap at first, then twice as many each time, best first.
        let order = arena.allocate(Int.self, unitsPerWindow)
        let limits = arena.allocate(Double.self, unitsPerWindow)
        let count = sortByBound(units(of: window, evaluator), order, limits) { bounds.unit($0) }
        let missing = topK.capacity - min(topK.capacity, topK.count)
        var size = max(1, min(unitsPerWindow, unitsPerWindow * missing / matched))
        var place = 0
        while place < count {
            place = score(place..<count, size, window, words, group, scorer, bounds, topK) { order[$0] }
            size *= 2
        }
    }

    /// Scores up to `size` units of a window that may win.
    ///
    /// - Returns: the first place that was not looked at.
    @discardableResult @inline(__always)
    private func score(
        _ places: Range<Int>, _ size: Int, _ window: Int, _ words: UnsafePointer<UInt64>,
        _ group: UnsafeMutablePointer<UInt64>, _ scorer: BatchScorer, _ bounds: ScoreBounds, _ topK: TopK,
        _ unitAt: (Int) -> Int
    ) -> Int {
        group.update(repeating: 0, count: wordsPerWindow)
        var units: UInt32 = 0
        var taken = 0
        var place = places.lowerBound
        while place < places.upperBound, taken < size {
            let unit = unitAt(place)
            place &+= 1
            guard mayWin(unit, bounds, topK) else { continue }
            let number = unit % unitsPerWindow
            let first = number &* wordsPerUnit
            var any: UInt64 = 0
            for word in first..<first &+ wordsPerUnit {
                group[word] = words[word]
                any |= words[word]
            }
            if any == 0 { continue }
            units |= 1 &<< UInt32(number)
            taken &+= 1
        }
        guard units != 0 else { return place }
        if bounds.tellsDocumentsApart, topK.threshold > 0 {
            bounds.keepPromising(units, of: window, threshold: topK.threshold, group)
        }
        let first = units.trailingZeroBitCount &* wordsPerUnit
        let end = (32 &- units.leadingZeroBitCount) &* wordsPerUnit
        scorer.score(window, group, in: first..<end)
        return place
    }
}

private enum RankedPage {
    /// Keys that are sure to stay in the cache until the reply is written.
    static let prefetched = 64
}
