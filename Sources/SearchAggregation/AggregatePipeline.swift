// A plan at work on one source.

import SearchExpressions
import SearchModel

/// Belongs to one thread at a time.
package final class AggregatePipeline {
    package let plan: AggregatePlan
    /// Fields that LOAD * found and no step has named; `RowBatch.extras` counts in these.
    package let extraNames = ExtraNames()
    private let source: any RowSource
    private let last: Stage
    /// The source, then one for each step of the plan.
    private let stages: [Stage]
    private var groups: GroupStage?
    private var firstSort: SortStage?
    private var limits: [LimitStage] = []
    private var lastArranged: (sort: SortStage?, limit: LimitStage?)?
    private var isArrangedLast = false

    package struct Environment {
        package var source: any RowSource
        package var filler: any ColumnFiller
        package var loader: any RowLoader
        /// Told, on any thread, that what was pending may be pulled.
        package var onReady: @Sendable () -> Void
        /// WITHCOUNT: everything is pulled, so that the total is exact.
        package var countsExactly = false
        /// Bytes that kept rows and groups may take.
        package var memoryLimit = 1 << 30
        /// Rows of a batch whose documents are read.
        package var loadSize = 256

        package init(
            source: any RowSource, filler: any ColumnFiller, loader: any RowLoader,
            onReady: @escaping @Sendable () -> Void
        ) {
            self.source = source
            self.filler = filler
            self.loader = loader
            self.onReady = onReady
        }
    }

    package init(_ plan: AggregatePlan, _ environment: Environment) {
        self.plan = plan
        source = environment.source
        var stage: Stage = SourceStage(environment.source)
        var stages = [stage]
        let slotCount = plan.slots.count
        var groupOutputs = plan.groupOutputs[...]
        for (index, step) in plan.steps.enumerated() {
            switch step {
            case .load(let slots, let whole):
                stage = LoadStage(
                    slots: slots, whole: whole, loader: environment.loader, extraNames: extraNames,
                    onReady: environment.onReady, stage)
            case .apply(let expression, let slot):
                stage = ApplyStage(expression, slot: slot, stage)
            case .filter(let expression):
                stage = FilterStage(expression, stage)
                isArrangedLast = false
            case .group(let keys, let reducers):
                let group = GroupStage(
                    keys: keys, outputs: groupOutputs.popFirst() ?? [], reducers: reducers, slotCount: slotCount,
                    memoryLimit: environment.memoryLimit, stage)
                groups = group
                limits = []
                isArrangedLast = false
                lastArranged = nil
                stage = group
            case .sort(let keys, let keep):
                let next = index + 1 < plan.steps.count ? plan.live[index + 1] : Set(plan.output)
                let sort = SortStage(
                    keys: keys, keep: keep, wanted: next.union(plan.output).sorted(), slotCount: slotCount,
                    source: environment.source, filler: environment.filler, batchSize: environment.loadSize,
                    memoryLimit: environment.memoryLimit, stage)
                lastArranged = (sort, nil)
                isArrangedLast = true
                stage = sort
            case .limit(let offset, let count):
                // Behind a sort the sort knows how many rows there are.
                let counts = environment.countsExactly && !isArrangedLast
                let limit = LimitStage(offset: offset, count: count, counts: counts, stage)
                limits.append(limit)
                if !isArrangedLast { lastArranged = (nil, limit) }
                isArrangedLast = true
                stage = limit
            case .count:
                stage = CountStage(stage)
            }
            stages.append(stage)
        }
        last = stage
        self.stages = stages
    }

    package func next() throws(AggregateFailure) -> Pull { try last.counted() }

    /// Rows that left the source and each step of the plan so far.
    package var rowCounts: [Int] { stages.map(\.rowsOut) }

    // MARK: totals

    /// What the header of the first chunk says of a pipeline with a blocking step.
    package var blockingTotal: Int { groups?.groupCount ?? source.pulled }

    /// How many rows had been pulled when the rows ended without a row.
    package var pulledAtEnd: Int {
        limits.compactMap(\.endOrdinal).min() ?? source.pulled
    }

    /// The exact number of rows without the last LIMIT, once all rows are out; `nil`: as many as came out.
    package var exactTotal: Int? {
        guard isArrangedLast, let lastArranged else { return nil }
        return lastArranged.sort?.seen ?? lastArranged.limit?.seen
    }
}
