// What the lane sends to the store in one go, and what it expects back.
//
//   HSET a f v   GET b   MULTI HSET c f v DEL d EXEC
//
//   sent      HSET a..  HLEN a  GET b  MULTI   HSET c..  DEL d   EXEC  HLEN c
//   expected  reply     length  reply  queued  queued    queued  exec  length
//   changes   0: fields of a (by the first two)       1: fields of c, 2: d removed

import RESP
import Storage

/// Something a command of a burst may have done to a document.
struct Change {
    enum Kind: UInt8 {
        /// The command's fields were set.
        case fields
        /// The command's one field was set, to the value in the command.
        case fieldIfAbsent
        /// The command's one field was set, to the value in the reply.
        case fieldFromReply
        case removed
        /// The key is to be read: its row is in the burst, or has to be asked for.
        case reread
        case flush
    }

    enum State: UInt8 {
        /// The reply is not there yet.
        case open
        case applies
        /// The command failed or did nothing.
        case void
    }

    let kind: Kind
    let key: ByteSlice
    let arguments: Arguments
    var state = State.open
    /// The reply 0 says that nothing happened.
    var zeroIsNothing = false
    /// A null reply says that nothing happened.
    var nullIsNothing = false
    /// The reply must hold a 2 (HEXPIRE deleted a field).
    var needsTwo = false
    /// Nodes of the burst's tape: reply of the command, of HLEN, of HGETALL.
    var reply = -1
    var length = -1
    var row = -1
    /// The row was read behind the whole burst: it has the effects of all its changes.
    var isLateRow = false
}

struct Expectation {
    enum Role: UInt8 {
        /// The reply to a command, for the client.
        case reply
        /// OK or QUEUED inside a transaction.
        case queued
        /// The array that EXEC gives.
        case exec
        /// HLEN or HGETALL of a change.
        case length, row
        /// No reply: bytes that were known before, or a refusal; the second kind because of what the key holds.
        case literal, refusal, wrongType

        var hasReply: Bool {
            switch self {
            case .literal, .refusal, .wrongType: false
            default: true
            }
        }
    }

    let role: Role
    /// Position in the burst's jobs.
    let job: Int
    /// Position in the job's items; for `exec` the first one of the transaction or of its part.
    let item: Int
    /// First change of the command, and how many there are.
    var change = -1
    var changeCount = 0
    /// The reply goes to the client as it is.
    var passesOn = false
    /// `exec`: number of commands sent, end of the items they come from, and whether that is the whole transaction.
    var commands = 0
    var itemEnd = 0
    var isWhole = true
}

final class Burst {
    static let writeBound = 64
    static let commandBound = 512
    static let byteBound = 1 << 20

    @exclusivity(unchecked) var jobs: [Job] = []
    /// Jobs that are complete when this burst is.
    @exclusivity(unchecked) var finished: [Job] = []
    @exclusivity(unchecked) var expectations: [Expectation] = []
    @exclusivity(unchecked) var changes: [Change] = []
    @exclusivity(unchecked) var writes = 0
    @exclusivity(unchecked) var commands = 0
    let tape = ReplyTape()

    var isEmpty: Bool { expectations.isEmpty && finished.isEmpty }

    func hasRoom(_ bytes: Int) -> Bool {
        writes < Self.writeBound && commands < Self.commandBound && bytes < Self.byteBound
    }

    func removeAll() {
        jobs.removeAll(keepingCapacity: true)
        finished.removeAll(keepingCapacity: true)
        expectations.removeAll(keepingCapacity: true)
        changes.removeAll(keepingCapacity: true)
        writes = 0
        commands = 0
        tape.removeAll()
    }
}
