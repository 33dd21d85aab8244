// Scripts and functions, on a thread and a connection of their own.
//
// A script may answer deeper than hiredis can read, which costs the connection; it may run for minutes; and what it
// writes is known to the store only. So it does not share the lane's connection, and its reply waits for a fence:
//
//   EVAL ...  reply     the keys it has written go to the subscriber     changes
//   PUBLISH fence 17    goes to the subscriber behind them               fence 17     ─► lane: changes read, job goes on
//
// PUBLISH must not be sent before the reply is there: messages leave at once, changes at the end of the store's turn.

import Platform
import RESP
import Storage

final class ScriptRunner: @unchecked Sendable {
    // Sendable: the queue is in a monitor, the connection belongs to the thread.
    static let pipelineBound = 64

    private struct Queue {
        var jobs: [Job] = []
        var isStopped = false
        var current: StoreConnection?
    }

    private let configuration: HiredisStore.Configuration
    private let status: LinkStatus
    private let inbox: LaneInbox
    private let nextFence: @Sendable () -> Int
    private let queue = Monitor(Queue())
    private let tape = ReplyTape()
    @exclusivity(unchecked) private var connection: StoreConnection?
    @exclusivity(unchecked) private var thread: OwnThread?

    init(
        _ configuration: HiredisStore.Configuration, _ status: LinkStatus, _ inbox: LaneInbox,
        nextFence: @escaping @Sendable () -> Int
    ) {
        self.configuration = configuration
        self.status = status
        self.inbox = inbox
        self.nextFence = nextFence
    }

    func start() { thread = OwnThread("store-scripts") { [self] in work() } }

    /// A script that runs is not waited for: its job is answered as lost.
    func stop() {
        queue.change { queue in
            queue.isStopped = true
            queue.current?.interrupt()
        }
        thread?.join()
        thread = nil
    }

    /// Answers the job's next `sideCount` items and gives it back to the lane.
    func run(_ job: Job) { queue.change { $0.jobs.append(job) } }

    // MARK: the thread

    private func work() {
        while let job = take() {
            var answered = 0
            var fence: Int?
            do {
                try run(job, &answered, &fence)
            } catch {
                connection = nil
                fence = finish(job, answered, error)
            }
            tape.removeAll()
            inbox.send(.sideDone(job, fence: fence))
        }
        connection = nil
    }

    private func take() -> Job? {
        let next: Job?? = queue.wait { queue in
            if !queue.jobs.isEmpty { return .some(queue.jobs.removeFirst()) }
            return queue.isStopped ? .some(nil) : nil
        }
        return next ?? nil
    }

    private func connected() throws(LinkFailure) -> StoreConnection {
        if let connection { return connection }
        guard status.state == .up else { throw LinkFailure("") }
        // No limit for answers: a script takes as long as it takes.
        let fresh = try StoreConnection.connect(
            configuration.endpoint, name: "ringsearch-scripts", connectTimeout: configuration.connectTimeout,
            commandTimeout: 0)
        let isStopped = queue.withLock { queue in
            queue.current = fresh
            return queue.isStopped
        }
        if isStopped { throw LinkFailure("the server is stopping") }
        connection = fresh
        return fresh
    }

    private func run(_ job: Job, _ answered: inout Int, _ fence: inout Int?) throws(LinkFailure) {
        let isFresh = connection == nil
        var connection = try connected()
        if !isFresh {
            // One that has idled may have been closed: asked before anything that must not be sent twice.
            do {
                _ = try connection.ask(["PING"], tape)
            } catch {
                self.connection = nil
                connection = try connected()
            }
        }
        let items = job.batch.items[job.next..<job.next + job.sideCount]
        var writes = false
        for item in items {
            guard case .command(let command) = item else { continue }
            connection.out.append(job.batch.frame(command))
            if SideAnswer.tellsChanges(command) { writes = true }
        }
        try connection.flush()
        for item in items {
            guard case .command(let command) = item else { continue }
            tape.removeAll()
            let node = try connection.read(tape)
            SideAnswer.write(tape, node, command, job)
            answered += 1
        }
        if writes { fence = try setFence(connection) }
    }

    private func setFence(_ connection: StoreConnection) throws(LinkFailure) -> Int {
        let number = nextFence()
        _ = try connection.ask(["PUBLISH", configuration.fenceChannel, String(number)], tape)
        return number
    }

    /// Answers what could not be answered; a new connection sets the fence for what had been run.
    private func finish(_ job: Job, _ answered: Int, _ failure: LinkFailure) -> Int? {
        let isTooDeep = failure.reason.contains("nested")
        for i in job.next + answered..<job.next + job.sideCount {
            guard case .command(let command) = job.batch.items[i] else { continue }
            if status.state != .up {
                job.writer.error(status.errorText)
            } else if isTooDeep, i == job.next + answered {
                job.writer.error(StoreErrors.tooDeep)
            } else {
                job.writer.error(StoreErrors.lost(failure, isWrite: SideAnswer.isWrite(command)))
            }
        }
        guard status.state == .up, !queue.withLock({ $0.isStopped }) else { return nil }
        do {
            return try setFence(try connected())
        } catch {
            connection = nil
            return nil
        }
    }
}
