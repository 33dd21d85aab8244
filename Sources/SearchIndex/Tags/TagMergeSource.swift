// Going through one column's values in order, patches applied: what merging and enumerating need.

import SearchModel

/// A cursor over the values of a column, ids ascending. A value may turn out to have no document left.
struct TagMergeSource {
    private let column: TagColumn
    /// Values of an unsealed base; a sealed one is read in place.
    private let openValues: [TagID]
    private var baseIndex = 0
    /// (value, docID) of the patched documents, ascending.
    private let added: [UInt64]
    private var addedIndex = 0

    init(_ column: TagColumn) {
        self.column = column
        if case .open(let open) = column.base { openValues = open.values() } else { openValues = [] }
        var added: [UInt64] = []
        column.patches.forEach { docID, values in
            for value in values { added.append(UInt64(value) << 32 | UInt64(docID)) }
        }
        added.sort()
        self.added = added
    }

    /// The current value; `nil` at the end.
    var value: TagID? {
        switch (baseValue, addedValue) {
        case (let known?, let other?): min(known, other)
        case (let known, let other): known ?? other
        }
    }

    private var baseValue: TagID? {
        switch column.base {
        case .sealed(let storage): baseIndex < storage.valueCount ? storage.value(at: baseIndex) : nil
        case .open: baseIndex < openValues.count ? openValues[baseIndex] : nil
        }
    }

    private var addedValue: TagID? {
        addedIndex < added.count ? TagID(added[addedIndex] >> 32) : nil
    }

    /// The current value's documents that no patch touched.
    private var baseList: DocumentList? {
        guard let value, baseValue == value else { return nil }
        switch column.base {
        case .sealed(let storage): return storage.list(at: baseIndex)
        case .open(let open): return DocumentList(open.docIDs(value))
        }
    }

    private var addedRange: Range<Int> {
        guard let value, addedValue == value else { return addedIndex..<addedIndex }
        var end = addedIndex
        while end < added.count && TagID(added[end] >> 32) == value { end += 1 }
        return addedIndex..<end
    }

    func documentFrequency() -> Int {
        addedRange.count + (baseList.map { column.unpatchedCount(of: $0) } ?? 0)
    }

    /// The current value's documents: untouched ones ascending, then patched ones ascending.
    func forEachDocument(_ body: (DocID) -> Void) {
        if let list = baseList {
            if column.patches.isEmpty {
                list.forEach(body)
            } else {
                list.forEach { if !column.patches.contains($0) { body($0) } }
            }
        }
        for i in addedRange { body(DocID(truncatingIfNeeded: added[i])) }
    }

    mutating func advance() {
        let end = addedRange.upperBound
        if let value, baseValue == value { baseIndex += 1 }
        addedIndex = end
    }
}
