// SORTBY: the order of a column's values, missing ones last in both directions.
//
// All matches of a segment are marked first, which gives the total. Then, whichever is cheaper:
//
//   walk   the column's documents in sorted order, taking those that are marked, until the page is
//          full: for large result sets, where every few documents match
//   scan   the marked documents' values, against the worst of the best: for small ones
//
// Equal values are ordered by arrival, latest first for DESC. A walk meets them in docID order, so in
// a segment whose documents do not stand in order of arrival it takes the whole run of equals.

import CKernels
import SearchIndex
import SearchModel

extension SearchRun {
    func sortedSearch(_ root: Int) {
        guard let (field, ascending) = parameters.sort else { return }
        let sorter = ColumnSorter(self, field: field, ascending: ascending, rows: rowLimit)
        forEachSegment(root) { sorter.sort($0) }
        outcome.hits = sorter.rows(max(0, parameters.offset), pageLimit)
        guard parameters.needsScores || parameters.explainScores else { return }
        let largest = context.scorer == .bm25StdNorm ? largestScore(root) : 0
        forEachSegment(root, untilLate: false) { evaluator in
            for place in outcome.hits.indices where outcome.hits[place].segment == evaluator.segmentIndex {
                let score = evaluator.score(outcome.hits[place].docID, context)
                outcome.hits[place].score = context.finished(score, largest: largest)
            }
        }
        if parameters.explainScores { explain(root, largest: largest) }
    }

    /// The best score of all matches, which NORM divides by.
    private func largestScore(_ root: Int) -> Double {
        var parameters = parameters
        parameters.sort = nil
        parameters.offset = 0
        parameters.limit = 1
        parameters.spareRows = 0
        parameters.scorer = .bm25Std
        parameters.withoutCount = true
        parameters.explainScores = false
        let search = try? PreparedSearch(parameters, on: snapshot)  // The same tree was planned before.
        return search?.run().hits.first?.score ?? 0
    }
}

/// Collects the first rows of a column's order over all segments.
private final class ColumnSorter {
    private let run: SearchRun
    private let field: Int
    private let ascending: Bool
    private let capacity: Int
    private let numbers: TopK
    private let texts: TextTopK
    private let missing: TopK

    init(_ run: SearchRun, field: Int, ascending: Bool, rows: Int) {
        self.run = run
        self.field = field
        self.ascending = ascending
        numbers = TopK(rows, on: run.snapshot)
        missing = TopK(rows, on: run.snapshot)
        capacity = numbers.capacity
        texts = TextTopK(capacity, ascending: ascending)
    }

    // MARK: one segment

    func sort(_ evaluator: SegmentEvaluator) {
        let segment = evaluator.segment
        let arena = run.arena
        let marks = arena.allocate(UInt64.self, evaluator.windowCount * wordsPerWindow, filledWith: 0)
        var matched = 0
        run.forEachWindow(evaluator, needsOwners: false) { window in
            matched += evaluator.matches(window, marks + window * wordsPerWindow)
        }
        run.outcome.total += matched
        if matched == 0 { return }
        switch segment.sortColumn(field) {
        case .number(let column):
            if column.hasSortedPermutation, prefersWalk(matched, column.valueCount) {
                walk(column, evaluator, marks)
            } else {
                scan(column, evaluator, marks)
            }
        case .text(let column):
            sort(column, evaluator, marks, matched)
        case nil:
            forEachMark(evaluator, marks) { docs, count in
                for place in 0..<count { offerMissing(docs[place], evaluator) }
            }
        }
    }

    /// A walk passes about one match in `values / matched` documents; each costs a look at a random mark.
    private func prefersWalk(_ matched: Int, _ values: Int) -> Bool {
        let steps = Double(min(capacity, matched)) * Double(values) / Double(matched)
        return steps * 2 + 200 < Double(matched)
    }

    private func forEachMark(
        _ evaluator: SegmentEvaluator, _ marks: UnsafeMutablePointer<UInt64>,
        _ body: (UnsafeMutablePointer<DocID>, Int) -> Void
    ) {
        let mark = run.arena.mark()
        let docs = run.arena.allocate(DocID.self, windowSize)
        for window in 0..<evaluator.windowCount {
            let count = rs_exec_documents(
                marks + window * wordsPerWindow, wordsPerWindow, UInt32(window * windowSize), docs)
            if count > 0 { body(docs, count) }
        }
        run.arena.release(to: mark)
    }

    @inline(__always)
    private func isMarked(_ docID: DocID, _ marks: UnsafeMutablePointer<UInt64>) -> Bool {
        marks[Int(docID &>> 6)] &>> UInt64(docID & 63) & 1 == 1
    }

    // MARK: rows

    /// Arrival as the order needs it: the best row has the least.
    @inline(__always)
    private func arrival(_ docID: DocID, _ segment: SegmentView) -> ArrivalStamp {
        ascending ? segment.stamp(docID) : ~segment.stamp(docID)
    }

    @inline(__always)
    private func row(_ key: Double, _ docID: DocID, _ evaluator: SegmentEvaluator) -> ScoredDocument {
        ScoredDocument(
            score: ascending ? -key : key, stamp: arrival(docID, evaluator.segment),
            segment: UInt32(evaluator.segmentIndex), docID: docID)
    }

    private func offerMissing(_ docID: DocID, _ evaluator: SegmentEvaluator) {
        let row = row(0, docID, evaluator)
        if missing.admits(bound: row.score, stampFloor: row.stamp) { missing.offer(row) }
    }

    // MARK: numbers

