// The lists of one TAG field in a sealed segment.
//
//   values   tag ids, ascending
//   heads    for each: the docID itself | 0x8000_0000 when it is the only one, else the list's place / 4
//   lists    u32 document frequency, then
//              below 128 documents   gaps as varints (7 bits a byte, low first)
//              otherwise             padding to 16 bytes, directory, padding, packed blocks
//              above 1/16            padding to 64 bytes, bitmap

import CKernels
import SearchModel

/// `@unchecked Sendable`: immutable once made.
final class TagStorage: @unchecked Sendable {
    private static let inlineFlag: UInt32 = 1 << 31
    private static let unit = 4

    let documentCount: Int
    let valueCount: Int
    /// No document has two values.
    let isSingleValued: Bool
    private let values: UnsafePointer<TagID>
    private let heads: UnsafePointer<UInt32>
    private let lists: UnsafeRawPointer
    private let memories: [ColumnMemory]

    fileprivate init(
        documentCount: Int, values: [TagID], heads: [UInt32], lists: ColumnMemory, isSingleValued: Bool
    ) {
        let table = ColumnMemory(byteCount: values.count * 8)
        let place = table.bound(to: UInt32.self)
        for i in values.indices {
            place[i] = values[i]
            place[values.count + i] = heads[i]
        }
        self.documentCount = documentCount
        valueCount = values.count
        self.isSingleValued = isSingleValued
        self.values = UnsafePointer(place)
        self.heads = UnsafePointer(place + values.count)
        self.lists = UnsafeRawPointer(lists.start)
        memories = [table, lists]
    }

    var byteCount: Int { memories.reduce(0) { $0 + $1.byteCount } }

    func value(at index: Int) -> TagID { values[index] }

    /// Where the value is among the segment's.
    func index(of value: TagID) -> Int? {
        // A segment that has all values up to the largest needs no search.
        if Int(value) < valueCount && values[Int(value)] == value { return Int(value) }
        var low = 0
        var high = valueCount
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < valueCount && values[low] == value ? low : nil
    }

    func documentFrequency(at index: Int) -> Int {
        let head = heads[index]
        if head & TagStorage.inlineFlag != 0 { return 1 }
        return Int(lists.load(fromByteOffset: Int(head) * TagStorage.unit, as: UInt32.self))
    }

    func list(at index: Int) -> DocumentList {
        let head = heads[index]
        if head & TagStorage.inlineFlag != 0 { return DocumentList([head & ~TagStorage.inlineFlag]) }
        let start = lists + Int(head) * TagStorage.unit
        let count = Int(start.load(as: UInt32.self))
        if DocumentList.deservesBitmap(count, of: documentCount) {
            let words = (start + 4).alignedUp(toMultipleOf: 64).assumingMemoryBound(to: UInt64.self)
            return DocumentList(
                .bitmap(words, windows: windowCount(documentCount)), documentFrequency: count, owner: self)
        }
        if count < blockSize { return DocumentList(TagStorage.decodeShort(start + 4, count)) }
        let directory = (start + 4).alignedUp(toMultipleOf: 16).assumingMemoryBound(to: UInt32.self)
        let blocks = (count + blockSize - 1) / blockSize
        let data = UnsafeRawPointer(directory + 2 * blocks).alignedUp(toMultipleOf: 16)
        return DocumentList(
            .packed(directory: directory, data: data.assumingMemoryBound(to: UInt8.self)),
            documentFrequency: count, owner: self)
    }

    private static func decodeShort(_ start: UnsafeRawPointer, _ count: Int) -> [DocID] {
        [DocID](unsafeUninitializedCapacity: count) { docIDs, initialized in
            var place = start
            var next: DocID = 0
            for i in 0..<count {
                var gap: UInt32 = 0
                var shift: UInt32 = 0
                while true {
                    let byte = place.load(as: UInt8.self)
                    place += 1
                    gap |= UInt32(byte & 127) &<< shift
                    shift &+= 7
                    if byte < 128 { break }
                }
                next &+= gap
                docIDs[i] = next
                next &+= 1
            }
            initialized = count
        }
    }

