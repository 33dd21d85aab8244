// Reads records and items from bytes that somebody else owns: a page of the database, a message, a log file.

/// Why bytes are no record or item.
package enum StateCodingError: Error, Hashable, Sendable {
    /// A field reaches beyond the end.
    case truncated
    /// More of something than the bytes that are left could hold.
    case countTooLarge
    /// A format, operation, kind or form that this version does not know.
    case unknownCode(UInt8)
    /// A value that its field cannot have.
    case invalidValue
    /// A record names a list of fields that is not known here.
    case unknownShape(UInt32)
}

/// A walk over bytes, valid during the call that passes them. Never reads beyond the end.
package struct StateReader {
    private let bytes: UnsafeRawBufferPointer
    /// Offset of the next byte.
    package private(set) var position = 0

    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    package var remaining: Int { bytes.count - position }

    package mutating func u8() throws(StateCodingError) -> UInt8 {
        guard position < bytes.count else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func u16() throws(StateCodingError) -> UInt16 { UInt16(littleEndian: try load()) }
    package mutating func u32() throws(StateCodingError) -> UInt32 { UInt32(littleEndian: try load()) }
    package mutating func u64() throws(StateCodingError) -> UInt64 { UInt64(littleEndian: try load()) }

    package mutating func version() throws(StateCodingError) -> Version {
        let stamp = UInt64(bigEndian: try load())
        return Version(stamp: stamp, node: UInt64(bigEndian: try load()))
    }

    package mutating func uv() throws(StateCodingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try u8()
            // The tenth byte has room for one bit.
            if shift == 63, byte > 1 { throw .invalidValue }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// The number of things to follow, each of at least `minimumSize` bytes.
    package mutating func count(minimumSize: Int) throws(StateCodingError) -> Int {
        let value = try uv()
        guard value <= UInt64(remaining / minimumSize) else { throw .countTooLarge }
        return Int(value)
    }

    package mutating func lp() throws(StateCodingError) -> Bytes { Array(try slice(try count(minimumSize: 1))) }

    package mutating func slice(_ count: Int) throws(StateCodingError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else { throw .truncated }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    package mutating func list<Element>(
        minimumSize: Int, _ element: (inout StateReader) throws(StateCodingError) -> Element
    ) throws(StateCodingError) -> [Element] {
        let count = try count(minimumSize: minimumSize)
        var values: [Element] = []
        values.reserveCapacity(min(count, 1_024))
        for _ in 0..<count { values.append(try element(&self)) }
        return values
    }

    private mutating func load<Value: FixedWidthInteger>() throws(StateCodingError) -> Value {
        let size = MemoryLayout<Value>.size
        guard size <= remaining else { throw .truncated }
        defer { position += size }
        return bytes.loadUnaligned(fromByteOffset: position, as: Value.self)
    }
}
