// Rows in, rows out: the plan's steps as a chain that rows are pushed through.
//
//   source ─push─► apply ─► filter ─► group (keeps) ─finish─► sort (keeps) ─finish─► limit ─► output
//
// A row that nothing keeps reaches the output at once; a step that has had enough says so, and the source stops.

import SearchExpressions
import SearchModel

package struct AggregatePipeline: Sendable {
    /// Groups a GROUPBY may have.
    package static let groupLimit = 1_000_000

    fileprivate enum Stage: Sendable {
        case apply(Expression, slot: Int)
        case filter(Expression)
        case group(GroupStage)
        case sort(SortStage)
        case limit(offset: Int, count: Int, seen: Int)
    }

    private var stages: [Stage]
    private let slotCount: Int
    /// Rows that came out and were not yet taken.
    package private(set) var output: [Row] = []
    /// How many rows reached the end of the chain, or the last step that keeps rows: what the reply's header counts.
    package private(set) var counted = 0
    /// No further row can change the output.
    package private(set) var isSatisfied = false
    private let countsAtBlockingStep: Bool
    private let lastBlocking: Int?

    package init(_ plan: AggregatePlan) {
        slotCount = plan.slots.count
        stages = plan.steps.map { step in
            switch step {
            case .apply(let expression, let slot): .apply(expression, slot: slot)
            case .filter(let expression): .filter(expression)
            case .group(let slots, let reducers):
                .group(GroupStage(keys: slots, reducers: reducers, slotCount: plan.slots.count))
            case .sort(let keys, let keep): .sort(SortStage(keys: keys, keep: keep))
            case .limit(let offset, let count): .limit(offset: offset, count: count, seen: 0)
            }
        }
        lastBlocking = stages.lastIndex {
            switch $0 {
            case .group, .sort: true
            default: false
            }
        }
        countsAtBlockingStep = lastBlocking != nil
    }

    /// Takes the rows that came out.
    package mutating func takeOutput() -> [Row] {
        defer { output = [] }
        return output
    }

    /// Sends one row in.
    package mutating func push(_ row: consuming Row) throws(ExpressionEvaluationError) {
        try push(row, from: 0)
    }

    /// There are no more rows: steps that kept rows let them go.
    package mutating func finish() throws(ExpressionEvaluationError) {
        for index in stages.indices {
            switch stages[index] {
            case .group(let group):
                stages[index] = .filter(.literal(.number(1)))
                let rows = group.rows()
                if index == lastBlocking { counted = rows.count }
                isSatisfied = false
                for row in rows where !isSatisfied { try push(row, from: index + 1) }
            case .sort(let sort):
                stages[index] = .filter(.literal(.number(1)))
                if index == lastBlocking { counted = sort.seen }
                let rows = try sort.rows()
                isSatisfied = false
                for row in rows where !isSatisfied { try push(row, from: index + 1) }
            default: break
            }
        }
    }

    private mutating func push(_ row: consuming Row, from start: Int) throws(ExpressionEvaluationError) {
        var row = row
        var index = start
        while index < stages.count {
            switch stages[index] {
            case .apply(let expression, let slot):
                row.values[slot] = try expression.evaluate(row)
            case .filter(let expression):
                guard try expression.evaluate(row).isTruthy else { return }
            case .group(var group):
                stages[index] = .filter(.literal(.number(1)))  // gives up the reference: the table grows in place
                let outcome = Result { () throws(ExpressionEvaluationError) in try group.add(row) }
                stages[index] = .group(group)
                try outcome.get()
                return
            case .sort(var sort):
                stages[index] = .filter(.literal(.number(1)))
                let outcome = Result { () throws(ExpressionEvaluationError) in try sort.add(row) }
                stages[index] = .sort(sort)
                try outcome.get()
                return
            case .limit(let offset, let count, let seen):
                stages[index] = .limit(offset: offset, count: count, seen: seen + 1)
                if !countsAtBlockingStep { counted += seen < offset ? 1 : 0 }
                guard seen >= offset else { return }
                guard seen < offset + count else {
                    isSatisfied = true
                    return
                }
                if seen + 1 == offset + count { isSatisfied = true }
            }
            index += 1
        }
        output.append(row)
    }
}

