// A clause: one node of the tree that is evaluated.
//
// It differs from the syntax tree in that names are positions, words are term ids with their
// statistics, what cannot match is gone, and the children of an AND stand in the order in which
// distances between them are measured.
//
//   hello @n:[1 5]          and
//                            ├─ term   hello   estimate 12, idf 3, ...
//                            └─ numeric 1 5    estimate 40

import SearchIndex
import SearchModel

struct Clause {
    enum Source {
        /// `*`
        case all
        case term(TermID, FieldMask?)
        case tag(field: Int, TagID)
        case numeric(field: Int, ValueRange)
        case geo(field: Int, GeoCircle)
        case missing(field: Int)
        /// Ascending docIDs per segment.
        case keys([[DocID]])
        case and
        case or
        /// A union of terms or tag values of which only the first that matches counts.
        case expansion
        case not
        case optional
    }

    var source: Source
    /// What this node's own score is multiplied by.
    var weight: Double = 1
    /// Children in the order in which scores are added and distances measured.
    var children: [Int] = []
    /// Terms: row of ``Plan/postings``.
    var row = 0
    /// TFIDF's and BM25's idf, a whole number of bits.
    var idf: Double = 0
    /// BM25STD's idf.
    var idfStd: Double = 0
    /// `nil`: the AND asks for no proximity. `.max`: only the order counts.
    var maxSlop: Int?
    var inOrder = false
    /// Matching documents over all segments, roughly; decides the order of an AND's children.
    var estimate = 0
    /// Every document that matches the query matches this clause.
    var isImplied = false
    /// OPTIONAL: weight of the virtual match that stands in for a missing one. It is 0 but for an
    /// OPTIONAL inside an OPTIONAL, whose outer one always finds a match and gives it its weight.
    var unmatchedWeight: Double = 0
    /// NUMERIC and GEO: the match counts as a union of ranges, which has the one position -1 when
    /// slop divides a score. A geo match always does; RediSearch makes one of a numeric range
    /// that spans several leaves of its tree, for which a share of all documents stands here.
    var isRangeUnion = false

    init(_ source: Source) { self.source = source }

    var isIntersection: Bool {
        if case .and = source { true } else { false }
    }

    var isAggregate: Bool {
        switch source {
        case .and, .or, .expansion: true
        case .all, .term, .tag, .numeric, .geo, .missing, .keys, .not, .optional: false
        }
    }
}

/// What of a match is virtual, for scorers: frequency and weight of leaves without a term.
extension Clause {
    /// The frequency that a match of this leaf reports.
    var virtualFrequency: Double {
        switch source {
        case .all, .numeric, .geo, .missing: 1
        case .not, .keys: 0
        case .optional: 1
        case .term, .tag, .and, .or, .expansion: 0
        }
    }
}
