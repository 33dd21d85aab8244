// Steps at work: each pulls batches from the one before it.
//
//   source ◄── apply ◄── filter ◄── group ◄── sort ◄── limit ◄── whoever wants rows
//
// A row that nothing keeps comes out at once; a step that has had enough pulls no more, and so the source stops.

import SearchExpressions
import SearchModel

/// Why rows stop coming.
package enum AggregateFailure: Error, Equatable, Sendable {
    /// A row could not be computed. Rows before it have come out.
    case evaluation(String)
    /// The store did not answer.
    case store(String)
    case tooManyGroups
    case outOfMemory

    package var text: String {
        switch self {
        case .evaluation(let text), .store(let text): text
        case .tooManyGroups: "SEARCH_LIMIT more than \(GroupStage.groupLimit) groups"
        case .outOfMemory: "SEARCH_LIMIT the rows of this aggregation take too much memory"
        }
    }
}

package enum Pull {
    case batch(RowBatch)
    /// There will be no more rows.
    case end
    /// Documents are being read: pull again when the loader says so.
    case pending
}

/// One step. Belongs to one thread at a time.
package class Stage {
    let upstream: Stage?

    init(_ upstream: Stage?) { self.upstream = upstream }

    /// The next rows; never an empty batch.
    package func next() throws(AggregateFailure) -> Pull { .end }

    func pull() throws(AggregateFailure) -> Pull {
        guard let upstream else { return .end }
        return try upstream.next()
    }
}

/// Where rows begin.
package protocol RowSource: AnyObject {
    /// The next matches; `nil` at the end.
    func nextBatch() -> RowBatch?
    /// Rows given out so far.
    var pulled: Int { get }
    /// When a document arrived.
    func stamp(segment: UInt32, docID: UInt32) -> UInt64
}

final class SourceStage: Stage {
    private let source: any RowSource

    init(_ source: any RowSource) {
        self.source = source
        super.init(nil)
    }

    override func next() -> Pull { source.nextBatch().map { .batch($0) } ?? .end }
}

// MARK: one row, one row

/// What APPLY and FILTER have in common: an expression, and a failure that waits until the rows before it are out.
class ExpressionStage: Stage {
    let expression: Expression
    private let slots: [Int]
    private var program: NumericProgram?
    private var isProgramMade = false
    private var failure: AggregateFailure?
    private let numbers = LaneBuffer<Double>()

    init(_ expression: Expression, _ upstream: Stage) {
        self.expression = expression
        slots = Array(expression.slots)
        super.init(upstream)
    }

    /// What the expression gives for the rows of a batch.
    enum Results {
        case numbers(UnsafePointer<Double>)
        case values([ExpressionValue])
    }

    /// Computes the next batch, cut before the first row that fails.
    func evaluate() throws(AggregateFailure) -> (pull: Pull, results: Results?) {
        if let failure { throw failure }
        let pull = try pull()
        guard case .batch(let batch) = pull else { return (pull, nil) }
        let results = compute(batch)
        if batch.count == 0, let failure { throw failure }
        return (pull, results)
    }

    private func compute(_ batch: RowBatch) -> Results {
        if let program = numericProgram(for: batch) {
            var vectors: [Int: (LaneBuffer<Double>, Bool)] = [:]
            for slot in slots {
                if case .numbers(let buffer, let hasGaps) = batch.column(slot) { vectors[slot] = (buffer, hasGaps) }
            }
            let outcome = program.run(
                count: batch.count,
                inputs: { slot in
                    vectors[slot].map { NumberLanes(values: UnsafePointer($0.0.start), hasGaps: $0.1) }
                }, into: numbers.start)
            switch outcome {
            case .computed: return .numbers(UnsafePointer(numbers.start))
            case .failed(let row):
                if noteFailure(batch, row) { return .numbers(UnsafePointer(numbers.start)) }
            case .notNumbers: break
            }
        }
        var values: [ExpressionValue] = []
        values.reserveCapacity(batch.count)
        for row in 0..<batch.count {
            do throws(ExpressionEvaluationError) {
                values.append(try expression.evaluate(BatchRow(batch, row)))
            } catch {
                failure = .evaluation(error.text)
                batch.truncate(row)
                break
            }
        }
        return .values(values)
    }

