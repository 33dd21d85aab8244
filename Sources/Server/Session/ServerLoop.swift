// What the connections of one event loop share.

import Commands
import NIOCore
import RESP
import Synchronization

/// One event loop's mailbox, counters, writers and list of sessions.
///
/// The mailbox is open to all threads; everything else is the loop's alone.
final class ServerLoop: @unchecked Sendable {
    // Sendable: `mailbox` is locked, `counters` are atomics, the rest is touched on the loop only.

    private struct Letter {
        let session: Session
        let slot: ReplySlot
        let reply: ReplyWriter
    }

    private struct Mailbox: @unchecked Sendable {
        // Sendable: sessions and slots are only carried here; the loop alone looks into them.
        var letters: [Letter] = []
        var isScheduled = false
    }

    let eventLoop: any EventLoop
    let counters: LoopCounters
    private let mailbox = Mutex(Mailbox())
    private var writers: [ReplyWriter] = []
    private(set) var sessions: [UInt64: Session] = [:]
    /// For replies that end up as literals.
    let scratch = ReplyWriter()

    init(eventLoop: any EventLoop, counters: LoopCounters) {
        self.eventLoop = eventLoop
        self.counters = counters
    }

    // MARK: finished replies, from any thread

    /// Brings a finished reply home. However many come before the loop gets to them, it is woken once.
    func post(_ session: Session, _ slot: ReplySlot, _ reply: ReplyWriter) {
        let letter = Mailbox(letters: [Letter(session: session, slot: slot, reply: reply)])
        let wakes = mailbox.withLock { box in
            box.letters.append(letter.letters[0])
            defer { box.isScheduled = true }
            return !box.isScheduled
        }
        if wakes { eventLoop.execute { self.deliver() } }
    }

    private func deliver() {
        let letters = mailbox.withLock {
            $0.isScheduled = false
            let taken = Mailbox(letters: $0.letters)
            $0.letters = []
            return taken
        }.letters
        var touched: [Session] = []
        for letter in letters {
            letter.session.finished(letter.slot, letter.reply)
            if !letter.session.isTouched {
                letter.session.isTouched = true
                touched.append(letter.session)
            }
        }
        for session in touched {
            session.isTouched = false
            session.shell?.resume()
        }
    }

    // MARK: writers

    func borrowWriter(version: RESPVersion) -> ReplyWriter {
        let writer = writers.popLast() ?? ReplyWriter(capacity: 16 << 10)
        writer.version = version
        return writer
    }

    func giveBack(_ writer: ReplyWriter) {
        guard writers.count < 64, writer.capacity <= 256 << 10 else { return }
        writer.removeAll()
        writers.append(writer)
    }

    // MARK: sessions

    func add(_ session: Session) { sessions[session.record.id] = session }
    func remove(_ session: Session) { sessions[session.record.id] = nil }

    /// Once a second: deadlines and idle connections.
    func tick(now: UInt64) {
        for session in sessions.values { session.shell?.tick(now: now) }
    }
}