/// GROUPBY: one accumulator per reducer and group.
struct GroupStage: Sendable {
    let keys: [Int]
    let reducers: [BoundReducer]
    let slotCount: Int
    private var places: [[DistinctKey]: Int] = [:]
    private var groups: [(key: [DistinctKey], accumulators: [Accumulator])] = []

    init(keys: [Int], reducers: [BoundReducer], slotCount: Int) {
        self.keys = keys
        self.reducers = reducers
        self.slotCount = slotCount
    }

    mutating func add(_ row: borrowing Row) throws(ExpressionEvaluationError) {
        var combinations: [[DistinctKey]] = [[]]
        for key in keys {
            // An array puts the row into one group per element.
            if case .array(let elements)? = row.values[key] {
                let parts = elements.isEmpty ? [DistinctKey(.null)] : elements.map { DistinctKey($0) }
                guard combinations.count * parts.count <= AggregatePipeline.groupLimit else { throw Self.tooManyGroups }
                combinations = combinations.flatMap { start in parts.map { start + [$0] } }
            } else {
                let part = DistinctKey(row.values[key])
                for i in combinations.indices { combinations[i].append(part) }
            }
        }
        for combination in combinations {
            let place: Int
            if let known = places[combination] {
                place = known
            } else {
                guard groups.count < AggregatePipeline.groupLimit else { throw Self.tooManyGroups }
                place = groups.count
                places[combination] = place
                groups.append((combination, reducers.map { Accumulator($0) }))
            }
            for i in reducers.indices { groups[place].accumulators[i].add(row, reducers[i]) }
        }
    }

    static let tooManyGroups = ExpressionEvaluationError(
        "SEARCH_LIMIT more than \(AggregatePipeline.groupLimit) groups")

    func rows() -> [Row] {
        groups.map { group in
            var row = Row(slots: slotCount)
            for (key, value) in zip(keys, group.key) { row.values[key] = value.value }
            for (reducer, accumulator) in zip(reducers, group.accumulators) {
                row.values[reducer.slot] = accumulator.result(reducer.function)
            }
            return row
        }
    }
}

/// SORTBY: keeps the best `keep` rows, equal ones in order of arrival.
struct SortStage: Sendable {
    let keys: [(slot: Int, ascending: Bool)]
    let keep: Int?
    private var kept: [(row: Row, arrival: Int)] = []
    private(set) var seen = 0

    init(keys: [(slot: Int, ascending: Bool)], keep: Int?) {
        self.keys = keys
        self.keep = keep
    }

    mutating func add(_ row: consuming Row) throws(ExpressionEvaluationError) {
        kept.append((row, seen))
        seen += 1
        // Rows are cut back when twice as many as wanted are there: each costs O(log keep) on average.
        if let keep, kept.count >= max(2 * keep, 1024) { try cut(to: keep) }
    }

    func rows() throws(ExpressionEvaluationError) -> [Row] {
        var copy = self
        try copy.cut(to: keep ?? .max)
        return copy.kept.map(\.row)
    }

    private mutating func cut(to count: Int) throws(ExpressionEvaluationError) {
        guard !keys.isEmpty else {
            if kept.count > count { kept.removeLast(kept.count - count) }
            return
        }
        var failure: ExpressionEvaluationError?
        var rows = kept
        kept = []
        rows.sort { a, b in
            do throws(ExpressionEvaluationError) {
                let order = try compare(a.row, b.row)
                return order == 0 ? a.arrival < b.arrival : order < 0
            } catch {
                failure = failure ?? error
                return a.arrival < b.arrival
            }
        }
        if rows.count > count { rows.removeLast(rows.count - count) }
        kept = rows
        if let failure { throw failure }
    }

    /// Rows without a value come last in both directions.
    private func compare(_ a: borrowing Row, _ b: borrowing Row) throws(ExpressionEvaluationError) -> Int {
        for (slot, ascending) in keys {
            switch (a.values[slot], b.values[slot]) {
            case (nil, nil): continue
            case (nil, _): return 1
            case (_, nil): return -1
            case (let x?, let y?):
                let order = try Expression.order(x, y)
                if order != 0 { return ascending ? order : -order }
            }
        }
        return 0
    }
}
