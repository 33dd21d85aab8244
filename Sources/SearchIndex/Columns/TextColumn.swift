// SORTABLE texts as one reader sees them: the storage of their segment and the patches made since.

import SearchModel

/// The texts that documents of one segment sort by. A value: cheap to copy, never changes under its holder.
package struct TextColumn: Sendable {
    enum Base: Sendable {
        case sealed(SealedTexts)
        case open(OpenTexts)

        @inline(__always)
        func bytes(_ docID: DocID) -> UnsafeBufferPointer<UInt8>? {
            switch self {
            case .sealed(let texts): texts.bytes(docID)
            case .open(let texts): texts.bytes(docID)
            }
        }
    }

    let base: Base
    package let documentCount: Int
    private let openByteCount: Int
    /// The new text of each patched document; `nil` inside when the field is gone.
    private(set) var patches = PatchSet<PatchText?>()
    /// By (text, docID): the patched documents, or all of an unsealed segment.
    private var looseOrder: Once<[DocID]>?

    init(open texts: OpenTexts, documentCount: Int, patches: PatchSet<PatchText?>) {
        base = .open(texts)
        self.documentCount = documentCount
        openByteCount = texts.byteCount
        self.patches = patches
        looseOrder = Once()
    }

    private init(_ texts: SealedTexts, documentCount: Int) {
        base = .sealed(texts)
        self.documentCount = documentCount
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
        return base.bytes(docID)
    }

    package func hasValue(_ docID: DocID) -> Bool { bytes(docID) != nil }

    // MARK: ranks

    /// Whether ``rank(_:)`` tells the order: sealed, and nothing patched.
    package var hasRanks: Bool {
        if case .sealed = base { return patches.isEmpty }
        return false
    }

    /// The text's place among the segment's distinct texts; `nil` without a text or without ranks.
    package func rank(_ docID: DocID) -> UInt32? {
        guard case .sealed(let texts) = base, patches.isEmpty, docID < DocID(documentCount) else { return nil }
        let stored = texts.storedRank(docID)
        return stored == 0 ? nil : stored - 1
    }

    /// Ranks of `count` documents below the document count, plus 1; 0 for no text. Needs ranks.
    package func gatherRanks(_ docIDs: UnsafePointer<DocID>, count: Int, into ranks: UnsafeMutablePointer<UInt32>) {
        guard case .sealed(let texts) = base else { return ranks.update(repeating: 0, count: count) }
        for i in 0..<count { ranks[i] = texts.storedRank(docIDs[i]) }
    }

    /// Ordinals up to here are in the dictionary; 0 while the segment is unsealed.
    package var distinctCount: Int {
        if case .sealed(let texts) = base { return texts.distinctCount }
        return 0
    }

    /// The text of an ordinal, 1 to `distinctCount`: the rank and one.
    package func text(_ ordinal: UInt32) -> UnsafeBufferPointer<UInt8> {
        guard case .sealed(let texts) = base else { return UnsafeBufferPointer(start: nil, count: 0) }
        return texts.text(Int(ordinal) - 1)
    }

    /// Ordinals of `count` documents below the document count; 0 for no text.
    ///
    /// - Parameter unlisted: gives the ordinal, beyond `distinctCount`, of a text that is in no dictionary.
    package func gather(
        _ docIDs: UnsafePointer<DocID>, count: Int, into ordinals: UnsafeMutablePointer<UInt32>,
        unlisted: (UnsafeBufferPointer<UInt8>) -> UInt32
    ) {
        guard case .sealed(let texts) = base else {
            for i in 0..<count { ordinals[i] = bytes(docIDs[i]).map(unlisted) ?? 0 }
            return
        }
        for i in 0..<count { ordinals[i] = texts.storedRank(docIDs[i]) }
        if patches.isEmpty { return }
        for i in 0..<count {
            if let patch = patches.value(docIDs[i]) { ordinals[i] = patch.map { unlisted($0.bytes) } ?? 0 }
        }
    }

    /// How many distinct texts are smaller than `bytes`: the least rank of a text that is not. 0 without ranks.
    package func firstRank(notBefore bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        guard case .sealed(let texts) = base else { return 0 }
        return UInt32(texts.firstRank(notBefore: bytes))
    }

    /// Negative, 0 or positive as a's text is smaller than, equal to or larger than b's; no text is smallest.
    package func compare(_ a: DocID, _ b: DocID) -> Int {
        if case .sealed(let texts) = base, patches.isEmpty {
            return Int(texts.storedRank(a)) - Int(texts.storedRank(b))
        }
        switch (bytes(a), bytes(b)) {
        case (nil, nil): return 0
        case (nil, _?): return -1
        case (_?, nil): return 1
        case (let x?, let y?): return TextColumn.compareBytes(x, y)
        }
    }

    /// Byte by byte; a prefix is smaller.
    package static func compareBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        compareTexts(a, b)
    }

    // MARK: order

    /// Whether a sorted walk costs nothing to start.
    package var hasSortedPermutation: Bool {
        if case .sealed = base { return true }
        return false
    }

    /// Documents by (text, docID), or exactly the reverse; those without a text do not occur. The unsealed form
    /// sorts first, once per view.
    package func sortedWalk(ascending: Bool) -> TextSortedWalk {
        switch base {
        case .sealed(let texts):
            let loose = patches.isEmpty ? [] : loose(sortedPatches)
            return TextSortedWalk(self, texts, base: 0..<texts.valueCount, loose: loose, ascending: ascending)
        case .open:
            let loose = loose { sorted((0..<DocID(documentCount)).filter { hasValue($0) }) }
            return TextSortedWalk(self, nil, base: 0..<0, loose: loose, ascending: ascending)
        }
    }

    private func loose(_ compute: () -> [DocID]) -> [DocID] {
        guard let looseOrder else { return compute() }
        return looseOrder.value(compute)
    }

    private func sortedPatches() -> [DocID] {
        var docIDs: [DocID] = []
        patches.forEach { docID, text in if text != nil { docIDs.append(docID) } }
        return sorted(docIDs)
    }

    private func sorted(_ docIDs: [DocID]) -> [DocID] {
        let empty = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        return sortByText(docIDs) { bytes($0) ?? empty }
    }

    // MARK: patches

    package var patchCount: Int { patches.count }

    /// Whether ``rebuilt()`` pays.
    package var needsRebuild: Bool { patches.isLarge(documentCount: documentCount) }

    /// Replaces the document's text; `nil` removes it. Other copies of the column do not change.
    package mutating func patch(_ docID: DocID, _ bytes: UnsafeBufferPointer<UInt8>?) {
        guard docID < DocID(documentCount) else { return }
        patch(docID, bytes.map { PatchText($0) })
    }

    private mutating func patch(_ docID: DocID, _ text: PatchText?) {
        patches.set(docID, text)
        // The order that published copies share is theirs.
        if !isKnownUniquelyReferenced(&looseOrder) || looseOrder?.isEmpty == false { looseOrder = Once() }
    }

    /// The same texts with the patches folded in.
    package func rebuilt() -> TextColumn {
        TextColumn.merge([(self, .identity(documentCount))], documentCount: documentCount)
    }

    /// Takes over the patches that `current` has and `frozen`, its state from which this column was made, has
    /// not. `mapping` leads from their docIDs to this column's; `nil`: they are the same.
    package mutating func adoptPatches(
        of current: TextColumn, since frozen: TextColumn, mapping: DocIDMapping?
    ) {
        current.patches.forEach { old, text in
            let new = mapping?[old] ?? old
            guard new != DocIDMapping.dropped, Int(new) < documentCount else { return }
            if let known = frozen.patches.value(old), known === text { return }
            patch(new, text)
        }
    }

    // MARK: merging

    /// One sealed column of several columns in any form. Documents that no input maps have no text.
    package static func merge(
        _ inputs: [(column: TextColumn, mapping: DocIDMapping)], documentCount: Int
    ) -> TextColumn {
        // Addresses stay valid as long as the inputs are held, that is to the end of this function.
        var texts = [UnsafeBufferPointer<UInt8>?](repeating: nil, count: documentCount)
        for (column, mapping) in inputs {
            for old in 0..<DocID(min(column.documentCount, mapping.count)) {
                let new = mapping[old]
                if Int(new) < documentCount { texts[Int(new)] = column.bytes(old) }
            }
        }
        return withExtendedLifetime(inputs) {
            TextColumn(SealedTexts(documentCount: documentCount) { texts[Int($0)] }, documentCount: documentCount)
        }
    }
}

