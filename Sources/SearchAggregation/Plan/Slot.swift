// A property of the rows: one slot for each value that a name stands for on its way through the steps.

import SearchExpressions
import SearchModel

/// Where the first value of a slot comes from.
package enum SlotOrigin: Equatable, Sendable {
    /// What SORTBY compares: the number of a NUMERIC field, the (folded) text of another SORTABLE one.
    case sortValue(field: Int)
    /// A field of the stored hash, as text. `field`: the attribute it belongs to.
    case document(path: Bytes, field: Int?)
    case key
    case score
    /// A step makes it.
    case computed

    /// Whether it stands in the stored document.
    package var isDocument: Bool {
        if case .document = self { return true }
        return false
    }
}

package struct Slot: Equatable, Sendable {
    package var name: Bytes
    package var origin: SlotOrigin
}
