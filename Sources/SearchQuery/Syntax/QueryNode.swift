// The syntax tree of a query: what the text says, knowing no schema.
//
// The expander (SearchExecution) turns plain words into unions of word, stem, synonyms and phonetic
// codes; the same type describes the expanded tree, so that FT.EXPLAIN prints what will run.

import SearchModel

/// A number of the query text, or the parameter that will give it.
package enum QueryNumber: Equatable, Sendable {
    case value(Double)
    case parameter(Bytes, negated: Bool)
}

/// Bounds of a numeric range after parameters are known.
package struct NumericRange: Equatable, Sendable {
    package var lower: Double
    package var upper: Double
    package var includesLower: Bool
    package var includesUpper: Bool

    package init(lower: Double, upper: Double, includesLower: Bool = true, includesUpper: Bool = true) {
        self.lower = lower
        self.upper = upper
        self.includesLower = includesLower
        self.includesUpper = includesUpper
    }
}

/// Distance units of geo clauses.
package enum GeoUnit: String, Equatable, Sendable, CaseIterable {
    case meters = "m"
    case kilometers = "km"
    case feet = "ft"
    case miles = "mi"

    package var inMeters: Double {
        switch self {
        case .meters: 1
        case .kilometers: 1000
        case .feet: 0.3048
        case .miles: 1609.34
        }
    }
}

/// One node of a query, with the attributes that `=> { $weight: ... }` gave it.
package struct QueryNode: Equatable, Sendable {
    package indirect enum Kind: Equatable, Sendable {
        /// Matches nothing (an empty query, only stop words, a word that cannot match).
        case empty
        /// `*`
        case all
        /// One word, lower-cased and unescaped. `isExpandable` is false inside quotes, NOT and OPTIONAL, and
        /// for leaves that an expander made (their bytes are the internal term: `+run`, `~g`, `<P`).
        case word(Bytes, isExpandable: Bool)
        /// Words one after the other (quoted text): consecutive, in order.
        case phrase([QueryNode])
        case intersection([QueryNode])
        /// `isExpansion`: made by the expander from one word.
        case union([QueryNode], isExpansion: Bool)
        case not(QueryNode)
        case optional(QueryNode)
        case prefix(Bytes)
        case suffix(Bytes)
        case infix(Bytes)
        /// `w'..'`, unescaped only as far as the pattern language needs it.
        case wildcard(Bytes)
        case fuzzy(Bytes, distance: Int)
        case numeric(field: Bytes, NumericRange)
        case geo(field: Bytes, longitude: Double, latitude: Double, radius: Double, unit: GeoUnit)
        /// Children are `.word`, `.phrase` of words (several words, one tag), or affix nodes over tag values.
        case tag(field: Bytes, [QueryNode])
        case missing(field: Bytes)
        /// INKEYS: an AND with these documents.
        case keys([Bytes])
    }

    package var kind: Kind
    /// TEXT fields this node and those below are restricted to (`@a|b:`); `nil`: inherited or all.
    package var fields: [Bytes]?
    package var weight: Double = 1
    /// Whether `$weight` was written (FT.EXPLAIN shows it).
    package var slop: Int?
    package var inOrder: Bool?
    package var phonetic: Bool?

    package init(_ kind: Kind, fields: [Bytes]? = nil) {
        self.kind = kind
        self.fields = fields
    }
}
