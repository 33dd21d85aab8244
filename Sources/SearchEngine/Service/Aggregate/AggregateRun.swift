// One aggregation at work: rows, chunk by chunk.
//
//   read ──► pull, pull, ... ──► chunk full or rows at an end ──► finish
//                 │ pending: the thread goes
//   loader's answer ──► a thread comes and pulls on

import Platform
import SearchAggregation
import SearchExecution
import SearchModel
import Settings
import Storage
import Synchronization

/// How a chunk ended.
package struct AggregateOutcome: Sendable {
    /// The header's number.
    package var total = 0
    /// There are no more rows.
    package var isDone = true
    package var timedOut = false
    package var expansionsTruncated = false
    /// Why rows ended before their time; rows were out already.
    package var failure: AggregateFailure?

    package init() {}
}

/// Takes the rows of one chunk. One call at a time, from whatever thread the rows come up on.
package protocol AggregateConsumer: AnyObject, Sendable {
    func rows(_ batch: RowBatch, _ range: Range<Int>)
    /// The chunk is complete.
    func finish(_ outcome: AggregateOutcome)
    /// There was no row, and this is why.
    func fail(_ error: SearchError)
}

/// `@unchecked Sendable`: between a `read` and its end one thread at a time works on it, handed over under `waiting`;
/// before and after, whoever holds the run.
package final class AggregateRun: @unchecked Sendable {
    package let search: AggregateSearch
    package var plan: AggregatePlan { search.plan }
    var figures: [(rows: Int, nanoseconds: UInt64)] { pipeline.figures }
    package var extraNames: ExtraNames { pipeline.extraNames }
    private let stream: MatchStream
    private let pipeline: AggregatePipeline
    /// Nanoseconds of the first chunk, roughly.
    package let estimate: Int

    // The chunk that is being read.
    private var consumer: (any AggregateConsumer)?
    private var proceed: @Sendable (@escaping @Sendable () -> Void) -> Void = { $0() }
    private var left = 0
    private var rowsInChunk = 0
    private var firstOrdinal: Int?
    /// What a batch held beyond the last chunk.
    private var leftover: (batch: RowBatch, row: Int)?
    /// Ordinal of the last row that went out.
    private var lastOrdinal = 0
    private var rowsOut = 0
    private var chunks = 0

    private struct Waiting {
        var isWaiting = false
        /// Answers that came in since the last look.
        var answers = 0
    }

    private let waiting: WaitingState

    private final class WaitingState: Sendable {
        let state = Mutex(Waiting())
        let resume = Mutex<(@Sendable () -> Void)?>(nil)

        /// The loader's side.
        func answered() {
            let isWaiting = state.withLock { state in
                state.answers += 1
                defer { state.isWaiting = false }
                return state.isWaiting
            }
            if isWaiting { resume.withLock { $0 }?() }
        }
    }

    init(
        _ search: AggregateSearch, store: any DocumentStore, measuring: Bool = false
    ) throws(ExecutionError) {
        self.search = search
        let plan = search.plan
        let isOrdered = !plan.isBlocking || plan.needsOrder
        stream = try MatchStream(search.parameters, on: search.snapshot, inOrder: isOrdered)
        let demand = search.demand
        var batchSize = plan.isBlocking ? RowBatch.capacity : min(demand ?? 1024, 1024)
        let loadsFirst = plan.loadsBeforeBlocking
        if loadsFirst { batchSize = min(batchSize, Self.loadSize) }
        let source = AggregateSource(search, stream: stream, store: store, batchSize: max(1, batchSize))
        let waiting = WaitingState()
        self.waiting = waiting
        var environment = AggregatePipeline.Environment(
            source: source, filler: source, loader: source, onReady: { waiting.answered() })
        environment.countsExactly = search.request.options.flags.contains(.withCount)
        environment.loadSize = Self.loadSize
        if measuring { environment.clock = { MonotonicClock.nanoseconds } }
        pipeline = AggregatePipeline(plan, environment)

        let matches = stream.estimatedMatches
        let rows = min(matches, demand ?? matches)
        let share = matches == 0 ? 1 : Double(rows) / Double(matches)
        let perRow = 10 + 25 * plan.steps.count + (plan.hasLoads ? 1500 : 0)
        estimate = Int(Double(stream.estimatedNanoseconds) * share) + rows * perRow
    }

    /// Rows that are read from the store in one go.
    private static let loadSize = 256

    // MARK: reading

    /// Reads a chunk.
    ///
    /// - Parameters:
    ///   - limit: rows at most.
    ///   - proceed: runs what is to be done after an answer of the loader; called on the loader's thread.
    package func read(
        _ limit: Int, to consumer: any AggregateConsumer,
        proceed: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        begin(limit, consumer, proceed)
        waiting.resume.withLock { resume in
            resume = { [self] in self.proceed { [self] in advance() } }
        }
        advance()
    }

    /// Reads a chunk, waiting for the store on this thread.
    package func readNow(_ limit: Int, to consumer: any AggregateConsumer) {
        let signal = Monitor(0)
        begin(limit, consumer) { $0() }
        waiting.resume.withLock { resume in resume = { signal.change { $0 += 1 } } }
        while !advance() {
            _ = signal.wait { count -> Bool? in
                guard count > 0 else { return nil }
                count -= 1
                return true
            }
        }
    }

    private func begin(
        _ limit: Int, _ consumer: any AggregateConsumer,
        _ proceed: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.consumer = consumer
        self.proceed = proceed
        // As the oracle: a cursor's chunk ends at a LIMIT's number, and one more READ finds that this was all.
        left = search.request.cursor == nil ? limit : min(limit, plan.lastLimit ?? limit)
        rowsInChunk = 0
        firstOrdinal = nil
        let timeout = search.request.options.timeout
        stream.deadline =
            timeout > 0 ? MonotonicClock.nanoseconds &+ UInt64(timeout) &* 1_000_000 : nil
    }

    /// Pulls until the chunk is complete; false: an answer is waited for, which will call again.
    @discardableResult
    private func advance() -> Bool {
        if search.isPlainCount {
            finishCount()
            return true
        }
        do throws(AggregateFailure) {
            while left > 0 {
                if let (batch, row) = leftover {
                    leftover = nil
                    take(batch, from: row)
                    continue
                }
                switch try pipeline.next() {
                case .batch(let batch): take(batch, from: 0)
                case .end:
                    finish(isDone: true, nil)
                    return true
                case .pending:
                    if mustWait() { return false }
                }
            }
            finish(isDone: false, nil)
        } catch {
            finish(isDone: true, error)
        }
        return true
    }

    /// LIMIT 0 0 of nothing but matches: the executor counts faster than rows do.
    private func finishCount() {
        guard let consumer else { return }
        self.consumer = nil
        var parameters = search.parameters
        parameters.collectAll = false
        parameters.needsScores = false
        parameters.offset = 0
        parameters.limit = 0
        parameters.deadline = stream.deadline
        do throws(ExecutionError) {
            let counted = try Executor.run(parameters, on: search.snapshot)
            var outcome = AggregateOutcome()
            outcome.total = counted.total
            outcome.timedOut = counted.timedOut
            outcome.expansionsTruncated = counted.expansionsTruncated
            if counted.timedOut, search.timeoutPolicy == .fail {
                consumer.fail(.timedOut)
            } else {
                consumer.finish(outcome)
            }
        } catch {
            consumer.fail(.execution(error))
        }
    }

    private func mustWait() -> Bool {
        waiting.state.withLock { state in
            if state.answers > 0 {
                state.answers = 0
                return false
            }
            state.isWaiting = true
            return true
        }
    }

    private func take(_ batch: RowBatch, from row: Int) {
        let end = row + min(left, batch.count - row)
        if firstOrdinal == nil { firstOrdinal = batch.ordinal(row) }
        lastRead = batch.ordinal(end - 1)
        consumer?.rows(batch, row..<end)
        left -= end - row
        rowsInChunk += end - row
        rowsOut += end - row
        if end < batch.count { leftover = (batch, end) }
    }

    private var lastRead = 0

    private func finish(isDone: Bool, _ failure: AggregateFailure?) {
        guard let consumer else { return }
        self.consumer = nil
        proceed = { $0() }
        waiting.resume.withLock { $0 = nil }
        var outcome = AggregateOutcome()
        outcome.isDone = isDone
        outcome.timedOut = stream.timedOut
        outcome.expansionsTruncated = stream.expansionsTruncated
        outcome.failure = failure
        outcome.total = total(isDone: isDone)
        chunks += 1
        lastOrdinal = max(lastOrdinal, lastRead)
        if isDone { stream.suspend() }
        if stream.timedOut, search.timeoutPolicy == .fail {
            consumer.fail(.timedOut)
        } else if let failure, rowsInChunk == 0 {
            consumer.fail(.aggregate(failure))
        } else {
            consumer.finish(outcome)
        }
    }

    /// What stands before the rows.
    private func total(isDone: Bool) -> Int {
        if search.request.options.flags.contains(.withCount), isDone { return pipeline.exactTotal ?? rowsOut }
        if plan.isBlocking { return chunks == 0 ? pipeline.blockingTotal : 0 }
        // How many matches had been pulled, in this chunk, when the first row was through.
        return (firstOrdinal ?? pipeline.pulledAtEnd) - lastOrdinal
    }

    // MARK: documents behind rows

    /// When the row's document arrived; 0 for groups.
    package func stamp(of batch: RowBatch, _ row: Int) -> ArrivalStamp {
        guard batch.hasOrigins else { return 0 }
        let origin = batch.origin(row)
        return search.snapshot.segments[Int(origin.segment)].stamp(origin.docID)
    }

    package func payload(of batch: RowBatch, _ row: Int) -> Bytes? {
        guard batch.hasOrigins else { return nil }
        let origin = batch.origin(row)
        return search.snapshot.segments[Int(origin.segment)].payload(origin.docID)
    }

    /// The run will sleep until the next READ.
    package func suspend() { stream.suspend() }
}
