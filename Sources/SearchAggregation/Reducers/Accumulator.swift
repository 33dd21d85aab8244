// The running state of one reducer in one group.

import Glibc
import SearchExpressions
import SearchModel

/// Compensated sum (Neumaier), so that the order of rows does not show in 12 digits.
package struct CompensatedSum: Sendable {
    private var sum = 0.0
    private var correction = 0.0

    package init() {}

    package var value: Double { sum.isFinite ? sum + correction : sum }

    package mutating func add(_ x: Double) {
        let total = sum + x
        correction += abs(sum) >= abs(x) ? (sum - total) + x : (x - total) + sum
        sum = total
    }

    package mutating func merge(_ other: CompensatedSum) {
        add(other.sum)
        correction += other.correction
    }
}

/// Hashable view of a value: numbers and equal text differ, as do 0 and -0, and missing is null.
package struct DistinctKey: Hashable, Sendable {
    private enum Content: Hashable {
        case number(UInt64)
        case string(Bytes)
        case null
        case array([DistinctKey])
    }

    private let content: Content

    package init(_ value: ExpressionValue?) {
        switch value {
        case .number(let number): content = .number(number.bitPattern)
        case .string(let bytes): content = .string(bytes)
        case .array(let elements): content = .array(elements.map { DistinctKey($0) })
        case .null, nil: content = .null
        }
    }
}

/// The state of a reducer that keeps more than a number.
enum Accumulator: Sendable {
    case distinct(Set<DistinctKey>)
    case sketch([UInt8])
    case deviation(count: Int, mean: Double, squares: Double)
    case numbers([Double])
    case list(order: [ExpressionValue], seen: Set<DistinctKey>)
    /// `nil` inside: nothing has come yet.
    case first((value: ExpressionValue, key: ExpressionValue)?)
    case sample([ExpressionValue], seen: Int, random: SplitMix)
    /// The content is being changed somewhere else, without a second owner.
    case lent

    init(_ reducer: BoundReducer) {
        switch reducer.function {
        case .countDistinct: self = .distinct([])
        case .countDistinctish, .sketch, .sketchSum:
            self = .sketch(Array(repeating: 0, count: Sketch.registers))
        case .deviation: self = .deviation(count: 0, mean: 0, squares: 0)
        case .quantile: self = .numbers([])
        case .toList: self = .list(order: [], seen: [])
        case .firstValue: self = .first(nil)
        case .randomSample: self = .sample([], seen: 0, random: SplitMix(seed: 0x5EED))
        case .count, .sum, .average, .minimum, .maximum: self = .lent
        }
    }

    /// Takes one row in.
    ///
    /// - Parameter key: what FIRST_VALUE ... BY compares.
    /// - Returns: by how many bytes the state has grown, roughly.
    mutating func add(_ value: ExpressionValue?, key: ExpressionValue?, _ reducer: BoundReducer) -> Int {
        var state = Accumulator.lent
        swap(&state, &self)
        defer { swap(&state, &self) }
        switch state {
        case .distinct(var seen):
            guard let value, value != .null else { return 0 }
            state = .lent
            let isNew = seen.insert(DistinctKey(value)).inserted
            state = .distinct(seen)
            return isNew ? Self.size(value) : 0
        case .sketch(var registers):
            guard let value, value != .null else { return 0 }
            state = .lent
            if reducer.function == .sketchSum {
                Sketch.merge(value, into: &registers)
            } else {
                Sketch.note(value, in: &registers)
            }
            state = .sketch(registers)
            return 0
        case .deviation(var count, var mean, var squares):
            forEachNumber(value, reducer) { number in
                count += 1
                let delta = number - mean
                mean += delta / Double(count)
                squares += delta * (number - mean)
            }
            state = .deviation(count: count, mean: mean, squares: squares)
            return 0
        case .numbers(var numbers):
            state = .lent
            let before = numbers.count
            forEachNumber(value, reducer) { numbers.append($0) }
            let grown = numbers.count - before
            state = .numbers(numbers)
            return grown * 8
        case .list(var order, var seen):
            guard let value else { return 0 }
            state = .lent
            var grown = 0
            func take(_ element: ExpressionValue) {
                guard seen.insert(DistinctKey(element)).inserted else { return }
                order.append(element)
                grown += Self.size(element)
            }
            if reducer.flattensArrays, case .array(let elements) = value {
                for element in elements { take(element) }
            } else {
                take(value)
            }
            state = .list(order: order, seen: seen)
            return grown
        case .first(let best):
            // Without BY the first row counts, be there a value or not; with it, rows that have one.
            if value == nil, case .firstValue(.some, _) = reducer.function { return 0 }
            state = .first(Self.better(best, (value ?? .null, key ?? .null), reducer))
            return 0
        case .sample(var kept, let seen, var random):
            guard let value, case .randomSample(let size) = reducer.function else { return 0 }
            state = .lent
            let isNew = kept.count < size
            if isNew {
                kept.append(value)
            } else if size > 0 {
                let place = Int(random.next() % UInt64(seen + 1))
                if place < size { kept[place] = value }
            }
            state = .sample(kept, seen: seen + 1, random: random)
            return isNew ? Self.size(value) : 0
        case .lent: return 0
        }
    }

