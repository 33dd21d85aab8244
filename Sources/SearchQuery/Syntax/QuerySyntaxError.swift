// Why a query text was refused.

import SearchModel

/// The client's query is wrong. ``message`` is what the client reads, as RediSearch 2.10 says it.
package struct QuerySyntaxError: Error, Equatable {
    package enum Reason: Equatable, Sendable {
        /// A token that cannot stand where it stands. `near` is the last word read so far, which is not always
        /// the token itself.
        case unexpected(near: Bytes)
        case nestedTooDeep
        case noSuchParameter(Bytes)
        /// A parameter's text is no bound of a range.
        case badRangeBound(Bytes, isLower: Bool)
        case badNumber(Bytes, parameter: Bytes)
        case invalidAttribute(Bytes)
        case invalidAttributeValue(Bytes, attribute: Bytes)
        case invalidGeoPosition
        case invalidGeoRadius
        case invalidGeoUnit
        case expectedVectorRange(near: Bytes)
        case expectedGeoshapePredicate
        case expectedVectorCommand(near: Bytes)
        /// A part of the language that this server does not have.
        case unsupported(String)
        /// `""` in a field that does not index empty values.
        case emptyValueNotIndexed
        /// `ismissing(@field)` without INDEXMISSING.
        case missingValueNotIndexed(field: Bytes)
    }

    package let reason: Reason
    /// Byte offset into the query as the client sent it.
    package let offset: Int

    package init(_ reason: Reason, at offset: Int = 0) {
        self.reason = reason
        self.offset = offset
    }

    /// The text of the error reply. Bytes, because it quotes the query, which need not be UTF-8.
    package var message: Bytes {
        switch reason {
        case .unexpected(let near):
            Array("Syntax error at offset \(offset) near ".utf8) + near
        case .nestedTooDeep:
            Array("Parser stack overflow. Try moving nested parentheses more to the left".utf8)
        case .noSuchParameter(let name):
            Array("No such parameter `".utf8) + name + Array("`".utf8)
        case .badRangeBound(let text, let isLower):
            Array("Bad \(isLower ? "lower" : "upper") range: ".utf8) + text
        case .badNumber(let text, let parameter):
            Array("Invalid numeric value (".utf8) + text + Array(") for parameter `".utf8) + parameter
                + Array("`".utf8)
        case .invalidAttribute(let name):
            Array("Invalid attribute ".utf8) + name
        case .invalidAttributeValue(let value, let attribute):
            Array("Invalid value (".utf8) + value + Array(") for `".utf8) + attribute + Array("`".utf8)
        case .invalidGeoPosition:
            Array("Invalid GeoFilter lat/lon".utf8)
        case .invalidGeoRadius:
            Array("Invalid GeoFilter radius".utf8)
        case .invalidGeoUnit:
            Array("Invalid GeoFilter unit".utf8)
        case .expectedVectorRange(let near):
            Array("Syntax error: expecting vector similarity range command at offset \(offset) near ".utf8) + near
        case .expectedGeoshapePredicate:
            Array("Syntax error: Expecting a geoshape predicate at offset \(offset)".utf8)
        case .expectedVectorCommand(let near):
            Array("Syntax error: Expecting Vector Similarity command at offset \(offset) near ".utf8) + near
        case .unsupported(let feature):
            Array("\(feature) not supported yet".utf8)
        case .emptyValueNotIndexed:
            Array("Use `INDEXEMPTY` in field creation in order to index and query for empty strings".utf8)
        case .missingValueNotIndexed(let field):
            Array("'ismissing' requires field '".utf8) + field
                + Array("' to be defined with 'INDEXMISSING'".utf8)
        }
    }
}
