// Patches: values that changed after their column was made.
//
// A write that changes no text does not re-add its document. The new value goes beside the column, into the
// page of the document's window, and replaces whatever the column says. Pages are copied on write: the writer
// owns a column, changes it during a burst, and publishes a copy; what readers hold never changes.
//
//   column ─┬─ base: flat arrays, sorted orders (immutable)
//           └─ patches: [window] ─► page: 64-word bitmap │ docIDs ascending │ values in that order

import SearchModel

/// The patched documents of one window.
///
/// `@unchecked Sendable`: a page that more than one column holds is never written, see ``PatchSet``.
final class PatchPage<Value: Sendable>: @unchecked Sendable {
    fileprivate(set) var words = [UInt64](repeating: 0, count: wordsPerWindow)
    fileprivate(set) var docIDs: [DocID] = []
    fileprivate(set) var values: [Value] = []

    fileprivate init() {}

    fileprivate func copy() -> PatchPage {
        let page = PatchPage()
        page.words = words
        page.docIDs = docIDs
        page.values = values
        return page
    }

    func contains(_ docID: DocID) -> Bool {
        words[Int(docID >> 6) % wordsPerWindow] >> UInt64(docID & 63) & 1 == 1
    }

    /// Where `docID` is, or would be, among `docIDs`.
    fileprivate func place(of docID: DocID) -> Int {
        var low = 0
        var high = docIDs.count
        while low < high {
            let middle = (low + high) / 2
            if docIDs[middle] < docID { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Clears the patched documents from the window's words.
    func clear(in target: UnsafeMutablePointer<UInt64>) {
        words.withUnsafeBufferPointer { words in
            for w in 0..<wordsPerWindow { target[w] &= ~words[w] }
        }
    }
}

/// All patches of one column. Copies share pages until one of them is written.
struct PatchSet<Value: Sendable>: Sendable {
    private var pages: [PatchPage<Value>?] = []
    /// Patched documents.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    func page(_ window: Int) -> PatchPage<Value>? {
        window < pages.count ? pages[window] : nil
    }

    func contains(_ docID: DocID) -> Bool {
        guard let page = page(Int(docID) / windowSize) else { return false }
        return page.contains(docID)
    }

    /// The value that replaces the column's; `nil`: the document is not patched.
    func value(_ docID: DocID) -> Value? {
        guard let page = page(Int(docID) / windowSize), page.contains(docID) else { return nil }
        return page.values[page.place(of: docID)]
    }

    mutating func set(_ docID: DocID, _ value: Value) {
        let window = Int(docID) / windowSize
        while pages.count <= window { pages.append(nil) }
        if pages[window] == nil {
            pages[window] = PatchPage()
        } else if !isKnownUniquelyReferenced(&pages[window]) {
            pages[window] = pages[window]?.copy()
        }
        guard let page = pages[window] else { return }
        let place = page.place(of: docID)
        if page.contains(docID) {
            page.values[place] = value
        } else {
            page.words[Int(docID >> 6) % wordsPerWindow] |= 1 << UInt64(docID & 63)
            page.docIDs.insert(docID, at: place)
            page.values.insert(value, at: place)
            count += 1
        }
    }

    /// All patches, docIDs ascending.
    func forEach(_ body: (DocID, Value) -> Void) {
        for case let page? in pages {
            for (docID, value) in zip(page.docIDs, page.values) { body(docID, value) }
        }
    }

    /// Memory of the pages, the values' own memory not counted.
    var byteCount: Int {
        var bytes = pages.capacity * MemoryLayout<UnsafeRawPointer>.stride
        for case let page? in pages {
            bytes += 16 + wordsPerWindow * 8 + 3 * 32
            bytes += page.docIDs.capacity * 4 + page.values.capacity * MemoryLayout<Value>.stride
        }
        return bytes
    }

    /// Whether folding the patches into a new base pays.
    func isLarge(documentCount: Int) -> Bool { count >= max(1024, documentCount / 32) }
}
