// A reducer's state for all groups at once.
//
//   group of each row   0 1 0 2 0        count   0: 3   1: 1   2: 1
//   @size               4 7 9 1 1        sum     0: 14  1: 7   2: 1

import SearchExpressions
import SearchModel

/// The rows of one batch and the group of each.
struct GroupedRows {
    let batch: RowBatch
    /// Which rows; `nil`: row i is entry i. A row with an array for a key is there once for each element.
    var rows: [UInt32]?
    let groups: UnsafePointer<UInt32>
    var count: Int

    @inline(__always)
    func row(_ entry: Int) -> Int { rows.map { Int($0[entry]) } ?? entry }
}

class ReducerColumn {
    let reducer: BoundReducer

    init(_ reducer: BoundReducer) { self.reducer = reducer }

    /// There are so many groups from now on.
    func grow(to groups: Int) {}
    func add(_ rows: GroupedRows) {}
    func result(_ groups: Range<Int>) -> ColumnVector { .absent }
    var byteCount: Int { 0 }

    static func make(_ reducer: BoundReducer) -> ReducerColumn {
        switch reducer.function {
        case .count: CountColumn(reducer)
        case .sum, .average: SumColumn(reducer)
        case .minimum, .maximum: ExtremeColumn(reducer)
        case .countDistinct, .countDistinctish, .deviation, .quantile, .toList, .firstValue, .randomSample, .sketch,
            .sketchSum:
            AccumulatorColumn(reducer)
        }
    }

    /// Calls `body` with the group and number of each row that has one; text that is a number counts as it.
    @inline(__always)
    func forEachNumber(_ rows: GroupedRows, _ body: (Int, Double) -> Void) {
        switch rows.batch.column(reducer.input) {
        case .absent: break
        case .numbers(let buffer, let hasGaps):
            let numbers = buffer.start
            let groups = rows.groups
            if rows.rows == nil, !hasGaps {
                for entry in 0..<rows.count { body(Int(groups[entry]), numbers[entry]) }
                return
            }
            for entry in 0..<rows.count {
                let number = numbers[rows.row(entry)]
                if hasGaps && number.isNaN { continue }
                body(Int(groups[entry]), number)
            }
        case .ordinals, .values:
            for entry in 0..<rows.count {
                guard let number = rows.batch.value(reducer.input, rows.row(entry))?.numeric else { continue }
                body(Int(rows.groups[entry]), number)
            }
        }
    }

    func numbers(_ groups: Range<Int>, _ value: (Int) -> Double) -> ColumnVector {
        let buffer = LaneBuffer<Double>(capacity: groups.count)
        for (place, group) in groups.enumerated() { buffer.start[place] = value(group) }
        return .numbers(buffer, hasGaps: false)
    }
}

private final class CountColumn: ReducerColumn {
    private var counts: [Int] = []

    override func grow(to groups: Int) { counts += repeatElement(0, count: groups - counts.count) }

    override func add(_ rows: GroupedRows) {
        counts.withUnsafeMutableBufferPointer { counts in
            for entry in 0..<rows.count { counts[Int(rows.groups[entry])] &+= 1 }
        }
    }

    override func result(_ groups: Range<Int>) -> ColumnVector { numbers(groups) { Double(counts[$0]) } }
    override var byteCount: Int { counts.count * 8 }
}

private final class SumColumn: ReducerColumn {
    private var sums: [CompensatedSum] = []
    /// AVG: rows of each group. As the oracle: rows without a number count, too.
    private var counts: [Int] = []

    override func grow(to groups: Int) {
        sums += repeatElement(CompensatedSum(), count: groups - sums.count)
        counts += repeatElement(0, count: groups - counts.count)
    }

    override func add(_ rows: GroupedRows) {
        sums.withUnsafeMutableBufferPointer { sums in
            forEachNumber(rows) { group, number in sums[group].add(number) }
        }
        if reducer.function == .sum { return }
        counts.withUnsafeMutableBufferPointer { counts in
            for entry in 0..<rows.count { counts[Int(rows.groups[entry])] &+= 1 }
        }
    }

    override func result(_ groups: Range<Int>) -> ColumnVector {
        if reducer.function == .sum { return numbers(groups) { sums[$0].value } }
        return numbers(groups) { counts[$0] == 0 ? 0 : sums[$0].value / Double(counts[$0]) }
    }

    override var byteCount: Int { sums.count * 24 }
}

/// The first number stays unless a better one comes; groups without numbers give 0.
private final class ExtremeColumn: ReducerColumn {
    private var values: [Double] = []
    private var isSet: [Bool] = []

    override func grow(to groups: Int) {
        values += repeatElement(0, count: groups - values.count)
        isSet += repeatElement(false, count: groups - isSet.count)
    }

    override func add(_ rows: GroupedRows) {
        let wantsLeast = reducer.function == .minimum
        values.withUnsafeMutableBufferPointer { values in
            isSet.withUnsafeMutableBufferPointer { isSet in
                forEachNumber(rows) { group, number in
                    if !isSet[group] || (wantsLeast ? number < values[group] : number > values[group]) {
                        values[group] = number
                        isSet[group] = true
                    }
                }
            }
        }
    }

    override func result(_ groups: Range<Int>) -> ColumnVector { numbers(groups) { values[$0] } }
    override var byteCount: Int { values.count * 9 }
}

/// Reducers that keep more than numbers: one accumulator a group.
private final class AccumulatorColumn: ReducerColumn {
    private var accumulators: [Accumulator] = []
    private var bytes = 0

    override func grow(to groups: Int) {
        bytes += (groups - accumulators.count) * 64
        while accumulators.count < groups { accumulators.append(Accumulator(reducer)) }
    }

    override func add(_ rows: GroupedRows) {
        for entry in 0..<rows.count {
            let row = rows.row(entry)
            let value = rows.batch.value(reducer.input, row)
            var key: ExpressionValue?
            if case .firstValue(let by?, _) = reducer.function { key = rows.batch.value(by, row) }
            bytes += accumulators[Int(rows.groups[entry])].add(value, key: key, reducer)
        }
    }

    override func result(_ groups: Range<Int>) -> ColumnVector {
        switch reducer.function {
        case .countDistinct, .countDistinctish, .deviation, .quantile, .sketchSum:
            numbers(groups) { accumulators[$0].result(reducer.function).numeric ?? 0 }
        default: .values(groups.map { accumulators[$0].result(reducer.function) })
        }
    }

    override var byteCount: Int { bytes }
}
