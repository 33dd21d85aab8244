// What an entry of the definition log is about.

/// Kinds of entries. A kind that this version does not know is kept, passed on and has no effect.
package enum DefinitionKind: UInt8, Sendable, CaseIterable {
    case indexCreate = 1
    case indexAlter = 2
    case indexDrop = 3
    case alias = 4
    case synonyms = 5
    case dictionary = 6
    case settings = 7
    case functions = 8
    case flush = 9

    case genesis = 16
    case addRack = 17
    case activateRack = 18
    case join = 19
    case leave = 20
    case replace = 21
    case move = 22
    /// A member that nobody had heard of when the ring began says its id.
    case identify = 23

    /// Whether it changes who owns what.
    package var isTopology: Bool { rawValue >= 16 }
}
