// The SORTABLE texts of one field in one segment.
//
// Sealed:
//   ranks         one per document: 1 + place of its text among the distinct ones in byte order, 0 for no text;
//                 1, 2 or 4 bytes wide
//   texts         the distinct texts one after the other, and where each begins
//   permutation   docIDs by (text, docID), documents without a text left out
// Unsealed: an address and a length per document.

import CKernels
import Glibc
import SearchModel

/// How two texts are ordered: byte by byte, a prefix first.
func compareTexts(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
    let count = min(a.count, b.count)
    if count > 0, let x = a.baseAddress, let y = b.baseAddress {
        let order = memcmp(x, y, count)
        if order != 0 { return Int(order) }
    }
    return a.count - b.count
}

/// Sorts documents that have a text by (text, docID); `docIDs` ascend.
func sortByText(_ docIDs: [DocID], _ text: (DocID) -> UnsafeBufferPointer<UInt8>) -> [DocID] {
    // By the first eight bytes, then each run that these leave undecided.
    var keys = docIDs.map { leadingBytes(text($0)) }
    var sorted = docIDs
    sortPairs(&keys, &sorted)
    var begin = 0
    while begin < sorted.count {
        var end = begin + 1
        while end < sorted.count && keys[end] == keys[begin] { end += 1 }
        let first = text(sorted[begin])
        if sorted[begin..<end].contains(where: { compareTexts(text($0), first) != 0 }) {
            sorted[begin..<end].sort {
                let order = compareTexts(text($0), text($1))
                return order == 0 ? $0 < $1 : order < 0
            }
        }
        begin = end
    }
    return sorted
}

/// A number that orders as the first eight bytes do.
private func leadingBytes(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var key: UInt64 = 0
    for i in 0..<min(8, text.count) { key |= UInt64(text[i]) << UInt64(56 - 8 * i) }
    return key
}

/// `@unchecked Sendable`: immutable once made.
final class SealedTexts: @unchecked Sendable {
    let valueCount: Int
    let distinctCount: Int
    let permutation: UnsafePointer<DocID>
    private let rankWidth: Int
    private let ranks: UnsafeRawPointer
    /// 4 bytes wide, or 8 when the texts take more than 4 GB.
    private let offsets: UnsafeRawPointer
    private let hasWideOffsets: Bool
    private let texts: UnsafePointer<UInt8>
    private let memories: [ColumnMemory]

    init(documentCount: Int, text: (DocID) -> UnsafeBufferPointer<UInt8>?) {
        let empty = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        let present = (0..<DocID(documentCount)).filter { text($0) != nil }
        let sorted = sortByText(present) { text($0) ?? empty }
        var arena = ByteArena(capacity: 4096)
        var begins: [Int] = []
        var rankOf = [UInt32](repeating: 0, count: documentCount)
        var previous: UnsafeBufferPointer<UInt8>?
        for docID in sorted {
            let bytes = text(docID) ?? empty
            if previous.map({ compareTexts($0, bytes) != 0 }) ?? true {
                begins.append(arena.count)
                let place = arena.append(bytes.count)
                if let start = bytes.baseAddress { place.copyMemory(from: start, byteCount: bytes.count) }
            }
            previous = bytes
            rankOf[Int(docID)] = UInt32(begins.count)
        }
        begins.append(arena.count)
        let texts = arena.trimmed()

        distinctCount = begins.count - 1
        rankWidth = distinctCount < 256 ? 1 : distinctCount < 65_536 ? 2 : 4
        let ranks = ColumnMemory(byteCount: documentCount * rankWidth)
        for (docID, rank) in rankOf.enumerated() {
            switch rankWidth {
            case 1: ranks.bound(to: UInt8.self)[docID] = UInt8(rank)
            case 2: ranks.bound(to: UInt16.self)[docID] = UInt16(rank)
            default: ranks.bound(to: UInt32.self)[docID] = rank
            }
        }
        hasWideOffsets = begins[distinctCount] > Int(UInt32.max)
        let offsets = ColumnMemory(byteCount: begins.count * (hasWideOffsets ? 8 : 4))
        for (i, begin) in begins.enumerated() {
            if hasWideOffsets {
                offsets.bound(to: UInt64.self)[i] = UInt64(begin)
            } else {
                offsets.bound(to: UInt32.self)[i] = UInt32(begin)
            }
        }
        let permutation = ColumnMemory(byteCount: sorted.count * 4)
        for (i, docID) in sorted.enumerated() { permutation.bound(to: DocID.self)[i] = docID }

        valueCount = sorted.count
        self.permutation = UnsafePointer(permutation.bound(to: DocID.self))
        self.ranks = UnsafeRawPointer(ranks.start)
        self.offsets = UnsafeRawPointer(offsets.start)
        self.texts = UnsafePointer(texts.bound(to: UInt8.self))
        memories = [texts, ranks, offsets, permutation]
    }

