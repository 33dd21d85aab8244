import SearchExpressions
import SearchModel
import Testing

@testable import SearchAggregation

private func bytes(_ text: String) -> Bytes { Array(text.utf8) }

/// Three documents with a sortable number `n` and a tag `tg`, as rows of whatever plan asks.
private let documents: [[String: ExpressionValue]] = [
    ["n": .number(1), "tg": .string(bytes("a")), "u": .string(bytes("one"))],
    ["n": .number(2), "tg": .string(bytes("b")), "u": .string(bytes("two"))],
    ["n": .number(3), "tg": .string(bytes("a"))],
]

private let schema: Schema = {
    var schema = Schema()
    var n = FieldSpec(identifier: bytes("n"), attribute: bytes("n"), kind: .numeric)
    n.isSortable = true
    schema.append(n)
    schema.append(FieldSpec(identifier: bytes("tg"), attribute: bytes("tg"), kind: .tag(TagOptions())))
    schema.append(FieldSpec(identifier: bytes("u"), attribute: bytes("u"), kind: .text(TextOptions())))
    return schema
}()

/// Documents as rows of any plan, one batch of `batchSize` after the other.
private final class Documents: RowSource, ColumnFiller, RowLoader {
    let plan: AggregatePlan
    let batchSize: Int
    var pulled = 0
    var loads = 0

    init(_ plan: AggregatePlan, batchSize: Int) {
        self.plan = plan
        self.batchSize = batchSize
    }

    func nextBatch() -> RowBatch? {
        let count = min(batchSize, documents.count - pulled)
        guard count > 0 else { return nil }
        defer { pulled += count }
        let docIDs = LaneBuffer<UInt32>(capacity: count)
        for row in 0..<count { docIDs.start[row] = UInt32(pulled + row) }
        return RowBatch(
            segment: 0, docIDs: docIDs, count: count, firstOrdinal: pulled, slots: plan.slots.count, filler: self)
    }

    func stamp(segment: UInt32, docID: UInt32) -> UInt64 { UInt64(docID) }

    func values(_ slot: Int, _ batch: RowBatch) -> [ExpressionValue?] {
        (0..<batch.count).map { row in
            documents[Int(batch.origin(row).docID)][String(decoding: plan.slots[slot].name, as: UTF8.self)]
        }
    }

    func fill(_ slot: Int, of batch: RowBatch) -> ColumnVector {
        switch plan.slots[slot].origin {
        case .sortValue:
            let buffer = LaneBuffer<Double>(capacity: batch.count)
            for (row, value) in values(slot, batch).enumerated() { buffer.start[row] = value?.numeric ?? .nan }
            return .numbers(buffer, hasGaps: true)
        case .document, .key, .score, .computed: return .absent
        }
    }

    func matchedTerms(of origin: RowOrigin) -> [Bytes] { [] }

    func load(
        _ batch: RowBatch, slots: [Int], whole: Bool,
        done: @escaping @Sendable (Result<LoadedColumns, AggregateFailure>) -> Void
    ) -> Bool {
        loads += batch.count
        var loaded = LoadedColumns()
        for slot in slots { loaded.columns.append((slot, values(slot, batch))) }
        done(.success(loaded))
        return true
    }
}

/// All rows, and why there are no more.
private func rows(
    _ steps: [AggregateStep], batchSize: Int
) throws(AggregatePlanError) -> (rows: [String], failure: AggregateFailure?, loads: Int) {
    let plan = try AggregatePlan(steps, schema: schema, addsScores: false)
    let source = Documents(plan, batchSize: batchSize)
    let pipeline = AggregatePipeline(
        plan, AggregatePipeline.Environment(source: source, filler: source, loader: source, onReady: {}))
    var rows: [String] = []
    do throws(AggregateFailure) {
        while case .batch(let batch) = try pipeline.next() {
            for row in 0..<batch.count { rows.append(text(of: batch, row, plan)) }
        }
    } catch {
        return (rows, error, source.loads)
    }
    return (rows, nil, source.loads)
}

private func text(of batch: RowBatch, _ row: Int, _ plan: AggregatePlan) -> String {
    let fields = plan.output.compactMap { slot -> String? in
        guard let value = batch.value(slot, row) else { return nil }
        return String(decoding: plan.slots[slot].name, as: UTF8.self) + "=" + show(value)
    }
    return fields.joined(separator: " ")
}

