// The tunables of search, as one value that a query takes at its start.

/// What happens when a query's time is over.
package enum TimeoutPolicy: String, Sendable {
    case returnPartial = "return"
    case fail
}

/// Every search tunable; names, ranges and defaults are those of FT.CONFIG.
package struct SearchSettings: Equatable, Sendable {
    /// Milliseconds; 0 is no limit.
    package var timeout = 500
    package var onTimeout = TimeoutPolicy.returnPartial
    package var minPrefix = 2
    package var minStemLength = 4
    package var maxExpansions = 200
    /// `nil`: unlimited.
    package var maxSearchResults: Int? = 1_000_000
    package var defaultDialect = 1
    package var defaultScorer = "BM25STD"
    /// BM25STD as 2.10 computed it: b = 0.5, weights of leaves not honored.
    package var bm25StdLegacy = false
    package var bm25StdTanhFactor = 4
    package var minPhoneticTermLength = 3
    package var unionIteratorHeap = 20

    package init() {}
}
