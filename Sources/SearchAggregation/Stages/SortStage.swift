// SORTBY: keeps the best rows.
//
// A batch sends its own best rows on, chosen by the columns; only these become rows with values of their own. What
// the kept rows show is read later, of them alone, as far as it can be.

import SearchExpressions
import SearchModel

final class SortStage: Stage {
    private let keys: [(slot: Int, ascending: Bool)]
    private let keep: Int
    /// Slots that are wanted behind the step.
    private let wanted: [Int]
    private let slotCount: Int
    private let source: any RowSource
    private let filler: any ColumnFiller
    private let batchSize: Int
    private let memoryLimit: Int

    private struct SortedRow {
        var keys: [ExpressionValue?]
        var origin: RowOrigin?
        var arrival: Int
        /// Parallel to `wanted`, as far as the batch had them.
        var values: [ExpressionValue?]
        var extras: [Int: ExpressionValue]
        var score: Double
    }

    private var kept: [SortedRow] = []
    /// What a row must precede to be of any use.
    private var worst: SortedRow?
    /// Which of `wanted` batches bring along.
    private var carried: [Bool] = []
    private var hasScores = false
    private(set) var seen = 0
    private var keptBytes = 0
    private var isDrained = false
    private var emitted = 0
    private var failure: AggregateFailure?

    init(
        keys: [(slot: Int, ascending: Bool)], keep: Int, wanted: [Int], slotCount: Int, source: any RowSource,
        filler: any ColumnFiller, batchSize: Int, memoryLimit: Int, _ upstream: Stage
    ) {
        self.keys = keys
        self.keep = keep
        self.wanted = wanted
        self.slotCount = slotCount
        self.source = source
        self.filler = filler
        self.batchSize = batchSize
        self.memoryLimit = memoryLimit
        super.init(upstream)
    }

    override func next() throws(AggregateFailure) -> Pull {
        while !isDrained {
            switch try pull() {
            case .batch(let batch): try add(batch)
            case .pending: return .pending
            case .end:
                isDrained = true
                try cut()
            }
        }
        guard emitted < kept.count else { return .end }
        let end = min(kept.count, emitted + batchSize)
        defer { emitted = end }
        return .batch(batch(emitted..<end))
    }

    // MARK: rows in

    private func add(_ batch: RowBatch) throws(AggregateFailure) {
        let first = seen
        seen += batch.count
        // SORTBY of nothing: the first rows.
        if keys.isEmpty {
            for row in 0..<min(batch.count, keep - min(keep, kept.count)) { append(batch, row, first + row) }
            return
        }
        for row in best(of: batch) {
            let candidate = sortedRow(batch, row, first + row)
            if let worst {
                let order = try compare(candidate, worst)
                if order > 0 { continue }
            }
            kept.append(candidate)
            keptBytes += 128 + 48 * (candidate.values.count + candidate.keys.count)
        }
        if kept.count >= 2 * keep, kept.count >= 1024 { try cut() }
        guard keptBytes <= memoryLimit else { throw .outOfMemory }
    }

    private func append(_ batch: RowBatch, _ row: Int, _ arrival: Int) {
        kept.append(sortedRow(batch, row, arrival))
    }

    /// The rows of a batch that may be among the best: all, or the `keep` best by number.
    private func best(of batch: RowBatch) -> [Int] {
        guard keep < batch.count / 2, let numbers = NumberKeys(keys, batch, source) else {
            return Array(0..<batch.count)
        }
        return numbers.best(keep)
    }

    private func sortedRow(_ batch: RowBatch, _ row: Int, _ arrival: Int) -> SortedRow {
        if carried.isEmpty { carried = wanted.map { batch.isFilled($0) } }
        var extras: [Int: ExpressionValue] = [:]
        for (name, values) in batch.extras { if let value = values[row] { extras[name] = value } }
        if batch.scores != nil { hasScores = true }
        return SortedRow(
            keys: keys.map { batch.value($0.slot, row) },
            origin: batch.hasOrigins ? batch.origin(row, stamp: source.stamp) : nil, arrival: arrival,
            values: wanted.indices.map { carried[$0] ? batch.value(wanted[$0], row) : nil }, extras: extras,
            score: batch.scores?.start[row] ?? 0)
    }

    private func cut() throws(AggregateFailure) {
        guard !keys.isEmpty else { return }
        var rows = kept
        kept = []
        rows.sort { a, b in
            do throws(AggregateFailure) {
                return try compare(a, b) < 0
            } catch {
                failure = failure ?? error
                return a.arrival < b.arrival
            }
        }
        if rows.count > keep { rows.removeLast(rows.count - keep) }
        if rows.count == keep { worst = rows.last }
        kept = rows
        keptBytes = rows.reduce(0) { $0 + 128 + 48 * ($1.values.count + $1.keys.count) }
        if let failure { throw failure }
    }

