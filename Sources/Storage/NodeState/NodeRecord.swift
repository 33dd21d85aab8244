// How a value is kept, whatever it is.
//
//   ┌──────────┬─────────┬───────┬──────────┬────────────┬───────┬───────┐
//   │ checksum │ version │ flags │ reserved │ key length │ key   │ value │
//   │ u32      │ u8      │ u8    │ u16      │ u32        │ bytes │ bytes │      numbers little-endian
//   └──────────┴─────────┴───────┴──────────┴────────────┴───────┴───────┘
//
// The checksum (CRC-32C) covers all that follows it, and the table's name before that, so that a record that was put
// back into a wrong place is noticed, too. The key is there because LMDB's own keys end at 511 bytes.

import Platform

enum NodeRecord {
    static let version: UInt8 = 1
    private static let headerLength = 12

    static func encode(table: String, key: [UInt8], value: [UInt8]) -> [UInt8] {
        var record: [UInt8] = [0, 0, 0, 0, version, 0, 0, 0]
        record.reserveCapacity(headerLength + key.count + value.count)
        let length = UInt32(key.count)
        for shift in stride(from: 0, to: 32, by: 8) {
            record.append(UInt8(truncatingIfNeeded: length >> UInt32(shift)))
        }
        record += key
        record += value
        let sum = record[4...].withUnsafeBytes { Checksum.crc32c($0, from: Checksum.crc32c(Array(table.utf8))) }
        for i in 0..<4 { record[i] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * i)) }
        return record
    }

    /// - Throws: `.damaged`, or `.tooNew` for a version that is not known.
    static func decode(
        table: String, _ record: UnsafeRawBufferPointer
    ) throws(NodeStateError) -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        guard record.count >= headerLength else { throw .damaged("a short record in \(table)") }
        let sum = number(record, 0)
        let body = UnsafeRawBufferPointer(rebasing: record[4...])
        guard Checksum.crc32c(body, from: Checksum.crc32c(Array(table.utf8))) == sum else {
            throw .damaged("a record in \(table) has a wrong checksum")
        }
        guard record[4] == version else { throw .tooNew(format: Int(record[4])) }
        let keyLength = Int(number(record, 8))
        guard keyLength <= record.count - headerLength else { throw .damaged("a record in \(table) has no key") }
        return (
            UnsafeRawBufferPointer(rebasing: record[headerLength..<headerLength + keyLength]),
            UnsafeRawBufferPointer(rebasing: record[(headerLength + keyLength)...])
        )
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    // MARK: LMDB's keys

    private static let longest = 480

    /// The key under which LMDB keeps a record: 0 and the key, or, for a long one, 1, its beginning and a hash of it.
    static func storedKey(_ key: [UInt8]) -> [UInt8] {
        if key.count < longest { return [0] + key }
        var hashes: (UInt64, UInt64) = (0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15)
        for byte in key {
            hashes.0 = (hashes.0 ^ UInt64(byte)) &* 0x100_0000_01b3
            hashes.1 = (hashes.1 &+ UInt64(byte)) &* 0xff51_afd7_ed55_8ccd
            hashes.1 ^= hashes.1 >> 29
        }
        var result: [UInt8] = [1] + key.prefix(longest)
        for hash in [hashes.0, hashes.1] {
            for shift in stride(from: 0, to: 64, by: 8) {
                result.append(UInt8(truncatingIfNeeded: hash >> UInt64(shift)))
            }
        }
        return result
    }
}
