// Values of the expression language of APPLY, FILTER and index rules.

import Glibc
import SearchModel

/// A value: double, bytes, array or null. There are no booleans; comparisons give 1 and 0.
package enum ExpressionValue: Equatable, Sendable {
    case number(Double)
    case string(Bytes)
    indirect case array([ExpressionValue])
    case null

    /// Number is not 0; text and arrays are not empty; null is false.
    package var isTruthy: Bool {
        switch self {
        case .number(let value): value != 0
        case .string(let bytes): !bytes.isEmpty
        case .array(let elements): !elements.isEmpty
        case .null: false
        }
    }

    /// The type number that RediSearch's messages print.
    var typeNumber: Int {
        switch self {
        case .number: 1
        case .string: 3
        case .null: 4
        case .array: 6
        }
    }

    /// The number itself, or text that is one number through to its end.
    package var numeric: Double? {
        switch self {
        case .number(let value): value
        case .string(let bytes): NumberText.parse(bytes)
        case .array, .null: nil
        }
    }
}

/// Numbers as texts and back, as replies and expressions spell them.
package enum NumberText {
    /// Integral values that fit 64 bits print as integers, everything else as `%.12g`; `inf`, `-inf`, `nan`, `-nan`.
    package static func format(_ value: Double) -> Bytes {
        if value == value.rounded(), abs(value) < 9.2e18 { return Bytes(String(Int64(value)).utf8) }
        if value.isNaN { return Bytes((value.sign == .minus ? "-nan" : "nan").utf8) }
        return print(value, "%.12g")
    }

    static func print(_ value: Double, _ format: String) -> Bytes {
        var text = [CChar](repeating: 0, count: 64)
        let length = withVaList([value]) { vsnprintf(&text, text.count, format, $0) }
        return text.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }
    }

    /// C's `strtod` over the whole text; `nil` when something is left over or nothing was there.
    package static func parse(_ bytes: some Collection<UInt8>) -> Double? {
        guard !bytes.isEmpty, bytes.count < 512, !bytes.contains(0) else { return nil }
        var text = bytes.map { CChar(bitPattern: $0) }
        text.append(0)
        return text.withUnsafeBufferPointer { buffer -> Double? in
            guard let start = buffer.baseAddress else { return nil }
            var end: UnsafeMutablePointer<CChar>?
            let value = strtod(start, &end)
            guard let end, UnsafePointer(end) == start + bytes.count else { return nil }
            return value
        }
    }
}
