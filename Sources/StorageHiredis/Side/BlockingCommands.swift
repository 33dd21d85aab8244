// Commands that wait: BLPOP, XREAD BLOCK, WAIT ... Each has a connection of its own, and one thread watches them all.
//
// A client that goes away, or is unblocked by another, has its command ended with CLIENT UNBLOCK: once that is answered
// nothing is popped for it any more, which closing the connection would not promise.

import Platform
import RESP
import Storage

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

final class BlockingCommands: @unchecked Sendable {
    // Sendable: orders are in a monitor; everything else belongs to the thread.
    private static let idleBound = 16

    private struct Ending {
        let client: UInt64
        /// The client reads an error instead of what it reads when time is over.
        let withError: Bool
        /// The client has gone.
        let isGone: Bool
        let completion: @Sendable (Bool) -> Void
    }

    private struct Orders {
        var jobs: [Job] = []
        var endings: [Ending] = []
        var isStopped = false
        var isEmpty: Bool { jobs.isEmpty && endings.isEmpty && !isStopped }
    }

    /// A connection and its number at the store (-1: not known).
    private struct Numbered {
        let connection: StoreConnection
        let number: Int
    }

    private struct Waiting {
        let job: Job
        let connection: Numbered
        /// Replies that come before the one that is waited for.
        var skipped: Int
    }

    private let configuration: HiredisStore.Configuration
    private let status: LinkStatus
    private let inbox: LaneInbox
    private let orders = Monitor(Orders())
    private let tape = ReplyTape()
    /// A byte in the pipe wakes the thread.
    @exclusivity(unchecked) private var pipeEnds: (Int32, Int32) = (-1, -1)
    @exclusivity(unchecked) private var waiting: [Waiting] = []
    @exclusivity(unchecked) private var idle: [Numbered] = []
    /// For CLIENT UNBLOCK.
    @exclusivity(unchecked) private var control: StoreConnection?
    @exclusivity(unchecked) private var thread: OwnThread?

    init(_ configuration: HiredisStore.Configuration, _ status: LinkStatus, _ inbox: LaneInbox) {
        self.configuration = configuration
        self.status = status
        self.inbox = inbox
    }

    func start() {
        var ends: [Int32] = [-1, -1]
        let made = pipe(&ends)
        precondition(made == 0, "no pipe could be made: \(errno)")
        for end in ends {
            setNonBlocking(end)
            setCloseOnExec(end)
        }
        pipeEnds = (ends[0], ends[1])
        thread = OwnThread("store-blocking") { [self] in work() }
    }

    func stop() {
        guard let thread else { return }
        orders.change { $0.isStopped = true }
        wake()
        thread.join()
        self.thread = nil
        close(pipeEnds.0)
        close(pipeEnds.1)
        pipeEnds = (-1, -1)
    }

    /// Answers the job's next item whenever that can be, and gives it back to the lane.
    func run(_ job: Job) {
        orders.change { $0.jobs.append(job) }
        wake()
    }

    /// A client has gone: its command, if it waits, is given up, and so is what it has sent since.
    func cancel(_ client: UInt64) {
        let ending = Ending(client: client, withError: true, isGone: true) { _ in }
        orders.change { $0.endings.append(ending) }
        wake()
    }

    /// Ends the waiting of a client; `completion` learns whether it was waiting.
    func unblock(_ client: UInt64, withError: Bool, _ completion: @escaping @Sendable (Bool) -> Void) {
        let ending = Ending(client: client, withError: withError, isGone: false, completion: completion)
        let isStopped = orders.change { orders in
            if !orders.isStopped { orders.endings.append(ending) }
            return orders.isStopped
        }
        if isStopped { completion(false) } else { wake() }
    }

    private func wake() {
        var byte: UInt8 = 1
        // Full: then it is awake already.
        _ = write(pipeEnds.1, &byte, 1)
    }

    // MARK: the thread

    private func work() {
        while true {
            wait()
            let news = orders.withLock { orders in
                defer { orders = Orders(isStopped: orders.isStopped) }
                return orders
            }
            for job in news.jobs { begin(job) }
            for ending in news.endings { end(ending) }
            if news.isStopped { break }
        }
        for one in waiting {
            one.job.writer.error(StoreErrors.stopped)
            finish(one.job)
        }
        waiting.removeAll()
        idle.removeAll()
        control = nil
    }