    private static func size(_ value: ExpressionValue) -> Int {
        if case .string(let text) = value { return 96 + text.count }
        return 96
    }

    /// As the oracle: once the best key is null, only what is worse than it takes its place.
    private static func better(
        _ best: (value: ExpressionValue, key: ExpressionValue)?, _ row: (value: ExpressionValue, key: ExpressionValue),
        _ reducer: BoundReducer
    ) -> (value: ExpressionValue, key: ExpressionValue)? {
        guard let best else { return row }
        guard case .firstValue(.some, let ascending) = reducer.function else { return best }
        // Values that have no order are equal.
        let order = (try? Expression.order(row.key, best.key)) ?? 0
        let gain = ascending ? -order : order
        return (best.key == .null ? gain < 0 : gain > 0) ? row : best
    }

    /// The numbers in a value: text that is one counts; arrays that a reducer made are looked into.
    private func forEachNumber(_ value: ExpressionValue?, _ reducer: BoundReducer, _ body: (Double) -> Void) {
        if reducer.flattensArrays, case .array(let elements)? = value {
            for element in elements { if let number = element.numeric { body(number) } }
        } else if let number = value?.numeric {
            body(number)
        }
    }

    /// The reducer's result.
    func result(_ function: BoundReducer.Function) -> ExpressionValue {
        switch self {
        case .distinct(let seen): return .number(Double(seen.count))
        case .sketch(let registers):
            return function == .sketch ? .string(Sketch.encode(registers)) : .number(Sketch.estimate(registers))
        case .deviation(let n, _, let squares): return .number(n < 2 ? 0 : sqrt(squares / Double(n - 1)))
        case .numbers(let values):
            guard case .quantile(let q) = function, !values.isEmpty else { return .number(0) }
            let sorted = values.sorted()
            let rank = Int((q * Double(sorted.count)).rounded(.up))
            return .number(sorted[min(sorted.count - 1, max(0, rank - 1))])
        case .list(let order, _): return .array(order)
        case .first(let best): return best?.value ?? .null
        case .sample(let kept, _, _): return .array(kept)
        case .lent: return .null
        }
    }
}

/// HyperLogLog of 256 registers.
enum Sketch {
    static let registers = 256
    private static let header: Bytes = [0, 0, 0, 0, 8]

    static func note(_ value: ExpressionValue, in registers: inout [UInt8]) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        add(value, to: &hash)
        hash ^= hash >> 33
        hash = hash &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 33
        let register = Int(hash & 255)
        let rank = UInt8((hash >> 8 | 1 << 56).trailingZeroBitCount + 1)
        registers[register] = max(registers[register], rank)
    }

    private static func add(_ value: ExpressionValue, to hash: inout UInt64) {
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        switch value {
        case .number(let number): withUnsafeBytes(of: number.bitPattern) { for byte in $0 { add(byte) } }
        case .string(let text): for byte in text { add(byte) }
        case .array(let elements): for element in elements { Self.add(element, to: &hash) }
        case .null: hash &+= 1
        }
    }

    static func estimate(_ registers: [UInt8]) -> Double {
        let m = Double(registers.count)
        let sum = registers.reduce(0.0) { $0 + pow(2, -Double($1)) }
        let raw = 0.7213 / (1 + 1.079 / m) * m * m / sum
        let empty = registers.count { $0 == 0 }
        if raw <= 2.5 * m && empty > 0 { return (m * log(m / Double(empty))).rounded() }
        return raw.rounded()
    }

    /// As HLL gives a sketch, and HLL_SUM takes it.
    static func encode(_ registers: [UInt8]) -> Bytes { header + registers }

    static func merge(_ value: ExpressionValue, into registers: inout [UInt8]) {
        guard case .string(let bytes) = value, bytes.count == header.count + Self.registers, bytes.starts(with: header)
        else { return }
        for place in registers.indices { registers[place] = max(registers[place], bytes[header.count + place]) }
    }
}

/// A small seeded generator: samples are the same for the same rows.
package struct SplitMix: Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
