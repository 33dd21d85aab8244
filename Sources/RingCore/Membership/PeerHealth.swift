// What one node thinks of a peer, by its own evidence.
//
//               closed link, overdue answer, phi > 8              no sign within a second
//     up ──────────────────────────────────────────► suspected ───────────────────────────► down
//      ▲       ◄── answer or message ──                  │ others reach it, we do not          │
//      │                                                 ▼                                     │
//      └────── answer ──────────────────────────────  cut off                                  │
//      └────── its record with a higher incarnation ───────────────────────────────────────────┘

/// How a node is to be treated in routing.
package enum Standing: UInt8, Comparable, Sendable {
    case up = 0
    /// Counts, gets writes, is asked last.
    case suspect = 1
    /// Gets nothing.
    case down = 2

    package static func < (a: Standing, b: Standing) -> Bool { a.rawValue < b.rawValue }
}

struct PeerHealth: Sendable {
    /// A question whether the peer is there, going on.
    struct Suspicion: Sendable {
        let since: UInt64
        let deadline: UInt64
        let reason: String
        var sawDirect = false
        var sawIndirect = false
        /// Probes that nothing has come back from.
        var open = 0
    }

    var isLinkUp: Bool?
    /// A node of Dynomite cannot be probed: the link, its heartbeats and its answers must do.
    var isRingSearch = true
    var arrivals = ArrivalHistory()
    var answers = AnswerTimes()
    var suspicion: Suspicion?
    /// Others reach it and we do not.
    var isCutOff = false
    /// Of a node of Dynomite, which has no record: whether it is taken for gone.
    var isGone = false
    /// The newest time that Dynomite's gossip gave for it.
    var gossipSeconds: UInt64 = 0
    /// When it was heard last, in any way.
    var lastSign: UInt64 = 0
    /// When gossip is due.
    var nextExchange: UInt64 = 0
    var isExchanging = false
    /// Up to where our table was told, and confirmed.
    var confirmed: UInt64 = 0
    /// The incarnation to which this was confirmed.
    var confirmedIncarnation: UInt32 = 0
}
