// The reply of FT.AGGREGATE and FT.CURSOR READ, row by row.
//
//   RESP2   total, ([score] [raw id] [payload] [sort key] fields) ...
//   RESP3   { attributes, total_results, format, results: [{ ... extra_attributes, values }], warning }
//   with a cursor, either is the first half of a pair, the cursor's id the second

import RESP
import SearchAggregation
import SearchEngine
import SearchExpressions
import SearchModel

/// Writes rows as they come and puts the head before them at the end, when the total is known.
///
/// `@unchecked Sendable`: one call at a time; see ``AggregateConsumer``.
final class AggregateReply: AggregateConsumer, @unchecked Sendable {
    private let run: AggregateRun
    private let flags: SearchOptions.Flags
    private let cursor: Int?
    private let profiler: SearchProfiler?
    private let engine: SearchEngine
    /// Rows alone.
    private let body: ReplyWriter
    private var rowCount = 0
    /// Names of the slots that rows show, and the slots.
    private let shown: [(name: Bytes, slot: Int)]
    private let sortKey: Int?
    private let done: @Sendable (ReplyWriter) -> Void

    /// - Parameters:
    ///   - cursor: the cursor's id; it goes to sleep, or ends, with the chunk.
    ///   - profiler: FT.PROFILE's.
    ///   - done: takes the whole reply, once.
    init(
        _ run: AggregateRun, _ cursor: Int?, _ engine: SearchEngine, _ profiler: SearchProfiler? = nil,
        version: RESPVersion,
        done: @escaping @Sendable (ReplyWriter) -> Void
    ) {
        self.run = run
        self.cursor = cursor
        self.profiler = profiler
        self.engine = engine
        self.done = done
        flags = run.search.request.options.flags
        body = ReplyWriter(version: version, capacity: 4096)
        let plan = run.plan
        shown = plan.output.map { (plan.slots[$0].name, $0) }
        sortKey = plan.lastSortKey
    }

    // MARK: AggregateConsumer

    func rows(_ batch: RowBatch, _ range: Range<Int>) {
        rowCount += range.count
        let columns = shown.map { (name: $0.name, vector: batch.column($0.slot)) }
        let extras = run.plan.showsExtras ? batch.extras.sorted { $0.key < $1.key } : []
        for row in range { write(batch, row, columns, extras) }
    }

    func finish(_ outcome: AggregateOutcome) {
        let reply = ReplyWriter(version: body.version, capacity: body.count + 256)
        // The profile is the second of two, as is a cursor's id.
        if cursor != nil || (profiler != nil && reply.version == .resp2) { reply.array(2) }
        writeHead(outcome, to: reply)
        reply.append(body.bytes)
        writeTail(outcome, to: reply)
        if let profiler {
            if reply.version == .resp3 { reply.simple("profile") }
            ProfileReply.write(profiler.profile(run, outcome), to: reply)
        }
        if let cursor {
            reply.integer(outcome.isDone ? 0 : cursor)
            if outcome.isDone { engine.cursors.close(cursor) } else { engine.cursors.sleep(cursor) }
        }
        done(reply)
    }

    func fail(_ error: SearchError) {
        if let cursor { engine.cursors.close(cursor) }
        let reply = ReplyWriter(version: body.version)
        reply.error(ErrorReplies.search(error))
        done(reply)
    }

    // MARK: head and tail

    private func writeHead(_ outcome: AggregateOutcome, to reply: ReplyWriter) {
        if reply.version == .resp3 {
            reply.map(profiler == nil ? 5 : 6)
            reply.simple("attributes")
            reply.array(0)
            reply.simple("total_results")
            reply.integer(outcome.total)
            reply.simple("format")
            reply.simple("STRING")
            reply.simple("results")
            reply.array(rowCount)
        } else {
            reply.array(1 + rowCount * valuesPerRow)
            reply.integer(outcome.total)
        }
    }

