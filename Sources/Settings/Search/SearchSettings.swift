// The tunables of search, as one value that a query takes at its start.

/// What happens when a query's time is over.
package enum TimeoutPolicy: String, Sendable, CaseIterable {
    case returnPartial = "return"
    case fail
}

/// What happens to a query when memory is short.
package enum MemoryPolicy: String, Sendable, CaseIterable {
    case returnPartial = "return"
    case fail
    case ignore
}

/// Every search tunable; names, ranges and defaults are those of FT.CONFIG (`SettingsCatalog+Search.swift`).
package struct SearchSettings: Equatable, Sendable {
    /// Milliseconds; 0 is no limit.
    package var timeout = 500
    package var onTimeout = TimeoutPolicy.returnPartial
    package var minPrefix = 2
    package var minStemLength = 4
    package var maxExpansions = 200
    /// `nil`: unlimited.
    package var maxSearchResults: Int? = 1_000_000
    /// `nil`: unlimited.
    package var maxAggregateResults: Int?
    package var defaultDialect = 1
    package var defaultScorer = "BM25STD"
    /// BM25STD as 2.10 computed it: b = 0.5, weights of leaves not honored.
    package var bm25StdLegacy = false
    package var bm25StdTanhFactor = 4
    package var minPhoneticTermLength = 3
    /// Milliseconds: default and longest MAXIDLE of a cursor.
    package var cursorMaxIdle = 300_000
    /// Open cursors of one index.
    package var indexCursorLimit = 128
    /// Positions left free between the values of a multi-value TEXT attribute.
    package var multiTextSlop = 100
    /// FT.PROFILE shows times.
    package var printProfileClock = true
    /// Bytes one vector index may grow at a time; 0 is no limit.
    package var vssMaxResize = 0

    package init() {}
}
