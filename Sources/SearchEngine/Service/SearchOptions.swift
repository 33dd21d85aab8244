// What FT.SEARCH was asked for, beside the index and the query text.

import SearchExecution
import SearchModel
import SearchQuery

/// `FILTER field min max`: one more clause of the query.
package struct NumericFilter: Equatable, Sendable {
    package var field: Bytes
    package var range: NumericRange

    package init(field: Bytes, range: NumericRange) {
        self.field = field
        self.range = range
    }
}

/// `GEOFILTER field lon lat radius unit`.
package struct GeoFilter: Equatable, Sendable {
    package var field: Bytes
    package var longitude: Double
    package var latitude: Double
    package var radius: Double
    package var unit: GeoUnit

    package init(field: Bytes, longitude: Double, latitude: Double, radius: Double, unit: GeoUnit) {
        self.field = field
        self.longitude = longitude
        self.latitude = latitude
        self.radius = radius
        self.unit = unit
    }
}

/// One field of RETURN.
package struct ReturnField: Equatable, Sendable {
    /// An attribute, or the name of a hash field.
    package var source: Bytes
    /// The name in the reply.
    package var name: Bytes

    package init(source: Bytes, name: Bytes) {
        self.source = source
        self.name = name
    }
}

/// SUMMARIZE for one field, or for all.
package struct SummarizeSpec: Equatable, Sendable {
    package var fragments = 3
    /// Words per fragment.
    package var length = 20
    package var separator: Bytes = Array("... ".utf8)

    package init() {}
}

/// HIGHLIGHT for one field, or for all.
package struct HighlightSpec: Equatable, Sendable {
    package var open: Bytes = Array("<b>".utf8)
    package var close: Bytes = Array("</b>".utf8)

    package init() {}
}

/// What SUMMARIZE and HIGHLIGHT do to a field.
package struct Decoration: Equatable, Sendable {
    package var summarize: SummarizeSpec?
    package var highlight: HighlightSpec?

    package init() {}

    package var isEmpty: Bool { summarize == nil && highlight == nil }
}

/// A field named by `SUMMARIZE FIELDS` or `HIGHLIGHT FIELDS`.
package struct DecoratedField: Equatable, Sendable {
    package var name: Bytes
    package var decoration: Decoration

    package init(name: Bytes, decoration: Decoration = Decoration()) {
        self.name = name
        self.decoration = decoration
    }
}

package struct SortOption: Equatable, Sendable {
    package var field: Bytes
    package var ascending: Bool

    package init(field: Bytes, ascending: Bool) {
        self.field = field
        self.ascending = ascending
    }
}

package struct QueryParameter: Equatable, Sendable {
    package var name: Bytes
    package var value: Bytes

    package init(name: Bytes, value: Bytes) {
        self.name = name
        self.value = value
    }
}

/// Every option of FT.SEARCH. Defaults are those of a command that has none.
///
/// No field allocates unless its option is there: a plain query costs no memory here.
package struct SearchOptions: Sendable {
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let noContent = Flags(rawValue: 1 << 0)
        package static let verbatim = Flags(rawValue: 1 << 1)
        package static let noStopWords = Flags(rawValue: 1 << 2)
        package static let withScores = Flags(rawValue: 1 << 3)
        package static let withPayloads = Flags(rawValue: 1 << 4)
        package static let withSortKeys = Flags(rawValue: 1 << 5)
        package static let withRawIDs = Flags(rawValue: 1 << 6)
        package static let explainScore = Flags(rawValue: 1 << 7)
        package static let inOrder = Flags(rawValue: 1 << 8)
        package static let withCursor = Flags(rawValue: 1 << 9)
        package static let expandFormat = Flags(rawValue: 1 << 10)
        package static let withoutCount = Flags(rawValue: 1 << 11)
        package static let withCount = Flags(rawValue: 1 << 12)
    }

    package var flags: Flags = []
    package var offset = 0
    package var limit = 10
    package var dialect = 1
    /// Milliseconds; 0 is no limit.
    package var timeout = 500
    package var slop: Int?
    package var sort: SortOption?
    /// As written; checked against the known ones once the index is known to exist.
    package var language: Bytes?
    package var scorer: Bytes?
    package var payload: Bytes?
    package var tanhFactor: Int?
    package var expander: Bytes?
    /// INKEYS; a second one replaces the first.
    package var keys: [Bytes]?
    /// INFIELDS.
    package var fields: [Bytes]?
    package var numericFilters: [NumericFilter] = []
    package var geoFilters: [GeoFilter] = []
    package var returns: [ReturnField]?
    package var decoratedFields: [DecoratedField] = []
    /// HIGHLIGHT or SUMMARIZE without FIELDS.
    package var decorateAll = Decoration()
    package var parameters: [QueryParameter] = []

    package init() {}

    /// Whether rows carry fields.
    package var wantsContent: Bool { !flags.contains(.noContent) && limit > 0 }

    package var wantsDecoration: Bool { !decoratedFields.isEmpty || !decorateAll.isEmpty }
}
