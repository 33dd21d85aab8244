// Where a record stands in the database: by token, so that a range of the ring is a walk of a cursor.
//
//   form 0   token u32 BE │ 0 │ key                        value: the record
//   form 1   token u32 BE │ 1 │ XXH3-128 of the key        value: lp key, then the record      keys above 480 bytes
//
//   a field of a wide record:   its key │ 0 │ name                    value: version, flags, expiry
//                               its key │ 1 │ XXH3-128 of the name    value: lp name, then the same   long names

/// Keys of records and of the fields of wide ones.
package enum RecordKey {
    /// The longest key of form 0. LMDB's keys have at most 511 bytes.
    package static let longestPlainKey = 480
    private static let longestEntry = 511

    package static func encode(token: UInt32, key: Bytes) -> Bytes {
        var bytes = prefix(token)
        bytes.reserveCapacity(5 + min(key.count, longestPlainKey))
        bytes.append(isLong(key) ? 1 : 0)
        bytes += isLong(key) ? Digest.xxh3Wide(key) : key
        return bytes
    }

    /// Where the records of tokens from this one on begin.
    package static func prefix(_ token: UInt32) -> Bytes { withUnsafeBytes(of: token.bigEndian) { Array($0) } }

    package static func isLong(_ key: Bytes) -> Bool { key.count > longestPlainKey }

    /// Token and key of an entry. The key of form 1 leads the entry's value, which `value` is moved beyond.
    package static func decode(
        _ entry: UnsafeRawBufferPointer, value: inout StateReader
    ) throws(StateCodingError) -> (token: UInt32, key: Bytes) {
        var reader = StateReader(entry)
        let token = UInt32(bigEndian: try reader.u32().littleEndian)
        switch try reader.u8() {
        case 0: return (token, Array(try reader.slice(reader.remaining)))
        case 1: return (token, try value.lp())
        case let form: throw .unknownCode(form)
        }
    }

    /// The entry of a field of a wide record.
    package static func encode(record: Bytes, field: Bytes) -> Bytes {
        let isPlain = record.count + 1 + field.count <= longestEntry
        return record + [isPlain ? 0 : 1] + (isPlain ? field : Digest.xxh3Wide(field))
    }
}
