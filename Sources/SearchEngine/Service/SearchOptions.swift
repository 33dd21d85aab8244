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
/// Small, because it is copied on the way of every query: what most queries do not have is in ``Extras``.
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
    package var dialect = 1
    package var offset = 0
    package var limit = 10
    /// Milliseconds; 0 is no limit.
    package var timeout = 500
    package var sort: SortOption?
    package var returns: [ReturnField]?
    /// `nil`: none of them was given.
    package private(set) var extras: Extras?

    package init() {}

    /// The rarer options.
    ///
    /// `@unchecked Sendable`: changed by ``SearchOptions/updateExtras(_:)`` alone, which makes a copy when somebody
    /// else holds the object.
    package final class Extras: @unchecked Sendable {
        package var slop: Int?
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
        package var decoratedFields: [DecoratedField] = []
        /// HIGHLIGHT or SUMMARIZE without FIELDS.
        package var decorateAll = Decoration()
        package var parameters: [QueryParameter] = []

        fileprivate init() {}

        fileprivate func copy() -> Extras {
            let copy = Extras()
            copy.slop = slop
            copy.language = language
            copy.scorer = scorer
            copy.payload = payload
            copy.tanhFactor = tanhFactor
            copy.expander = expander
            copy.keys = keys
            copy.fields = fields
            copy.numericFilters = numericFilters
            copy.geoFilters = geoFilters
            copy.decoratedFields = decoratedFields
            copy.decorateAll = decorateAll
            copy.parameters = parameters
            return copy
        }
    }

    package mutating func updateExtras(_ change: (Extras) -> Void) {
        if extras == nil {
            extras = Extras()
        } else if !isKnownUniquelyReferenced(&extras) {
            extras = extras?.copy()
        }
        if let extras { change(extras) }
    }

    /// Whether rows carry fields.
    package var wantsContent: Bool { !flags.contains(.noContent) && limit > 0 }

    package var wantsDecoration: Bool {
        guard let extras else { return false }
        return !extras.decoratedFields.isEmpty || !extras.decorateAll.isEmpty
    }
}
