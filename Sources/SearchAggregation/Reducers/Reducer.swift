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
        /// HLL: the registers of COUNT_DISTINCTISH, to be added up by `sketchSum`.
        case sketch, sketchSum
    }

    package let function: Function
    /// The property it reads; -1 for COUNT.
    package let input: Int
    /// Where the result goes.
    package var slot = -1
    /// It reads what another reducer has made: arrays in it count element by element.
    package var flattensArrays = false

    /// All properties it reads.
    package var inputs: [Int] {
        var inputs = input >= 0 ? [input] : []
        if case .firstValue(let by?, _) = function { inputs.append(by) }
        return inputs
    }

    package init(_ call: ReducerCall, resolve: @escaping (Bytes) -> Int?) throws(AggregatePlanError) {
        var words = ReducerWords(call, resolve: resolve)
        switch String(decoding: call.function, as: UTF8.self).uppercased() {
        case "COUNT":
            guard call.arguments.isEmpty else { throw AggregatePlanError("Count accepts 0 values only") }
            (function, input) = (.count, -1)
        case "COUNT_DISTINCT": (function, input) = (.countDistinct, try words.property())
        case "COUNT_DISTINCTISH": (function, input) = (.countDistinctish, try words.property())
        case "SUM": (function, input) = (.sum, try words.property())
        case "AVG": (function, input) = (.average, try words.property())
        case "MIN": (function, input) = (.minimum, try words.property())
        case "MAX": (function, input) = (.maximum, try words.property())
        case "STDDEV": (function, input) = (.deviation, try words.property())
        case "TOLIST": (function, input) = (.toList, try words.property())
        case "HLL": (function, input) = (.sketch, try words.property())
        case "HLL_SUM": (function, input) = (.sketchSum, try words.property())
        case "QUANTILE":
            input = try words.property()
            function = .quantile(try words.quantile())
        case "FIRST_VALUE":
            input = try words.property()
            let (by, ascending) = try words.order()
            function = .firstValue(by: by, ascending: ascending)
        case "RANDOM_SAMPLE":
            input = try words.property()
            let size = try words.integer("<sample size>")
            guard size <= 1000 else { throw AggregatePlanError("Sample size too large") }
            function = .randomSample(size)
        default:
            throw AggregatePlanError("No such reducer: \(words.name)")
        }
    }
}

/// The arguments of one REDUCE, taken one by one.
private struct ReducerWords {
    /// As the client wrote it: errors repeat it.
    let name: String
    private let arguments: [Bytes]
    private var position = 0
    private let resolve: (Bytes) -> Int?

    init(_ call: ReducerCall, resolve: @escaping (Bytes) -> Int?) {
        name = String(decoding: call.function, as: UTF8.self)
        arguments = call.arguments
        self.resolve = resolve
    }

    private mutating func take() -> Bytes? {
        guard position < arguments.count else { return nil }
        defer { position += 1 }
        return arguments[position]
    }

    mutating func property() throws(AggregatePlanError) -> Int {
        guard let argument = take() else { throw AggregatePlanError("Missing arguments for \(name)") }
        guard let slot = resolve(argument) else {
            let bare = argument.first == UInt8(ascii: "@") ? argument.dropFirst() : argument[...]
            throw AggregatePlanError(
                "Property `\(String(decoding: bare, as: UTF8.self))` not present in document or pipeline")
        }
        return slot
    }

    mutating func integer(_ what: String) throws(AggregatePlanError) -> Int {
        guard let text = take() else {
            throw AggregatePlanError("Bad arguments for \(what): Expected an argument, but none provided")
        }
        guard let value = text.withUnsafeBufferPointer({ NumberText.integer($0) }) else {
            throw AggregatePlanError("Bad arguments for \(what): Could not convert argument to expected type")
        }
        guard value >= 0 else {
            throw AggregatePlanError("Bad arguments for \(what): Value is outside acceptable bounds")
        }
        return value
    }

    mutating func quantile() throws(AggregatePlanError) -> Double {
        guard let text = take() else {
            throw AggregatePlanError("Bad arguments for \(name): Expected an argument, but none provided")
        }
        guard let q = text.withUnsafeBufferPointer({ NumberText.double($0) }) else {
            throw AggregatePlanError("Bad arguments for \(name): Could not convert argument to expected type")
        }
        guard q >= 0, q <= 1 else { throw AggregatePlanError("Percentage must be between 0.0 and 1.0") }
        if position < arguments.count {
            // How fine the oracle's approximation is; ours is exact.
            let resolution = try integer("<resolution>")
            guard resolution >= 1, resolution <= 1000 else { throw AggregatePlanError("Invalid resolution") }
        }
        try end()
        return q
    }

    /// `[BY property [ASC|DESC]]`
    mutating func order() throws(AggregatePlanError) -> (by: Int?, ascending: Bool) {
        guard position < arguments.count else { return (nil, true) }
        guard isWord("BY") else { throw unknown }
        position += 1
        let by = try property()
        var ascending = true
        if position < arguments.count {
            guard isWord("ASC") || isWord("DESC") else { throw unknown }
            ascending = isWord("ASC")
            position += 1
        }
        try end()
        return (by, ascending)
    }

    private func isWord(_ word: String) -> Bool {
        String(decoding: arguments[position], as: UTF8.self).uppercased() == word
    }

    private func end() throws(AggregatePlanError) {
        if position < arguments.count { throw unknown }
    }

    private var unknown: AggregatePlanError {
        let word = String(decoding: arguments[position], as: UTF8.self)
        return AggregatePlanError("Unknown argument `\(word)` at position \(position) for \(name)")
    }
}
