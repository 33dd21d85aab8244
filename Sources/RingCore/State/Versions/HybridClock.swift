// The clock that stamps writes: follows the wall clock, never goes back, and never falls behind what it has seen.
//
//   issue     stamp = max(stamp + 1, wall clock with counter 0)      the counter carries into the milliseconds
//   receive   stamp = max(stamp, theirs)                             unless theirs is too far ahead of the wall clock
//
// A restart must not stamp anew what an earlier life has stamped, even when the wall clock was set back in between. So
// nothing is issued above the *ceiling*, which is on disk and is raised once a second; the next life begins there.

/// A hybrid logical clock. Pure: the wall clock comes in with every call, in unix milliseconds.
package struct HybridClock: Sendable {
    /// How far the ceiling is put above the clock, in milliseconds.
    package static let ceilingMargin: UInt64 = 2_000

    package let node: UInt64
    /// The newest stamp that was issued or received.
    package private(set) var stamp: UInt64
    /// No stamp at or above this is issued before ``ceilingIsStored(_:)`` raises it.
    package private(set) var ceiling: UInt64
    /// How far, in milliseconds, a stamp of another node may be ahead of our wall clock.
    package var leadLimit: UInt64

    /// - Parameter storedCeiling: what the last life stored; 0 at the first start. Nothing can be issued before a ceiling
    ///   of this life is stored.
    package init(node: UInt64, wall: UInt64, storedCeiling: UInt64, leadLimit: UInt64 = 500) {
        self.node = node
        self.leadLimit = leadLimit
        // One below: the first stamp of this life may be the ceiling itself, which the last life never reached.
        stamp = max(Stamp.of(milliseconds: wall), storedCeiling) &- 1
        if stamp == .max { stamp = 0 }
        ceiling = storedCeiling
    }

    /// A new version, above all that were issued or received; `nil` when a higher ceiling must be stored first.
    package mutating func issue(wall: UInt64) -> Version? {
        let next = max(stamp == .max ? stamp : stamp + 1, Stamp.of(milliseconds: wall))
        guard next > stamp, next < ceiling else { return nil }
        stamp = next
        return Version(stamp: next, node: node)
    }

    /// Whether a stamp of another node is near enough to our wall clock to be believed.
    package func accepts(_ theirs: UInt64, wall: UInt64) -> Bool {
        let milliseconds = theirs >> 16
        return milliseconds <= wall || milliseconds - wall <= leadLimit
    }

    /// Takes note of a stamp of another node. `false`: it is too far ahead, was not noted, and its item is refused.
    package mutating func receive(_ theirs: UInt64, wall: UInt64) -> Bool {
        guard accepts(theirs, wall: wall) else { return false }
        stamp = max(stamp, theirs)
        return true
    }

    /// The ceiling to store now. To be asked for once a second, and when ``issue(wall:)`` returned `nil`.
    package func nextCeiling(wall: UInt64) -> UInt64 {
        let milliseconds = max(stamp >> 16, min(wall, Stamp.lastMillisecond)) + Self.ceilingMargin
        return max(ceiling, Stamp.of(milliseconds: milliseconds))
    }

    /// This ceiling is on disk.
    package mutating func ceilingIsStored(_ stored: UInt64) { ceiling = max(ceiling, stored) }

    /// The milliseconds of the clock: what relative expiries are counted from.
    package func milliseconds(wall: UInt64) -> UInt64 { max(stamp >> 16, min(wall, Stamp.lastMillisecond)) }
}
