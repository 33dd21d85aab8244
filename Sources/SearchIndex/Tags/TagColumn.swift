// A TAG field as one reader sees it: lists by value, and the patches made since.

import CKernels
import SearchModel

/// A folded tag value's number, shared by all segments of the index.
package typealias TagID = UInt32

/// One TAG field of one segment. A value: cheap to copy, never changes under its holder.
package struct TagColumn: Sendable {
    enum Base: Sendable {
        case sealed(TagStorage)
        case open(OpenTags)
    }

    let base: Base
    package let documentCount: Int
    /// No document has two values, so the lists of different values have no document in common.
    package private(set) var isSingleValued: Bool
    /// The whole new value set of each patched document, ascending.
    private(set) var patches = PatchSet<[TagID]>()
    private let openByteCount: Int

    init(_ storage: TagStorage) {
        base = .sealed(storage)
        documentCount = storage.documentCount
        isSingleValued = storage.isSingleValued
        openByteCount = 0
    }

    init(_ open: OpenTags, isSingleValued: Bool, patches: PatchSet<[TagID]>, byteCount: Int) {
        base = .open(open)
        documentCount = open.documentCount
        self.isSingleValued = isSingleValued
        self.patches = patches
        openByteCount = byteCount
    }

    package var byteCount: Int {
        var bytes = patches.byteCount
        patches.forEach { _, values in bytes += 32 + values.capacity * 4 }
        if case .sealed(let storage) = base { return bytes + storage.byteCount }
        return bytes + openByteCount
    }

    // MARK: lists

    /// The value's documents; `nil` when the segment has none.
    package func list(for value: TagID) -> DocumentList? {
        let list = baseList(for: value)
        if patches.isEmpty { return list }
        let added = patchedDocuments(with: value)
        guard let list else { return added.isEmpty ? nil : DocumentList(added, documentCount: documentCount) }
        if case .bitmap(let words, let windows) = list.form {
            return patched(words, windows: windows, value)
        }
        let kept = unpatchedDocuments(of: list)
        if kept.isEmpty && added.isEmpty { return nil }
        return DocumentList(mergeSorted(kept, added), documentCount: documentCount)
    }

    private func patched(_ words: UnsafePointer<UInt64>, windows: Int, _ value: TagID) -> DocumentList? {
        let memory = ColumnMemory(byteCount: windows * windowSize / 8)
        let copy = memory.bound(to: UInt64.self)
        copy.update(from: words, count: windows * wordsPerWindow)
        for window in 0..<windows {
            guard let page = patches.page(window) else { continue }
            let place = copy + window * wordsPerWindow
            page.clear(in: place)
            for (docID, values) in zip(page.docIDs, page.values) where values.contains(value) {
                setBit(docID, in: place)
            }
        }
        let count = popcount(copy, count: windows * wordsPerWindow)
        if count == 0 { return nil }
        return DocumentList(.bitmap(UnsafePointer(copy), windows: windows), documentFrequency: count, owner: memory)
    }

    /// Documents of the value, dead ones included, without making a list of them.
    package func documentFrequency(for value: TagID) -> Int {
        if patches.isEmpty { return baseDocumentFrequency(for: value) }
        var count = patchedDocuments(with: value).count
        if let list = baseList(for: value) { count += unpatchedCount(of: list) }
        return count
    }

    /// Calls `body` with every value that has a document, and the number of its documents; ids ascending.
    package func forEachValue(_ body: (TagID, _ documentFrequency: Int) -> Void) {
        var source = TagMergeSource(self)
        while let value = source.value {
            let count = source.documentFrequency()
            if count > 0 { body(value, count) }
            source.advance()
        }
    }

    private func baseList(for value: TagID) -> DocumentList? {
        switch base {
        case .sealed(let storage): return storage.index(of: value).map { storage.list(at: $0) }
        case .open(let open):
            let docIDs = open.docIDs(value)
            return docIDs.isEmpty ? nil : DocumentList(docIDs, documentCount: documentCount)
        }
    }

    private func baseDocumentFrequency(for value: TagID) -> Int {
        switch base {
        case .sealed(let storage): storage.index(of: value).map { storage.documentFrequency(at: $0) } ?? 0
        case .open(let open): open.documentFrequency(value)
        }
    }

    private func patchedDocuments(with value: TagID) -> [DocID] {
        var docIDs: [DocID] = []
        patches.forEach { docID, values in
            if values.contains(value) { docIDs.append(docID) }
        }
        return docIDs
    }

    func unpatchedDocuments(of list: DocumentList) -> [DocID] {
        var docIDs: [DocID] = []
        docIDs.reserveCapacity(list.documentFrequency)
        if patches.isEmpty {
            list.forEach { docIDs.append($0) }
        } else {
            list.forEach { if !patches.contains($0) { docIDs.append($0) } }
        }
        return docIDs
    }

    func unpatchedCount(of list: DocumentList) -> Int {
        if patches.isEmpty { return list.documentFrequency }
        var count = 0
        if case .bitmap(let words, let windows) = list.form {
            count = list.documentFrequency
            for window in 0..<windows {
                guard let page = patches.page(window) else { continue }
                let place = words + window * wordsPerWindow
                for w in 0..<wordsPerWindow { count -= (place[w] & page.words[w]).nonzeroBitCount }
            }
            return count
        }
        list.forEach { if !patches.contains($0) { count += 1 } }
        return count
    }

    // MARK: patches

    package var patchCount: Int { patches.count }

    /// Whether ``rebuilt()`` pays.
    package var needsRebuild: Bool { patches.isLarge(documentCount: documentCount) }

    /// Replaces the document's values. Other copies of the column do not change.
    package mutating func patch(_ docID: DocID, _ values: UnsafeBufferPointer<TagID>) {
        guard docID < DocID(documentCount) else { return }
        let values = distinctSorted(values)
        if values.count > 1 { isSingleValued = false }
        patches.set(docID, values)
    }

    /// The same values with the patches folded in.
    package func rebuilt() -> TagColumn {
        TagColumn.merge([(self, .identity(documentCount))], documentCount: documentCount)
    }

    /// Takes over the patches that `current` has and `frozen`, its state from which this column was made, has
    /// not. `mapping` leads from their docIDs to this column's; `nil`: they are the same.
    package mutating func adoptPatches(of current: TagColumn, since frozen: TagColumn, mapping: DocIDMapping?) {
        current.patches.forEach { old, values in
            let new = mapping?[old] ?? old
            guard new != DocIDMapping.dropped, frozen.patches.value(old) != values else { return }
            values.withUnsafeBufferPointer { patch(new, $0) }
        }
    }

    // MARK: merging

    /// One sealed column of several columns in any form. Documents that no input maps have no value.
    package static func merge(
        _ inputs: [(column: TagColumn, mapping: DocIDMapping)], documentCount: Int
    ) -> TagColumn {
        var writer = TagStorage.Writer(documentCount: documentCount)
        var sources = inputs.map { TagMergeSource($0.column) }
        var docIDs: [DocID] = []
        while let value = sources.compactMap(\.value).min() {
            docIDs.removeAll(keepingCapacity: true)
            for i in sources.indices where sources[i].value == value {
                let mapping = inputs[i].mapping
                sources[i].forEachDocument {
                    let new = mapping[$0]
                    if Int(new) < documentCount { docIDs.append(new) }
                }
                sources[i].advance()
            }
            if !isAscending(docIDs) { docIDs.sort() }
            docIDs.withUnsafeBufferPointer { writer.append(value, $0) }
        }
        return TagColumn(writer.finish())
    }

    private static func isAscending(_ docIDs: [DocID]) -> Bool {
        docIDs.withUnsafeBufferPointer { docIDs in
            for i in docIDs.indices.dropFirst() where docIDs[i] < docIDs[i - 1] { return false }
            return true
        }
    }
}

/// Each once, ascending.
func distinctSorted(_ values: UnsafeBufferPointer<TagID>) -> [TagID] {
    var result = Array(values)
    guard result.count > 1 else { return result }
    result.sort()
    var count = 1
    for i in 1..<result.count where result[i] != result[count - 1] {
        result[count] = result[i]
        count += 1
    }
    result.removeLast(result.count - count)
    return result
}

func mergeSorted(_ a: [DocID], _ b: [DocID]) -> [DocID] {
    if a.isEmpty { return b }
    if b.isEmpty { return a }
    var result: [DocID] = []
    result.reserveCapacity(a.count + b.count)
    var i = 0
    var j = 0
    while i < a.count && j < b.count {
        if a[i] < b[j] {
            result.append(a[i])
            i += 1
        } else {
            result.append(b[j])
            j += 1
        }
    }
    result += a[i...]
    result += b[j...]
    return result
}
