// The hash part of the dictionary: term bytes → term id.
//
//   bucket = 8 control bytes in one word │ 8 term ids
//   control byte: 0 free, else 0x80 | 7 bits of the hash
//
// A probe compares eight control bytes at once and only looks at the term behind a byte that agrees. The table is
// filled to 0.85 at most and replaced by one 1.25 times as large: masks and powers of two would waste a third.

import CKernels
import Containers
import SearchModel

#if canImport(Glibc)
import Glibc
#endif

/// The first byte of a term's record:
///
///     state of the stem, 2 bits | length, 6 bits      stem u32, if stored │ length u32, if the 6 bits are all ones │ bytes
///
/// The state changes while others read, from ``unknownStem`` to ``noStem`` or ``lateStem``: none has a stem in the record.
enum TermRecordHeader {
    static let lengthMask: UInt8 = 0x3F
    static let stateMask: UInt8 = 0xC0
    static let unknownStem: UInt8 = 0x00
    static let noStem: UInt8 = 0x40
    static let storedStem: UInt8 = 0x80
    /// Learnt after the record was made: kept beside.
    static let lateStem: UInt8 = 0xC0
}

/// Where the bytes of terms are, as of some moment: valid for every id handed out by then.
///
/// `@unchecked Sendable`: addresses of append-only memory, which whoever uses them keeps alive.
struct TermRecords: @unchecked Sendable {
    let records: ChunkDirectory
    let offsets: ChunkedNumbers.Directory

    @inline(__always) func bytes(_ id: TermID) -> ByteSlice {
        let record = ChunkStore.pointer(at: offset(id), in: records)
        let header = rk_load_relaxed_u8(record)
        var start = record + 1
        if header & TermRecordHeader.stateMask == TermRecordHeader.storedStem { start += 4 }
        let length = header & TermRecordHeader.lengthMask
        if length < TermRecordHeader.lengthMask { return ByteSlice(start: start, count: Int(length)) }
        return ByteSlice(start: start + 4, count: Int(UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)))
    }

    /// Whether the term's stem is known, and the stem itself when it is stored in the record.
    @inline(__always) func stemState(_ id: TermID) -> (state: UInt8, stem: TermID) {
        let record = ChunkStore.pointer(at: offset(id), in: records)
        let state = rk_load_relaxed_u8(record) & TermRecordHeader.stateMask
        let isStored = state == TermRecordHeader.storedStem
        return (state, isStored ? UnsafeRawPointer(record + 1).loadUnaligned(as: UInt32.self) : 0)
    }

    @inline(__always) func offset(_ id: TermID) -> UInt32 {
        ChunkedNumbers.pointer(to: Int(id), in: offsets).pointee
    }

    /// First eight bytes as a number that orders as the bytes do; equal keys need ``precedes(_:_:)``.
    func sortKey(_ id: TermID) -> UInt64 { termSortKey(bytes(id)) }

    func compare(_ id: TermID, _ other: ByteSlice) -> Int { compareBytes(bytes(id), other) }
}

func termSortKey(_ bytes: ByteSlice) -> UInt64 {
    if bytes.count >= 8 {
        return UnsafeRawPointer(bytes.baseAddress!).loadUnaligned(as: UInt64.self).bigEndian
    }
    var key: UInt64 = 0
    for i in 0..<8 { key = key &<< 8 | (i < bytes.count ? UInt64(bytes[i]) : 0) }
    return key
}

/// Byte order, a prefix before what it starts: negative, zero or positive.
package func compareBytes(_ a: ByteSlice, _ b: ByteSlice) -> Int {
    let shared = min(a.count, b.count)
    if shared > 0 {
        let order = memcmp(a.baseAddress!, b.baseAddress!, shared)
        if order != 0 { return Int(order) }
    }
    return a.count - b.count
}

/// The memory of a table as plain addresses: probing it counts no references.
struct TermTableAddresses {
    let control: UnsafeMutablePointer<UInt64>
    let ids: UnsafeMutablePointer<UInt32>
    let bucketCount: Int

    @inline(__always) fileprivate func home(_ hash: UInt64) -> Int {
        Int(((hash &>> 32) &* UInt64(bucketCount)) &>> 32)
    }

    @inline(__always) func prefetch(_ hash: UInt64) {
        let bucket = home(hash)
        rk_prefetch(control + bucket)
        rk_prefetch(ids + bucket &* 8)
    }

    @inline(__always) func find(_ term: ByteSlice, hash: UInt64, in records: TermRecords) -> TermID? {
        let pattern = (0x80 | (hash & 0x7F)) &* 0x0101_0101_0101_0101
        var bucket = home(hash)
        while true {
            let word = rk_load_acquire_u64(control + bucket)
            var candidates = zeroBytes(word ^ pattern)
            while candidates != 0 {
                let id = ids[bucket &* 8 &+ (candidates.trailingZeroBitCount &>> 3)]
                let bytes = records.bytes(id)
                if bytes.count == term.count
                    && (term.count == 0 || memcmp(bytes.baseAddress!, term.baseAddress!, term.count) == 0)
                {
                    return id
                }
                candidates &= candidates &- 1
            }
            if zeroBytes(word) != 0 { return nil }
            bucket &+= 1
            if bucket == bucketCount { bucket = 0 }
        }
    }

    /// The top bit of each byte that is zero, and no other.
    @inline(__always) fileprivate func zeroBytes(_ word: UInt64) -> UInt64 {
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        return ~(((word & low) &+ low) | word | low)
    }
}

/// Owns a table's memory.
///
/// `@unchecked Sendable`: one writer inserts; a control byte is published with release after its id, the id after
/// its record, and neither ever changes again.
final class TermTable: @unchecked Sendable {
    let addresses: TermTableAddresses

    init(bucketCount: Int) {
        addresses = TermTableAddresses(
            control: .allocate(capacity: bucketCount), ids: .allocate(capacity: bucketCount * 8),
            bucketCount: bucketCount)
        addresses.control.initialize(repeating: 0, count: bucketCount)
    }

    deinit {
        addresses.control.deallocate()
        addresses.ids.deallocate()
    }

    var bucketCount: Int { addresses.bucketCount }
    var byteCount: Int { bucketCount * 40 }
    /// Terms it may hold before it has to be replaced.
    var limit: Int { bucketCount * 8 * 85 / 100 }

    /// - Precondition: the term is not in the table, and there is room.
    func insert(_ id: TermID, hash: UInt64) {
        var bucket = addresses.home(hash)
        while true {
            let word = rk_load_relaxed_u64(addresses.control + bucket)
            let free = addresses.zeroBytes(word)
            if free != 0 {
                let slot = free.trailingZeroBitCount &>> 3
                addresses.ids[bucket * 8 + slot] = id
                rk_store_release_u64(addresses.control + bucket, word | (0x80 | (hash & 0x7F)) << UInt64(slot * 8))
                return
            }
            bucket += 1
            if bucket == bucketCount { bucket = 0 }
        }
    }
}
