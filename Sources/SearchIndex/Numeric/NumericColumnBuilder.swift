// A NUMERIC field of the unsealed segment.

import SearchModel

/// Takes the values of one NUMERIC field while its segment is unsealed.
///
/// `@unchecked Sendable`: one writer calls everything here; readers hold views, which look only at documents
/// below their document count, and those values are never stored to again.
package final class NumericColumnBuilder: @unchecked Sendable {
    private var storage: NumericStorage
    private var values: UnsafeMutablePointer<Double>
    private let capacity: Int
    /// The last view's column, kept for its patches: documents that readers know change by patch.
    private var patched: NumericColumn?
    private var publishedCount = 0
    private var valueCount = 0
    private var bounds: NumericBounds?

    package init(capacity: Int) {
        self.capacity = capacity
        (storage, values) = NumericStorage.open(capacity: capacity)
    }

    package var byteCount: Int { patched?.byteCount ?? storage.byteCount }

    /// Gives the document its value, or takes it away (`nil`, NaN).
    ///
    /// - Precondition: `docID` is below the capacity.
    package func set(_ docID: DocID, _ value: Double?) {
        precondition(Int(docID) < capacity, "docID past the segment's capacity")
        let new = normalized(value)
        if Int(docID) < publishedCount {
            patched?.patch(docID, new)
            return
        }
        valueCount += (new.isNaN ? 0 : 1) - (values[Int(docID)].isNaN ? 0 : 1)
        values[Int(docID)] = new
        if !new.isNaN { bounds = NumericBounds(bounds, including: new) }
    }

    /// The column of the first `documentCount` documents, whose values must all have been set.
    package func view(documentCount: Int) -> NumericColumn {
        if let patched, patched.patchCount >= 1024 { moveToFreshStorage(patched) }
        var column = NumericColumn(
            open: storage, documentCount: documentCount, valueCount: valueCount, bounds: bounds)
        if let patched { column.inheritPatches(of: patched) }
        publishedCount = max(publishedCount, documentCount)
        patched = column
        return column
    }

    /// Folds the patches into new arrays; readers of the old ones keep them.
    private func moveToFreshStorage(_ column: NumericColumn) {
        let (fresh, place) = NumericStorage.open(capacity: capacity)
        place.update(from: values, count: capacity)
        column.patches.forEach { docID, patch in
            valueCount += (patch.value.isNaN ? 0 : 1) - (patch.base.isNaN ? 0 : 1)
            place[Int(docID)] = patch.value
        }
        if let minimum = column.minimum, let maximum = column.maximum {
            bounds = NumericBounds(bounds, including: minimum)
            bounds = NumericBounds(bounds, including: maximum)
        }
        (storage, values) = (fresh, place)
        patched = nil
    }
}
