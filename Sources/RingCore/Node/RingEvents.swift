// A node of the ring as one state machine: events and the time go in, directives come out.
//
//                    clients' commands        peers' messages          answers of peers, links
//                          │                        │                          │
//                          ▼                        ▼                          ▼
//   ┌────────────────────────────────  RingNodeCore.handle(event, now)  ──────────────────────────────┐
//   │  coordinators ── items, executions, reads ──►  Replica (records, log, feed)   membership         │
//   └──┬──────────────┬───────────────┬───────────────┬──────────────────┬────────────────────────────┘
//      ▼              ▼               ▼               ▼                  ▼
//   reply to client  ask a peer    answer a peer    log, then store    checkpoint           all in this order
//
// Whoever drives it (a server, a simulator) carries out the directives in the order in which they came, reports what the
// store and the peers answered as further events, and sends a tick about every 20 ms. Nothing in here waits, reads a
// clock or draws from chance but by what it was given.

/// The two clocks of one moment.
package struct RingTime: Equatable, Sendable {
    /// Unix milliseconds; may jump.
    package var wall: UInt64
    /// Milliseconds of a clock that never jumps.
    package var monotonic: UInt64

    package init(wall: UInt64, monotonic: UInt64) {
        self.wall = wall
        self.monotonic = monotonic
    }
}

/// A command of a client of this node, or all commands of one of its MULTI ... EXEC.
package struct ClientRequest: Equatable, Sendable {
    /// Answered once, by this number, in any order among requests.
    package var id: UInt64
    /// Requests of one connection keep their program order, key by key.
    package var connection: UInt64
    package var commands: [[Bytes]]
    /// The reply is the array of the commands' replies.
    package var isTransaction: Bool
    package var readLevel: ConsistencyLevel
    package var writeLevel: ConsistencyLevel
    /// Of a transaction whose client watches keys: versions that these keys must still have.
    package var preconditions: [Precondition]

    package struct Precondition: Equatable, Sendable {
        package var key: Bytes
        package var version: Version

        package init(key: Bytes, version: Version) {
            self.key = key
            self.version = version
        }
    }

    package init(
        id: UInt64, connection: UInt64, commands: [[Bytes]], isTransaction: Bool = false,
        readLevel: ConsistencyLevel = .one, writeLevel: ConsistencyLevel = .one, preconditions: [Precondition] = []
    ) {
        self.id = id
        self.connection = connection
        self.commands = commands
        self.isTransaction = isTransaction
        self.readLevel = readLevel
        self.writeLevel = writeLevel
        self.preconditions = preconditions
    }
}

/// Why a peer did not answer.
package enum PeerFailure: Error, Hashable, Sendable {
    /// Nothing was sent.
    case notSent
    /// The peer does not know such a request.
    case unsupported
    /// It may or may not have been carried out.
    case unknown
}

/// What became of commands for the store.
package enum StoreOutcome: Equatable, Sendable {
    /// One reply per command, in RESP2. An error reply is a reply.
    case replies([Bytes])
    /// The whole group was refused by the store: nothing was done.
    case refused(Bytes)
    /// The connection was lost: unknown whether anything was done. The marker tells, once the store is back.
    case lost
}

package enum RingEvent: Equatable, Sendable {
    case client(ClientRequest)
    /// Nobody waits for this connection's replies any more.
    case connectionClosed(UInt64)
    /// A peer asks; to be answered by `token`, unless its kind is one-way.
    case message(RingMessage, token: UInt64)
    /// A peer of Dynomite's kind, or one that treats us so, sends a command (types 3 and 4).
    case storeRequest(kind: FrameKind, isSameDatacenter: Bool, payload: Bytes, token: UInt64)
    /// A peer's answer to `ask` or `askStore`, or its failure; exactly one for each.
    case answered(token: UInt64, Result<RingMessage, PeerFailure>)
    case storeAnswered(token: UInt64, Result<Bytes, PeerFailure>)
    case linkUp(NodeID, isRingSearch: Bool)
    case linkDown(NodeID)
    /// A heartbeat in an old dialect, from a peer known by this name.
    case heartbeat(NodeID)
    /// The payload of a gossip frame in an old dialect; who sent it, it says itself.
    case gossipText(Bytes)
    /// The outcome of `store`; in the order of the directives.
    case stored(batch: UInt64, StoreOutcome)
    /// The store works again after it was lost: what its marker says, and whether it is another store process.
    case storeReturned(marker: UInt64?, isNewProcess: Bool)
    /// The store says that a key was changed by somebody else, or has expired.
    case storeChanged(key: Bytes)
    case checkpointed(UInt64)
    case tick
}

