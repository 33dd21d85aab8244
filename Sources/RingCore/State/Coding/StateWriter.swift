// Writes what `StateReader` reads. Integers are little-endian, versions big-endian, counts LEB128.

/// Appends the parts of records and items.
package struct StateWriter: Sendable {
    package private(set) var bytes: Bytes

    package init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Goes on behind `bytes`.
    package init(continuing bytes: Bytes) { self.bytes = bytes }

    package mutating func u8(_ value: UInt8) { bytes.append(value) }
    package mutating func u16(_ value: UInt16) { put(value.littleEndian) }
    package mutating func u32(_ value: UInt32) { put(value.littleEndian) }
    package mutating func u64(_ value: UInt64) { put(value.littleEndian) }

    package mutating func version(_ version: Version) {
        put(version.stamp.bigEndian)
        put(version.node.bigEndian)
    }

    package mutating func uv(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func lp(_ value: Bytes) {
        uv(UInt64(value.count))
        bytes += value
    }

    package mutating func raw(_ value: Bytes) { bytes += value }

    /// Overwrites a word that was written before.
    package mutating func patch(u16 value: UInt16, at offset: Int) {
        bytes[offset] = UInt8(truncatingIfNeeded: value)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }

    package mutating func patch(u32 value: UInt32, at offset: Int) {
        for i in 0..<4 { bytes[offset + i] = UInt8(truncatingIfNeeded: value >> UInt32(8 * i)) }
    }

    mutating func grow(by count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

    mutating func setBit(_ bit: Int, ofMapAt offset: Int) { bytes[offset + bit >> 3] |= 1 << UInt8(bit & 7) }

    private mutating func put<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }
}