    /// Waits for orders and replies; answers what has been replied.
    private func wait() {
        if !orders.withLock({ $0.isEmpty }) { return }
        var watched = [pollfd(fd: pipeEnds.0, events: Int16(POLLIN), revents: 0)]
        for one in waiting {
            watched.append(pollfd(fd: one.connection.connection.pollDescriptor, events: Int16(POLLIN), revents: 0))
        }
        guard poll(&watched, nfds_t(watched.count), -1) > 0 else { return }
        if watched[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 256)
            while read(pipeEnds.0, &bytes, bytes.count) == bytes.count {}
        }
        var still: [Waiting] = []
        for (i, one) in waiting.enumerated() {
            if watched[i + 1].revents == 0 || !receive(one) { still.append(one) }
        }
        waiting = still
    }

    private func begin(_ job: Job) {
        guard case .command(let command) = job.batch.items[job.next] else { return finish(job) }
        if waiting.count >= configuration.blockedLimit {
            job.writer.error(StoreErrors.tooManyBlocked)
            return finish(job)
        }
        do {
            let numbered = try takeConnection()
            let connection = numbered.connection
            // WAIT counts from the last write of its connection, which is taken to be the last write of all there is
            // when the connection has been used.
            var skipped = 0
            if job.batch.arguments(command)[0].count >= 4, job.batch.arguments(command)[0].isWait {
                connection.queue(["PING"])
                skipped = 1
            }
            connection.out.append(job.batch.frame(command))
            try connection.flush()
            waiting.append(Waiting(job: job, connection: numbered, skipped: skipped))
        } catch {
            job.writer.error(status.state == .up ? StoreErrors.down(error.reason) : status.errorText)
            finish(job)
        }
    }

    private func connect(_ name: String) throws(LinkFailure) -> StoreConnection {
        try StoreConnection.connect(
            configuration.endpoint, name: "ringsearch-" + name, connectTimeout: configuration.connectTimeout,
            commandTimeout: configuration.commandTimeout)
    }

    private func takeConnection() throws(LinkFailure) -> Numbered {
        while let known = idle.popLast() {
            if (try? known.connection.ask(["PING"], tape)) != nil { return known }  // Closed meanwhile: another one.
        }
        let connection = try connect("blocked")
        let number = try connection.ask(["CLIENT", "ID"], tape)
        // While a script keeps the store busy it tells no number, and SCRIPT KILL needs none.
        return Numbered(connection: connection, number: tape[number].kind == .integer ? tape[number].value : -1)
    }

    /// Reads the reply that has begun to arrive; `true`: the job is answered.
    private func receive(_ one: Waiting) -> Bool {
        guard case .command(let command) = one.job.batch.items[one.job.next] else { return true }
        tape.removeAll()
        do {
            for _ in 0..<one.skipped { _ = try one.connection.connection.read(tape) }
            let node = try one.connection.connection.read(tape)
            SideAnswer.write(tape, node, command, one.job)
            if idle.count < Self.idleBound, one.connection.number >= 0 { idle.append(one.connection) }
        } catch {
            one.job.writer.error(StoreErrors.lost(error, isWrite: SideAnswer.isWrite(command)))
        }
        finish(one.job)
        return true
    }

    /// Tells the store to end the waiting; what it answers comes on the waiting connection like any reply.
    private func end(_ ending: Ending) {
        var wasWaiting = false
        for one in waiting where one.job.batch.client == ending.client {
            if ending.isGone { one.job.isAbandoned = true }
            let words = ["CLIENT", "UNBLOCK", String(one.connection.number), ending.withError ? "ERROR" : "TIMEOUT"]
            do {
                let control = try self.control ?? connect("unblock")
                self.control = control
                let node = try control.ask(words, tape)
                wasWaiting = wasWaiting || tape[node].kind == .integer && tape[node].value == 1
            } catch {
                control = nil
                one.connection.connection.interrupt()
            }
        }
        ending.completion(wasWaiting)
    }

    private func finish(_ job: Job) { inbox.send(.sideDone(job, fence: nil)) }
}

extension UnsafeBufferPointer where Element == UInt8 {
    fileprivate var isWait: Bool { equalsIgnoringCase("WAIT") || equalsIgnoringCase("WAITAOF") }
}

private func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
}

private func setCloseOnExec(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
