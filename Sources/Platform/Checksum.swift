// CRC-32C (Castagnoli), the checksum of what is stored on disk.

package enum Checksum {
    private static let table: [UInt32] = (0..<256).map { byte in
        var value = UInt32(byte)
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
        return value
    }

    /// The checksum of `bytes`, going on from `start`, the checksum of what comes before them.
    package static func crc32c(_ bytes: UnsafeRawBufferPointer, from start: UInt32 = 0) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var value = ~start
            for byte in bytes { value = value >> 8 ^ table[Int(truncatingIfNeeded: (value ^ UInt32(byte)) & 0xff)] }
            return ~value
        }
    }

    package static func crc32c(_ bytes: [UInt8], from start: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { crc32c($0, from: start) }
    }
}
