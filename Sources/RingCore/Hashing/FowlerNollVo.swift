// The hashes of Fowler, Noll and Vo: multiply by a prime, fold a byte in, or the other way round.

enum FowlerNollVo {
    private static let offset32: UInt32 = 0x811c_9dc5
    private static let prime32: UInt32 = 0x0100_0193
    private static let offset64: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime64: UInt64 = 0x0000_0100_0000_01b3

    static func hash32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var h = offset32
        for byte in bytes { h = (h &* prime32) ^ UInt32(byte) }
        return h
    }

    static func alternate32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var h = offset32
        for byte in bytes { h = (h ^ UInt32(byte)) &* prime32 }
        return h
    }

    static func hash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var h = offset64
        for byte in bytes { h = (h &* prime64) ^ UInt64(byte) }
        return h
    }

    /// The alternate 64-bit function with everything cut to 32 bits.
    static func alternate64In32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var h = UInt32(truncatingIfNeeded: offset64)
        for byte in bytes { h = (h ^ UInt32(byte)) &* UInt32(truncatingIfNeeded: prime64) }
        return h
    }
}
