// The loops of numeric programs: one operator over many rows.

import Glibc

enum NumericLoops {
    typealias In = UnsafePointer<Double>
    typealias Out = UnsafeMutablePointer<Double>

    static func arithmetic(_ operation: ArithmeticOperator, _ a: In, _ b: In, _ count: Int, _ out: Out) {
        switch operation {
        case .add: for i in 0..<count { out[i] = a[i] + b[i] }
        case .subtract: for i in 0..<count { out[i] = a[i] - b[i] }
        case .multiply: for i in 0..<count { out[i] = a[i] * b[i] }
        case .divide: for i in 0..<count { out[i] = b[i] == 0 ? .nan : a[i] / b[i] }
        case .remainder, .power: for i in 0..<count { out[i] = Expression.compute(operation, a[i], b[i]) }
        }
    }

    /// nan equals every number, as the oracle has it.
    static func comparison(_ operation: ComparisonOperator, _ a: In, _ b: In, _ count: Int, _ out: Out) {
        switch operation {
        case .equal: for i in 0..<count { out[i] = a[i] < b[i] || a[i] > b[i] ? 0 : 1 }
        case .notEqual: for i in 0..<count { out[i] = a[i] < b[i] || a[i] > b[i] ? 1 : 0 }
        case .less: for i in 0..<count { out[i] = a[i] < b[i] ? 1 : 0 }
        case .lessOrEqual: for i in 0..<count { out[i] = a[i] > b[i] ? 0 : 1 }
        case .greater: for i in 0..<count { out[i] = a[i] > b[i] ? 1 : 0 }
        case .greaterOrEqual: for i in 0..<count { out[i] = a[i] < b[i] ? 0 : 1 }
        }
    }

    /// - Returns: false when some result is no number.
    static func call(_ function: FunctionID, _ a: In, _ count: Int, _ out: Out) -> Bool {
        switch function {
        case .log: for i in 0..<count { out[i] = Glibc.log(a[i]) }
        case .log2: for i in 0..<count { out[i] = Glibc.log2(a[i]) }
        case .exp: for i in 0..<count { out[i] = Glibc.exp(a[i]) }
        case .sqrt: for i in 0..<count { out[i] = Glibc.sqrt(a[i]) }
        case .abs: for i in 0..<count { out[i] = Swift.abs(a[i]) }
        case .floor: for i in 0..<count { out[i] = a[i].rounded(.down) }
        case .ceil: for i in 0..<count { out[i] = a[i].rounded(.up) }
        default:
            var allNumbers = true
            for i in 0..<count {
                guard case .number(let value) = TimeFunctions.part(function, of: a[i]) else {
                    allNumbers = false
                    out[i] = .nan
                    continue
                }
                out[i] = value
            }
            return allNumbers
        }
        return true
    }
}
