// Rows are flat: one slot per property that the plan ever names, in order of first appearance.

import SearchExpressions
import SearchModel

/// Where the source of rows gets a slot's first value from.
package enum SlotOrigin: Equatable, Sendable {
    /// The column of a SORTABLE (or otherwise columnar) schema field: position in the schema.
    case column(field: Int)
    /// A field of the stored document.
    case document(path: Bytes)
    case key
    case score
    /// Filled by a later step.
    case computed
}

/// One property of the plan.
package struct Slot: Equatable, Sendable {
    package var name: Bytes
    package var origin: SlotOrigin
    /// Whether rows show it: what LOAD, APPLY, GROUPBY, SORTBY or a reducer brought in.
    package var isVisible: Bool
}

/// A row's values by slot; `nil` is "has no value", which is not the same as null.
package struct Row: ExpressionRow, Equatable, Sendable {
    package var values: [ExpressionValue?]
    package var score: Double = 0

    package init(slots: Int) { values = Array(repeating: nil, count: slots) }

    package init(values: [ExpressionValue?]) { self.values = values }

    package func value(slot: Int) -> ExpressionValue? { values[slot] }
}
