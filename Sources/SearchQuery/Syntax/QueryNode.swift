// The syntax tree of a query: what the text says, knowing no schema.
//
// The expander (SearchExecution) turns plain words into unions of word, stem, synonyms and phonetic
// codes; the same type describes the expanded tree, so that FT.EXPLAIN prints what will run.

import SearchModel

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
        /// One word, lower-cased and unescaped; no bytes at all for `""`. `isExpandable` is false inside quotes
        /// and for leaves that an expander made (their bytes are the internal term: `+run`, `~g`, `<P`). Words
        /// below NOT and OPTIONAL are not expanded either, whatever they say here.
        case word(Bytes, isExpandable: Bool)
        /// Words one after the other (quoted text): consecutive, in order. Without words it matches nothing.
        case phrase([QueryNode])
        case intersection([QueryNode])
        /// `isExpansion`: made by the expander from one word, which is the first child.
        case union([QueryNode], isExpansion: Bool)
        case not(QueryNode)
        case optional(QueryNode)
        /// Patterns stand as the query spells them until the expander folds them for the field they look at.
        case prefix(Bytes)
        case suffix(Bytes)
        case infix(Bytes)
        /// `w'..'`, already without its backslashes: as in RediSearch `*` and `?` are never literal.
        case wildcard(Bytes)
        case fuzzy(Bytes, distance: Int)
        case numeric(field: Bytes, NumericRange)
        case geo(field: Bytes, longitude: Double, latitude: Double, radius: Double, unit: GeoUnit)
        /// Children are alternatives. From the parser: `.word` with the tag as spelled, escapes included,
        /// `.intersection` of words (several words, one tag), or affix nodes over tag values. After expansion for
        /// execution: `.word` with the whole folded tag, or affix nodes with the folded pattern.
        case tag(field: Bytes, [QueryNode])
        case missing(field: Bytes)
        /// INKEYS: an AND with these documents.
        case keys([Bytes])
    }

    package var kind: Kind
    /// TEXT fields this node and those below are restricted to (`@a|b:`), by name, as the query says; `nil`:
    /// inherited or all. Execution reads ``fieldMask`` instead.
    package var fields: [Bytes]?
    /// Set by the expander: which TEXT fields may match, with all restrictions above this node applied and names
    /// that are no TEXT field left out. `nil`: all.
    package var fieldMask: FieldMask?
    package var weight: Double = 1
    package var slop: Int?
    package var inOrder: Bool?
    package var phonetic: Bool?

    package init(_ kind: Kind, fields: [Bytes]? = nil) {
        self.kind = kind
        self.fields = fields
    }
}