    private func scan(_ column: NumericColumn, _ evaluator: SegmentEvaluator, _ marks: UnsafeMutablePointer<UInt64>) {
        let values = run.arena.allocate(Double.self, windowSize)
        forEachMark(evaluator, marks) { docs, count in
            column.gather(docs, count: count, into: values)
            for place in 0..<count {
                let value = values[place]
                if value.isNaN {
                    if numbers.count < capacity { offerMissing(docs[place], evaluator) }
                    continue
                }
                if (ascending ? -value : value) < numbers.threshold { continue }
                let row = row(value, docs[place], evaluator)
                if numbers.admits(bound: row.score, stampFloor: row.stamp) { numbers.offer(row) }
            }
        }
    }

    private func walk(_ column: NumericColumn, _ evaluator: SegmentEvaluator, _ marks: UnsafeMutablePointer<UInt64>) {
        let batch = 256
        let docs = run.arena.allocate(DocID.self, batch)
        let values = run.arena.allocate(Double.self, batch)
        let isOrdered = evaluator.segment.isStampOrdered
        var walk = column.sortedWalk(ascending: ascending)
        // Small batches first: a page is often full after a few rows.
        var size = min(batch, max(16, 2 * capacity))
        while true {
            let count = walk.next(docs, values, capacity: size)
            if count == 0 { break }
            size = batch
            for place in 0..<count where isMarked(docs[place], marks) {
                let row = row(values[place], docs[place], evaluator)
                if numbers.admits(bound: row.score, stampFloor: row.stamp) {
                    numbers.offer(row)
                } else if isOrdered || row.score < numbers.threshold {
                    return
                }
            }
        }
        if numbers.count >= capacity { return }
        collectMissing(evaluator, marks) { column.value($0) == nil }
    }

    private func collectMissing(
        _ evaluator: SegmentEvaluator, _ marks: UnsafeMutablePointer<UInt64>, _ isMissing: (DocID) -> Bool
    ) {
        forEachMark(evaluator, marks) { docs, count in
            for place in 0..<count where isMissing(docs[place]) { offerMissing(docs[place], evaluator) }
        }
    }

    // MARK: texts

    /// The segment's best rows by rank, then against those of other segments by bytes.
    private func sort(
        _ column: TextColumn, _ evaluator: SegmentEvaluator, _ marks: UnsafeMutablePointer<UInt64>, _ matched: Int
    ) {
        guard column.hasRanks else {
            forEachMark(evaluator, marks) { docs, count in
                for place in 0..<count { offerText(docs[place], column, evaluator) }
            }
            return
        }
        let best = TopK(min(capacity, matched), on: run.snapshot)
        if prefersWalk(matched, evaluator.segment.documentCount) {
            walk(column, evaluator, marks, best)
        } else {
            forEachMark(evaluator, marks) { docs, count in
                for place in 0..<count {
                    guard let rank = column.rank(docs[place]) else {
                        offerMissing(docs[place], evaluator)
                        continue
                    }
                    let row = row(Double(rank), docs[place], evaluator)
                    if best.admits(bound: row.score, stampFloor: row.stamp) { best.offer(row) }
                }
            }
        }
        for row in best.rows(0, capacity) { offerText(row.docID, column, evaluator) }
    }

    private func walk(
        _ column: TextColumn, _ evaluator: SegmentEvaluator, _ marks: UnsafeMutablePointer<UInt64>, _ best: TopK
    ) {
        let batch = 256
        let docs = run.arena.allocate(DocID.self, batch)
        let isOrdered = evaluator.segment.isStampOrdered
        var walk = column.sortedWalk(ascending: ascending)
        while true {
            let count = walk.next(docs, capacity: batch)
            if count == 0 { break }
            for place in 0..<count where isMarked(docs[place], marks) {
                let row = row(Double(column.rank(docs[place]) ?? 0), docs[place], evaluator)
                if best.admits(bound: row.score, stampFloor: row.stamp) {
                    best.offer(row)
                } else if isOrdered || row.score < best.threshold {
                    return
                }
            }
        }
        if best.count >= capacity { return }
        collectMissing(evaluator, marks) { column.rank($0) == nil }
    }

    private func offerText(_ docID: DocID, _ column: TextColumn, _ evaluator: SegmentEvaluator) {
        guard let bytes = column.bytes(docID) else {
            offerMissing(docID, evaluator)
            return
        }
        texts.offer(
            TextTopK.Row(
                bytes: bytes, arrival: arrival(docID, evaluator.segment), segment: evaluator.segmentIndex, docID: docID)
        )
    }

    // MARK: result

    /// Rows of the whole order: numbers or texts, then what has neither.
    func rows(_ offset: Int, _ count: Int) -> [Hit] {
        let present = max(numbers.count, texts.count)
        var hits: [Hit] = []
        for row in numbers.rows(offset, count) {
            let value = ascending ? -row.score : row.score
            hits.append(hit(Int(row.segment), row.docID, .number(value)))
        }
        for row in texts.rows(offset, count) {
            hits.append(hit(row.segment, row.docID, .text(Bytes(row.bytes))))
        }
        let left = count - hits.count
        if left > 0 {
            for row in missing.rows(max(0, offset - present), left) {
                hits.append(hit(Int(row.segment), row.docID, .missing))
            }
        }
        return hits
    }

    private func hit(_ segment: Int, _ docID: DocID, _ key: SortKey) -> Hit {
        Hit(
            segment: segment, docID: docID, stamp: run.snapshot.segments[segment].stamp(docID), score: 0,
            sortKey: key)
    }
}
