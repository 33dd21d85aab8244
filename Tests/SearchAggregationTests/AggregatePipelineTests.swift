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

private func run(_ steps: [AggregateStep]) -> String {
    do {
        let plan = try AggregatePlan(steps, schema: schema, addsScores: false) { _ in false }
        var pipeline = AggregatePipeline(plan)
        for document in documents where !pipeline.isSatisfied {
            var row = Row(slots: plan.slots.count)
            for (index, slot) in plan.slots.enumerated() where slot.origin != .computed {
                row.values[index] = document[String(decoding: slot.name, as: UTF8.self)]
            }
            try pipeline.push(row)
        }
        try pipeline.finish()
        return pipeline.takeOutput().map { row in
            plan.output.compactMap { slot -> String? in
                guard let value = row.values[slot] else { return nil }
                return String(decoding: plan.slots[slot].name, as: UTF8.self) + "=" + show(value)
            }.joined(separator: " ")
        }.joined(separator: ", ")
    } catch let error as AggregatePlanError {
        return "ERR " + error.text
    } catch let error as ExpressionEvaluationError {
        return "ERR " + error.text
    } catch {
        return "ERR \(error)"
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
        let rows = run([.group(properties: [bytes("@tg")], reducers: [call("COUNT"), call("SUM", "@n"), call("avg", "n", as: "m")])])

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

        #expect(run(steps) == "d=4, d=6")
    }

    @Test func `a field that is not sortable must be loaded before an expression may use it`() {
        #expect(run([.apply(expression: bytes("upper(@u)"), name: bytes("r"))]) == "ERR Property `u` not loaded nor in pipeline")
        let loaded: [AggregateStep] = [
            .load([LoadItem(path: bytes("u"), name: bytes("u"))]), .apply(expression: bytes("exists(@u)"), name: bytes("r")),
        ]
        #expect(run(loaded) == "u=one r=1, u=two r=1, r=0")
    }

    @Test func `after a group only its keys and results exist`() {
        let steps: [AggregateStep] = [
            .group(properties: [], reducers: [call("COUNT", as: "c")]), .apply(expression: bytes("@n"), name: bytes("x")),
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
    }
}
