// Work of the server's own between the commands of the lane: what needs an answer of the store before it knows what to
// write, and must not see the store change in between.
//
//   lane   ... HSET a   │ begin(1) begin(2) begin(3)  ──► store        │ HSET b ...
//                       │                             ◄── answers      │
//                       │ end(1) end(2) end(3)  ─► replies leave       │

import RESP

/// What the store answered.
package enum StoreAnswer: Equatable, Sendable {
    case text([UInt8])
    case status([UInt8])
    case integer(Int)
    case null
    case array([StoreAnswer])
    /// The store's error, or that there was no answer; ready to be sent.
    case error(String)

    package var isError: Bool {
        if case .error = self { true } else { false }
    }
}

/// The lane's connection, during ``LaneExchange/begin(_:)``.
package protocol LaneLink {
    /// Sends a command at once and waits: a round trip that holds up everybody.
    func ask(_ words: [[UInt8]]) -> StoreAnswer
    /// Adds a command to what is sent together; its answer comes to ``LaneExchange/end(_:_:)``.
    func queue(_ words: [[UInt8]])
}

/// One piece of such work. Both calls come on the lane's thread, each once, with no other command between what one
/// exchange and the next have written. What `begin` writes is not reported to the observer as a change.
package protocol LaneExchange: AnyObject, Sendable {
    /// All earlier commands are done, and their changes told.
    func begin(_ link: any LaneLink)
    /// Writes one reply.
    ///
    /// - Parameter answers: to the queued commands, in order.
    func end(_ answers: [StoreAnswer], _ reply: ReplyWriter)
}
