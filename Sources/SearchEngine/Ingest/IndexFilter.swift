// FILTER of FT.CREATE: an expression that says which documents an index takes.

import SearchExpressions
import SearchModel

/// A filter bound to the hash fields of an index.
package struct IndexFilter: Sendable {
    private let expression: Expression
    /// By slot: the number of the hash field that holds the property; `nil` is the document's key.
    private let sources: [Int?]

    /// - Parameter fieldNumber: gives a hash field its number.
    init(_ text: Bytes, _ schema: Schema, fieldNumber: (Bytes) -> Int) throws(ExpressionSyntaxError) {
        var names: [Bytes] = []
        var sources: [Int?] = []
        expression = try ExpressionParser.parse(text) { name in
            if let slot = names.firstIndex(of: name) { return slot }
            names.append(name)
            if name == Bytes("__key".utf8) {
                sources.append(nil)
            } else {
                // An attribute stands for the field it is read from; other names are fields of the hash.
                let position = schema.position(ofAttribute: name)
                sources.append(fieldNumber(position.map { schema.fields[$0].identifier } ?? name))
            }
            return names.count - 1
        }
        self.sources = sources
    }

    /// Whether the text is a filter at all: what FT.CREATE wants to know.
    package static func check(_ text: Bytes) throws(ExpressionSyntaxError) {
        _ = try IndexFilter(text, Schema()) { _ in 0 }
    }

    /// Whether the index takes the document. What cannot be computed, for want of a field above all, keeps it, as
    /// RediSearch 2.10 does.
    ///
    /// - Parameter values: by number of the hash field.
    func passes(_ key: ByteSlice, _ values: [ByteSlice?]) -> Bool {
        do throws(ExpressionEvaluationError) {
            return try expression.evaluate(DocumentRow(key: key, values: values, sources: sources)).isTruthy
        } catch {
            return true
        }
    }
}

extension IndexFilter {
    /// Whether the expression can be computed for these values, and holds.
    func isFulfilled(_ key: Bytes, _ values: [Bytes?]) -> Bool {
        do throws(ExpressionEvaluationError) {
            return try expression.evaluate(OwnedRow(key: key, values: values, sources: sources)).isTruthy
        } catch {
            return false
        }
    }
}

private struct OwnedRow: ExpressionRow {
    let key: Bytes
    let values: [Bytes?]
    let sources: [Int?]

    func value(slot: Int) -> ExpressionValue? {
        guard let source = sources[slot] else { return .string(key) }
        return values[source].map { .string($0) }
    }
}

/// A document as a filter sees it: every value is text.
private struct DocumentRow: ExpressionRow {
    let key: ByteSlice
    let values: [ByteSlice?]
    let sources: [Int?]

    func value(slot: Int) -> ExpressionValue? {
        guard let source = sources[slot] else { return .string(Bytes(key)) }
        return values[source].map { .string(Bytes($0)) }
    }
}
