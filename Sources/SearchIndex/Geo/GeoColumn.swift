// A GEO field as one reader sees it: the storage of its segment and the patches made since.

import CKernels
import SearchModel

/// One GEO field of one segment. A value: cheap to copy, never changes under its holder.
package struct GeoColumn: Sendable {
    let storage: GeoStorage
    package let documentCount: Int
    /// The new cell of each patched document; all ones when the field is gone.
    private(set) var patches: PatchSet<UInt64>

    init(open storage: GeoStorage, documentCount: Int, patches: PatchSet<UInt64>) {
        self.storage = storage
        self.documentCount = documentCount
        self.patches = patches
    }

    private init(sealed storage: GeoStorage, documentCount: Int) {
        self.storage = storage
        self.documentCount = documentCount
        patches = PatchSet()
    }

    package var byteCount: Int { storage.byteCount + patches.byteCount }

    // MARK: values

    @inline(__always)
    func raw(_ docID: DocID) -> UInt64 {
        if !patches.isEmpty, let cell = patches.value(docID) { return cell }
        return storage.cells[Int(docID)]
    }

    /// The document's cell; `nil` when it has no point.
    package func cell(_ docID: DocID) -> UInt64? {
        guard docID < DocID(documentCount) else { return nil }
        let cell = raw(docID)
        return cell == GeoStorage.absent ? nil : cell
    }

    /// Meters from the circle's centre.
    package func distance(_ docID: DocID, from circle: GeoCircle) -> Double? {
        cell(docID).map { circle.distance($0) }
    }

    // MARK: circles

    /// The documents in the circle, all of the segment at once.
    package func matches(_ circle: GeoCircle) -> DocumentList {
        if circle.isEmpty { return DocumentList([]) }
        guard let permutation = storage.permutation else { return scannedMatches(circle) }
        var docIDs: [DocID] = []
        storage.forEachRun(circle) { run, isSure in
            let begin = docIDs.count
            docIDs.append(contentsOf: UnsafeBufferPointer(start: permutation + run.lowerBound, count: run.count))
            if isSure { return }
            let kept = docIDs.withUnsafeMutableBufferPointer { all in
                guard let start = all.baseAddress else { return 0 }
                return circle.select(start + begin, count: run.count, cells: storage.cells, into: start + begin)
            }
            docIDs.removeLast(run.count - kept)
        }
        if !patches.isEmpty {
            docIDs.removeAll { patches.contains($0) }
            patches.forEach { docID, cell in
                if cell != GeoStorage.absent && circle.contains(cell) { docIDs.append(docID) }
            }
        }
        return DocumentList(unsorted: docIDs, documentCount: documentCount)
    }

    private func scannedMatches(_ circle: GeoCircle) -> DocumentList {
        var docIDs: [DocID] = []
        withWindow { words in
            withUnsafeTemporaryAllocation(of: DocID.self, capacity: windowSize) { room in
                guard let room = room.baseAddress else { return }
                for window in 0..<windowCount(documentCount) {
                    clearWindow(words)
                    fillWindow(window, circle, words: words)
                    let count = Int(rk_list_bits(words, wordsPerWindow, UInt32(window * windowSize), room))
                    docIDs.append(contentsOf: UnsafeBufferPointer(start: room, count: count))
                }
            }
        }
        return DocumentList(docIDs, documentCount: documentCount)
    }

    /// At least as many documents as ``matches(_:)`` has; costs a few searches.
    package func estimate(_ circle: GeoCircle) -> Int {
        guard storage.permutation != nil else { return documentCount }
        return circle.coveringSquares().reduce(patches.count) { $0 + storage.ranks($1.cells).count }
    }

    /// ORs the window's documents in the circle, asking each. For whole segments see ``matches(_:)``.
    package func fillWindow(_ window: Int, _ circle: GeoCircle, words: WindowWords) {
        withWindow { candidates in
            for i in 0..<documents(in: window, of: documentCount) { candidates[i &>> 6] |= 1 &<< UInt64(i & 63) }
            restrict(window, circle, words: candidates)
            rk_window_or(words, candidates)
        }
    }

    /// Clears the window's documents that are not in the circle, asking each.
    package func restrict(_ window: Int, _ circle: GeoCircle, words: WindowWords) {
        let count = documents(in: window, of: documentCount)
        for w in 0..<wordsPerWindow where words[w] != 0 {
            let left = count - w * 64
            if left < 64 { words[w] &= left <= 0 ? 0 : (1 << UInt64(left)) - 1 }
        }
        withUnsafeTemporaryAllocation(of: DocID.self, capacity: windowSize) { room in
            guard let room = room.baseAddress else { return }
            let first = UInt32(window * windowSize)
            let page = patches.page(window)
            if let page { restrictPatched(page, circle, words) }
            withWindow { patchedMatches in
                if let page {
                    for w in 0..<wordsPerWindow { patchedMatches[w] = words[w] & page.words[w] }
                    page.clear(in: words)
                }
                let candidates = Int(rk_list_bits(words, wordsPerWindow, first, room))
                let kept = circle.select(room, count: candidates, cells: storage.cells, into: room)
                words.update(from: patchedMatches, count: wordsPerWindow)
                rk_set_bits(words, room, kept, first)
            }
        }
    }

    /// Clears those patched documents that are not in the circle.
    private func restrictPatched(_ page: PatchPage<UInt64>, _ circle: GeoCircle, _ words: WindowWords) {
        for (docID, cell) in zip(page.docIDs, page.values) {
            let w = Int(docID &>> 6) & (wordsPerWindow - 1)
            let bit: UInt64 = 1 &<< UInt64(docID & 63)
            if words[w] & bit != 0 && (cell == GeoStorage.absent || !circle.contains(cell)) { words[w] &= ~bit }
        }
    }

    // MARK: patches

    package var patchCount: Int { patches.count }

    /// Whether ``rebuilt()`` pays.
    package var needsRebuild: Bool { patches.isLarge(documentCount: documentCount) }

    /// Replaces the document's cell; `nil` removes it. Other copies of the column do not change.
    package mutating func patch(_ docID: DocID, _ cell: UInt64?) {
        guard docID < DocID(documentCount) else { return }
        patches.set(docID, cell ?? GeoStorage.absent)
    }

    /// The same cells with the patches folded in.
    package func rebuilt() -> GeoColumn {
        GeoColumn.merge([(self, .identity(documentCount))], documentCount: documentCount)
    }

    /// Takes over what `current` says otherwise than `frozen`, its state from which this column was made.
    /// `mapping` leads from their docIDs to this column's; `nil`: they are the same.
    package mutating func adoptPatches(of current: GeoColumn, since frozen: GeoColumn, mapping: DocIDMapping?) {
        current.patches.forEach { old, cell in
            let new = mapping?[old] ?? old
            guard new != DocIDMapping.dropped, frozen.raw(old) != cell else { return }
            patch(new, cell)
        }
    }

    // MARK: merging

    /// One sealed column of several columns in any form. Documents that no input maps have no point.
    package static func merge(
        _ inputs: [(column: GeoColumn, mapping: DocIDMapping)], documentCount: Int
    ) -> GeoColumn {
        let memory = ColumnMemory.array(of: UInt64.self, count: documentCount, repeating: GeoStorage.absent)
        let cells = memory.bound(to: UInt64.self)
        for (column, mapping) in inputs {
            for old in 0..<DocID(min(column.documentCount, mapping.count)) {
                let new = mapping[old]
                if Int(new) < documentCount { cells[Int(new)] = column.raw(old) }
            }
        }
        return GeoColumn(sealed: GeoStorage(memory, count: documentCount), documentCount: documentCount)
    }
}