    /// Has the tree say what is wrong with a row; false when it finds nothing.
    private func noteFailure(_ batch: RowBatch, _ row: Int) -> Bool {
        do throws(ExpressionEvaluationError) {
            _ = try expression.evaluate(BatchRow(batch, row))
            return false
        } catch {
            failure = .evaluation(error.text)
            batch.truncate(row)
            return true
        }
    }

    /// A program, when all that the expression reads in this batch are numbers.
    private func numericProgram(for batch: RowBatch) -> NumericProgram? {
        for slot in slots {
            switch batch.column(slot) {
            case .numbers, .absent: break
            case .ordinals, .values: return nil
            }
        }
        if !isProgramMade {
            isProgramMade = true
            program = NumericProgram(expression, capacity: RowBatch.capacity) { _ in true }
        }
        return program
    }
}

final class ApplyStage: ExpressionStage {
    private let slot: Int

    init(_ expression: Expression, slot: Int, _ upstream: Stage) {
        self.slot = slot
        super.init(expression, upstream)
    }

    override func next() throws(AggregateFailure) -> Pull {
        let (pull, results) = try evaluate()
        guard case .batch(let batch) = pull, let results else { return pull }
        switch results {
        case .numbers(let numbers):
            let column = LaneBuffer<Double>(capacity: batch.count)
            column.start.update(from: numbers, count: batch.count)
            batch.set(slot, .numbers(column, hasGaps: false))
        case .values(let values):
            batch.set(slot, .values(values))
        }
        return pull
    }
}

final class FilterStage: ExpressionStage {
    private let kept = LaneBuffer<UInt32>()

    override func next() throws(AggregateFailure) -> Pull {
        while true {
            let (pull, results) = try evaluate()
            guard case .batch(let batch) = pull, let results else { return pull }
            var count = 0
            switch results {
            case .numbers(let numbers):
                for row in 0..<batch.count {
                    kept.start[count] = UInt32(row)
                    count += numbers[row] != 0 ? 1 : 0
                }
            case .values(let values):
                for row in 0..<batch.count where values[row].isTruthy {
                    kept.start[count] = UInt32(row)
                    count += 1
                }
            }
            batch.keep(UnsafeBufferPointer(start: kept.start, count: count))
            if count > 0 { return pull }
        }
    }
}

// MARK: some rows

final class LimitStage: Stage {
    private var offset: Int
    private var left: Int
    /// Rows that came, when they are to be counted to the end.
    private(set) var seen = 0
    private let counts: Bool
    /// The ordinal of the last row that passed, once no more may pass.
    private(set) var endOrdinal: Int?

    /// - Parameter counts: pull to the end, so that `seen` is all rows.
    init(offset: Int, count: Int, counts: Bool, _ upstream: Stage) {
        self.offset = offset
        left = count
        self.counts = counts
        super.init(upstream)
    }

    override func next() throws(AggregateFailure) -> Pull {
        while true {
            if left == 0, !counts { return .end }
            let pull = try pull()
            guard case .batch(let batch) = pull else { return pull }
            seen += batch.count
            if left == 0 { continue }
            if offset >= batch.count {
                offset -= batch.count
                continue
            }
            batch.dropFirst(offset)
            offset = 0
            batch.truncate(left)
            left -= batch.count
            if left == 0 { endOrdinal = batch.ordinal(batch.count - 1) }
            return pull
        }
    }
}

/// LIMIT n 0: the rows are counted by whoever made them.
final class CountStage: Stage {
    override func next() throws(AggregateFailure) -> Pull {
        while true {
            let pull = try pull()
            guard case .batch = pull else { return pull }
        }
    }
}
