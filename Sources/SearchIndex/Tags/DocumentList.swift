// The documents of one value: of a tag in a segment, or of a circle.
//
//   array    docIDs as they are: short lists, and lists made for one query
//   packed   blocks of 128 gaps in fixed width, and a directory of (last docID, place and width)
//   bitmap   one bit per document of the segment, for more than 1/16 of them

import CKernels
import SearchModel

/// Ascending docIDs, with the operations that clauses need. A value; holds its memory alive.
///
/// `@unchecked Sendable`: everything it points to is immutable and kept alive by `owner`.
package struct DocumentList: @unchecked Sendable {
    enum Form {
        case array([DocID])
        /// Directory entries are pairs: last docID, and place in 16-byte units * 32 + width.
        case packed(directory: UnsafePointer<UInt32>, data: UnsafePointer<UInt8>)
        /// Whole windows.
        case bitmap(UnsafePointer<UInt64>, windows: Int)
    }

    /// Documents in the list, dead ones included.
    package let documentFrequency: Int
    let form: Form
    private let owner: AnyObject?

    init(_ docIDs: [DocID]) {
        documentFrequency = docIDs.count
        form = .array(docIDs)
        owner = nil
    }

    init(_ form: Form, documentFrequency: Int, owner: AnyObject) {
        self.form = form
        self.documentFrequency = documentFrequency
        self.owner = owner
    }

    /// The better form of ascending docIDs for one query's use.
    init(_ docIDs: [DocID], documentCount: Int) {
        guard DocumentList.deservesBitmap(docIDs.count, of: documentCount) else {
            self.init(docIDs)
            return
        }
        let windows = windowCount(documentCount)
        let memory = ColumnMemory(byteCount: windows * windowSize / 8)
        let words = memory.bound(to: UInt64.self)
        for docID in docIDs { words[Int(docID &>> 6)] |= 1 &<< UInt64(docID & 63) }
        self.init(.bitmap(UnsafePointer(words), windows: windows), documentFrequency: docIDs.count, owner: memory)
    }

    /// DocIDs in any order, each once.
    init(unsorted docIDs: [DocID], documentCount: Int) {
        var docIDs = docIDs
        if !DocumentList.deservesBitmap(docIDs.count, of: documentCount) { sortDocIDs(&docIDs, below: documentCount) }
        self.init(docIDs, documentCount: documentCount)
    }

    static func deservesBitmap(_ count: Int, of documentCount: Int) -> Bool {
        documentCount >= windowSize && count > documentCount / 16
    }

    package var isBitmap: Bool {
        if case .bitmap = form { return true }
        return false
    }

    package var byteCount: Int {
        switch form {
        case .array(let docIDs): docIDs.capacity * 4
        case .packed(let directory, _):
            blockCount * 8 + (0..<blockCount).reduce(0) { $0 + Int(directory[2 * $1 + 1] & 31) * 16 }
        case .bitmap(_, let windows): windows * windowSize / 8
        }
    }

    // MARK: blocks

    /// Blocks of up to 128 documents. A bitmap's block is 128 docIDs wide instead, and may be empty.
    package var blockCount: Int {
        switch form {
        case .array, .packed: (documentFrequency + blockSize - 1) / blockSize
        case .bitmap(_, let windows): windows * (windowSize / blockSize)
        }
    }

    /// No docID of the block is larger.
    package func lastDocID(_ block: Int) -> DocID {
        switch form {
        case .array(let docIDs): docIDs[min(block * blockSize + blockSize, docIDs.count) - 1]
        case .packed(let directory, _): directory[2 * block]
        case .bitmap: DocID(block * blockSize + blockSize - 1)
        }
    }

    /// The first block at or after `from` that may hold `docID` or a later one; `blockCount` when there is none.
    package func firstBlock(endingAtOrAfter docID: DocID, from: Int) -> Int {
        let count = blockCount
        if case .bitmap = form { return min(max(from, Int(docID) / blockSize), count) }
        // Gallop, then search between the last two steps.
        var low = from
        var step = 1
        var high = from
        while high < count && lastDocID(high) < docID {
            low = high + 1
            high += step
            step *= 2
        }
        high = min(high, count)
        while low < high {
            let middle = (low + high) / 2
            if lastDocID(middle) < docID { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The block's docIDs, ascending; needs room for 128. Returns their number.
    package func decodeDocIDs(_ block: Int, into docIDs: UnsafeMutablePointer<DocID>) -> Int {
        switch form {
        case .array(let all):
            let begin = block * blockSize
            let count = min(blockSize, all.count - begin)
            all.withUnsafeBufferPointer {
                if let start = $0.baseAddress { docIDs.update(from: start + begin, count: count) }
            }
            return count
        case .packed(let directory, let data):
            let place = directory[2 * block + 1]
            let previous = block == 0 ? DocID.max : directory[2 * block - 2]
            rk_unpack_gaps(data + Int(place &>> 5) * 16, docIDs, Int32(place & 31), previous)
            return min(blockSize, documentFrequency - block * blockSize)
        case .bitmap(let words, _):
            return Int(rk_list_bits(words + 2 * block, 2, UInt32(block * blockSize), docIDs))
        }
    }

    /// Writes all docIDs, ascending; needs room for ``blockCount`` * 128. Returns their number.
    package func decodeAll(into docIDs: UnsafeMutablePointer<DocID>) -> Int {
        switch form {
        case .array(let all):
            all.withUnsafeBufferPointer {
                if let start = $0.baseAddress { docIDs.update(from: start, count: $0.count) }
            }
            return all.count
        case .packed:
            for block in 0..<blockCount { _ = decodeDocIDs(block, into: docIDs + block * blockSize) }
            return documentFrequency
        case .bitmap(let words, let windows):
            return Int(rk_list_bits(words, windows * wordsPerWindow, 0, docIDs))
        }
    }

    package func forEach(_ body: (DocID) -> Void) {
        if case .array(let docIDs) = form {
            for docID in docIDs { body(docID) }
            return
        }
        withUnsafeTemporaryAllocation(of: DocID.self, capacity: blockSize) { buffer in
            guard let room = buffer.baseAddress else { return }
            for block in 0..<blockCount {
                for i in 0..<decodeDocIDs(block, into: room) { body(room[i]) }
            }
        }
    }

    package func contains(_ docID: DocID) -> Bool {
        switch form {
        case .array(let docIDs):
            let place = DocumentList.place(of: docID, in: docIDs)
            return place < docIDs.count && docIDs[place] == docID
        case .packed:
            let block = firstBlock(endingAtOrAfter: docID, from: 0)
            guard block < blockCount else { return false }
            return withUnsafeTemporaryAllocation(of: DocID.self, capacity: blockSize) { buffer in
                guard let room = buffer.baseAddress else { return false }
                let count = decodeDocIDs(block, into: room)
                return (0..<count).contains { room[$0] == docID }
            }
        case .bitmap(let words, let windows):
            return Int(docID) < windows * windowSize && words[Int(docID &>> 6)] &>> UInt64(docID & 63) & 1 == 1
        }
    }

    private static func place(of docID: DocID, in docIDs: [DocID]) -> Int {
        var low = 0
        var high = docIDs.count
        while low < high {
            let middle = (low + high) / 2
            if docIDs[middle] < docID { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: windows

    /// ORs the list's documents of a window.
    package func fillWindow(_ window: Int, words: WindowWords) {
        let first = DocID(window * windowSize)
        switch form {
        case .array(let docIDs):
            let begin = DocumentList.place(of: first, in: docIDs)
            docIDs.withUnsafeBufferPointer { all in
                var i = begin
                while i < all.count, all[i] &- first < DocID(windowSize) {
                    setBit(all[i] &- first, in: words)
                    i += 1
                }
            }
        case .packed:
            withUnsafeTemporaryAllocation(of: DocID.self, capacity: blockSize) { buffer in
                guard let room = buffer.baseAddress else { return }
                var block = firstBlock(endingAtOrAfter: first, from: 0)
                while block < blockCount {
                    let count = decodeDocIDs(block, into: room)
                    let begin = Int(rk_lower_bound(room, Int32(count), first))
                    let end = Int(rk_lower_bound(room, Int32(count), first + DocID(windowSize)))
                    rk_set_bits(words, room + begin, end - begin, first)
                    if lastDocID(block) >= first + DocID(windowSize - 1) { break }
                    block += 1
                }
            }
        case .bitmap:
            guard let own = bitmapWindow(window) else { return }
            for w in 0..<wordsPerWindow { words[w] |= own[w] }
        }
    }

    /// Clears the window's documents that are not in the list.
    package func restrict(_ window: Int, words: WindowWords) {
        if let own = bitmapWindow(window) {
            for w in 0..<wordsPerWindow { words[w] &= own[w] }
            return
        }
        withWindow { found in
            fillWindow(window, words: found)
            for w in 0..<wordsPerWindow { words[w] &= found[w] }
        }
    }

    /// A bitmap's own words of the window; `nil` for other lists and past the end.
    package func bitmapWindow(_ window: Int) -> UnsafePointer<UInt64>? {
        guard case .bitmap(let words, let windows) = form, window < windows else { return nil }
        return words + window * wordsPerWindow
    }

    // MARK: deaths

    /// Live documents of the list.
    package func liveDocumentFrequency(deadCount: Int, copyLiveWindow: CopyLiveWindow) -> Int {
        if deadCount == 0 || documentFrequency == 0 { return documentFrequency }
        return withWindow { live in
            var sum = 0
            switch form {
            case .array(let docIDs):
                var loaded = -1
                for docID in docIDs {
                    let window = Int(docID) / windowSize
                    if window != loaded {
                        copyLiveWindow(window, live)
                        loaded = window
                    }
                    sum += Int(live[Int(docID &>> 6) & (wordsPerWindow - 1)] &>> UInt64(docID & 63) & 1)
                }
            case .packed, .bitmap:
                // `lastDocID` of the last block is enough: nothing lies past it.
                for window in 0...Int(lastDocID(blockCount - 1)) / windowSize {
                    copyLiveWindow(window, live)
                    restrict(window, words: live)
                    sum += popcount(live)
                }
            }
            return sum
        }
    }
}

/// Sorts distinct docIDs.
func sortDocIDs(_ docIDs: inout [DocID], below limit: Int) {
    docIDs.withUnsafeMutableBufferPointer { sortDocIDs($0, below: limit) }
}

/// Sorts distinct docIDs: few by comparison, many by way of a bitmap.
func sortDocIDs(_ docIDs: UnsafeMutableBufferPointer<DocID>, below limit: Int) {
    let count = docIDs.count
    let words = (limit + 63) / 64
    guard count > 32, words < count * 8 else {
        var docIDs = docIDs
        return docIDs.sort()
    }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) { bits in
        bits.initialize(repeating: 0)
        rk_set_bits(bits.baseAddress, docIDs.baseAddress, count, 0)
        _ = rk_list_bits(bits.baseAddress, words, 0, docIDs.baseAddress)
    }
}
