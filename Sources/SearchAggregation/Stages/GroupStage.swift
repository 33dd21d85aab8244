// GROUPBY: every row finds its group, and every reducer takes a whole batch of rows in.

import SearchExpressions
import SearchModel

package final class GroupStage: Stage {
    /// Groups a GROUPBY may have.
    package static let groupLimit = 1_000_000

    private let keys: [Int]
    /// Slots of the keys behind the step.
    private let outputs: [Int]
    private let columns: [ReducerColumn]
    private let slotCount: Int
    private let memoryLimit: Int

    private let interners: [KeyInterner]
    private var pairs: [PairTable] = []
    private let lanes: [LaneBuffer<UInt32>]
    private(set) var groupCount = 0
    private var isDrained = false
    private var emitted = 0

    /// Pairs of (group by the keys so far, value of the next key).
    private final class PairTable {
        var numbers = NumberInterner()
        var parts: [UInt64] = []

        @inline(__always)
        func intern(_ first: UInt32, _ second: UInt32) -> UInt32 {
            let key = UInt64(first) << 32 | UInt64(second)
            let known = numbers.count
            let number = numbers.intern(key)
            if number == known { parts.append(key) }
            return number
        }
    }

    init(
        keys: [Int], outputs: [Int], reducers: [BoundReducer], slotCount: Int, memoryLimit: Int, _ upstream: Stage
    ) {
        self.keys = keys
        self.outputs = outputs
        columns = reducers.map { ReducerColumn.make($0) }
        self.slotCount = slotCount
        self.memoryLimit = memoryLimit
        interners = keys.map { _ in KeyInterner() }
        pairs = keys.dropFirst().map { _ in PairTable() }
        lanes = (0..<max(1, min(2, keys.count))).map { _ in LaneBuffer<UInt32>() }
        super.init(upstream)
    }

    override package func next() throws(AggregateFailure) -> Pull {
        while !isDrained {
            switch try pull() {
            case .batch(let batch): try add(batch)
            case .pending: return .pending
            case .end: isDrained = true
            }
        }
        guard emitted < groupCount else { return .end }
        let end = min(groupCount, emitted + RowBatch.capacity)
        defer { emitted = end }
        return .batch(batch(emitted..<end))
    }

    // MARK: rows in

    private func add(_ batch: RowBatch) throws(AggregateFailure) {
        let groups = lanes[0].start
        if keys.isEmpty {
            groups.update(repeating: 0, count: batch.count)
            try take(GroupedRows(batch: batch, rows: nil, groups: groups, count: batch.count), groups: 1)
            return
        }
        if keys.contains(where: { Self.hasArrays(batch.column($0)) }) {
            try addExpanded(batch)
            return
        }
        interners[0].intern(batch, keys[0], into: groups)
        for place in keys.indices.dropFirst() {
            let next = lanes[1].start
            interners[place].intern(batch, keys[place], into: next)
            let table = pairs[place - 1]
            for row in 0..<batch.count { groups[row] = table.intern(groups[row], next[row]) }
        }
        try take(GroupedRows(batch: batch, rows: nil, groups: groups, count: batch.count), groups: knownGroups)
    }

    private var knownGroups: Int { pairs.last?.numbers.count ?? interners[0].values.count }

    private static func hasArrays(_ column: ColumnVector) -> Bool {
        guard case .values(let values) = column else { return false }
        return values.contains { if case .array? = $0 { true } else { false } }
    }

    /// An array puts the row into one group per element, or per pair of elements.
    private func addExpanded(_ batch: RowBatch) throws(AggregateFailure) {
        var rows: [UInt32] = []
        var groups: [UInt32] = []
        for row in 0..<batch.count {
            var combinations: [UInt32] = []
            for (place, key) in keys.enumerated() {
                let parts = Self.elements(batch.value(key, row)).map { interners[place].intern($0) }
                if place == 0 {
                    combinations = parts
                } else {
                    guard combinations.count * parts.count <= Self.groupLimit else { throw .tooManyGroups }
                    let table = pairs[place - 1]
                    combinations = combinations.flatMap { first in parts.map { table.intern(first, $0) } }
                }
            }
            groups += combinations
            rows += repeatElement(UInt32(row), count: combinations.count)
            // A row may become very many entries.
            if groups.count >= 1 << 16 {
                try take(rows, groups, batch)
                rows.removeAll(keepingCapacity: true)
                groups.removeAll(keepingCapacity: true)
            }
        }
        try take(rows, groups, batch)
    }

    private func take(_ rows: [UInt32], _ groups: [UInt32], _ batch: RowBatch) throws(AggregateFailure) {
        let copy = LaneBuffer<UInt32>(capacity: groups.count)
        for (place, group) in groups.enumerated() { copy.start[place] = group }
        try take(
            GroupedRows(batch: batch, rows: rows, groups: UnsafePointer(copy.start), count: groups.count),
            groups: knownGroups)
    }

    private static func elements(_ value: ExpressionValue?) -> [ExpressionValue?] {
        guard case .array(let elements)? = value else { return [value] }
        return elements.isEmpty ? [nil] : elements
    }

    private func take(_ rows: GroupedRows, groups: Int) throws(AggregateFailure) {
        guard groups <= Self.groupLimit else { throw .tooManyGroups }
        if groups > groupCount {
            groupCount = groups
            for column in columns { column.grow(to: groups) }
        }
        for column in columns { column.add(rows) }
        guard byteCount <= memoryLimit else { throw .outOfMemory }
    }

    private var byteCount: Int {
        interners.reduce(groupCount * 16) { $0 + $1.byteCount } + columns.reduce(0) { $0 + $1.byteCount }
    }

    // MARK: groups out

    private func batch(_ groups: Range<Int>) -> RowBatch {
        let batch = RowBatch(count: groups.count, slots: slotCount)
        for place in keys.indices {
            batch.set(outputs[place], .values(groups.map { interners[place].values[Int(part($0, place))] }))
        }
        for column in columns { batch.set(column.reducer.slot, column.result(groups)) }
        return batch
    }

    /// The number of a group's value of a key.
    private func part(_ group: Int, _ key: Int) -> UInt32 {
        var number = UInt32(group)
        var place = keys.count - 1
        while place > key {
            number = UInt32(truncatingIfNeeded: pairs[place - 1].parts[Int(number)] >> 32)
            place -= 1
        }
        return key == 0 ? number : UInt32(truncatingIfNeeded: pairs[key - 1].parts[Int(number)])
    }
}
