// What a key holds.

/// The kind of a key's value. The numbers are those of records and messages.
package enum ValueKind: UInt8, Sendable, CaseIterable {
    /// Nothing: deleted, or never there.
    case absent = 0
    case string = 1
    /// As the body of a floor: an empty hash, whose fields have versions of their own.
    case hash = 2
    case list = 3
    case set = 4
    case sortedSet = 5
    case stream = 6
    /// A document of JSON, which the store keeps as a string.
    case json = 7
    /// Reserved.
    case suggestions = 8

    /// Whether a key of this kind has one version for its whole value.
    package var isBody: Bool { self != .absent && self != .hash }
}
