// Where definitions survive a restart.

import Platform
import SearchModel

/// What is kept, and under which name.
package enum DefinitionKey: Hashable, Sendable {
    case index(Bytes)
    case alias(Bytes)
    case dictionary(Bytes)
    /// Synonym groups of the index of this name.
    case synonyms(Bytes)
    /// Whether suggestion dictionaries are to be looked for in the store.
    case suggestionsInUse
}

/// Small durable state of this node.
package protocol DefinitionStorage: AnyObject, Sendable {
    /// Makes all changes at once and returns when they are on disk. A `nil` value removes what is there.
    func save(_ changes: [(key: DefinitionKey, value: Bytes?)]) throws

    /// All that was saved.
    func load() throws -> [(key: DefinitionKey, value: Bytes)]
}

/// Definitions that live as long as the object: tests, and servers without a data directory.
package final class VolatileDefinitions: DefinitionStorage {
    private let saved = Monitor<[DefinitionKey: Bytes]>([:])

    package init() {}

    package func save(_ changes: [(key: DefinitionKey, value: Bytes?)]) {
        saved.withLock { saved in
            for change in changes { saved[change.key] = change.value }
        }
    }

    package func load() -> [(key: DefinitionKey, value: Bytes)] {
        saved.withLock { $0.map { (key: $0.key, value: $0.value) } }
    }
}
