// Functions over bytes. Offsets and lengths count bytes; case changes touch ASCII alone.

import SearchModel

enum TextFunctions {
    static func changeCase(_ value: ExpressionValue, upper: Bool) -> ExpressionValue {
        guard case .string(let bytes) = value else { return .null }
        return .string(
            bytes.map { c in
                if upper { c >= 97 && c <= 122 ? c & 0xDF : c } else { c >= 65 && c <= 90 ? c | 0x20 : c }
            })
    }

    /// Number as replies print it; text as it is; arrays and null are empty.
    static func text(of value: ExpressionValue) -> Bytes {
        switch value {
        case .number(let number): ExpressionValue.text(of: number)
        case .string(let bytes): bytes
        case .array, .null: []
        }
    }

    static func substring(_ values: [ExpressionValue]) throws(ExpressionEvaluationError) -> ExpressionValue {
        guard case .string(let bytes) = values[0] else {
            throw ExpressionEvaluationError("Invalid type for substr. Expected string")
        }
        func integer(_ index: Int) throws(ExpressionEvaluationError) -> Int {
            guard case .number(let number) = values[index] else {
                throw FunctionID.substr.wrongType(
                    values[index], index, "VALIDATE_ARG__TYPE(v, RSValue_Number) was false.")
            }
            return number.isNaN ? 0 : Int(min(max(number, -2_147_483_648), 2_147_483_647))
        }
        var offset = try integer(1)
        var length = try integer(2)
        if offset < 0 { offset += bytes.count }
        guard offset >= 0 else { return .string([]) }
        offset = min(offset, bytes.count)
        if length < 0 { length = max(0, bytes.count - offset + length) }
        return .string(Bytes(bytes[offset..<min(bytes.count, offset + length)]))
    }

    static func format(_ values: [ExpressionValue]) throws(ExpressionEvaluationError) -> ExpressionValue {
        let pattern = try FunctionID.format.text(values, 0)
        var out = Bytes()
        var next = 1
        var i = 0
        while i < pattern.count {
            let c = pattern[i]
            i += 1
            guard c == UInt8(ascii: "%") else {
                out.append(c)
                continue
            }
            guard i < pattern.count else { throw ExpressionEvaluationError("Bad format string!") }
            let kind = pattern[i]
            i += 1
            if kind == UInt8(ascii: "%") {
                out.append(kind)
                continue
            }
            guard next < values.count else { throw ExpressionEvaluationError("Not enough arguments for format") }
            guard kind == UInt8(ascii: "s") else { throw ExpressionEvaluationError("Unknown format specifier passed") }
            if values[next] == .null {
                out.append(contentsOf: "(null)".utf8)
            } else {
                out.append(contentsOf: text(of: values[next]))
            }
            next += 1
        }
        return .string(out)
    }

    static func split(_ values: [ExpressionValue]) throws(ExpressionEvaluationError) -> ExpressionValue {
        let bytes = try FunctionID.split.text(values, 0)
        let separators = values.count > 1 ? try FunctionID.split.text(values, 1) : Bytes(",".utf8)
        let strip = values.count > 2 ? try FunctionID.split.text(values, 2) : Bytes(" ".utf8)
        var parts: [ExpressionValue] = []
        for piece in bytes.split(whereSeparator: { separators.contains($0) }) {
            var piece = piece
            while let first = piece.first, strip.contains(first) { piece.removeFirst() }
            while let last = piece.last, strip.contains(last) { piece.removeLast() }
            if !piece.isEmpty { parts.append(.string(Bytes(piece))) }
            if parts.count == 1024 { break }
        }
        return .array(parts)
    }

    static func search(
        _ function: FunctionID, _ values: [ExpressionValue]
    ) throws(ExpressionEvaluationError) -> ExpressionValue {
        let bytes = try function.text(values, 0)
        let pattern = try function.text(values, 1)
        if function == .startswith { return .number(bytes.starts(with: pattern) ? 1 : 0) }
        guard !pattern.isEmpty else { return .number(Double(bytes.count + 1)) }
        guard pattern.count <= bytes.count else { return .number(0) }
        // Overlapping occurrences count.
        var found = 0
        for start in 0...(bytes.count - pattern.count)
        where bytes[start] == pattern[0] && bytes[start..<start + pattern.count].elementsEqual(pattern) {
            found += 1
        }
        return .number(Double(found))
    }

    static func toNumber(_ value: ExpressionValue) throws(ExpressionEvaluationError) -> ExpressionValue {
        guard let number = value.numeric else {
            throw ExpressionEvaluationError(
                "to_number: cannot convert string '\(value == .null ? "(null)" : String(decoding: text(of: value), as: UTF8.self))'"
            )
        }
        return .number(number)
    }

    static func matched(_ terms: [Bytes], limit: Double) -> ExpressionValue {
        guard !terms.isEmpty else { return .null }
        let count = limit >= 1 ? Int(min(limit, 100)) : 100
        return .array(terms.prefix(count).map { .string($0) })
    }
}
