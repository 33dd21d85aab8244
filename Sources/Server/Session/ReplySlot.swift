// Replies in request order, whatever order they are finished in.
//
//   output │ slot  slot  slot │ open batch
//    done  │ some still to come │ not yet sent to the store
//
// What is done at the front moves into the output; a reply that is known at once but stands behind one that is
// not waits in a slot of its own, or as a literal in the open batch.

import Commands
import RESP
import Storage
import Synchronization

/// The place of one or more replies that are not known yet.
///
/// Used on its connection's event loop only.
final class ReplySlot {
    enum Kind {
        /// One batch of the store: the replies of all its commands.
        case batch
        /// One command of the search kind.
        case search
        /// Replies known already, behind others that are not.
        case literal
        /// A local command that answers later and holds nobody up.
        case local
    }

    let kind: Kind
    /// The replies, once there.
    var bytes: ReplyWriter?
    var isReady: Bool { bytes != nil }
    /// CLIENT REPLY OFF or SKIP: the replies are thrown away.
    var isDiscarded = false
    /// Positions in the command table of the commands answered here.
    var commands: [Int32] = []
    /// When the first of them started.
    var started: UInt64 = 0
    /// Bytes held until the replies come.
    var weight = 0
    /// The batch as it was sent: its commands can be read again once it is answered.
    var batch: StoreBatch?
    var excerpt: [[UInt8]]?
    /// No later command of the search kind may start before this one is answered.
    var isExclusive = false
    var isPipelined = false

    init(_ kind: Kind) { self.kind = kind }
}

/// First in, first out, over an array that is compacted now and then.
struct SlotQueue {
    private var slots: [ReplySlot] = []
    private var head = 0

    var isEmpty: Bool { head == slots.count }
    var count: Int { slots.count - head }
    var first: ReplySlot? { isEmpty ? nil : slots[head] }
    var last: ReplySlot? { isEmpty ? nil : slots.last }

    mutating func append(_ slot: ReplySlot) { slots.append(slot) }

    mutating func removeFirst() {
        head += 1
        if head == slots.count {
            slots.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64, 2 * head > slots.count {
            slots.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() {
        slots.removeAll()
        head = 0
    }
}

/// A promise of one reply, given to a command that answers later.
final class LaterReply: PendingReply, @unchecked Sendable {
    // Sendable: `session` and `slot` are only carried; the event loop alone looks into them.
    let version: RESPVersion
    private let session: Session
    private let slot: ReplySlot
    private let loop: ServerLoop
    private let isFinished = Atomic<Bool>(false)

    init(session: Session, slot: ReplySlot, version: RESPVersion) {
        self.session = session
        self.slot = slot
        self.version = version
        loop = session.loop
    }

    /// A command that forgets its reply would hold up the connection for ever: it gets an error instead.
    deinit {
        if !isFinished.load(ordering: .acquiring) {
            let reply = ReplyWriter(version: version)
            reply.error(ErrorReplies.replyLost)
            loop.post(session, slot, reply)
        }
    }

    func finish(_ reply: ReplyWriter) {
        // The first finish counts; a second one is the command's mistake and must not shift later replies.
        guard !isFinished.exchange(true, ordering: .acquiringAndReleasing) else {
            assertionFailure("a reply was finished twice")
            return
        }
        loop.post(session, slot, reply)
    }
}
