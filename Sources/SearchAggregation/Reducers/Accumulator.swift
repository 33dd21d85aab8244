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

/// Hashable view of a value: numbers and equal text differ.
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
        case .number(let number): content = .number((number == 0 ? 0 : number).bitPattern)
        case .string(let bytes): content = .string(bytes)
        case .array(let elements): content = .array(elements.map { DistinctKey($0) })
        case .null, nil: content = .null
        }
    }

    package var value: ExpressionValue {
        switch content {
        case .number(let bits): .number(Double(bitPattern: bits))
        case .string(let bytes): .string(bytes)
        case .null: .null
        case .array(let keys): .array(keys.map(\.value))
        }
    }
}

package enum Accumulator: Sendable {
    case count(Int)
    case distinct(Set<DistinctKey>)
    case distinctish([UInt8])
    case sum(CompensatedSum, count: Int)
    case extreme(Double?, wantsLeast: Bool)
    case deviation(count: Int, mean: Double, squares: Double)
    case quantile(q: Double, values: [Double])
    case list(order: [ExpressionValue], seen: Set<DistinctKey>)
    case first(value: ExpressionValue?, key: ExpressionValue?, isSet: Bool, ascending: Bool, isKeyed: Bool)
    case sample([ExpressionValue], seen: Int, size: Int, random: SplitMix)

    package init(_ reducer: BoundReducer) {
        switch reducer.function {
        case .count: self = .count(0)
        case .countDistinct: self = .distinct([])
        case .countDistinctish: self = .distinctish(Array(repeating: 0, count: 256))
        case .sum, .average: self = .sum(CompensatedSum(), count: 0)
        case .minimum: self = .extreme(nil, wantsLeast: true)
        case .maximum: self = .extreme(nil, wantsLeast: false)
        case .deviation: self = .deviation(count: 0, mean: 0, squares: 0)
        case .quantile(let q): self = .quantile(q: q, values: [])
        case .toList: self = .list(order: [], seen: [])
        case .firstValue(let by, let ascending):
            self = .first(value: nil, key: nil, isSet: false, ascending: ascending, isKeyed: by != nil)
        case .randomSample(let size): self = .sample([], seen: 0, size: size, random: SplitMix(seed: 0x5EED))
        }
    }

    /// Takes one row in.
    package mutating func add(_ row: borrowing Row, _ reducer: BoundReducer) {
        let value = reducer.input >= 0 ? row.values[reducer.input] : nil
        switch self {
        case .count(let n): self = .count(n + 1)
        case .sum(var sum, let count):
            guard let x = value?.numeric else { return }
            sum.add(x)
            self = .sum(sum, count: count + 1)
        case .extreme(let current, let wantsLeast):
            guard let x = value?.numeric else { return }
            guard let current else {
                self = .extreme(x, wantsLeast: wantsLeast)
                return
            }
            if wantsLeast ? x < current : x > current { self = .extreme(x, wantsLeast: wantsLeast) }
        case .distinct(var seen):
            guard let value, value != .null else { return }
            self = .count(0)  // gives up the reference, so that the set grows in place
            seen.insert(DistinctKey(value))
            self = .distinct(seen)
        case .distinctish(var registers):
            guard let value, value != .null else { return }
            self = .count(0)
            Self.note(value, &registers)
            self = .distinctish(registers)
        case .deviation(let n, let mean, let squares):
            self = Self.each(value).reduce(.deviation(count: n, mean: mean, squares: squares)) { state, x in
                guard case .deviation(let n, let mean, let squares) = state else { return state }
                let delta = x - mean
                let next = mean + delta / Double(n + 1)
                return .deviation(count: n + 1, mean: next, squares: squares + delta * (x - next))
            }
        case .quantile(let q, var values):
            self = .count(0)
            values.append(contentsOf: Self.each(value))
            self = .quantile(q: q, values: values)
        case .list(var order, var seen):
            guard let value else { return }
            self = .count(0)
            let elements: [ExpressionValue]
            if case .array(let inner) = value { elements = inner } else { elements = [value] }
            for element in elements where seen.insert(DistinctKey(element)).inserted { order.append(element) }
            self = .list(order: order, seen: seen)
        case .first(_, let best, let isSet, let ascending, let isKeyed):
            guard isKeyed, case .firstValue(let by?, _) = reducer.function else {
                if !isSet { self = .first(value: value, key: nil, isSet: true, ascending: ascending, isKeyed: false) }
                return
            }
            guard let key = row.values[by], key != .null else {
                if !isSet { self = .first(value: value, key: nil, isSet: true, ascending: ascending, isKeyed: true) }
                return
            }
            let order = best.map { (try? Expression.order(key, $0)) ?? 0 }  // values that have no order keep the first
            if order == nil || (ascending ? order! < 0 : order! > 0) {
                self = .first(value: value, key: key, isSet: true, ascending: ascending, isKeyed: true)
            }
        case .sample(var kept, let seen, let size, var random):
            guard let value else { return }
            self = .count(0)
            if kept.count < size {
                kept.append(value)
            } else if size > 0 {
                let place = Int(random.next() % UInt64(seen + 1))
                if place < size { kept[place] = value }
            }
            self = .sample(kept, seen: seen + 1, size: size, random: random)
        }
    }

    /// The reducer's result.
    package func result(_ function: BoundReducer.Function) -> ExpressionValue {
        switch self {
        case .count(let n): return .number(Double(n))
        case .distinct(let seen): return .number(Double(seen.count))
        case .distinctish(let registers): return .number(Self.estimate(registers))
        case .sum(let sum, let count):
            guard function == .average else { return .number(sum.value) }
            return .number(count == 0 ? 0 : sum.value / Double(count))
        case .extreme(let value, _): return .number(value ?? 0)
        case .deviation(let n, _, let squares): return .number(n < 2 ? 0 : sqrt(squares / Double(n - 1)))
        case .quantile(let q, let values):
            guard !values.isEmpty else { return .number(0) }
            let sorted = values.sorted()
            let rank = Int((q * Double(sorted.count)).rounded(.up))
            return .number(sorted[min(sorted.count - 1, max(0, rank - 1))])
        case .list(let order, _): return .array(order)
        case .first(let value, _, _, _, _): return value ?? .null
        case .sample(let kept, _, _, _): return .array(kept)
        }
    }

    private static func each(_ value: ExpressionValue?) -> [Double] {
        switch value {
        case .array(let elements): elements.compactMap(\.numeric)
        case .some(let single): single.numeric.map { [$0] } ?? []
        case nil: []
        }
    }

    // MARK: HyperLogLog of 256 registers

    private static func note(_ value: ExpressionValue, _ registers: inout [UInt8]) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        let bytes: Bytes
        switch value {
        case .number(let number): bytes = withUnsafeBytes(of: number.bitPattern) { Bytes($0) }
        case .string(let text): bytes = text
        case .array, .null: bytes = []
        }
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= hash >> 33
        hash = hash &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 33
        let register = Int(hash & 255)
        let rank = UInt8((hash >> 8 | 1 << 56).trailingZeroBitCount + 1)
        registers[register] = max(registers[register], rank)
    }

    private static func estimate(_ registers: [UInt8]) -> Double {
        let m = Double(registers.count)
        let sum = registers.reduce(0.0) { $0 + pow(2, -Double($1)) }
        let raw = 0.7213 / (1 + 1.079 / m) * m * m / sum
        let empty = registers.count { $0 == 0 }
        if raw <= 2.5 * m && empty > 0 { return (m * log(m / Double(empty))).rounded() }
        return raw.rounded()
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
