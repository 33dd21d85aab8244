// A TAG field's texts as one reader sees them: the storage of their segment and the patches made since.

import SearchModel

/// The texts of one TAG field in one segment, as they were written. A value: cheap to copy, never changes under its
/// holder.
package struct RawTextColumn: Sendable {
    enum Base: Sendable {
        case sealed(SealedRawTexts)
        case open(OpenRawTexts)
    }

    let base: Base
    package let documentCount: Int
    /// Ordinals up to here are in the dictionary.
    package let distinctCount: Int
    private let openByteCount: Int
    /// The new text of each patched document; `nil` inside when the field is gone.
    private(set) var patches = PatchSet<PatchText?>()

    init(open texts: OpenRawTexts, documentCount: Int, patches: PatchSet<PatchText?>) {
        base = .open(texts)
        self.documentCount = documentCount
        distinctCount = texts.distinctCount
        openByteCount = texts.byteCount
        self.patches = patches
    }

    private init(_ texts: SealedRawTexts, documentCount: Int) {
        base = .sealed(texts)
        self.documentCount = documentCount
        distinctCount = texts.distinctCount
        openByteCount = 0
    }

    package var byteCount: Int {
        var bytes = patches.byteCount
        patches.forEach { _, text in bytes += 48 + (text?.bytes.count ?? 0) }
        if case .sealed(let texts) = base { return bytes + texts.byteCount }
        return bytes + openByteCount
    }

    // MARK: values

    /// The document's text; valid while this column, or a copy of it, is held. `nil`: it has none.
    package func bytes(_ docID: DocID) -> UnsafeBufferPointer<UInt8>? {
        guard docID < DocID(documentCount) else { return nil }
        if !patches.isEmpty, let patch = patches.value(docID) { return patch?.bytes }
        let ordinal =
            switch base {
            case .sealed(let texts): texts.ordinal(docID)
            case .open(let texts): texts.ordinal(docID)
            }
        return ordinal == 0 ? nil : text(ordinal)
    }

    /// The text of an ordinal, 1 to `distinctCount`.
    package func text(_ ordinal: UInt32) -> UnsafeBufferPointer<UInt8> {
        switch base {
        case .sealed(let texts): texts.text(ordinal)
        case .open(let texts): texts.text(ordinal)
        }
    }

    /// Ordinals of `count` documents below the document count; 0 for no text.
    ///
    /// - Parameter patched: gives the ordinal, beyond `distinctCount`, of a document whose text was patched.
    package func gather(
        _ docIDs: UnsafePointer<DocID>, count: Int, into ordinals: UnsafeMutablePointer<UInt32>,
        patched: (UnsafeBufferPointer<UInt8>) -> UInt32
    ) {
        switch base {
        case .sealed(let texts): texts.gather(docIDs, count: count, into: ordinals)
        case .open(let texts): texts.gather(docIDs, count: count, into: ordinals)
        }
        if patches.isEmpty { return }
        for i in 0..<count {
            if let patch = patches.value(docIDs[i]) { ordinals[i] = patch.map { patched($0.bytes) } ?? 0 }
        }
    }

    // MARK: patches

    /// Whether ``rebuilt()`` pays.
    package var needsRebuild: Bool { patches.isLarge(documentCount: documentCount) }

    /// Replaces the document's text; `nil` removes it. Other copies of the column do not change.
    package mutating func patch(_ docID: DocID, _ bytes: UnsafeBufferPointer<UInt8>?) {
        guard docID < DocID(documentCount) else { return }
        patches.set(docID, bytes.map { PatchText($0) })
    }

    /// The same texts with the patches folded in; `nil`: they take too much by now.
    package func rebuilt() -> RawTextColumn? {
        RawTextColumn.merge([(self, .identity(documentCount))], documentCount: documentCount)
    }

    /// Takes over the patches that `current` has and `frozen`, its state from which this column was made, has
    /// not. `mapping` leads from their docIDs to this column's; `nil`: they are the same.
    package mutating func adoptPatches(
        of current: RawTextColumn, since frozen: RawTextColumn, mapping: DocIDMapping?
    ) {
        current.patches.forEach { old, text in
            let new = mapping?[old] ?? old
            guard new != DocIDMapping.dropped, Int(new) < documentCount else { return }
            if let known = frozen.patches.value(old), known === text { return }
            patches.set(new, text)
        }
    }

    // MARK: merging

    /// One sealed column of several columns in any form; `nil` when its texts would take too much. Documents that no
    /// input maps have no text.
    package static func merge(
        _ inputs: [(column: RawTextColumn, mapping: DocIDMapping)], documentCount: Int
    ) -> RawTextColumn? {
        // Addresses stay valid as long as the inputs are held, that is to the end of this function.
        var texts = [UnsafeBufferPointer<UInt8>?](repeating: nil, count: documentCount)
        for (column, mapping) in inputs {
            for old in 0..<DocID(min(column.documentCount, mapping.count)) {
                let new = mapping[old]
                if Int(new) < documentCount { texts[Int(new)] = column.bytes(old) }
            }
        }
        return withExtendedLifetime(inputs) {
            SealedRawTexts(documentCount: documentCount) { texts[Int($0)] }.map {
                RawTextColumn($0, documentCount: documentCount)
            }
        }
    }
}

/// Takes the texts of one TAG field while its segment is unsealed.
///
/// `@unchecked Sendable`: one writer calls everything here; readers hold views, see ``OpenRawTexts``.
package final class RawTextColumnBuilder: @unchecked Sendable {
    private let capacity: Int
    private let texts: OpenRawTexts
    private var patched: RawTextColumn?
    private var publishedCount = 0
    /// The texts took too much, or one is not known: readers must look into the documents.
    private var isGivenUp = false

    package init(capacity: Int) {
        self.capacity = capacity
        texts = OpenRawTexts(capacity: capacity)
    }

    package var byteCount: Int { patched?.byteCount ?? texts.byteCount }

    /// Gives the document its text, or takes it away.
    ///
    /// - Precondition: `docID` is below the capacity.
    package func set(_ docID: DocID, _ bytes: UnsafeBufferPointer<UInt8>?) {
        precondition(Int(docID) < capacity, "docID past the segment's capacity")
        if isGivenUp { return }
        if Int(docID) < publishedCount {
            patched?.patch(docID, bytes)
        } else if !texts.set(docID, bytes) {
            giveUp()
        }
    }

    /// From now on there is no column.
    package func giveUp() {
        isGivenUp = true
        patched = nil
    }

    /// The column of the first `documentCount` documents, whose texts must all have been set; `nil`: there is none.
    package func view(documentCount: Int) -> RawTextColumn? {
        if isGivenUp { return nil }
        if let patched, patched.needsRebuild {
            // Folding would need a second dictionary; so many patches of one open segment are rare.
            giveUp()
            return nil
        }
        let column = RawTextColumn(open: texts, documentCount: documentCount, patches: patched?.patches ?? PatchSet())
        publishedCount = max(publishedCount, documentCount)
        patched = column
        return column
    }
}