    /// Rows without a value come last in both directions. Equal rows keep the order of their arrival, or have it
    /// reversed when the last key descends.
    private func compare(_ a: SortedRow, _ b: SortedRow) throws(AggregateFailure) -> Int {
        for (place, key) in keys.enumerated() {
            switch (a.keys[place], b.keys[place]) {
            case (nil, nil): continue
            case (nil, _): return 1
            case (_, nil): return -1
            case (let x?, let y?):
                var order: Int
                do throws(ExpressionEvaluationError) {
                    order = try Expression.order(x, y)
                } catch {
                    throw .evaluation(error.text)
                }
                if order != 0 { return key.ascending ? order : -order }
            }
        }
        let earlier =
            if let x = a.origin?.stamp, let y = b.origin?.stamp, x != y { x < y } else { a.arrival < b.arrival }
        return earlier == (keys.last?.ascending ?? true) ? -1 : 1
    }

    // MARK: rows out

    private func batch(_ range: Range<Int>) -> RowBatch {
        let rows = kept[range]
        let batch: RowBatch
        if rows.first?.origin != nil {
            batch = RowBatch(
                origins: rows.compactMap(\.origin), firstOrdinal: source.pulled, slots: slotCount, filler: filler)
        } else {
            batch = RowBatch(count: rows.count, slots: slotCount)
        }
        for place in wanted.indices where carried.isEmpty || carried[place] {
            batch.set(wanted[place], Self.column(rows.map { $0.values[place] }))
        }
        if hasScores {
            let scores = LaneBuffer<Double>(capacity: rows.count)
            for (place, row) in rows.enumerated() { scores.start[place] = row.score }
            batch.scores = scores
        }
        for name in Set(rows.flatMap(\.extras.keys)) { batch.extras[name] = rows.map { $0.extras[name] } }
        return batch
    }

    /// Numbers stay numbers, so that expressions behind are computed as such.
    private static func column(_ values: [ExpressionValue?]) -> ColumnVector {
        let buffer = LaneBuffer<Double>(capacity: values.count)
        for (place, value) in values.enumerated() {
            guard case .number(let number)? = value else { return .values(values) }
            buffer.start[place] = number
        }
        return .numbers(buffer, hasGaps: false)
    }
}

/// The sort keys of a batch when all of them are numbers.
private struct NumberKeys {
    private struct Key {
        let values: UnsafePointer<Double>
        let hasGaps: Bool
        let ascending: Bool
    }

    private var keys: [Key] = []
    private let batch: RowBatch
    private let source: any RowSource
    private let descendsLast: Bool

    init?(_ keys: [(slot: Int, ascending: Bool)], _ batch: RowBatch, _ source: any RowSource) {
        self.batch = batch
        self.source = source
        descendsLast = !(keys.last?.ascending ?? true)
        for key in keys {
            guard case .numbers(let buffer, let hasGaps) = batch.column(key.slot) else { return nil }
            self.keys.append(Key(values: UnsafePointer(buffer.start), hasGaps: hasGaps, ascending: key.ascending))
        }
    }

    /// The best rows, in no particular order.
    func best(_ keep: Int) -> [Int] {
        if keep == 0 { return [] }
        // A heap whose root is the worst of the rows that are kept.
        var heap: [UInt32] = []
        heap.reserveCapacity(keep)
        keys.withUnsafeBufferPointer { keys in
            for row in 0..<UInt32(batch.count) {
                if heap.count < keep {
                    heap.append(row)
                    var place = heap.count - 1
                    while place > 0, precedes(heap[(place - 1) / 2], heap[place], keys) {
                        heap.swapAt(place, (place - 1) / 2)
                        place = (place - 1) / 2
                    }
                } else if precedes(row, heap[0], keys) {
                    heap[0] = row
                    sink(&heap, keys)
                }
            }
        }
        return heap.map { Int($0) }
    }

    private func sink(_ heap: inout [UInt32], _ keys: UnsafeBufferPointer<Key>) {
        var place = 0
        while true {
            var child = 2 * place + 1
            if child >= heap.count { return }
            if child + 1 < heap.count, precedes(heap[child], heap[child + 1], keys) { child += 1 }
            guard precedes(heap[place], heap[child], keys) else { return }
            heap.swapAt(place, child)
            place = child
        }
    }

    @inline(__always)
    private func precedes(_ a: UInt32, _ b: UInt32, _ keys: UnsafeBufferPointer<Key>) -> Bool {
        for key in keys {
            let x = key.values[Int(a)]
            let y = key.values[Int(b)]
            if key.hasGaps, x.isNaN || y.isNaN {
                if x.isNaN && y.isNaN { continue }
                return y.isNaN
            }
            if x < y { return key.ascending }
            if x > y { return !key.ascending }
        }
        return arrivesFirst(a, b)
    }

    private func arrivesFirst(_ a: UInt32, _ b: UInt32) -> Bool {
        guard batch.hasOrigins else { return descendsLast ? a > b : a < b }
        let x = batch.origin(Int(a), stamp: source.stamp).stamp
        let y = batch.origin(Int(b), stamp: source.stamp).stamp
        if x == y { return descendsLast ? a > b : a < b }
        return descendsLast ? x > y : x < y
    }
}
