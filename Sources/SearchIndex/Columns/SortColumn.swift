// What SORTBY sorts a segment's documents by.

import SearchModel

/// The sort keys of one SORTABLE field in one segment.
package enum SortColumn: Sendable {
    case number(NumericColumn)
    /// TEXT, TAG and GEO fields sort by their (normalized) text.
    case text(TextColumn)

    package var byteCount: Int {
        switch self {
        case .number(let column): column.byteCount
        case .text(let column): column.byteCount
        }
    }
}
