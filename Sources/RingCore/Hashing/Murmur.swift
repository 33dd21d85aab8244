// MurmurHash 2 and 3, after Austin Appleby's public-domain descriptions.

/// MurmurHash2, 32 bits, with Dynomite's seed.
enum Murmur2 {
    private static let multiplier: UInt32 = 0x5bd1_e995
    private static let shift: UInt32 = 24

    /// The ring's default hash. The seed depends on the length, so the empty key has token 0.
    static func hash(_ key: UnsafeRawBufferPointer) -> UInt32 {
        let length = UInt32(truncatingIfNeeded: key.count)
        var h = (0xdead_beef &* length) ^ length
        var i = 0
        while i &+ 4 <= key.count {
            var k = UInt32(littleEndian: key.loadUnaligned(fromByteOffset: i, as: UInt32.self)) &* multiplier
            k ^= k >> shift
            h = (h &* multiplier) ^ (k &* multiplier)
            i &+= 4
        }
        let rest = key.count &- i
        if rest > 0 {
            if rest > 2 { h ^= UInt32(key[i &+ 2]) << 16 }
            if rest > 1 { h ^= UInt32(key[i &+ 1]) << 8 }
            h = (h ^ UInt32(key[i])) &* multiplier
        }
        h = (h ^ (h >> 13)) &* multiplier
        return h ^ (h >> 15)
    }

    /// Of four bytes, most significant first: how a token is hashed where a token chooses something.
    static func hash(ofBigEndian word: UInt32) -> UInt32 { withUnsafeBytes(of: word.bigEndian) { hash($0) } }
}

/// MurmurHash3's two 128-bit variants.
enum Murmur3 {
    static let dynomiteSeed: UInt32 = 0xc0a1_e5ce

    /// The variant for 32-bit machines, as its four words.
    static func x86x128(_ key: UnsafeRawBufferPointer, seed: UInt32) -> [UInt32] {
        let c: [UInt32] = [0x239b_961b, 0xab0e_9789, 0x38b3_4ae5, 0xa1e3_8b93]
        let laneRotations: [UInt32] = [15, 16, 17, 18]
        let stateRotations: [UInt32] = [19, 17, 15, 13]
        let additions: [UInt32] = [0x561c_cd1b, 0x0bca_a747, 0x96cd_1c35, 0x32ac_3b17]
        var h = [seed, seed, seed, seed]

        func mixed(_ k: UInt32, _ lane: Int) -> UInt32 {
            rotated(k &* c[lane], laneRotations[lane]) &* c[(lane + 1) % 4]
        }
        var i = 0
        while i + 16 <= key.count {
            for lane in 0..<4 {
                let k = UInt32(littleEndian: key.loadUnaligned(fromByteOffset: i + 4 * lane, as: UInt32.self))
                h[lane] ^= mixed(k, lane)
                h[lane] = (rotated(h[lane], stateRotations[lane]) &+ h[(lane + 1) % 4]) &* 5 &+ additions[lane]
            }
            i += 16
        }
        // The last lanes first; a lane without bytes stays as it is.
        for lane in stride(from: 3, through: 0, by: -1) where i + 4 * lane < key.count {
            var k: UInt32 = 0
            for byte in 0..<min(4, key.count - i - 4 * lane) { k |= UInt32(key[i + 4 * lane + byte]) << (8 * byte) }
            h[lane] ^= mixed(k, lane)
        }
        for lane in 0..<4 { h[lane] ^= UInt32(truncatingIfNeeded: key.count) }
        spread(&h)
        for lane in 0..<4 { h[lane] = finished(h[lane]) }
        spread(&h)
        return h
    }

    /// The first half of the variant for 64-bit machines: low word, high word.
    static func x64(_ key: UnsafeRawBufferPointer, seed: UInt64) -> [UInt32] {
        let c1: UInt64 = 0x87c3_7b91_1142_53d5
        let c2: UInt64 = 0x4cf5_ad43_2745_937f
        var h1 = seed
        var h2 = seed
        var i = 0
        while i + 16 <= key.count {
            let k1 = UInt64(littleEndian: key.loadUnaligned(fromByteOffset: i, as: UInt64.self))
            let k2 = UInt64(littleEndian: key.loadUnaligned(fromByteOffset: i + 8, as: UInt64.self))
            h1 ^= rotated(k1 &* c1, 31) &* c2
            h1 = (rotated(h1, 27) &+ h2) &* 5 &+ 0x52dc_e729
            h2 ^= rotated(k2 &* c2, 33) &* c1
            h2 = (rotated(h2, 31) &+ h1) &* 5 &+ 0x3849_5ab5
            i += 16
        }
        var k1: UInt64 = 0
        var k2: UInt64 = 0
        for byte in i..<key.count {
            let place = byte - i
            if place < 8 {
                k1 |= UInt64(key[byte]) << (8 * place)
            } else {
                k2 |= UInt64(key[byte]) << (8 * (place - 8))
            }
        }
        h2 ^= rotated(k2 &* c2, 33) &* c1
        h1 ^= rotated(k1 &* c1, 31) &* c2
        h1 ^= UInt64(key.count)
        h2 ^= UInt64(key.count)
        h1 &+= h2
        h2 &+= h1
        h1 = finished(h1) &+ finished(h2)
        return [UInt32(truncatingIfNeeded: h1), UInt32(truncatingIfNeeded: h1 >> 32)]
    }

    /// Lets every word depend on all four.
    private static func spread(_ h: inout [UInt32]) {
        for lane in 1..<4 { h[0] = h[0] &+ h[lane] }
        for lane in 1..<4 { h[lane] = h[lane] &+ h[0] }
    }

    private static func rotated(_ x: UInt32, _ by: UInt32) -> UInt32 { x << by | x >> (32 - by) }
    private static func rotated(_ x: UInt64, _ by: UInt64) -> UInt64 { x << by | x >> (64 - by) }

    private static func finished(_ x: UInt32) -> UInt32 {
        var h = (x ^ (x >> 16)) &* 0x85eb_ca6b
        h = (h ^ (h >> 13)) &* 0xc2b2_ae35
        return h ^ (h >> 16)
    }

    private static func finished(_ x: UInt64) -> UInt64 {
        var h = (x ^ (x >> 33)) &* 0xff51_afd7_ed55_8ccd
        h = (h ^ (h >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return h ^ (h >> 33)
    }
}
