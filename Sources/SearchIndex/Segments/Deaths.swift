// Which documents of a segment are dead, and in which order they died.
//
//   DeathTable (one per publication that changed it) ── page of 32,768 documents, 4 KiB ──► shared until next written
//   DeathLog   docIDs in order of death: what caches catch up from
//
// Pages are copied on their first write after a publication, so a snapshot's pages never change.

import CKernels
import Containers
import SearchModel

/// Deaths of one segment as of one publication.
///
/// `@unchecked Sendable`: immutable; the pages it points to are no longer written once it is made.
final class DeathTable: @unchecked Sendable {
    static let pageShift = 15
    static let pageWords = 1 << (pageShift - 6)
    static let empty = DeathTable(pages: [], log: DeathLog(capacity: 1), count: 0)

    let pages: [RawBlock?]
    /// Number of deaths, and of log entries that belong to this table.
    let count: Int
    let log: DeathLog
    private let words: UnsafeMutablePointer<UnsafePointer<UInt64>?>

    init(pages: [RawBlock?], log: DeathLog, count: Int) {
        self.pages = pages
        self.log = log
        self.count = count
        words = .allocate(capacity: max(1, pages.count))
        for i in 0..<pages.count { (words + i).initialize(to: pages[i].map { UnsafePointer($0.pointer()) }) }
    }

    deinit { words.deallocate() }

    @inline(__always) func contains(_ docID: DocID) -> Bool {
        if count == 0 { return false }
        guard let page = words[Int(docID &>> UInt32(Self.pageShift))] else { return false }
        let bit = docID & ((1 << UInt32(Self.pageShift)) - 1)
        return page[Int(bit &>> 6)] &>> UInt64(bit & 63) & 1 != 0
    }

    /// The 64 words of a window, `nil` when nobody died in it or its neighbors on the page.
    @inline(__always) func window(_ window: Int) -> UnsafePointer<UInt64>? {
        if count == 0 { return nil }
        let page = window &>> (Self.pageShift - 12)
        guard page < pages.count, let words = words[page] else { return nil }
        return words + (window & ((1 << (Self.pageShift - 12)) - 1)) * wordsPerWindow
    }

    var byteCount: Int { pages.reduce(0) { $0 + ($1?.byteCount ?? 0) } + pages.count * 16 }
}

/// An append-only list of dead documents.
///
/// `@unchecked Sendable`: the writer appends past what any table's `count` covers, and never moves an entry.
final class DeathLog: @unchecked Sendable {
    let capacity: Int
    let docs: UnsafeMutablePointer<UInt32>

    init(capacity: Int) {
        self.capacity = capacity
        docs = .allocate(capacity: capacity)
    }

    deinit { docs.deallocate() }
}

/// The writer's side: changes pages and makes tables.
struct DeathRecorder {
    private var pages: [RawBlock?] = []
    /// The burst in which each page was made: it may be written until the burst is published.
    private var madeIn: [UInt64] = []
    fileprivate var log = DeathLog(capacity: 1)
    private(set) var count = 0
    private var table = DeathTable.empty

    /// - Returns: false when it was dead already.
    mutating func kill(_ docID: DocID, documentCapacity: Int, burst: UInt64) -> Bool {
        if pages.isEmpty {
            let pageCount = (documentCapacity + (1 << DeathTable.pageShift) - 1) >> DeathTable.pageShift
            pages = Array(repeating: nil, count: pageCount)
            madeIn = Array(repeating: 0, count: pageCount)
        }
        let page = Int(docID) >> DeathTable.pageShift
        let bit = Int(docID) & (1 << DeathTable.pageShift - 1)
        if let block = pages[page], block.pointer(to: UInt64.self)[bit >> 6] >> UInt64(bit & 63) & 1 != 0 {
            return false
        }
        if pages[page] == nil || madeIn[page] != burst {
            let fresh = RawBlock(zeroed: DeathTable.pageWords * 8)
            if let old = pages[page] { fresh.base.copyMemory(from: old.base, byteCount: old.byteCount) }
            pages[page] = fresh
            madeIn[page] = burst
        }
        pages[page]!.pointer(to: UInt64.self)[bit >> 6] |= 1 << UInt64(bit & 63)
        if count == log.capacity {
            let grown = DeathLog(capacity: log.capacity * 2)
            grown.docs.update(from: log.docs, count: count)
            log = grown
        }
        log.docs[count] = docID
        count += 1
        return true
    }

    /// The deaths so far, for a publication. The writer must begin a new burst afterwards.
    mutating func publish() -> DeathTable {
        if table.count != count { table = DeathTable(pages: pages, log: log, count: count) }
        return table
    }
}

extension DeathRecorder {
    /// The first `count` deaths.
    func first(_ count: Int) -> [DocID] { Array(UnsafeBufferPointer(start: log.docs, count: count)) }

    /// Deaths after the first `count`.
    func since(_ position: Int) -> [DocID] {
        Array(UnsafeBufferPointer(start: log.docs + position, count: count - position))
    }
}