    private func writeTail(_ outcome: AggregateOutcome, to reply: ReplyWriter) {
        guard reply.version == .resp3 else { return }
        reply.simple("warning")
        var warnings: [String] = []
        if outcome.timedOut { warnings.append("Timeout limit was reached") }
        if outcome.expansionsTruncated { warnings.append("Max prefix expansions limit was reached") }
        if let failure = outcome.failure { warnings.append(failure.text) }
        reply.array(warnings.count)
        for warning in warnings { reply.simple(warning.utf8) }
    }

    private var valuesPerRow: Int {
        var count = flags.contains(.noContent) ? 0 : 1
        for flag in [SearchOptions.Flags.withScores, .withRawIDs, .withPayloads, .withSortKeys]
        where flags.contains(flag) {
            count += 1
        }
        return count
    }

    // MARK: rows

    private func write(
        _ batch: RowBatch, _ row: Int, _ columns: [(name: Bytes, vector: ColumnVector)],
        _ extras: [(key: Int, value: [ExpressionValue?])]
    ) {
        let isMap = body.version == .resp3
        if isMap { body.map(valuesPerRow + 1) }
        if flags.contains(.withScores) {
            if isMap { body.simple("score") }
            body.double(batch.scores?.start[row] ?? 0)
        }
        if flags.contains(.withRawIDs) {
            if isMap { body.simple("id") }
            body.integer(Int(truncatingIfNeeded: run.stamp(of: batch, row)))
        }
        if flags.contains(.withPayloads) {
            if isMap { body.simple("payload") }
            if let payload = run.payload(of: batch, row) { body.bulk(payload) } else { body.null() }
        }
        if flags.contains(.withSortKeys) {
            if isMap { body.simple("sortkey") }
            writeSortKey(sortKey.flatMap { batch.value($0, row) })
        }
        if !flags.contains(.noContent) {
            if isMap { body.simple("extra_attributes") }
            writeFields(row, columns, extras)
        }
        if isMap {
            body.simple("values")
            body.array(0)
        }
    }

    private func writeSortKey(_ key: ExpressionValue?) {
        switch key {
        case .number(let number): body.bulk("#" + NumberText.sortKey(number))
        case .string(let text): body.bulk([UInt8(ascii: "$")] + text)
        case .array, .null, nil: body.null()
        }
    }

    private func writeFields(
        _ row: Int, _ columns: [(name: Bytes, vector: ColumnVector)],
        _ extras: [(key: Int, value: [ExpressionValue?])]
    ) {
        var count = 0
        for column in columns where Self.hasValue(column.vector, row) { count += 1 }
        for extra in extras where extra.value[row] != nil { count += 1 }
        body.map(count)
        for column in columns where Self.hasValue(column.vector, row) {
            body.bulk(column.name)
            write(column.vector, row)
        }
        for extra in extras {
            guard let value = extra.value[row] else { continue }
            body.bulk(run.extraNames.names[extra.key])
            write(value)
        }
    }

    private static func hasValue(_ vector: ColumnVector, _ row: Int) -> Bool {
        switch vector {
        case .absent: false
        case .numbers(let numbers, let hasGaps): !(hasGaps && numbers.start[row].isNaN)
        case .ordinals(let ordinals, _): ordinals.start[row] != 0
        case .values(let values): values[row] != nil
        }
    }

    private func write(_ vector: ColumnVector, _ row: Int) {
        switch vector {
        case .absent: break
        case .numbers(let numbers, _): body.bulk(NumberText.row(numbers.start[row]))
        case .ordinals(let ordinals, let texts): body.bulk(texts.text(ordinals.start[row]))
        case .values(let values): if let value = values[row] { write(value) }
        }
    }

    private func write(_ value: ExpressionValue) {
        switch value {
        case .number(let number): body.bulk(NumberText.row(number))
        case .string(let text): body.bulk(text)
        case .array(let elements):
            body.array(elements.count)
            for element in elements { write(element) }
        case .null: body.null()
        }
    }
}
