// Whether our wall clock is ahead of everybody else's. A node whose clock is would stamp writes that all others refuse and
// that its own replica takes; it stops coordinating writes instead.

/// Compares the wall clocks that peers put into their messages with ours.
package struct ClockHealth: Sendable {
    /// How far ahead of the peers' median our clock may be, in milliseconds.
    package static let leadLimit: Int64 = 250
    /// Peers whose clocks are needed for a judgment.
    package static let peersNeeded = 2
    /// How long an observation counts, in milliseconds of a clock that never jumps.
    package static let window: UInt64 = 10_000

    /// The best observation of a peer in this window and in the one before. The time that a message was on its way makes
    /// the sender's clock look late, so the one that flatters it most is nearest to the truth.
    private struct Observation: Sendable {
        var since: UInt64
        var newest: UInt64
        var best: Int64
        var previousBest: Int64?
    }

    private var peers: [UInt64: Observation] = [:]

    package init() {}

    /// A message of `peer` said that its wall clock showed `theirs` when ours showed `ours`, `now` being monotonic.
    package mutating func observe(peer: UInt64, theirs: UInt64, ours: UInt64, now: UInt64) {
        let difference = Int64(clamping: theirs) - Int64(clamping: ours)
        guard var known = peers[peer], now >= known.newest, now - known.newest <= Self.window else {
            peers[peer] = Observation(since: now, newest: now, best: difference)
            return
        }
        known.newest = now
        if now - known.since > Self.window {
            known.previousBest = known.best
            known.best = difference
            known.since = now
        } else {
            known.best = max(known.best, difference)
        }
        peers[peer] = known
    }

    /// A peer left the ring.
    package mutating func forget(peer: UInt64) { peers[peer] = nil }

    /// How far our clock is ahead of the peers' median; `nil` while fewer than two peers have been heard lately.
    package func lead(now: UInt64) -> Int64? {
        let differences = peers.values
            .filter { now <= $0.newest || now - $0.newest <= Self.window }
            .map { max($0.best, $0.previousBest ?? $0.best) }
            .sorted()
        guard differences.count >= Self.peersNeeded else { return nil }
        // Of two in the middle the one in our favor: with two peers, one of them with a slow clock must not stop us.
        return -differences[differences.count / 2]
    }

    /// Whether this node must not coordinate writes.
    package func isSuspect(now: UInt64) -> Bool { (lead(now: now) ?? 0) > Self.leadLimit }
}
