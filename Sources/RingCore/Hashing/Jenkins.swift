// Bob Jenkins's one-at-a-time and lookup3, after his public-domain descriptions.

enum Jenkins {
    static func oneAtATime(_ key: UnsafeRawBufferPointer) -> UInt32 {
        var h: UInt32 = 0
        for byte in key {
            h = h &+ UInt32(byte)
            h = h &+ (h << 10)
            h ^= h >> 6
        }
        h = h &+ (h << 3)
        h ^= h >> 11
        return h &+ (h << 15)
    }

    /// What Dynomite starts lookup3 with.
    private static let initialValue: UInt32 = 13

    static func lookup3(_ key: UnsafeRawBufferPointer) -> UInt32 {
        let start = 0xdead_beef &+ UInt32(truncatingIfNeeded: key.count) &+ initialValue
        var (a, b, c) = (start, start, start)
        var i = 0
        // The last one to twelve bytes are mixed in another way.
        while key.count - i > 12 {
            a = a &+ word(key, i)
            b = b &+ word(key, i + 4)
            c = c &+ word(key, i + 8)
            mix(&a, &b, &c)
            i += 12
        }
        guard i < key.count else { return c }
        a = a &+ word(key, i)
        b = b &+ word(key, i + 4)
        c = c &+ word(key, i + 8)
        finish(&a, &b, &c)
        return c
    }

    /// Four bytes, least significant first; zeros behind the end.
    private static func word(_ key: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
        var word: UInt32 = 0
        var byte = 0
        while byte < 4 && at + byte < key.count {
            word |= UInt32(key[at + byte]) << (8 * byte)
            byte += 1
        }
        return word
    }

    private static func rotated(_ x: UInt32, _ by: UInt32) -> UInt32 { x << by | x >> (32 - by) }

    private static func mix(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
        for rotation: UInt32 in [4, 6, 8, 16, 19, 4] {
            a = (a &- c) ^ rotated(c, rotation)
            c = c &+ b
            (a, b, c) = (b, c, a)
        }
    }

    private static func finish(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
        c = (c ^ b) &- rotated(b, 14)
        a = (a ^ c) &- rotated(c, 11)
        b = (b ^ a) &- rotated(a, 25)
        c = (c ^ b) &- rotated(b, 16)
        a = (a ^ c) &- rotated(c, 4)
        b = (b ^ a) &- rotated(a, 14)
        c = (c ^ b) &- rotated(b, 24)
    }
}

/// Paul Hsieh's "super fast hash".
enum Hsieh {
    /// Starts from 0 rather than from the length; the empty key has 0.
    static func hash(_ key: UnsafeRawBufferPointer) -> UInt32 {
        guard !key.isEmpty else { return 0 }
        func half(_ at: Int) -> UInt32 { UInt32(key[at]) | UInt32(key[at + 1]) << 8 }
        var h: UInt32 = 0
        var i = 0
        while i + 4 <= key.count {
            h = h &+ half(i)
            h = (h << 16) ^ (half(i + 2) << 11) ^ h
            h = h &+ (h >> 11)
            i += 4
        }
        switch key.count - i {
        case 3:
            h = h &+ half(i)
            h ^= h << 16
            h ^= UInt32(key[i + 2]) << 18
            h = h &+ (h >> 11)
        case 2:
            h = h &+ half(i)
            h ^= h << 11
            h = h &+ (h >> 17)
        case 1:
            h = h &+ UInt32(key[i])
            h ^= h << 10
            h = h &+ (h >> 1)
        default: break
        }
        h ^= h << 3
        h = h &+ (h >> 5)
        h ^= h << 4
        h = h &+ (h >> 17)
        h ^= h << 25
        return h &+ (h >> 6)
    }
}
