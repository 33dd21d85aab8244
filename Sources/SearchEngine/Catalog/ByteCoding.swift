// The bytes that definitions are kept in: a version byte, then numbers and length-prefixed byte strings.
//
//   varint   7 bits a byte, low first, high bit set while more follow
//   bytes    varint length, then the bytes
//   double   8 bytes, little endian bit pattern

import SearchModel

struct ByteEncoder {
    private(set) var bytes: Bytes = []

    mutating func number(_ value: Int) {
        // Zigzag, so that small negatives stay short.
        var rest = UInt64(bitPattern: Int64((value << 1) ^ (value >> 63)))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func text(_ value: Bytes) {
        number(value.count)
        bytes.append(contentsOf: value)
    }

    mutating func optionalText(_ value: Bytes?) {
        flag(value != nil)
        if let value { text(value) }
    }

    mutating func double(_ value: Double) {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func list<Element>(_ values: [Element], _ body: (inout ByteEncoder, Element) -> Void) {
        number(values.count)
        for value in values { body(&self, value) }
    }
}

/// The bytes are not what an encoder made.
struct ByteDecodingError: Error, Equatable {}

/// Reads what ``ByteEncoder`` wrote; damaged bytes are an error, never a trap.
struct ByteDecoder {
    private let bytes: Bytes
    private var position = 0

    init(_ bytes: Bytes) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() throws(ByteDecodingError) -> UInt8 {
        guard position < bytes.count else { throw ByteDecodingError() }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number() throws(ByteDecodingError) -> Int {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 64 else { throw ByteDecodingError() }
            value |= UInt64(next & 0x7f) << shift
            if next & 0x80 == 0 { break }
            shift += 7
        }
        return Int(Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1))))
    }

    mutating func flag() throws(ByteDecodingError) -> Bool { try byte() != 0 }

    mutating func text() throws(ByteDecodingError) -> Bytes {
        let count = try number()
        guard count >= 0, count <= bytes.count - position else { throw ByteDecodingError() }
        defer { position += count }
        return Bytes(bytes[position..<position + count])
    }

    mutating func optionalText() throws(ByteDecodingError) -> Bytes? { try flag() ? try text() : nil }

    mutating func double() throws(ByteDecodingError) -> Double {
        guard bytes.count - position >= 8 else { throw ByteDecodingError() }
        var pattern: UInt64 = 0
        for i in 0..<8 { pattern |= UInt64(bytes[position + i]) << UInt64(8 * i) }
        position += 8
        return Double(bitPattern: pattern)
    }

    mutating func list<Element>(
        _ body: (inout ByteDecoder) throws(ByteDecodingError) -> Element
    ) throws(ByteDecodingError) -> [Element] {
        let count = try number()
        // An element takes at least one byte: a damaged count cannot make us reserve the world.
        guard count >= 0, count <= bytes.count - position else { throw ByteDecodingError() }
        var values: [Element] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try body(&self)) }
        return values
    }
}