    var byteCount: Int { memories.reduce(0) { $0 + $1.byteCount } }

    /// 1 + the document's rank; 0 when it has no text.
    @inline(__always)
    func storedRank(_ docID: DocID) -> UInt32 {
        switch rankWidth {
        case 1: UInt32(ranks.load(fromByteOffset: Int(docID), as: UInt8.self))
        case 2: UInt32(ranks.load(fromByteOffset: Int(docID) &* 2, as: UInt16.self))
        default: ranks.load(fromByteOffset: Int(docID) &* 4, as: UInt32.self)
        }
    }

    private func offset(_ rank: Int) -> Int {
        hasWideOffsets
            ? Int(offsets.load(fromByteOffset: rank * 8, as: UInt64.self))
            : Int(offsets.load(fromByteOffset: rank * 4, as: UInt32.self))
    }

    /// The text of this rank.
    func text(_ rank: Int) -> UnsafeBufferPointer<UInt8> {
        let begin = offset(rank)
        return UnsafeBufferPointer(start: texts + begin, count: offset(rank + 1) - begin)
    }

    func bytes(_ docID: DocID) -> UnsafeBufferPointer<UInt8>? {
        let stored = storedRank(docID)
        return stored == 0 ? nil : text(Int(stored) - 1)
    }

    /// How many distinct texts are smaller.
    func firstRank(notBefore bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var low = 0
        var high = distinctCount
        while low < high {
            let middle = (low + high) / 2
            if compareTexts(text(middle), bytes) < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Texts of the unsealed segment.
///
/// `@unchecked Sendable`: its one writer stores only at docIDs that no published document count covers yet, and
/// text that has been stored never moves or changes.
final class OpenTexts: @unchecked Sendable {
    private let addresses: UnsafeMutablePointer<UnsafePointer<UInt8>?>
    private let lengths: UnsafeMutablePointer<UInt32>
    private let memory: ColumnMemory
    /// Writer only.
    private var chunks: [ColumnMemory] = []
    private var chunkUsed = 0

    init(capacity: Int) {
        memory = ColumnMemory(byteCount: capacity * 12)
        addresses = memory.bound(to: UnsafePointer<UInt8>?.self)
        lengths = (memory.start + capacity * 8).assumingMemoryBound(to: UInt32.self)
    }

    /// Writer only.
    var byteCount: Int { chunks.reduce(memory.byteCount) { $0 + $1.byteCount } }

    func bytes(_ docID: DocID) -> UnsafeBufferPointer<UInt8>? {
        guard let address = addresses[Int(docID)] else { return nil }
        return UnsafeBufferPointer(start: address, count: Int(lengths[Int(docID)]))
    }

    /// Writer only.
    func set(_ docID: DocID, _ bytes: UnsafeBufferPointer<UInt8>?) {
        guard let bytes else {
            addresses[Int(docID)] = nil
            return
        }
        let place = allocate(bytes.count)
        if let start = bytes.baseAddress { place.update(from: start, count: bytes.count) }
        lengths[Int(docID)] = UInt32(bytes.count)
        addresses[Int(docID)] = UnsafePointer(place)
    }

    private func allocate(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        if chunks.last.map({ $0.byteCount - chunkUsed < count }) ?? true {
            // Chunks grow with what there is, so that a small index stays small.
            let used = chunks.reduce(0) { $0 + $1.byteCount }
            chunks.append(ColumnMemory(byteCount: max(count, min(max(used, 4096), 1 << 20))))
            chunkUsed = 0
        }
        let place = chunks[chunks.count - 1].bound(to: UInt8.self) + chunkUsed
        chunkUsed += count
        return place
    }
}

/// One text by itself: what a patch holds.
///
/// `@unchecked Sendable`: immutable once made.
final class PatchText: @unchecked Sendable {
    let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        // One byte at least, so that the empty text has an address, too.
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        if let start = bytes.baseAddress { copy.update(from: start, count: bytes.count) }
        self.bytes = UnsafeBufferPointer(start: copy, count: bytes.count)
    }

    deinit { bytes.baseAddress?.deallocate() }
}
