// Keys of a sealed segment, by document.
//
//   offset u32 of every 16th document → varint length, bytes; varint length, bytes; ...
//
// What all keys start with is kept once.

import CKernels
import Containers
import SearchModel

#if canImport(Glibc)
import Glibc
#endif

/// `@unchecked Sendable`: immutable blocks.
final class SealedKeys: @unchecked Sendable {
    private let prefix: [UInt8]
    private let bytes: RawBlock
    private let offsets: RawBlock

    /// `key(i)` is asked for each document twice.
    init(count: Int, key: (Int, (ByteSlice) -> Void) -> Void) {
        var prefix: [UInt8]?
        for i in 0..<count {
            key(i) { bytes in
                guard let known = prefix else {
                    prefix = Array(bytes.prefix(255))
                    return
                }
                var shared = 0
                while shared < known.count && shared < bytes.count && known[shared] == bytes[shared] { shared += 1 }
                if shared < known.count { prefix = Array(known[..<shared]) }
            }
        }
        let skipped = prefix?.count ?? 0
        var arena = Growable<UInt8>(capacity: 16 * max(1, count))
        var starts = Growable<UInt32>(capacity: count / 16 + 1)
        for i in 0..<count {
            if i & 15 == 0 { starts.append(UInt32(arena.count)) }
            key(i) { bytes in
                arena.append(varint: UInt64(bytes.count - skipped))
                if bytes.count > skipped {
                    arena.append(from: bytes.baseAddress! + skipped, count: bytes.count - skipped)
                }
            }
        }
        self.prefix = prefix ?? []
        bytes = arena.copy()
        offsets = starts.copy()
    }

    var byteCount: Int { bytes.byteCount + offsets.byteCount + prefix.count }

    private func rest(_ docID: DocID) -> ByteSlice {
        let starts: UnsafeMutablePointer<UInt32> = offsets.pointer()
        var cursor = UnsafePointer<UInt8>(bytes.pointer(atByte: Int(starts[Int(docID &>> 4)])))
        var left = docID & 15
        var length = Int(cursor.takeVarint())
        while left > 0 {
            cursor += length
            length = Int(cursor.takeVarint())
            left &-= 1
        }
        return ByteSlice(start: cursor, count: length)
    }

    /// Asks for the memory of a key that will be wanted.
    func prefetch(_ docID: DocID) {
        let starts: UnsafeMutablePointer<UInt32> = offsets.pointer()
        let start: UnsafeMutablePointer<UInt8> = bytes.pointer(atByte: Int(starts[Int(docID &>> 4)]))
        rk_prefetch(start)
        // Sixteen keys take several lines; the one past the end of the block is never read.
        if docID & 15 >= 4 { rk_prefetch(start + 64) }
        if docID & 15 >= 9 { rk_prefetch(start + 128) }
    }

    func equals(_ docID: DocID, _ key: ByteSlice) -> Bool {
        guard key.count >= prefix.count else { return false }
        let rest = rest(docID)
        guard key.count == prefix.count + rest.count else { return false }
        if rest.count > 0 && memcmp(rest.baseAddress!, key.baseAddress! + prefix.count, rest.count) != 0 {
            return false
        }
        return prefix.isEmpty
            || prefix.withUnsafeBufferPointer { memcmp($0.baseAddress!, key.baseAddress!, prefix.count) == 0 }
    }

    func withKey<R>(_ docID: DocID, _ body: (ByteSlice) -> R) -> R {
        let rest = rest(docID)
        if prefix.isEmpty { return body(rest) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: prefix.count + rest.count + 1) { buffer in
            let start = buffer.baseAddress!
            prefix.withUnsafeBufferPointer { start.update(from: $0.baseAddress!, count: prefix.count) }
            if rest.count > 0 { (start + prefix.count).update(from: rest.baseAddress!, count: rest.count) }
            return body(ByteSlice(start: start, count: prefix.count + rest.count))
        }
    }
}

/// Payloads of a sealed segment in which some document has one.
final class SealedPayloads: Sendable {
    private let offsets: [UInt32]
    private let bytes: [UInt8]

    /// `nil` when no document has a payload. An empty one counts as one.
    init?(count: Int, payload: (Int) -> [UInt8]?) {
        var offsets: [UInt32] = []
        var bytes: [UInt8] = []
        var found = false
        for i in 0..<count {
            if let value = payload(i) {
                found = true
                offsets.append(UInt32(bytes.count) << 1 | 1)
                bytes.append(contentsOf: value)
            } else {
                offsets.append(UInt32(bytes.count) << 1)
            }
        }
        guard found else { return nil }
        offsets.append(UInt32(bytes.count) << 1)
        self.offsets = offsets
        self.bytes = bytes
    }

    subscript(docID: DocID) -> [UInt8]? {
        let entry = offsets[Int(docID)]
        guard entry & 1 == 1 else { return nil }
        return Array(bytes[Int(entry >> 1)..<Int(offsets[Int(docID) + 1] >> 1)])
    }

    var byteCount: Int { offsets.capacity * 4 + bytes.capacity }
}
