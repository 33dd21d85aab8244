// Where definitions survive a restart.

import SearchModel

/// Small durable key-value state of this node.
package protocol DefinitionStorage: AnyObject, Sendable {
    /// Makes all changes at once and returns when they are on disk. A `nil` value removes the key.
    func save(_ changes: [(key: Bytes, value: Bytes?)]) throws

    /// All that was saved, in key order.
    func load() throws -> [(key: Bytes, value: Bytes)]
}

/// Definitions that live as long as the process: tests, and servers without a data directory.
package final class VolatileDefinitions: DefinitionStorage, @unchecked Sendable {
    // Sendable: holds nothing.
    package init() {}
    package func save(_ changes: [(key: Bytes, value: Bytes?)]) {}
    package func load() -> [(key: Bytes, value: Bytes)] { [] }
}

/// The names under which definitions are kept: a letter for what it is, then the name.
enum DefinitionKey {
    case index(Bytes)
    case alias(Bytes)
    case dictionary(Bytes)
    case synonyms(Bytes)

    var bytes: Bytes {
        switch self {
        case .index(let name): [UInt8(ascii: "i")] + name
        case .alias(let name): [UInt8(ascii: "a")] + name
        case .dictionary(let name): [UInt8(ascii: "d")] + name
        case .synonyms(let name): [UInt8(ascii: "s")] + name
        }
    }

    init?(_ key: Bytes) {
        guard let kind = key.first else { return nil }
        let name = Bytes(key.dropFirst())
        switch kind {
        case UInt8(ascii: "i"): self = .index(name)
        case UInt8(ascii: "a"): self = .alias(name)
        case UInt8(ascii: "d"): self = .dictionary(name)
        case UInt8(ascii: "s"): self = .synonyms(name)
        default: return nil
        }
    }
}
