// Cyclic redundancy checks, each by a table of what one byte does.

enum CyclicRedundancy {
    /// The reflected polynomial of IEEE 802.3.
    private static let table32: [UInt32] = (0..<256).map { byte in
        var c = UInt32(byte)
        for _ in 0..<8 { c = c & 1 == 1 ? 0xedb8_8320 ^ (c >> 1) : c >> 1 }
        return c
    }

    /// x^16 + x^12 + x^5 + 1, most significant bit first.
    private static let table16: [UInt32] = (0..<256).map { byte in
        var c = UInt32(byte) << 8
        for _ in 0..<8 { c = c & 0x8000 != 0 ? (c << 1) ^ 0x1021 : c << 1 }
        return c & 0xffff
    }

    /// CRC-32 of IEEE 802.3.
    static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var c = UInt32.max
        for byte in bytes { c = table32[Int((c ^ UInt32(byte)) & 0xff)] ^ (c >> 8) }
        return ~c
    }

    /// CRC-16 in an accumulator of 32 bits that nobody masks, as Dynomite has it: what leaves the 16 bits stays above them.
    static func crc16(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var c: UInt32 = 0
        for byte in bytes { c = (c << 8) ^ table16[Int(((c >> 8) ^ UInt32(byte)) & 0xff)] }
        return c
    }
}