/// Documents by (text, docID) ascending, or exactly that order backwards.
package struct TextSortedWalk {
    private let column: TextColumn
    private let texts: SealedTexts?
    private let ascending: Bool
    /// What is left of the permutation; patched documents in it are stale.
    private var base: Range<Int>
    /// What is left of the documents that the permutation does not know: `loose[looseRange]`, ascending.
    private let loose: [DocID]
    private var looseRange: Range<Int>

    init(_ column: TextColumn, _ texts: SealedTexts?, base: Range<Int>, loose: [DocID], ascending: Bool) {
        self.column = column
        self.texts = texts
        self.base = base
        self.loose = loose
        looseRange = 0..<loose.count
        self.ascending = ascending
    }

    /// The next documents, at most `capacity`; 0 at the end.
    package mutating func next(_ docIDs: UnsafeMutablePointer<DocID>, capacity: Int) -> Int {
        var count = 0
        while count < capacity {
            let fromBase = peekBase()
            let fromLoose = looseRange.isEmpty ? nil : loose[end(of: looseRange)]
            guard let fromLoose else {
                guard let fromBase else { break }
                docIDs[count] = fromBase
                count += 1
                base = shortened(base)
                continue
            }
            if let fromBase, isFirst(fromBase, before: fromLoose) == ascending {
                docIDs[count] = fromBase
                base = shortened(base)
            } else {
                docIDs[count] = fromLoose
                looseRange = shortened(looseRange)
            }
            count += 1
        }
        return count
    }

    /// The next document of the permutation that no patch replaces.
    private mutating func peekBase() -> DocID? {
        guard let texts else { return nil }
        while !base.isEmpty {
            let docID = texts.permutation[end(of: base)]
            if column.patches.isEmpty || !column.patches.contains(docID) { return docID }
            base = shortened(base)
        }
        return nil
    }

    private func isFirst(_ a: DocID, before b: DocID) -> Bool {
        let order = column.compare(a, b)
        return order == 0 ? a < b : order < 0
    }

    private func end(of range: Range<Int>) -> Int { ascending ? range.lowerBound : range.upperBound - 1 }

    private func shortened(_ range: Range<Int>) -> Range<Int> {
        ascending ? range.lowerBound + 1..<range.upperBound : range.lowerBound..<range.upperBound - 1
    }
}

