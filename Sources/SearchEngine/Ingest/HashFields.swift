// Which fields of a hash an index wants, prepared so that one walk over the hash finds them all.

import RESP
import SearchModel
import Storage

/// The distinct hash fields behind a schema, numbered; those of the options (language, score, payload,
/// FILTER) among them.
struct HashFields {
    private let numbers: NameTable<Int>
    let count: Int
    /// By schema position: the number of the hash field it is read from.
    let sources: [Int]
    let languageField: Int?
    let scoreField: Int?
    let payloadField: Int?
    /// FILTER.
    let filter: IndexFilter?

    init(_ definition: IndexDefinition) {
        var names: [Bytes] = []
        func number(_ name: Bytes) -> Int {
            if let known = names.firstIndex(of: name) { return known }
            names.append(name)
            return names.count - 1
        }
        sources = definition.schema.fields.map { number($0.identifier) }
        languageField = definition.languageField.map(number)
        scoreField = definition.scoreField.map(number)
        payloadField = definition.payloadField.map(number)
        // The text was checked when the index was created.
        filter = definition.filter.flatMap { try? IndexFilter($0, definition.schema, fieldNumber: number) }
        count = names.count
        numbers = NameTable(names.enumerated().map { (name: $1, value: $0) })
    }

    /// The number of a hash field; `nil`: nobody wants it.
    func number(of name: ByteSlice) -> Int? { numbers[name] }
}
