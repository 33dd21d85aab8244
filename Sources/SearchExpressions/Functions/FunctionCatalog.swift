// Every function once: its name and how many arguments it takes. What it computes stands in its group's file.

import SearchModel

package enum FunctionID: String, Sendable, CaseIterable {
    case log, log2, exp, sqrt, abs, floor, ceil
    case upper, lower, substr, format, split, startswith, contains, strlen
    case toNumber = "to_number"
    case toStr = "to_str"
    case matchedTerms = "matched_terms"
    case exists
    case timefmt, parsetime, day, hour, minute, month, dayofweek, dayofmonth, dayofyear, monthofyear, year
    case geodistance
    case `case`

    private static let byName: [Bytes: FunctionID] = Dictionary(
        uniqueKeysWithValues: allCases.map { (Bytes($0.rawValue.utf8), $0) })

    /// Names are matched whatever their case.
    static func named(_ name: Bytes) -> FunctionID? {
        byName[name.map { $0 >= 65 && $0 <= 90 ? $0 | 0x20 : $0 }]
    }

    var arity: ClosedRange<Int> {
        switch self {
        case .log, .log2, .exp, .sqrt, .abs, .floor, .ceil: 1...1
        case .upper, .lower, .strlen, .toNumber, .toStr, .exists: 1...1
        case .day, .hour, .minute, .month, .dayofweek, .dayofmonth, .dayofyear, .monthofyear, .year: 1...1
        case .substr, .case: 3...3
        case .format: 1...1000
        case .split: 1...3
        case .startswith, .contains, .parsetime: 2...2
        case .matchedTerms: 0...1000
        case .timefmt: 1...2
        case .geodistance: 2...4
        }
    }

    /// What is wrong about the number of arguments. The words differ by function, as the oracle's.
    private var wrongArity: ExpressionEvaluationError {
        switch self {
        case .log, .log2, .exp, .sqrt, .floor, .ceil, .split:
            ExpressionEvaluationError("Invalid number of arguments for \(rawValue)")
        case .abs: ExpressionEvaluationError("Invalid number of arguments for fabs")
        case .format: ExpressionEvaluationError("Need at least one argument for format")
        case .timefmt: ExpressionEvaluationError("Invalid arguments for function 'time'")
        default: ExpressionEvaluationError("Invalid arguments for function '\(rawValue)'")
        }
    }

    func apply(
        _ arguments: [Expression], _ row: some ExpressionRow
    ) throws(ExpressionEvaluationError) -> ExpressionValue {
        guard arity.contains(arguments.count) else { throw wrongArity }
        switch self {
        case .exists:
            guard case .property(let slot, _) = arguments[0] else {
                _ = try arguments[0].evaluate(row)
                return .number(1)
            }
            return row.value(slot: slot) == nil ? .number(0) : .number(1)
        case .case:
            // Only the chosen branch is computed.
            return try arguments[0].evaluate(row).isTruthy ? arguments[1].evaluate(row) : arguments[2].evaluate(row)
        default:
            var values: [ExpressionValue] = []
            values.reserveCapacity(arguments.count)
            for argument in arguments { values.append(try argument.evaluate(row)) }
            return try apply(values, matchedTerms: row.matchedTerms)
        }
    }

    private func apply(
        _ values: [ExpressionValue], matchedTerms: [Bytes]
    ) throws(ExpressionEvaluationError) -> ExpressionValue {
        switch self {
        case .log, .log2, .exp, .sqrt, .abs, .floor, .ceil: MathFunctions.apply(self, values[0])
        case .upper, .lower: TextFunctions.changeCase(values[0], upper: self == .upper)
        case .substr: try TextFunctions.substring(values)
        case .format: try TextFunctions.format(values)
        case .split: try TextFunctions.split(values)
        case .startswith, .contains: try TextFunctions.search(self, values)
        case .strlen: .number(Double(try text(values, 0).count))
        case .toNumber: try TextFunctions.toNumber(values[0])
        case .toStr: .string(TextFunctions.text(of: values[0]))
        case .matchedTerms: TextFunctions.matched(matchedTerms, limit: values.first?.numeric ?? 100)
        case .timefmt, .parsetime, .day, .hour, .minute, .month, .dayofweek, .dayofmonth, .dayofyear, .monthofyear,
            .year:
            try TimeFunctions.apply(self, values)
        case .geodistance: try GeoFunctions.distance(values)
        case .exists, .case: .null
        }
    }

    /// The text in argument `index`, or the message that its type is wrong.
    func text(_ values: [ExpressionValue], _ index: Int) throws(ExpressionEvaluationError) -> Bytes {
        guard case .string(let bytes) = values[index] else {
            throw wrongType(values[index], index, "VALIDATE_ARG__STRING(v, 0) was false.")
        }
        return bytes
    }

    func wrongType(_ value: ExpressionValue, _ index: Int, _ check: String) -> ExpressionEvaluationError {
        ExpressionEvaluationError(
            "Invalid type (\(value.typeNumber)) for argument \(index) in function '\(rawValue)'. \(check)")
    }
}
