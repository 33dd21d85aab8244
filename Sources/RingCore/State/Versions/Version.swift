// When a write happened, and who stamped it.
//
//   offset  0                    6           8                    16
//           ┌────────────────────┬───────────┬────────────────────┐
//           │ unix milliseconds  │ counter   │ node id            │   big-endian: ordered by memcmp
//           │ u48                │ u16       │ u64                │
//           └────────────────────┴───────────┴────────────────────┘
//           └──────────── stamp ─────────────┘
//
// 1,000 ms, counter 2, node 7:   00 00 00 00 03 e8  00 02  00 00 00 00 00 00 00 07

/// The version of a write. Two writes never have the same one: a node's stamps only rise, and no two nodes share an id.
package struct Version: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds and counter in one number; the order of documents in searches.
    package let stamp: UInt64
    package let node: UInt64

    package init(stamp: UInt64, node: UInt64) {
        self.stamp = stamp
        self.node = node
    }

    /// Milliseconds beyond 48 bits are read as the last there are.
    package init(milliseconds: UInt64, counter: UInt16 = 0, node: UInt64) {
        self.init(stamp: Stamp.of(milliseconds: milliseconds, counter: counter), node: node)
    }

    package static let size = 16
    /// Older than every write.
    package static let zero = Version(stamp: 0, node: 0)

    /// What an expiry at `milliseconds` buries: everything older than this.
    package static func burial(at milliseconds: UInt64) -> Version { Version(milliseconds: milliseconds, node: 0) }

    package var milliseconds: UInt64 { stamp >> 16 }
    package var counter: UInt16 { UInt16(truncatingIfNeeded: stamp) }

    @inlinable package static func < (a: Version, b: Version) -> Bool {
        a.stamp != b.stamp ? a.stamp < b.stamp : a.node < b.node
    }

    /// Milliseconds, counter, node: `1000.2@7`.
    package var description: String { "\(milliseconds).\(counter)@\(String(node, radix: 16))" }
}

/// The first half of a version.
package enum Stamp {
    package static let lastMillisecond: UInt64 = 1 << 48 - 1

    package static func of(milliseconds: UInt64, counter: UInt16 = 0) -> UInt64 {
        min(milliseconds, lastMillisecond) << 16 | UInt64(counter)
    }
}
