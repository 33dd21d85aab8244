// XXH3, the hash of records, keys and fingerprints: the same on every node.

import CXXHash

package enum Digest {
    package static func xxh3(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        XXH3_64bits(bytes.baseAddress, bytes.count)
    }

    package static func xxh3(_ bytes: Bytes) -> UInt64 { bytes.withUnsafeBytes { xxh3($0) } }

    /// 128 bits, most significant byte first.
    package static func xxh3Wide(_ bytes: Bytes) -> Bytes {
        let hash = bytes.withUnsafeBytes { XXH3_128bits($0.baseAddress, $0.count) }
        var writer = WireWriter(capacity: 16)
        writer.u64(hash.high64.byteSwapped)
        writer.u64(hash.low64.byteSwapped)
        return writer.bytes
    }
}
