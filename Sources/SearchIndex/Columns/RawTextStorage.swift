// The texts of a TAG field as they were written, one ordinal a document: what GROUPBY and LOAD show.
//
//   ordinals   one per document: 1 + number of its text, 0 for no text; 1, 2 or 4 bytes wide
//   texts      each distinct text once, in order of appearance, and where each begins
//
// Kept while the texts are few: a field whose values are nearly all different is read from the documents instead.

import CKernels
import Containers
import Glibc
import SearchModel

enum RawTextLimit {
    /// Bytes that the texts of so many documents may take.
    static func bytes(documentCount: Int) -> Int { max(4096, 4 * documentCount) }
    /// What a text costs beside its bytes.
    static let overhead = 4
}

/// Texts by number, found by content. Writer only.
struct TextNumbering {
    /// 1 + number; 0 is a free place.
    private var places: [UInt32] = Array(repeating: 0, count: 64)
    private(set) var count = 0

    /// The number of a text, or `count` when it is new; the caller then stores it under that number.
    mutating func number(
        of text: UnsafeBufferPointer<UInt8>, stored: (Int) -> UnsafeBufferPointer<UInt8>
    ) -> Int {
        if count * 2 >= places.count { grow(stored) }
        var place = place(text)
        while places[place] != 0 {
            let number = Int(places[place]) - 1
            if compareTexts(stored(number), text) == 0 { return number }
            place = place + 1 == places.count ? 0 : place + 1
        }
        places[place] = UInt32(count + 1)
        count += 1
        return count - 1
    }

    private func place(_ text: UnsafeBufferPointer<UInt8>) -> Int { Int(hashBytes(text) % UInt64(places.count)) }

    private mutating func grow(_ stored: (Int) -> UnsafeBufferPointer<UInt8>) {
        places = Array(repeating: 0, count: places.count * 2)
        for number in 0..<count {
            var place = place(stored(number))
            while places[place] != 0 { place = place + 1 == places.count ? 0 : place + 1 }
            places[place] = UInt32(number + 1)
        }
    }
}

/// `@unchecked Sendable`: immutable once made.
final class SealedRawTexts: @unchecked Sendable {
    let distinctCount: Int
    private let width: Int
    private let ordinals: UnsafeRawPointer
    private let offsets: UnsafePointer<UInt32>
    private let texts: UnsafePointer<UInt8>
    private let memories: [ColumnMemory]

    /// `nil`: the texts take too much.
    init?(documentCount: Int, text: (DocID) -> UnsafeBufferPointer<UInt8>?) {
        let limit = RawTextLimit.bytes(documentCount: documentCount)
        var numbering = TextNumbering()
        var distinct: [UnsafeBufferPointer<UInt8>] = []
        var size = 0
        var ordinalOf = [UInt32](repeating: 0, count: documentCount)
        for docID in 0..<DocID(documentCount) {
            guard let text = text(docID) else { continue }
            let number = numbering.number(of: text) { distinct[$0] }
            if number == distinct.count {
                distinct.append(text)
                size += text.count + RawTextLimit.overhead
                if size > limit { return nil }
            }
            ordinalOf[Int(docID)] = UInt32(number + 1)
        }
        distinctCount = distinct.count
        width = distinctCount < 256 ? 1 : distinctCount < 65_536 ? 2 : 4
        let ordinals = ColumnMemory(byteCount: documentCount * width)
        for (docID, ordinal) in ordinalOf.enumerated() {
            switch width {
            case 1: ordinals.bound(to: UInt8.self)[docID] = UInt8(ordinal)
            case 2: ordinals.bound(to: UInt16.self)[docID] = UInt16(ordinal)
            default: ordinals.bound(to: UInt32.self)[docID] = ordinal
            }
        }
        let bytes = ColumnMemory(byteCount: distinct.reduce(0) { $0 + $1.count })
        let offsets = ColumnMemory(byteCount: (distinctCount + 1) * 4)
        var end = 0
        for (number, text) in distinct.enumerated() {
            offsets.bound(to: UInt32.self)[number] = UInt32(end)
            if let start = text.baseAddress { (bytes.start + end).copyMemory(from: start, byteCount: text.count) }
            end += text.count
        }
        offsets.bound(to: UInt32.self)[distinctCount] = UInt32(end)
        self.ordinals = UnsafeRawPointer(ordinals.start)
        self.offsets = UnsafePointer(offsets.bound(to: UInt32.self))
        texts = UnsafePointer(bytes.bound(to: UInt8.self))
        memories = [ordinals, offsets, bytes]
    }

    var byteCount: Int { memories.reduce(0) { $0 + $1.byteCount } }

    @inline(__always)
    func ordinal(_ docID: DocID) -> UInt32 {
        switch width {
        case 1: UInt32(ordinals.load(fromByteOffset: Int(docID), as: UInt8.self))
        case 2: UInt32(ordinals.load(fromByteOffset: Int(docID) &* 2, as: UInt16.self))
        default: ordinals.load(fromByteOffset: Int(docID) &* 4, as: UInt32.self)
        }
    }