    /// Writes lists one after the other, values ascending.
    struct Writer: ~Copyable {
        private let documentCount: Int
        private var values: [TagID] = []
        private var heads: [UInt32] = []
        private var arena = ByteArena()
        private var seen: [UInt64]
        private var isSingleValued = true

        init(documentCount: Int) {
            self.documentCount = documentCount
            seen = Array(repeating: 0, count: (documentCount + 63) / 64)
        }

        /// Adds a value's documents: ascending, each once, none is left out.
        mutating func append(_ value: TagID, _ docIDs: UnsafeBufferPointer<DocID>) {
            guard let first = docIDs.first else { return }
            noteDocuments(docIDs)
            values.append(value)
            if docIDs.count == 1 {
                heads.append(first | inlineFlag)
                return
            }
            let start = arena.append(4, alignment: unit)
            start.storeBytes(of: UInt32(docIDs.count), as: UInt32.self)
            heads.append(UInt32((arena.count - 4) / unit))
            if DocumentList.deservesBitmap(docIDs.count, of: documentCount) {
                let bytes = windowCount(documentCount) * windowSize / 8
                let words = arena.append(bytes, alignment: 64).assumingMemoryBound(to: UInt64.self)
                for docID in docIDs { words[Int(docID &>> 6)] |= 1 &<< UInt64(docID & 63) }
            } else if docIDs.count < blockSize {
                appendShort(docIDs)
            } else {
                appendPacked(docIDs)
            }
        }

        private mutating func noteDocuments(_ docIDs: UnsafeBufferPointer<DocID>) {
            for docID in docIDs {
                let bit: UInt64 = 1 &<< UInt64(docID & 63)
                if seen[Int(docID &>> 6)] & bit != 0 { isSingleValued = false }
                seen[Int(docID &>> 6)] |= bit
            }
        }

        private mutating func appendShort(_ docIDs: UnsafeBufferPointer<DocID>) {
            var next: DocID = 0
            for docID in docIDs {
                var gap = docID - next
                while gap > 127 {
                    arena.append(1).storeBytes(of: UInt8(gap & 127) | 128, as: UInt8.self)
                    gap >>= 7
                }
                arena.append(1).storeBytes(of: UInt8(gap), as: UInt8.self)
                next = docID + 1
            }
        }

        private mutating func appendPacked(_ docIDs: UnsafeBufferPointer<DocID>) {
            let blocks = (docIDs.count + blockSize - 1) / blockSize
            var entries: [(last: DocID, place: UInt32)] = []
            var packed: [UInt8] = []
            var block = [DocID](repeating: 0, count: blockSize)
            var previous = DocID.max
            for b in 0..<blocks {
                let count = min(blockSize, docIDs.count - b * blockSize)
                for i in 0..<count { block[i] = docIDs[b * blockSize + i] }
                let last = block[count - 1]
                // The tail is filled up with what costs no width: neighbours.
                for i in count..<blockSize { block[i] = block[i - 1] + 1 }
                for i in stride(from: blockSize - 1, to: 0, by: -1) { block[i] -= block[i - 1] + 1 }
                block[0] = block[0] &- previous &- 1
                let bits = UInt32.bitWidth - rk_or_of_128(block).leadingZeroBitCount
                entries.append((last, UInt32(packed.count / 16) << 5 | UInt32(bits)))
                packed += [UInt8](unsafeUninitializedCapacity: bits * 16) { bytes, count in
                    if let place = bytes.baseAddress { rk_pack(block, place, Int32(bits)) }
                    count = bits * 16
                }
                previous = last
            }
            let directory = arena.append(blocks * 8, alignment: 16).assumingMemoryBound(to: UInt32.self)
            for (b, entry) in entries.enumerated() {
                directory[2 * b] = entry.last
                directory[2 * b + 1] = entry.place
            }
            let data = arena.append(packed.count, alignment: 16)
            packed.withUnsafeBytes {
                if let start = $0.baseAddress { data.copyMemory(from: start, byteCount: $0.count) }
            }
        }

        consuming func finish() -> TagStorage {
            TagStorage(
                documentCount: documentCount, values: values, heads: heads, lists: arena.trimmed(),
                isSingleValued: isSingleValued)
        }
    }
}
