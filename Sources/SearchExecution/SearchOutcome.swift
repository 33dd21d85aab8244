// What the executor answers.

import SearchIndex
import SearchModel

/// The value a hit was sorted by.
package enum SortKey: Equatable, Sendable {
    case number(Double)
    case text(Bytes)
    /// Missing values come last in both directions.
    case missing
}

/// One matching document.
package struct Hit: Sendable, Equatable {
    /// Index in the snapshot's `segments`.
    package var segment: Int
    package var docID: DocID
    package var stamp: ArrivalStamp
    /// 0 when no score was asked for.
    package var score: Double
    /// `nil` without SORTBY.
    package var sortKey: SortKey?

    package init(segment: Int, docID: DocID, stamp: ArrivalStamp, score: Double, sortKey: SortKey? = nil) {
        self.segment = segment
        self.docID = docID
        self.stamp = stamp
        self.score = score
        self.sortKey = sortKey
    }
}

/// How a score came about: a text, and the texts of what it was computed from.
///
/// A leaf is sent as a simple string, anything else as `[text, [children...]]`.
package struct ScoreExplanation: Equatable, Sendable {
    package var text: String
    package var children: [ScoreExplanation]

    package init(_ text: String, _ children: [ScoreExplanation] = []) {
        self.text = text
        self.children = children
    }
}

/// What a run touched: for FT.PROFILE, and for tests that show that pruning works.
package struct ExecutionCounters: Equatable, Sendable {
    package var segments = 0
    /// Segments whose few candidates were looked at one by one, without windows.
    package var sparseSegments = 0
    /// Windows whose matches were computed.
    package var windowsVisited = 0
    /// Windows that could be left out without being looked at.
    package var windowsSkipped = 0
    /// Windows that were counted without a score being computed.
    package var windowsOnlyCounted = 0
    /// Documents of which a score was computed.
    package var documentsScored = 0
    /// Posting blocks whose documents were decoded.
    package var blocksDecoded = 0
    /// Posting blocks whose frequencies were decoded.
    package var frequencyBlocksDecoded = 0
    /// Postings whose frequency went into a score.
    package var postingsScored = 0
    /// Documents whose positions were read.
    package var positionsRead = 0

    package init() {}
}

package struct SearchOutcome: Sendable {
    /// Exact, unless `timedOut` or the caller said that a lower bound is enough.
    package var total = 0
    /// Cut to `offset ..< offset + limit`, then the spare rows.
    package var hits: [Hit] = []
    package var timedOut = false
    /// A prefix, suffix, infix, wildcard or fuzzy clause had more terms than it may have.
    package var expansionsTruncated = false
    /// Parallel to `hits` when asked for.
    package var explanations: [ScoreExplanation] = []
    package var counters = ExecutionCounters()

    package init() {}
}