    func gather(_ docIDs: UnsafePointer<DocID>, count: Int, into out: UnsafeMutablePointer<UInt32>) {
        switch width {
        case 1:
            let narrow = ordinals.assumingMemoryBound(to: UInt8.self)
            for i in 0..<count { out[i] = UInt32(narrow[Int(docIDs[i])]) }
        case 2:
            let narrow = ordinals.assumingMemoryBound(to: UInt16.self)
            for i in 0..<count { out[i] = UInt32(narrow[Int(docIDs[i])]) }
        default:
            let wide = ordinals.assumingMemoryBound(to: UInt32.self)
            for i in 0..<count { out[i] = wide[Int(docIDs[i])] }
        }
    }

    /// The text of an ordinal from 1 on.
    func text(_ ordinal: UInt32) -> UnsafeBufferPointer<UInt8> {
        let begin = Int(offsets[Int(ordinal) - 1])
        return UnsafeBufferPointer(start: texts + begin, count: Int(offsets[Int(ordinal)]) - begin)
    }
}

/// Texts of the unsealed segment.
///
/// `@unchecked Sendable`: its one writer stores only at docIDs that no published document count covers yet, and a
/// text is stored, never to move, before the first document that has it is published.
final class OpenRawTexts: @unchecked Sendable {
    private static let tableSize = 256

    private struct Entry: BitwiseCopyable {
        var address: UnsafePointer<UInt8>
        var length: Int
    }

    private let ordinals: UnsafeMutablePointer<UInt32>
    private let tables: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    private let memory: ColumnMemory
    private let limit: Int
    // Writer only.
    private var numbering = TextNumbering()
    private var owned: [ColumnMemory] = []
    private var textSize = 0
    private var chunk: ColumnMemory?
    private var chunkUsed = 0

    init(capacity: Int) {
        let tableCount = capacity / Self.tableSize + 2
        memory = ColumnMemory(byteCount: capacity * 4 + 8 + tableCount * 8)
        ordinals = memory.bound(to: UInt32.self)
        let start = memory.start + (capacity * 4 + 7) / 8 * 8
        tables = start.bindMemory(to: UnsafeMutablePointer<Entry>?.self, capacity: tableCount)
        limit = RawTextLimit.bytes(documentCount: capacity)
    }

    /// Writer only.
    var byteCount: Int { owned.reduce(memory.byteCount) { $0 + $1.byteCount } }
    /// Writer only.
    var distinctCount: Int { numbering.count }

    func ordinal(_ docID: DocID) -> UInt32 { ordinals[Int(docID)] }

    func gather(_ docIDs: UnsafePointer<DocID>, count: Int, into out: UnsafeMutablePointer<UInt32>) {
        for i in 0..<count { out[i] = ordinals[Int(docIDs[i])] }
    }

    func text(_ ordinal: UInt32) -> UnsafeBufferPointer<UInt8> {
        let number = Int(ordinal) - 1
        guard let table = tables[number / Self.tableSize] else { return UnsafeBufferPointer(start: nil, count: 0) }
        let entry = table[number % Self.tableSize]
        return UnsafeBufferPointer(start: entry.address, count: entry.length)
    }

    /// Writer only. False: the texts take too much; the column is of no use any more.
    func set(_ docID: DocID, _ text: UnsafeBufferPointer<UInt8>?) -> Bool {
        guard let text else {
            ordinals[Int(docID)] = 0
            return true
        }
        let known = numbering.count
        let number = numbering.number(of: text) { self.text(UInt32($0 + 1)) }
        if number == known {
            textSize += text.count + RawTextLimit.overhead
            if textSize > limit { return false }
            store(text, number)
        }
        ordinals[Int(docID)] = UInt32(number + 1)
        return true
    }

    private func store(_ text: UnsafeBufferPointer<UInt8>, _ number: Int) {
        if number % Self.tableSize == 0 {
            let table = ColumnMemory(byteCount: Self.tableSize * MemoryLayout<Entry>.stride)
            owned.append(table)
            tables[number / Self.tableSize] = table.bound(to: Entry.self)
        }
        if chunk.map({ $0.byteCount - chunkUsed < text.count }) ?? true {
            let fresh = ColumnMemory(byteCount: max(text.count, 2048))
            owned.append(fresh)
            chunk = fresh
            chunkUsed = 0
        }
        guard let chunk, let table = tables[number / Self.tableSize] else { return }
        let place = chunk.bound(to: UInt8.self) + chunkUsed
        if let start = text.baseAddress { place.update(from: start, count: text.count) }
        chunkUsed += text.count
        table[number % Self.tableSize] = Entry(address: UnsafePointer(place), length: text.count)
    }
}
