// Numbers as text: how values of documents and options are read, and how numbers are written in rows.

#if canImport(Glibc)
import Glibc
#endif

package enum NumberText {
    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// The number that is the whole text, as C's `strtod` reads it: `5`, `-0.5`, `1e5`, `0x10`, `inf`; no blanks.
    ///
    /// `nil` for `nan` and for what is out of a double's range.
    package static func double(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        if let value = plainDecimal(text) { return value }
        guard let first = text.first, !isSpace(first) else { return nil }
        guard let (value, length) = prefix(text), length == text.count, !value.isNaN else { return nil }
        return value
    }

    /// A decimal integer, or any number text whose value is a whole one (`0x1`, `1e3`).
    package static func integer(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        if let value = decimalInteger(text) { return value }
        guard let value = double(text), value == value.rounded(.towardZero) else { return nil }
        return Int(exactly: value)
    }

    /// The number at the start of the text, blanks before it skipped, and how many bytes it takes; (0, 0) when
    /// there is none. `nil` when it is out of a double's range.
    package static func prefix(_ text: UnsafeBufferPointer<UInt8>) -> (value: Double, length: Int)? {
        // `strtod` wants a zero byte behind the text, which lies in the middle of something larger.
        let count = min(text.count, 512)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { buffer in
            for i in 0..<count { buffer[i] = CChar(bitPattern: text[i]) }
            buffer[count] = 0
            guard let start = buffer.baseAddress else { return nil }
            var end: UnsafeMutablePointer<CChar>?
            errno = 0
            let value = strtod(start, &end)
            guard errno != ERANGE else { return nil }
            return (value, end.map { start.distance(to: $0) } ?? 0)
        }
    }

    /// As rows show numbers: whole ones as integers, others with 12 significant digits.
    package static func row(_ value: Double) -> String {
        if value == value.rounded(.towardZero), let whole = Int(exactly: value) { return String(whole) }
        return formatted(value, digits: 12)
    }

    /// As sort keys show numbers: `%.17g`.
    package static func sortKey(_ value: Double) -> String { formatted(value, digits: 17) }

    /// C's `%.{digits}g`.
    package static func formatted(_ value: Double, digits: Int32) -> String { format("%.*g", digits, value) }

    /// C's `%.{decimals}f`.
    package static func fixed(_ value: Double, decimals: Int32) -> String { format("%.*f", decimals, value) }

    private static func format(_ format: String, _ precision: Int32, _ value: Double) -> String {
        // The longest: -1.8e308 with all its digits and a few decimals.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            let written = withVaList([precision, value]) { vsnprintf(start, 400, format, $0) }
            let bytes = UnsafeRawBufferPointer(buffer).prefix(Int(max(0, min(written, 399))))
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Digits with at most one point, short enough for one exact division: nearly all numbers of documents.
    private static func plainDecimal(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        guard text.count > 0, text.count <= 17 else { return nil }
        var i = 0
        let isNegative = text[0] == UInt8(ascii: "-")
        if isNegative { i = 1 }
        var mantissa = 0
        var digits = 0
        var fraction = -1
        while i < text.count {
            let digit = text[i] &- 48
            if digit < 10 {
                mantissa = mantissa &* 10 &+ Int(digit)
                digits &+= 1
                if fraction >= 0 { fraction &+= 1 }
            } else if text[i] == UInt8(ascii: "."), fraction < 0 {
                fraction = 0
            } else {
                return nil
            }
            i &+= 1
        }
        // Up to 15 digits and powers of ten up to 22 are exact doubles, so the quotient is rounded once.
        guard digits > 0, digits <= 15 else { return nil }
        var value = Double(mantissa)
        if fraction > 0 { value /= powersOfTen[fraction] }
        return isNegative ? -value : value
    }

    private static func decimalInteger(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard text.count > 0, text.count <= 20 else { return nil }
        let isNegative = text[0] == UInt8(ascii: "-")
        var i = isNegative ? 1 : 0
        guard i < text.count else { return nil }
        // Built below zero, where there is one value more.
        var value = 0
        while i < text.count {
            let digit = text[i] &- 48
            guard digit < 10 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (difference, underflow) = product.subtractingReportingOverflow(Int(digit))
            guard !overflow, !underflow else { return nil }
            value = difference
            i += 1
        }
        if isNegative { return value }
        return value == Int.min ? nil : -value
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
}
