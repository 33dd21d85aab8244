// Definitions in the node's durable state.

import SearchModel
import Storage

package final class NodeStateDefinitions: DefinitionStorage {
    private let state: NodeState

    package init(_ state: NodeState) { self.state = state }

    package func save(_ changes: [(key: DefinitionKey, value: Bytes?)]) throws {
        try state.write { (writer: NodeWireWriter) throws(NodeStateError) in
            for change in changes {
                let (table, name) = Self.place(of: change.key)
                if let value = change.value {
                    try writer.put(table, name, value)
                } else {
                    try writer.remove(table, name)
                }
            }
        }
    }

    package func load() throws -> [(key: DefinitionKey, value: Bytes)] {
        try state.read { (reader: NodeStateReader) throws(NodeStateError) in
            var all: [(key: DefinitionKey, value: Bytes)] = []
            for (name, value) in try reader.all(.indexes) { all.append((.index(name), value)) }
            for (name, value) in try reader.all(.aliases) { all.append((.alias(name), value)) }
            for (name, value) in try reader.all(.dictionaries) { all.append((.dictionary(name), value)) }
            for (name, value) in try reader.all(.synonyms) { all.append((.synonyms(name), value)) }
            let (table, name) = Self.place(of: .suggestionsInUse)
            if let value = try reader.get(table, name) { all.append((.suggestionsInUse, value)) }
            return all
        }
    }

    private static func place(of key: DefinitionKey) -> (table: NodeTable, name: Bytes) {
        switch key {
        case .index(let name): (.indexes, name)
        case .alias(let name): (.aliases, name)
        case .dictionary(let name): (.dictionaries, name)
        case .synonyms(let name): (.synonyms, name)
        case .suggestionsInUse: (.values, Bytes("suggestions".utf8))
        }
    }
}
