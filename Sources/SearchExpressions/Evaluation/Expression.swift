// A parsed expression and how it is computed over one row.

import Glibc
import SearchModel

package enum ArithmeticOperator: Equatable, Sendable { case add, subtract, multiply, divide, remainder, power }

package enum ComparisonOperator: Equatable, Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// An expression tree. Properties are slots that the parser's resolver gave out.
package indirect enum Expression: Equatable, Sendable {
    case literal(ExpressionValue)
    case property(slot: Int, name: Bytes)
    case arithmetic(ArithmeticOperator, Expression, Expression)
    case comparison(ComparisonOperator, Expression, Expression)
    case and(Expression, Expression)
    case or(Expression, Expression)
    case not(Expression)
    case call(FunctionID, [Expression])
}

/// One row as expressions see it.
package protocol ExpressionRow {
    /// The value in a slot; `nil` when the row has none.
    func value(slot: Int) -> ExpressionValue?
    /// Terms of the query that the row matched, for `matched_terms()`.
    var matchedTerms: [Bytes] { get }
}

extension ExpressionRow {
    package var matchedTerms: [Bytes] { [] }
}

extension Expression {
    /// The slots that the expression reads.
    package var slots: Set<Int> {
        switch self {
        case .literal: []
        case .property(let slot, _): [slot]
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right), .and(let left, let right),
            .or(let left, let right):
            left.slots.union(right.slots)
        case .not(let operand): operand.slots
        case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion($1.slots) }
        }
    }

    /// Whether the terms that a row matched are asked for.
    package var usesMatchedTerms: Bool {
        switch self {
        case .literal, .property: false
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right), .and(let left, let right),
            .or(let left, let right):
            left.usesMatchedTerms || right.usesMatchedTerms
        case .not(let operand): operand.usesMatchedTerms
        case .call(let function, let arguments):
            function == .matchedTerms || arguments.contains { $0.usesMatchedTerms }
        }
    }

    /// Computes the expression.
    ///
    /// - Throws: the text that a client reads, when a value is missing or of the wrong type.
    package func evaluate(_ row: some ExpressionRow) throws(ExpressionEvaluationError) -> ExpressionValue {
        switch self {
        case .literal(let value):
            return value
        case .property(let slot, let name):
            guard let value = row.value(slot: slot) else { throw .noValue(name) }
            return value
        case .arithmetic(let operation, let left, let right):
            return .number(try Self.compute(operation, try left.evaluate(row), try right.evaluate(row)))
        case .comparison(let operation, let left, let right):
            return try Self.compare(operation, try left.evaluate(row), try right.evaluate(row))
                ? .number(1) : .number(0)
        case .and(let left, let right):
            guard try left.evaluate(row).isTruthy else { return .number(0) }
            return try right.evaluate(row).isTruthy ? .number(1) : .number(0)
        case .or(let left, let right):
            if try left.evaluate(row).isTruthy { return .number(1) }
            return try right.evaluate(row).isTruthy ? .number(1) : .number(0)
        case .not(let operand):
            return try operand.evaluate(row).isTruthy ? .number(0) : .number(1)
        case .call(let function, let arguments):
            return try function.apply(arguments, row)
        }
    }

    static func compute(
        _ operation: ArithmeticOperator, _ left: ExpressionValue, _ right: ExpressionValue
    ) throws(ExpressionEvaluationError) -> Double {
        guard let a = left.numeric, let b = right.numeric else {
            throw ExpressionEvaluationError("Could not convert value to a number")
        }
        return compute(operation, a, b)
    }

    static func compute(_ operation: ArithmeticOperator, _ a: Double, _ b: Double) -> Double {
        switch operation {
        case .add: return a + b
        case .subtract: return a - b
        case .multiply: return a * b
        // As RediSearch 2.10, not as IEEE: dividing by zero is not a number.
        case .divide: return b == 0 ? .nan : a / b
        case .remainder: return remainder(a, b)
        case .power: return pow(a, b)
        }
    }

    /// Of the whole parts, as 64-bit integers; what does not fit counts as the least one, as on x86.
    private static func remainder(_ a: Double, _ b: Double) -> Double {
        func whole(_ value: Double) -> Int64 { Int64(exactly: value.rounded(.towardZero)) ?? .min }
        let divisor = whole(b)
        return divisor == 0 ? .nan : Double(whole(a).remainderReportingOverflow(dividingBy: divisor).partialValue)
    }

    /// Orders two values: null below everything; number against text by the text's number; texts by bytes;
    /// arrays by their first elements, and as an empty text against anything else. nan equals every number.
    ///
    /// - Throws: when text that should be a number is none.
    package static func order(
        _ left: ExpressionValue, _ right: ExpressionValue
    ) throws(ExpressionEvaluationError) -> Int {
        switch (left, right) {
        case (.null, .null): return 0
        case (.null, _): return -1
        case (_, .null): return 1
        case (.number(let a), .number(let b)): return order(a, b)
        case (.string(let a), .string(let b)): return orderBytes(a, b)
        case (.number(let a), _): return order(a, try number(of: right))
        case (_, .number(let b)): return order(try number(of: left), b)
        case (.array(let a), .array(let b)): return try order(a.first ?? .null, b.first ?? .null)
        case (.array, .string(let b)): return orderBytes([], b)
        case (.string(let a), .array): return orderBytes(a, [])
        }
    }

    private static func order(_ a: Double, _ b: Double) -> Int { a > b ? 1 : a < b ? -1 : 0 }

    private static func number(of value: ExpressionValue) throws(ExpressionEvaluationError) -> Double {
        guard let number = value.numeric else {
            var text = "(null)"
            if case .string(let bytes) = value { text = String(decoding: bytes, as: UTF8.self) }
            throw ExpressionEvaluationError("Error converting string '\(text)' to number")
        }
        return number
    }

    static func orderBytes(_ a: Bytes, _ b: Bytes) -> Int {
        let common = min(a.count, b.count)
        let order = memcmp(a, b, common)
        if order != 0 { return order < 0 ? -1 : 1 }
        return a.count == b.count ? 0 : a.count < b.count ? -1 : 1
    }

    static func compare(
        _ operation: ComparisonOperator, _ left: ExpressionValue, _ right: ExpressionValue
    ) throws(ExpressionEvaluationError) -> Bool {
        switch operation {
        case .equal: return equals(left, right)
        case .notEqual: return !equals(left, right)
        case .less: return try order(left, right) < 0
        case .lessOrEqual: return try order(left, right) <= 0
        case .greater: return try order(left, right) > 0
        case .greaterOrEqual: return try order(left, right) >= 0
        }
    }

    /// Never an error: text that is no number is simply not equal to one.
    private static func equals(_ left: ExpressionValue, _ right: ExpressionValue) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.null, _), (_, .null): return false
        default: return (try? order(left, right)) == 0  // an order that cannot be had is not equality
        }
    }
}
