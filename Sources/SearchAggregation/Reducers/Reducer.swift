// What REDUCE does with the rows of one group. Accumulators of parts of the rows merge into that of all rows.

import SearchExpressions
import SearchModel

/// A reducer with its arguments checked and its properties turned into slots.
package struct BoundReducer: Sendable {
    package enum Function: Equatable, Sendable {
        case count
        case countDistinct
        case countDistinctish
        case sum, average, minimum, maximum, deviation
        case quantile(Double)
        case toList
        case firstValue(by: Int?, ascending: Bool)
        case randomSample(Int)
    }

    package let function: Function
    /// The property it reads; -1 for COUNT.
    package let input: Int
    /// Where the result goes.
    package var slot = -1

    package init(_ call: ReducerCall, resolve: (Bytes) -> Int?) throws(AggregatePlanError) {
        let name = String(decoding: call.function, as: UTF8.self).uppercased()
        var arguments = call.arguments[...]
        func property(_ argument: Bytes) throws(AggregatePlanError) -> Int {
            guard let slot = resolve(argument) else {
                let bare = argument.first == UInt8(ascii: "@") ? argument.dropFirst() : argument[...]
                throw AggregatePlanError(
                    "Property `\(String(decoding: bare, as: UTF8.self))` not present in document or pipeline")
            }
            return slot
        }
        func first() throws(AggregatePlanError) -> Int {
            guard let argument = arguments.popFirst() else { throw AggregatePlanError("Missing arguments for \(name)") }
            return try property(argument)
        }
        switch name {
        case "COUNT":
            guard arguments.isEmpty else { throw AggregatePlanError("Count accepts 0 values only") }
            (function, input) = (.count, -1)
        case "COUNT_DISTINCT": (function, input) = (.countDistinct, try first())
        case "COUNT_DISTINCTISH": (function, input) = (.countDistinctish, try first())
        case "SUM": (function, input) = (.sum, try first())
        case "AVG": (function, input) = (.average, try first())
        case "MIN": (function, input) = (.minimum, try first())
        case "MAX": (function, input) = (.maximum, try first())
        case "STDDEV": (function, input) = (.deviation, try first())
        case "TOLIST": (function, input) = (.toList, try first())
        case "QUANTILE":
            input = try first()
            guard let text = arguments.popFirst() else {
                throw AggregatePlanError("Bad arguments for QUANTILE: Expected an argument, but none provided")
            }
            guard let q = ExpressionValue.number(of: text) else {
                throw AggregatePlanError("Bad arguments for QUANTILE: Could not convert argument to expected type")
            }
            guard q >= 0, q <= 1 else { throw AggregatePlanError("Percentage must be between 0.0 and 1.0") }
            function = .quantile(q)
        case "FIRST_VALUE":
            input = try first()
            var by: Int?
            var ascending = true
            if let word = arguments.popFirst() {
                guard String(decoding: word, as: UTF8.self).uppercased() == "BY", let key = arguments.popFirst() else {
                    throw AggregatePlanError("Unknown arguments for FIRST_VALUE")
                }
                by = try property(key)
                if let direction = arguments.popFirst() {
                    switch String(decoding: direction, as: UTF8.self).uppercased() {
                    case "ASC": ascending = true
                    case "DESC": ascending = false
                    default: throw AggregatePlanError("Unknown arguments for FIRST_VALUE")
                    }
                }
            }
            function = .firstValue(by: by, ascending: ascending)
        case "RANDOM_SAMPLE":
            input = try first()
            guard let text = arguments.popFirst(), let size = ExpressionValue.number(of: text), size >= 0, size == size.rounded() else {
                throw AggregatePlanError("Bad arguments for RANDOM_SAMPLE: Could not convert argument to expected type")
            }
            guard size <= 1000 else { throw AggregatePlanError("Sample size too large") }
            function = .randomSample(Int(size))
        default:
            throw AggregatePlanError("No such reducer: \(String(decoding: call.function, as: UTF8.self))")
        }
    }
}
