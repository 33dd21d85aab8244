// Values of the expression language of APPLY, FILTER and index rules.

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

    /// C's `strtod` over the whole text, blanks in front skipped; 0 for no text at all. `nil` when something is left
    /// over or the number is out of range.
    package static func number(of text: Bytes) -> Double? {
        text.withUnsafeBufferPointer { text in
            if let value = NumberText.double(text) { return value }
            guard let (value, length) = NumberText.prefix(text), length == text.count else { return nil }
            return value
        }
    }

    /// As replies show numbers: whole ones that fit 64 bits as integers, others with 12 significant digits.
    package static func text(of number: Double) -> Bytes { Bytes(NumberText.row(number).utf8) }

    /// The number itself, or text that is one number through to its end.
    package var numeric: Double? {
        switch self {
        case .number(let value): value
        case .string(let bytes): Self.number(of: bytes)
        case .array, .null: nil
        }
    }
}