private func run(_ steps: [AggregateStep], batchSize: Int = 2, loads: Int? = nil) -> String {
    do throws(AggregatePlanError) {
        let result = try rows(steps, batchSize: batchSize)
        if let loads { #expect(result.loads == loads, "documents read") }
        let rows = result.rows.joined(separator: ", ")
        guard let failure = result.failure else { return rows }
        return (rows.isEmpty ? "" : rows + " | ") + "ERR " + failure.text
    } catch {
        return "ERR " + error.text
    }
}

private func show(_ value: ExpressionValue) -> String {
    switch value {
    case .number(let number): NumberText.row(number)
    case .string(let text): String(decoding: text, as: UTF8.self)
    case .array(let elements): "[" + elements.map(show).joined(separator: ";") + "]"
    case .null: "null"
    }
}

private func call(_ function: String, _ arguments: String..., as name: String? = nil) -> ReducerCall {
    ReducerCall(function: bytes(function), arguments: arguments.map(bytes), name: name.map(bytes))
}

@Suite struct AggregatePipelineTests {
    @Test func `groups count, sum and name their results`() {
        let rows = run([
            .group(properties: [bytes("@tg")], reducers: [call("COUNT"), call("SUM", "@n"), call("avg", "n", as: "m")])
        ])

        #expect(
            rows == "tg=a __generated_aliascount=2 __generated_aliassumn=4 m=2, "
                + "tg=b __generated_aliascount=1 __generated_aliassumn=2 m=2")
    }

    @Test func `sorting keeps the best rows and shows its key`() {
        var arrangement = Arrangement()
        arrangement.sort = [SortItem(property: bytes("n"), ascending: false)]
        arrangement.limit = (0, 2)

        #expect(run([.arrange(arrangement)]) == "n=3, n=2")
    }

    @Test func `a filter after an expression sees its result`() {
        let steps: [AggregateStep] = [
            .apply(expression: bytes("@n * 2"), name: bytes("d")), .filter(expression: bytes("@d > 2")),
        ]

        #expect(run(steps) == "n=2 d=4, n=3 d=6")
    }

    @Test func `a field that is not sortable must be loaded before an expression may use it`() {
        #expect(
            run([.apply(expression: bytes("upper(@u)"), name: bytes("r"))])
                == "ERR Property `u` not loaded nor in pipeline")
        let loaded: [AggregateStep] = [
            .load([bytes("@u")]), .apply(expression: bytes("exists(@u)"), name: bytes("r")),
        ]
        #expect(run(loaded) == "u=one r=1, u=two r=1, r=0")
    }

    @Test func `after a group only its keys and results exist`() {
        let steps: [AggregateStep] = [
            .group(properties: [], reducers: [call("COUNT", as: "c")]),
            .apply(expression: bytes("@n"), name: bytes("x")),
        ]

        #expect(run(steps) == "ERR Property `n` not loaded nor in pipeline")
    }

    @Test func `a limit stops the source and a group after it sees only its rows`() {
        var arrangement = Arrangement()
        arrangement.limit = (1, 1)

        #expect(run([.arrange(arrangement), .group(properties: [], reducers: [call("MAX", "@n", as: "m")])]) == "m=2")
    }

    @Test func `an array puts a row into one group per element`() {
        let steps: [AggregateStep] = [
            .apply(expression: bytes("split('x,y')"), name: bytes("p")),
            .group(properties: [bytes("@p")], reducers: [call("COUNT", as: "c")]),
        ]

        #expect(run(steps) == "p=x c=3, p=y c=3")
    }

    @Test func `reducers agree with their definitions`() {
        let reducers = [
            call("STDDEV", "@n", as: "s"), call("QUANTILE", "@n", "0.5", as: "q"), call("MIN", "@n", as: "lo"),
            call("COUNT_DISTINCT", "@tg", as: "d"), call("TOLIST", "@tg", as: "l"),
            call("FIRST_VALUE", "@tg", "BY", "@n", "DESC", as: "f"),
        ]

        #expect(run([.group(properties: [], reducers: reducers)]) == "s=1 q=2 lo=1 d=2 l=[a;b] f=a")
    }

    @Test func `wrong reducers are refused with the reference server's texts`() {
        func refused(_ reducer: ReducerCall) -> String { run([.group(properties: [], reducers: [reducer])]) }

        #expect(refused(call("NOPE")) == "ERR No such reducer: NOPE")
        #expect(refused(call("COUNT", "x")) == "ERR Count accepts 0 values only")
        #expect(refused(call("SUM")) == "ERR Missing arguments for SUM")
        #expect(refused(call("SUM", "@nope")) == "ERR Property `nope` not present in document or pipeline")
        #expect(refused(call("QUANTILE", "@n", "2")) == "ERR Percentage must be between 0.0 and 1.0")
        #expect(refused(call("RANDOM_SAMPLE", "@n", "1001")) == "ERR Sample size too large")
        #expect(refused(call("first_value", "@n", "@u")) == "ERR Unknown argument `@u` at position 1 for first_value")
    }

    @Test func `rows before one that fails come out, unless a later step keeps them`() {
        let apply = AggregateStep.apply(expression: bytes("upper(@u)"), name: bytes("x"))
        let load = AggregateStep.load([bytes("@u")])
        var arrangement = Arrangement()
        arrangement.sort = [SortItem(property: bytes("n"), ascending: true)]

        #expect(
            run([load, apply], batchSize: 3)
                == "u=one x=ONE, u=two x=TWO | ERR u: has no value, consider using EXISTS if applicable")
        #expect(
            run([load, apply, .arrange(arrangement)]) == "ERR u: has no value, consider using EXISTS if applicable")
    }

    @Test func `documents are read of the rows that are shown, not of all`() {
        var best = Arrangement()
        best.sort = [SortItem(property: bytes("n"), ascending: false)]
        best.limit = (0, 1)
        var first = Arrangement()
        first.limit = (0, 1)
        let load = AggregateStep.load([bytes("@u")])

        #expect(run([load, .arrange(best)], loads: 1) == "n=3")
        #expect(run([load, .arrange(first)], loads: 1) == "u=one")
        #expect(run([load, .group(properties: [], reducers: [call("COUNT", as: "c")])], loads: 0) == "c=3")
    }

    @Test func `a group after a group sees only what the first one made`() {
        let steps: [AggregateStep] = [
            .group(properties: [bytes("@tg")], reducers: [call("COUNT", as: "c"), call("TOLIST", "@n", as: "l")]),
            .group(properties: [], reducers: [call("MAX", "@c", as: "m"), call("TOLIST", "@l", as: "all")]),
        ]

        #expect(run(steps) == "m=2 all=[1;3;2]")
    }
}
