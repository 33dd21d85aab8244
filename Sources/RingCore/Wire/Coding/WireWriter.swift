// The alphabet of RingSearch messages, records and logs: little-endian integers, LEB128 counts, counted strings.
//
//   uv   7 bits a byte, lowest first, the top bit set on all but the last:  300 = ac 02
//   lp   uv length, then the bytes:                                         "ab" = 02 61 62

/// Appends the fields of a message or a record.
package struct WireWriter: Sendable {
    package private(set) var bytes: [UInt8]

    package init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Goes on behind `bytes`.
    package init(continuing bytes: [UInt8]) { self.bytes = bytes }

    package mutating func u8(_ value: UInt8) { bytes.append(value) }
    package mutating func u16(_ value: UInt16) { littleEndian(value) }
    package mutating func u32(_ value: UInt32) { littleEndian(value) }
    package mutating func u64(_ value: UInt64) { littleEndian(value) }

    /// A big-endian word, for what is compared as bytes: versions.
    package mutating func u64BigEndian(_ value: UInt64) {
        littleEndian(value.byteSwapped)
    }

    package mutating func uv(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func count(_ value: Int) { uv(UInt64(value)) }

    package mutating func lp(_ value: some Collection<UInt8>) {
        count(value.count)
        bytes += value
    }

    package mutating func lp(_ value: String) { lp(value.utf8) }

    package mutating func raw(_ value: some Collection<UInt8>) { bytes += value }

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

    private mutating func littleEndian<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
