// Reads what `WireWriter` writes, and survives everything else.

/// Why the bytes are no message of the kind that they came as.
package enum WireError: Error, Hashable, Sendable {
    /// A field reaches beyond the end.
    case truncated
    /// A number that needs more than 64 bits.
    case numberTooLarge
    /// More of something than the bytes that are left could hold, or than we take.
    case countTooLarge
    /// A kind, mode or status that this version does not know.
    case unknownCode(UInt8)
    /// A value that its field cannot have.
    case invalidValue
}

/// A walk over the fields of a message. Never reads beyond the end, never takes memory for a count it has not checked.
///
/// Bytes left after the last field a version knows are ignored: a later version may have appended fields.
package struct WireReader: Sendable {
    private let bytes: [UInt8]
    /// Offset of the next byte.
    package private(set) var position: Int
    private let end: Int

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    package var remaining: Int { end - position }
    package var isAtEnd: Bool { position == end }

    package mutating func u8() throws(WireError) -> UInt8 {
        guard position < end else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func u16() throws(WireError) -> UInt16 { try littleEndian() }
    package mutating func u32() throws(WireError) -> UInt32 { try littleEndian() }
    package mutating func u64() throws(WireError) -> UInt64 { try littleEndian() }
    package mutating func u64BigEndian() throws(WireError) -> UInt64 { try u64().byteSwapped }

    package mutating func uv() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try u8()
            let part = UInt64(byte & 0x7f)
            // The tenth byte has room for one bit.
            if shift == 63 && byte > 1 { throw .numberTooLarge }
            value |= part << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// The number of things to follow, each of at least `minimumSize` bytes.
    package mutating func count(minimumSize: Int = 1, limit: Int = Int.max) throws(WireError) -> Int {
        let value = try uv()
        guard value <= UInt64(min(limit, remaining / max(1, minimumSize))) else { throw .countTooLarge }
        return Int(value)
    }

    package mutating func lp(limit: Int = Int.max) throws(WireError) -> [UInt8] {
        let length = try uv()
        guard length <= UInt64(limit) else { throw .countTooLarge }
        guard length <= UInt64(remaining) else { throw .truncated }
        return try raw(Int(length))
    }

    /// A counted string that must be UTF-8.
    package mutating func string(limit: Int = Int.max) throws(WireError) -> String {
        let value = try lp(limit: limit)
        guard let text = String(validating: value, as: UTF8.self) else { throw .invalidValue }
        return text
    }

    package mutating func raw(_ count: Int) throws(WireError) -> [UInt8] {
        guard count >= 0, count <= remaining else { throw .truncated }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// What a reader of records and items, which borrows the bytes, makes of what comes next.
    package mutating func state<Value>(
        _ body: (inout StateReader) throws(StateCodingError) -> Value
    ) throws(WireError) -> Value {
        let outcome = bytes.withUnsafeBytes { bytes -> Result<(Value, Int), StateCodingError> in
            var reader = StateReader(UnsafeRawBufferPointer(rebasing: bytes[position...]))
            do throws(StateCodingError) {
                let value = try body(&reader)
                return .success((value, reader.position))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let (value, length)):
            position += length
            return value
        case .failure(.truncated): throw .truncated
        case .failure(.countTooLarge): throw .countTooLarge
        case .failure(.unknownCode(let code)): throw .unknownCode(code)
        case .failure(.invalidValue), .failure(.unknownShape): throw .invalidValue
        }
    }

    /// Everything that is left.
    package mutating func rest() -> [UInt8] {
        defer { position = end }
        return Array(bytes[position..<end])
    }

    /// `count` values, each read by `element`.
    package mutating func list<Element>(
        minimumSize: Int = 1, limit: Int = Int.max,
        _ element: (inout WireReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count = try count(minimumSize: minimumSize, limit: limit)
        var values: [Element] = []
        values.reserveCapacity(min(count, 4096))
        for _ in 0..<count { values.append(try element(&self)) }
        return values
    }

    private mutating func littleEndian<Value: FixedWidthInteger>() throws(WireError) -> Value {
        let size = MemoryLayout<Value>.size
        guard size <= remaining else { throw .truncated }
        defer { position += size }
        return bytes.withUnsafeBytes {
            Value(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Value.self))
        }
    }
}