/// Takes the points of one GEO field while its segment is unsealed.
///
/// `@unchecked Sendable`: one writer calls everything here; readers hold views, which look only at documents
/// below their document count, and those cells are never stored to again.
package final class GeoColumnBuilder: @unchecked Sendable {
    private let capacity: Int
    private var storage: GeoStorage
    private var cells: UnsafeMutablePointer<UInt64>
    private var patched: GeoColumn?
    private var publishedCount = 0

    package init(capacity: Int) {
        self.capacity = capacity
        (storage, cells) = GeoStorage.open(capacity: capacity)
    }

    package var byteCount: Int { patched?.byteCount ?? storage.byteCount }

    /// Gives the document its cell, or takes it away.
    ///
    /// - Precondition: `docID` is below the capacity.
    package func set(_ docID: DocID, _ cell: UInt64?) {
        precondition(Int(docID) < capacity, "docID past the segment's capacity")
        if Int(docID) < publishedCount {
            patched?.patch(docID, cell)
        } else {
            cells[Int(docID)] = cell ?? GeoStorage.absent
        }
    }

    /// The column of the first `documentCount` documents, whose cells must all have been set.
    package func view(documentCount: Int) -> GeoColumn {
        if let patched, patched.patchCount >= 1024 {
            // Fold the patches into new arrays; readers of the old ones keep them.
            let (fresh, place) = GeoStorage.open(capacity: capacity)
            place.update(from: cells, count: capacity)
            patched.patches.forEach { docID, cell in place[Int(docID)] = cell }
            (storage, cells) = (fresh, place)
            self.patched = nil
        }
        let column = GeoColumn(
            open: storage, documentCount: documentCount, patches: patched?.patches ?? PatchSet())
        publishedCount = max(publishedCount, documentCount)
        patched = column
        return column
    }
}
