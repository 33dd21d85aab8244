// A NUMERIC field as one reader sees it: the storage of its segment and the patches made since.

import CKernels
import SearchModel

/// What a patched document's value was and is; NaN for none.
struct NumericPatch: Sendable {
    var base: Double
    var value: Double
}

/// Values lie between these.
struct NumericBounds: Sendable {
    var minimum: Double
    var maximum: Double

    init(minimum: Double, maximum: Double) {
        self.minimum = minimum
        self.maximum = maximum
    }

    init(_ bounds: NumericBounds?, including value: Double) {
        minimum = min(bounds?.minimum ?? value, value)
        maximum = max(bounds?.maximum ?? value, value)
    }
}

/// One NUMERIC field of one segment. A value: cheap to copy, never changes under its holder.
package struct NumericColumn: Sendable {
    let storage: NumericStorage
    package let documentCount: Int
    private let baseValueCount: Int
    private var bounds: NumericBounds?
    private(set) var patches = PatchSet<NumericPatch>()
    /// Documents with a value that patches added or took away.
    private var patchedValueCount = 0
    /// By (value, docID): the patched documents, or all of an unsealed segment.
    private var looseOrder: Once<[NumericSortedWalk.Entry]>?

    /// A view of an unsealed segment's values.
    init(open storage: NumericStorage, documentCount: Int, valueCount: Int, bounds: NumericBounds?) {
        self.storage = storage
        self.documentCount = documentCount
        self.baseValueCount = valueCount
        self.bounds = bounds
        looseOrder = Once()
    }

    /// The sealed form of these values, NaN for absent ones.
    package init(_ values: UnsafeBufferPointer<Double>) {
        let storage =
            if let start = values.baseAddress {
                NumericStorage(start, count: values.count)
            } else {
                NumericStorage(UnsafePointer(ColumnMemory(byteCount: 8).bound(to: Double.self)), count: 0)
            }
        self.storage = storage
        documentCount = values.count
        baseValueCount = storage.valueCount
        bounds = storage.extremes
    }

    /// Documents that have a value.
    package var valueCount: Int { baseValueCount + patchedValueCount }

    /// Least value, or less: loose after patches.
    package var minimum: Double? { bounds?.minimum }

    /// Largest value, or more: loose after patches.
    package var maximum: Double? { bounds?.maximum }

    package var byteCount: Int { storage.byteCount + patches.byteCount }

    // MARK: values

    /// NaN when absent.
    @inline(__always)
    func raw(_ docID: DocID) -> Double {
        if !patches.isEmpty, let patch = patches.value(docID) { return patch.value }
        return storage.raw(docID)
    }

    package func value(_ docID: DocID) -> Double? {
        guard docID < DocID(documentCount) else { return nil }
        let value = raw(docID)
        return value.isNaN ? nil : value
    }

    /// The values of `count` documents below the document count; NaN where there is none.
    package func gather(_ docIDs: UnsafePointer<DocID>, count: Int, into values: UnsafeMutablePointer<Double>) {
        for i in 0..<count { values[i] = raw(docIDs[i]) }
    }

    // MARK: windows

    /// ORs the documents whose value is in the range.
    package func fillWindow(_ window: Int, _ range: ValueRange, words: WindowWords) {
        guard let closed = range.closed else { return }
        let kernelRange = storage.kernelRange(closed)
        guard let page = patches.page(window) else {
            if let kernelRange {
                storage.fill(window, kernelRange, documentCount: documentCount, words: words)
            }
            return
        }
        withWindow { found in
            if let kernelRange {
                storage.fill(window, kernelRange, documentCount: documentCount, words: found)
            }
            NumericColumn.apply(page, closed, to: found)
            for w in 0..<wordsPerWindow { words[w] |= found[w] }
        }
    }

    /// Clears the documents whose value is not in the range.
    package func restrict(_ window: Int, _ range: ValueRange, words: WindowWords) {
        guard let closed = range.closed else { return clearWindow(words) }
        let kernelRange = storage.kernelRange(closed)
        guard let page = patches.page(window) else {
            guard let kernelRange else { return clearWindow(words) }
            return storage.restrict(window, kernelRange, documentCount: documentCount, words: words)
        }
        withWindow { found in
            found.update(from: words, count: wordsPerWindow)
            if let kernelRange {
                storage.restrict(window, kernelRange, documentCount: documentCount, words: found)
            } else {
                clearWindow(found)
            }
            NumericColumn.apply(page, closed, to: found)
            for w in 0..<wordsPerWindow { words[w] &= found[w] }
        }
    }

    private static func apply(
        _ page: PatchPage<NumericPatch>, _ range: (lower: Double, upper: Double), to words: WindowWords
    ) {
        page.clear(in: words)
        for (docID, patch) in zip(page.docIDs, page.values)
        where patch.value >= range.lower && patch.value <= range.upper {
            setBit(docID, in: words)
        }
    }

    /// ORs the documents that have a value.
    package func fillPresent(_ window: Int, words: WindowWords) {
        fillWindow(window, .all, words: words)
    }

    // MARK: counts

    /// Documents in the range, dead ones included; `nil` in the unsealed form.
    package func count(_ range: ValueRange) -> Int? {
        guard hasSortedPermutation else { return nil }
        guard let closed = range.closed else { return 0 }
        var sum = storage.ranks(closed).count
        if !patches.isEmpty {
            patches.forEach { _, patch in
                if patch.value >= closed.lower && patch.value <= closed.upper { sum += 1 }
                if patch.base >= closed.lower && patch.base <= closed.upper { sum -= 1 }
            }
        }
        return sum
    }

    /// As ``count(_:)``, in any form; O(documents) in the unsealed one.
    package func scanCount(_ range: ValueRange) -> Int {
        if let count = count(range) { return count }
        return withWindow { words in
            var sum = 0
            for window in 0..<windowCount(documentCount) {
                clearWindow(words)
                fillWindow(window, range, words: words)
                sum += popcount(words)
            }
            return sum
        }
    }

    package func estimate(_ range: ValueRange) -> Int { scanCount(range) }

    /// Live documents in the range. Costs ``count(_:)`` and a look at each window that has deaths.
    package func liveCount(_ range: ValueRange, deadCount: Int, copyLiveWindow: CopyLiveWindow) -> Int {
        let stored = scanCount(range)
        if deadCount == 0 || stored == 0 { return stored }
        return stored
            - deadMatches(documentCount: documentCount, copyLiveWindow: copyLiveWindow) { window, words in
                restrict(window, range, words: words)
            }
    }

    /// Whether ``documents(in:into:)`` can say which documents lie in a range without looking at others.
    package var hasExactRanks: Bool { hasSortedPermutation && patches.isEmpty }

    /// Writes the documents in the range, ascending, dead ones included; needs room for ``count(_:)``.
    ///
    /// - Returns: how many.
    /// - Precondition: ``hasExactRanks``.
    package func documents(in range: ValueRange, into docIDs: UnsafeMutablePointer<DocID>) -> Int {
        precondition(hasExactRanks, "the order of the values is not known")
        guard let closed = range.closed, let permutation = storage.permutation else { return 0 }
        let ranks = storage.ranks(closed)
        docIDs.update(from: permutation + ranks.lowerBound, count: ranks.count)
        sortDocIDs(UnsafeMutableBufferPointer(start: docIDs, count: ranks.count), below: documentCount)
        return ranks.count
    }

    // MARK: order

    /// Whether a sorted walk costs nothing to start.
    package var hasSortedPermutation: Bool { storage.permutation != nil }

    /// Documents by (value, docID), or exactly the reverse. The unsealed form
    /// sorts first, once per view.
    package func sortedWalk(ascending: Bool, within range: ValueRange = .all) -> NumericSortedWalk {
        guard let closed = range.closed else {
            return NumericSortedWalk(self, base: 0..<0, loose: [], ascending: ascending)
        }
        let isSealed = hasSortedPermutation
        var loose: [NumericSortedWalk.Entry] = []
        if !isSealed || !patches.isEmpty {
            loose = (looseOrder ?? Once()).value { isSealed ? sortedPatches() : sortedValues() }
            if range != .all {
                loose = loose.filter { $0.value >= closed.lower && $0.value <= closed.upper }
            }
        }
        let base = isSealed ? storage.ranks(closed) : 0..<0
        return NumericSortedWalk(self, base: base, loose: loose, ascending: ascending)
    }

    private func sortedValues() -> [NumericSortedWalk.Entry] {
        NumericOrder(count: documentCount) { raw($0) }.docIDs.map { .init(value: raw($0), docID: $0) }
    }

    private func sortedPatches() -> [NumericSortedWalk.Entry] {
        var entries: [NumericSortedWalk.Entry] = []
        entries.reserveCapacity(patches.count)
        patches.forEach { docID, patch in
            if !patch.value.isNaN { entries.append(.init(value: patch.value, docID: docID)) }
        }
        var keys = entries.map { sortableBits($0.value) }
        var places = Array(0..<UInt32(entries.count))
        sortPairs(&keys, &places)
        return places.map { entries[Int($0)] }
    }

    // MARK: patches

    package var patchCount: Int { patches.count }

    /// Whether ``rebuilt()`` pays.
    package var needsRebuild: Bool { patches.isLarge(documentCount: documentCount) }

    /// Replaces the document's value; `nil` (or NaN) removes it. Other copies of the column do not change.
    package mutating func patch(_ docID: DocID, _ value: Double?) {
        guard docID < DocID(documentCount) else { return }
        let new = normalized(value)
        let old = raw(docID)
        patches.set(docID, NumericPatch(base: storage.raw(docID), value: new))
        patchedValueCount += (new.isNaN ? 0 : 1) - (old.isNaN ? 0 : 1)
        if !new.isNaN { bounds = NumericBounds(bounds, including: new) }
        // The order that published copies share is theirs.
        if !isKnownUniquelyReferenced(&looseOrder) || looseOrder?.isEmpty == false { looseOrder = Once() }
    }

    /// Takes the patches of an earlier view of the same unsealed values.
    mutating func inheritPatches(of earlier: NumericColumn) {
        patches = earlier.patches
        patchedValueCount = earlier.patchedValueCount
        if let other = earlier.bounds {
            bounds = NumericBounds(bounds, including: other.minimum)
            bounds = NumericBounds(bounds, including: other.maximum)
        }
    }

    /// The same values with the patches folded in.
    package func rebuilt() -> NumericColumn {
        NumericColumn.merge([(self, .identity(documentCount))], documentCount: documentCount)
    }

    /// Takes over what `current` says otherwise than `frozen`, its state from which this column was made.
    /// `mapping` leads from their docIDs to this column's; `nil`: they are the same.
    package mutating func adoptPatches(
        of current: NumericColumn, since frozen: NumericColumn, mapping: DocIDMapping?
    ) {
        current.patches.forEach { old, patch in
            let new = mapping?[old] ?? old
            guard new != DocIDMapping.dropped, frozen.value(old) != current.value(old) else { return }
            self.patch(new, patch.value)
        }
    }

    // MARK: merging

    /// One sealed column of several columns in any form. Documents that no input maps have no value.
    package static func merge(
        _ inputs: [(column: NumericColumn, mapping: DocIDMapping)], documentCount: Int
    ) -> NumericColumn {
        let memory = ColumnMemory.array(of: Double.self, count: documentCount, repeating: .nan)
        let values = memory.bound(to: Double.self)
        for (column, mapping) in inputs {
            for old in 0..<DocID(min(column.documentCount, mapping.count)) {
                let new = mapping[old]
                if Int(new) < documentCount { values[Int(new)] = column.raw(old) }
            }
        }
        return NumericColumn(UnsafeBufferPointer(start: values, count: documentCount))
    }
}

/// NaN for no value; one zero, so that equal numbers have equal bits.
func normalized(_ value: Double?) -> Double {
    guard let value, !value.isNaN else { return .nan }
    return value == 0 ? 0 : value
}