/// Takes the SORTABLE texts of one field while its segment is unsealed.
///
/// `@unchecked Sendable`: one writer calls everything here; readers hold views, see ``OpenTexts``.
package final class TextColumnBuilder: @unchecked Sendable {
    private let capacity: Int
    private var texts: OpenTexts
    private var patched: TextColumn?
    private var publishedCount = 0

    package init(capacity: Int) {
        self.capacity = capacity
        texts = OpenTexts(capacity: capacity)
    }

    package var byteCount: Int { patched?.byteCount ?? texts.byteCount }

    /// Gives the document its text, or takes it away.
    ///
    /// - Precondition: `docID` is below the capacity.
    package func set(_ docID: DocID, _ bytes: UnsafeBufferPointer<UInt8>?) {
        precondition(Int(docID) < capacity, "docID past the segment's capacity")
        if Int(docID) < publishedCount {
            patched?.patch(docID, bytes)
        } else {
            texts.set(docID, bytes)
        }
    }

    /// The column of the first `documentCount` documents, whose texts must all have been set.
    package func view(documentCount: Int) -> TextColumn {
        if let patched, patched.patchCount >= 1024 {
            // Fold the patches into a fresh storage; readers of the old one keep it.
            let fresh = OpenTexts(capacity: capacity)
            for docID in 0..<DocID(capacity) {
                fresh.set(docID, Int(docID) < patched.documentCount ? patched.bytes(docID) : texts.bytes(docID))
            }
            texts = fresh
            self.patched = nil
        }
        let column = TextColumn(open: texts, documentCount: documentCount, patches: patched?.patches ?? PatchSet())
        publishedCount = max(publishedCount, documentCount)
        patched = column
        return column
    }
}
