// What a caller asks of the executor.

import SearchIndex
import SearchModel
import SearchQuery

/// Which scorer ranks the matches; its parameters are in ``SearchParameters``.
package enum ScorerKind: String, Sendable, CaseIterable {
    case tfidf = "TFIDF"
    case tfidfDocNorm = "TFIDF.DOCNORM"
    case bm25 = "BM25"
    case bm25Std = "BM25STD"
    case bm25StdNorm = "BM25STD.NORM"
    case bm25StdTanh = "BM25STD.TANH"
    case disMax = "DISMAX"
    case docScore = "DOCSCORE"
    case hamming = "HAMMING"

    /// Whether a score depends on document frequencies, N or the average length.
    package var usesStatistics: Bool {
        switch self {
        case .tfidf, .tfidfDocNorm, .bm25, .bm25Std, .bm25StdNorm, .bm25StdTanh: true
        case .disMax, .docScore, .hamming: false
        }
    }

    /// Whether a score is divided by the distance between the matched words.
    var dividesBySlop: Bool {
        switch self {
        case .tfidf, .tfidfDocNorm, .bm25: true
        case .bm25Std, .bm25StdNorm, .bm25StdTanh, .disMax, .docScore, .hamming: false
        }
    }

    /// Whether the score is computed from the match tree.
    var usesTree: Bool {
        switch self {
        case .docScore, .hamming: false
        case .tfidf, .tfidfDocNorm, .bm25, .bm25Std, .bm25StdNorm, .bm25StdTanh, .disMax: true
        }
    }
}

/// One search, ready to run: an expanded tree and everything that the options said.
package struct SearchParameters: Sendable {
    /// The tree that the expander made.
    package var tree: QueryNode
    package var scorer = ScorerKind.bm25Std
    /// BM25STD as 2.10 computes it: b = 0.5, and a leaf's weight is not honored.
    package var bm25Legacy = false
    package var tanhFactor: Double = 4
    /// Operand of HAMMING.
    package var payload: Bytes?
    /// Schema position of the sort column, which must exist in the index.
    package var sort: (field: Int, ascending: Bool)?
    /// Scores are wanted although the order does not come from them.
    package var needsScores = false
    package var offset = 0
    package var limit = 10
    /// Rows after `limit` that may replace hits found expired while they are loaded.
    package var spareRows = 0
    /// The global SLOP; `nil` is none.
    package var slop: Int?
    package var inOrder = false
    /// INFIELDS; `nil` is all fields.
    package var inFields: FieldMask?
    /// The index was made with NOFIELDS: no posting knows its field, and every name stands for all of them.
    package var ignoresFields = false
    package var maxExpansions = 200
    package var minPrefix = 2
    /// CLOCK_MONOTONIC nanoseconds.
    package var deadline: UInt64?
    package var explainScores = false
    /// Return every match, unsorted, for callers that sort by values they load.
    package var collectAll = false
    /// The total may be a lower bound.
    package var withoutCount = false

    package init(tree: QueryNode) { self.tree = tree }
}

/// Why a search could not be planned.
package enum ExecutionError: Error, Equatable, Sendable {
    /// The expanded query holds more than ``Plan/termLimit`` terms.
    case tooManyTerms(limit: Int)
    /// The expanded query holds more than ``Plan/clauseLimit`` clauses.
    case tooManyClauses(limit: Int)
}
