// Positions in the flat tables of one topology. They mean nothing under another epoch.

/// A member of a ``RingTopology``.
package struct MemberIndex: Hashable, Comparable, Sendable {
    package let position: Int
    package init(_ position: Int) { self.position = position }
    package static func < (a: MemberIndex, b: MemberIndex) -> Bool { a.position < b.position }
}

/// A rack; racks are in order of datacenter and name.
package struct RackIndex: Hashable, Comparable, Sendable {
    package let position: Int
    package init(_ position: Int) { self.position = position }
    package static func < (a: RackIndex, b: RackIndex) -> Bool { a.position < b.position }
}

/// A datacenter; datacenters are in order of name.
package struct DatacenterIndex: Hashable, Comparable, Sendable {
    package let position: Int
    package init(_ position: Int) { self.position = position }
    package static func < (a: DatacenterIndex, b: DatacenterIndex) -> Bool { a.position < b.position }
}

/// An elementary range, numbered from 0 in order of end tokens.
package struct RangeIndex: Hashable, Comparable, Sendable {
    package let position: Int
    package init(_ position: Int) { self.position = position }
    package static func < (a: RangeIndex, b: RangeIndex) -> Bool { a.position < b.position }
}

/// An arc of the ring: the tokens behind ``after`` up to and with ``end``, over 4294967295 to 0 where need be.
package struct TokenRange: Hashable, Sendable, CustomStringConvertible {
    package let after: Token
    package let end: Token

    package init(after: Token, end: Token) {
        self.after = after
        self.end = end
    }

    /// The range of a ring's only token is the whole ring.
    package func contains(_ token: Token) -> Bool {
        after < end ? after < token && token <= end : token > after || token <= end
    }

    /// Number of tokens in it; 2^32 for the whole ring.
    package var width: UInt64 {
        after < end ? UInt64(end.value - after.value) : (1 << 32) - UInt64(after.value) + UInt64(end.value)
    }

    package var description: String { "(\(after), \(end)]" }
}
