// Programs over many rows against the tree over one.

import SearchModel
import Testing

@testable import SearchExpressions

private struct OneRow: ExpressionRow {
    var values: [Double?]
    func value(slot: Int) -> ExpressionValue? { values[slot].map { .number($0) } }
}

private func parse(_ text: String) throws -> Expression {
    try ExpressionParser.parse(Array(text.utf8)) { name in
        ["a", "b", "c"].firstIndex(of: String(decoding: name, as: UTF8.self))
    }
}

@Suite struct NumericProgramTests {
    /// Columns `a` and `b` with gaps, `c` without.
    private static let rows: [OneRow] = {
        var seed: UInt64 = 7
        func next() -> UInt64 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return seed >> 33
        }
        return (0..<500).map { _ in
            OneRow(values: [
                next() % 9 == 0 ? nil : Double(next() % 200) - 100, next() % 5 == 0 ? nil : Double(next() % 7),
                Double(next() % 1_000_000) * 1000.5,
            ])
        }
    }()

    @Test(arguments: [
        "@c", "@c + 1", "floor(log(@c + 1) * 10)", "(@c - 500000) / 7", "@c % 13", "2 ^ (@c % 5)",
        "@c > 1000 && @c < 500000",
        "!(@c == 1000.5)", "sqrt(0 - @c)", "@c / 0", "exists(@a)", "exists(@a) && @a > 0", "!exists(@b) || @b * 2 >= 6",
        "exists(@a) && exists(@b) && @a / @b > 3", "@a + @b", "@a", "@b != 3", "day(@c) + hour(@c)", "year(@c)",
        "month(@a)",
        "exists(@a) && dayofweek(@a) == 3", "abs(@a) <= ceil(@b)",
    ])
    func `a program gives what the tree gives, row by row`(text: String) throws {
        let expression = try parse(text)
        let program = try #require(NumericProgram(expression, capacity: 512) { _ in true })
        var columns = (0..<3).map { slot in Self.rows.map { $0.values[slot] ?? .nan } }
        var out = [Double](repeating: 0, count: Self.rows.count)

        let outcome = columns.withUnsafeMutableBufferPointer { columns in
            let pointers = columns.map { column in
                let copy = UnsafeMutablePointer<Double>.allocate(capacity: column.count)
                copy.initialize(from: column, count: column.count)
                return copy
            }
            defer { for pointer in pointers { pointer.deallocate() } }
            return program.run(
                count: Self.rows.count,
                inputs: { NumberLanes(values: UnsafePointer(pointers[$0]), hasGaps: $0 < 2) }, into: &out)
        }

        var expected: [Double] = []
        var failure: Int?
        var isNumber = true
        for (row, values) in Self.rows.enumerated() {
            guard let value = try? expression.evaluate(values) else {  // the failure itself is what is tested
                failure = row
                break
            }
            if case .number(let number) = value { expected.append(number) } else { isNumber = false }
        }
        switch outcome {
        case .notNumbers: break  // always allowed: the tree then does the work
        case .failed(let row):
            #expect(row == failure)
            #expect(zip(out, expected).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) })
        case .computed:
            #expect(failure == nil && isNumber)
            #expect(zip(out, expected).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) })
        }
    }

    @Test func `what is about more than numbers has no program`() throws {
        for text in ["upper(@a)", "@a == 'x'", "NULL", "to_str(@a)", "matched_terms()"] {
            #expect(NumericProgram(try parse(text), capacity: 8) { _ in true } == nil)
        }
        #expect(NumericProgram(try parse("@a + 1"), capacity: 8) { _ in false } == nil)
    }
}