/// Commands for the store, to run one after the other without anything of the ring in between.
package struct StoreBatchRequest: Equatable, Sendable {
    package var batch: UInt64
    package var commands: [[Bytes]]
    /// All or nothing, by MULTI and EXEC.
    package var isAtomic: Bool

    package init(batch: UInt64, commands: [[Bytes]], isAtomic: Bool) {
        self.batch = batch
        self.commands = commands
        self.isAtomic = isAtomic
    }
}

package enum RingDirective: Equatable, Sendable {
    /// One `answered` event follows, at the latest after the timeout (milliseconds).
    case ask(NodeID, FrameKind, body: Bytes, token: UInt64, timeout: UInt64)
    /// A command for a node of Dynomite's kind; one `storeAnswered` event follows.
    case askStore(NodeID, payload: Bytes, purpose: DnodeDialect.Purpose, token: UInt64, timeout: UInt64)
    case notify(NodeID, FrameKind, body: Bytes)
    case answer(token: UInt64, FrameKind, body: Bytes)
    case answerUnsupported(token: UInt64)
    case answerStoreRequest(token: UInt64, Bytes)
    /// Appended to the intent log before anything that follows is carried out.
    case log(Bytes)
    case store(StoreBatchRequest)
    /// The reply to a client's request, in RESP2.
    case reply(id: UInt64, Bytes)
    /// To be written in one transaction, synced, and reported as `checkpointed`; off the path of requests.
    case checkpoint(Checkpoint)
    /// Written and synced, without a checkpoint, before anything that follows is carried out; `nil` removes the entry.
    case keep(database: String, key: Bytes, value: Bytes?)
    /// Where a peer is reached from now on; `nil`: never mind it. Several ids at one address share a link.
    case locate(NodeID, NodeAddress?)
    /// A gossip frame in the old dialect that is configured; nobody answers it.
    case sendGossipText(NodeID, Bytes)
    /// Log files whose records all have numbers below this one are not needed any more.
    case trimLog(below: UInt64)
    /// Something an operator should know; also counted.
    case note(String)
}

/// Everything that changed since the last checkpoint.
package struct Checkpoint: Equatable, Sendable {
    package var number: UInt64
    /// Encoded keys and records; `nil` removes one.
    package var records: [(key: Bytes, value: Bytes?)]
    /// Entries of `meta`, `pos`, `shapes`, `feed`: database name, key, value.
    package var entries: [(database: String, key: Bytes, value: Bytes?)]

    package init(
        number: UInt64, records: [(key: Bytes, value: Bytes?)] = [],
        entries: [(database: String, key: Bytes, value: Bytes?)] = []
    ) {
        self.number = number
        self.records = records
        self.entries = entries
    }

    package static func == (a: Checkpoint, b: Checkpoint) -> Bool {
        a.number == b.number && a.records.elementsEqual(b.records) { $0.key == $1.key && $0.value == $1.value }
            && a.entries.elementsEqual(b.entries) {
                $0.database == $1.database && $0.key == $1.key && $0.value == $1.value
            }
    }
}

/// What a node has on its disk, as of the last checkpoint. Reads are synchronous and fast: a mapped file or memory.
package protocol RingDisk: AnyObject {
    func record(_ key: Bytes) -> Bytes?
    /// Records with keys in `from..<to` (no end: all that follow), ascending, at most `limit`.
    func records(from: Bytes, to: Bytes?, limit: Int) -> [(key: Bytes, value: Bytes)]
    func entry(_ database: String, _ key: Bytes) -> Bytes?
    func entries(_ database: String) -> [(key: Bytes, value: Bytes)]
    /// All records of the intent log that are still there, in order, each as it was appended; a torn end is left out.
    func log() -> [Bytes]
}
