// FT.AGGREGATE as it was written.

import SearchAggregation
import SearchModel

/// WITHCURSOR.
package struct CursorOptions: Equatable, Sendable {
    /// Rows of a chunk.
    package var count = 1000
    /// Milliseconds without a READ after which the cursor may go; `nil`: the longest time allowed.
    package var maxIdle: Int?

    package init() {}
}

package struct AggregateRequest: Sendable {
    /// What it has in common with FT.SEARCH.
    package var options = SearchOptions()
    package var steps: [AggregateStep] = []
    package var addsScores = false
    package var cursor: CursorOptions?

    package init() {}
}
