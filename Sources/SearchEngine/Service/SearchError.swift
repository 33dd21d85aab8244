// Why a search gave no rows.

import SearchAggregation
import SearchExecution
import SearchModel
import SearchQuery

package enum SearchError: Error, Equatable, Sendable {
    case syntax(QuerySyntaxError)
    case noSuchLanguage
    case noSuchScorer(Bytes)
    /// HIGHLIGHT or SUMMARIZE on an index without offsets.
    case highlightWithoutOffsets
    case expandWithoutJSON
    case geoFilterRadius
    case geoFilterPoint
    case rows(RowPlanError)
    case timedOut
    case store(String)
    /// The executor refuses it.
    case execution(ExecutionError)
    /// A step of an aggregation is wrong.
    case plan(String)
    /// A row could not be computed.
    case aggregate(AggregateFailure)
}
