// The hash functions that a ring may be configured with.
//
// All nodes of a ring, Dynomite's own among them, must place a key on the same token, so each function gives what
// Dynomite's gives, including where that is not what the function's inventor meant. The functions are written from
// their public descriptions and tied down by vectors that were taken from a running Dynomite.

/// What turns a key into a place on the ring: the values of the configuration key `hash`.
package enum HashFunction: String, CaseIterable, Sendable {
    case murmur
    case oneAtATime = "one_at_a_time"
    case md5
    case crc16
    case crc32
    case crc32a
    case fnv1x64 = "fnv1_64"
    case fnv1ax64 = "fnv1a_64"
    case fnv1x32 = "fnv1_32"
    case fnv1ax32 = "fnv1a_32"
    case hsieh
    case jenkins
    case murmur3
    case murmur3x64 = "murmur3_x64_64"

    /// Whether a token of it has more than one word.
    ///
    /// Such tokens are all beyond the one-word tokens that nodes have, so that every key would belong to the first node
    /// of each rack. ``KeyHash`` therefore refuses these functions.
    package var isWide: Bool { self == .murmur3 || self == .murmur3x64 }

    /// The words of a key's token in the order in which tokens are compared; one word but for wide functions.
    package func words(of key: UnsafeRawBufferPointer) -> [UInt32] {
        switch self {
        case .murmur3: Murmur3.x86x128(key, seed: Murmur3.dynomiteSeed)
        case .murmur3x64: Murmur3.x64(key, seed: UInt64(Murmur3.dynomiteSeed))
        default: [word(of: key)]
        }
    }

    /// The word of a key's token; of a wide function the first one.
    func word(of key: UnsafeRawBufferPointer) -> UInt32 {
        switch self {
        case .murmur: Murmur2.hash(key)
        case .oneAtATime: Jenkins.oneAtATime(key)
        case .md5: MD5.firstWord(of: key)
        case .crc16: CyclicRedundancy.crc16(key)
        // Dynomite keeps 15 bits of the checksum and names the whole one `crc32a`.
        case .crc32: (CyclicRedundancy.crc32(key) >> 16) & 0x7fff
        case .crc32a: CyclicRedundancy.crc32(key)
        case .fnv1x64: UInt32(truncatingIfNeeded: FowlerNollVo.hash64(key))
        case .fnv1ax64: FowlerNollVo.alternate64In32(key)
        case .fnv1x32: FowlerNollVo.hash32(key)
        case .fnv1ax32: FowlerNollVo.alternate32(key)
        case .hsieh: Hsieh.hash(key)
        case .jenkins: Jenkins.lookup3(key)
        case .murmur3, .murmur3x64: words(of: key)[0]
        }
    }
}
