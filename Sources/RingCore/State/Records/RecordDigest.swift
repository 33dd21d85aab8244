// The hash by which replicas compare records: canonical, so neither LSN nor shape nor what is missing here goes into it.
//
//   XXH3-64 of   u32 length of the key │ key │ u8 kind of the floor │ 16 floor's version, or zeros
//                16 expiry's version, or zeros │ u64 ms, 2^64 - 1 for never
//                u64 number of fields │ u64 sum of the fields' digests
//   a field's    XXH3-64 of   16 version │ u8 flags │ u64 ms, 2^64 - 1 for never │ name
//
// A sum, so that a wide record's hash follows from its head, and a change of one field is one subtraction and one addition.

extension KeyState.Field {
    /// The field's part in the sum.
    package var digest: UInt64 {
        withUnsafeTemporaryAllocation(byteCount: 25 + name.count, alignment: 8) { buffer in
            buffer.storeBytes(of: version.stamp.bigEndian, as: UInt64.self)
            buffer.storeBytes(of: version.node.bigEndian, toByteOffset: 8, as: UInt64.self)
            buffer.storeBytes(of: isDeleted ? 1 : 0, toByteOffset: 16, as: UInt8.self)
            buffer.storeBytes(of: (expiry ?? .max).littleEndian, toByteOffset: 17, as: UInt64.self)
            name.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: buffer[25...]).copyMemory(from: $0) }
            return Digest.xxh3(UnsafeRawBufferPointer(buffer))
        }
    }
}

extension KeyState {
    package var fieldDigestSum: UInt64 { fields.reduce(0) { $0 &+ $1.digest } }

    /// The hash of the record of `key` in this state.
    package func recordHash(key: Bytes) -> UInt64 {
        recordHash(key: key, fieldCount: fields.count, fieldDigestSum: fieldDigestSum)
    }

    /// The hash of a wide record, of which this is the head.
    package func recordHash(key: Bytes, fieldCount: Int, fieldDigestSum: UInt64) -> UInt64 {
        var writer = WireWriter(capacity: 61 + key.count)
        writer.u32(UInt32(clamping: key.count))
        writer.raw(key)
        // The kind of the key follows from the parts.
        writer.u8(floor?.kind.rawValue ?? 0)
        writer.version(floorVersion)
        writer.version(expiry?.version ?? .zero)
        writer.u64(expiry?.at ?? .max)
        writer.u64(UInt64(fieldCount))
        writer.u64(fieldDigestSum)
        return Digest.xxh3(writer.bytes)
    }

    /// What a feed shows of a change by a single effect.
    package static func fingerprint(key: Bytes, version: Version) -> UInt64 {
        var writer = WireWriter(capacity: 16 + key.count)
        writer.version(version)
        writer.raw(key)
        return Digest.xxh3(writer.bytes)
    }

    /// What a feed shows of a merged state, which may bring old fields under a newest version that is known already.
    package func fingerprint(key: Bytes) -> UInt64 {
        var writer = WireWriter(capacity: 8 + key.count)
        writer.u64(recordHash(key: key))
        writer.raw(key)
        return Digest.xxh3(writer.bytes)
    }
}
