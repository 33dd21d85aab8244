// Which documents lack a field (INDEXMISSING): a bitmap in pages of one window, copied on write.

import CKernels
import SearchModel

/// The bits of one window.
///
/// `@unchecked Sendable`: a page that more than one column holds is never written, see ``MissingBitmap``.
private final class MissingPage: @unchecked Sendable {
    var words: [UInt64]

    init(_ words: [UInt64]) { self.words = words }
}

/// The documents of one segment that lack one field. A value: cheap to copy, never changes under its holder.
package struct MissingBitmap: Sendable {
    package private(set) var documentCount: Int
    /// Documents that lack the field, dead ones included.
    package private(set) var missingCount = 0
    /// `nil`: no document of the window lacks the field.
    private var pages: [MissingPage?] = []

    /// No document lacks the field.
    package init(documentCount: Int) { self.documentCount = documentCount }

    package var byteCount: Int {
        pages.reduce(pages.capacity * 8) { $0 + ($1 == nil ? 0 : wordsPerWindow * 8 + 64) }
    }

    private func page(_ window: Int) -> MissingPage? { window < pages.count ? pages[window] : nil }

    package func isMissing(_ docID: DocID) -> Bool {
        guard let page = page(Int(docID) / windowSize) else { return false }
        return page.words[Int(docID >> 6) % wordsPerWindow] >> UInt64(docID & 63) & 1 == 1
    }

    /// ORs the documents that lack the field.
    package func fillWindow(_ window: Int, words: WindowWords) {
        page(window)?.words.withUnsafeBufferPointer { rk_window_or(words, $0.baseAddress) }
    }

    /// Clears the documents that have the field.
    package func restrict(_ window: Int, words: WindowWords) {
        guard let page = page(window) else { return clearWindow(words) }
        page.words.withUnsafeBufferPointer { rk_window_and(words, $0.baseAddress) }
    }

    /// Documents that lack the field and are alive.
    package func liveCount(deadCount: Int, copyLiveWindow: CopyLiveWindow) -> Int {
        if deadCount == 0 || missingCount == 0 { return missingCount }
        return missingCount
            - deadMatches(documentCount: documentCount, copyLiveWindow: copyLiveWindow) { restrict($0, words: $1) }
    }

    // MARK: writing

    /// Notes whether the document lacks the field. Other copies of the column do not change.
    package mutating func patch(_ docID: DocID, _ isMissing: Bool) {
        guard docID < DocID(documentCount), isMissing != self.isMissing(docID) else { return }
        set(docID, isMissing)
    }

    private mutating func set(_ docID: DocID, _ isMissing: Bool) {
        let window = Int(docID) / windowSize
        while pages.count <= window { pages.append(nil) }
        if pages[window] == nil {
            pages[window] = MissingPage(Array(repeating: 0, count: wordsPerWindow))
        } else if !isKnownUniquelyReferenced(&pages[window]) {
            pages[window] = pages[window].map { MissingPage($0.words) }
        }
        pages[window]?.words[Int(docID >> 6) % wordsPerWindow] ^= 1 << UInt64(docID & 63)
        missingCount += isMissing ? 1 : -1
    }

    /// Takes over what `current` says otherwise than `frozen`, its state from which this column was made.
    /// `mapping` leads from their docIDs to this column's; `nil`: they are the same.
    package mutating func adoptPatches(
        of current: MissingBitmap, since frozen: MissingBitmap, mapping: DocIDMapping?
    ) {
        for window in 0..<max(current.pages.count, frozen.pages.count) {
            let (now, before) = (current.page(window), frozen.page(window))
            if now === before { continue }
            for w in 0..<wordsPerWindow {
                var changed = (now?.words[w] ?? 0) ^ (before?.words[w] ?? 0)
                while changed != 0 {
                    let old = DocID(window * windowSize + w * 64 + changed.trailingZeroBitCount)
                    changed &= changed - 1
                    let new = mapping?[old] ?? old
                    if new != DocIDMapping.dropped { patch(new, current.isMissing(old)) }
                }
            }
        }
    }

    /// One column of several. Documents that no input maps do not lack the field.
    package static func merge(
        _ inputs: [(column: MissingBitmap, mapping: DocIDMapping)], documentCount: Int
    ) -> MissingBitmap {
        var merged = MissingBitmap(documentCount: documentCount)
        for (column, mapping) in inputs {
            for case (let window, let page?) in column.pages.enumerated() {
                for (w, word) in page.words.enumerated() {
                    var rest = word
                    while rest != 0 {
                        let old = DocID(window * windowSize + w * 64 + rest.trailingZeroBitCount)
                        rest &= rest - 1
                        if mapping[old] != DocIDMapping.dropped { merged.patch(mapping[old], true) }
                    }
                }
            }
        }
        return merged
    }

    fileprivate mutating func extend(to documentCount: Int) {
        self.documentCount = max(self.documentCount, documentCount)
    }
}

/// Notes which documents of the unsealed segment lack one field.
///
/// `@unchecked Sendable`: one writer calls everything here; views are values that it never changes.
package final class MissingBitmapBuilder: @unchecked Sendable {
    private var column = MissingBitmap(documentCount: 0)

    package init(capacity: Int) {}

    package var byteCount: Int { column.byteCount }

    package func set(_ docID: DocID, _ isMissing: Bool) {
        column.extend(to: Int(docID) + 1)
        column.patch(docID, isMissing)
    }

    /// The column of the first `documentCount` documents, all of which must have been set.
    package func view(documentCount: Int) -> MissingBitmap {
        column.extend(to: documentCount)
        return column
    }
}
