// What cannot be part of a burst: scripts, commands that wait, WATCH, and transactions that are more than commands.

import Platform
import RESP
import Storage

/// A client's private connection, on which its watched keys are watched.
final class Watcher {
    /// `nil` when it broke: then nobody knows whether the keys have changed, and EXEC fails.
    @exclusivity(unchecked) var connection: StoreConnection?

    init(_ connection: StoreConnection) { self.connection = connection }
}

extension Lane {
    private static let watcherLimit = 1000

    /// Runs the next item of the job at the head of the queue, all before it being answered.
    func runSpecial(_ job: Job) {
        // Taken out at once: what happens meanwhile may put other jobs to the head.
        ready.removeFirst()
        if job.batch.isTransaction { return runSpecialTransaction(job) }
        switch job.batch.items[job.next] {
        case .literal: preconditionFailure("a literal is never special")
        case .inline(let body):
            body(job.writer)
            finishItem(job)
        case .exchange: runExchanges(from: job)
        case .command(let command):
            switch rows.rows[command.specification].place(job.batch.arguments(command)) {
            case .lane: runAlone(job, command)
            case .refused: preconditionFailure("a command that is refused is never special")
            case .watch: watch(job, command)
            case .unwatch: unwatch(job)
            case .script: sendAside(job, count: scriptRun(job)) { side.scripts.run(job) }
            case .ownConnection:
                // It would wait, and pop, for nobody.
                if gone.contains(job.batch.client) { return refuse(job, StoreErrors.clientGone) }
                sendAside(job, count: 1) { side.blocking.run(job) }
            }
        }
    }

    /// Hands a job to a side connection; its client's later jobs wait.
    private func sendAside(_ job: Job, count: Int, _ start: () -> Void) {
        parked[job.batch.client] = []
        job.sideCount = count
        start()
    }

    /// How many scripts follow one another, all to go in one pipeline.
    private func scriptRun(_ job: Job) -> Int {
        var count = 0
        while job.next + count < job.batch.items.count, count < ScriptRunner.pipelineBound,
            case .command(let command) = job.batch.items[job.next + count],
            case .script = rows.rows[command.specification].place(job.batch.arguments(command))
        {
            count += 1
        }
        return count
    }

    /// Goes on with jobs that side connections have answered, before anything that came later from their clients.
    func resume(_ jobs: [Job]) {
        for job in jobs {
            job.next += job.sideCount
            job.sideCount = 0
            let later = parked.removeValue(forKey: job.batch.client) ?? []
            if job.isAbandoned {
                // As with the store's own clients: what was sent behind a command that waits goes with it.
                refuse(job, StoreErrors.clientGone)
                for waiting in later { refuse(waiting, StoreErrors.clientGone) }
                continue
            }
            for waiting in later.reversed() { ready.prepend(waiting) }
            if job.isDone { complete(job) } else { ready.prepend(job) }
        }
    }

    // MARK: WATCH

    private func watch(_ job: Job, _ command: StoreCommand) {
        let client = job.batch.client
        let isNew = watchers[client] == nil
        if isNew, watchers.count >= Self.watcherLimit {
            job.writer.error(StoreErrors.tooManyWatching)
            return finishItem(job)
        }
        do throws(LinkFailure) {
            do throws(LinkFailure) {
                if isNew { watchers[client] = Watcher(try privateConnection("watch")) }
                try sendWatch(job, command, client)
            } catch {
                guard isNew else { throw error }
                // An idle connection may have been closed; nothing was watched on it yet.
                idleConnections.removeAll()
                watchers[client] = Watcher(try privateConnection("watch"))
                try sendWatch(job, command, client)
            }
        } catch {
            watchers[client]?.connection = nil
            job.writer.error(StoreErrors.lost(error, isWrite: false))
        }
        burst.tape.removeAll()
        finishItem(job)
    }

    private func sendWatch(_ job: Job, _ command: StoreCommand, _ client: UInt64) throws(LinkFailure) {
        guard let connection = watchers[client]?.connection else { throw LinkFailure("closed") }
        connection.out.append(job.batch.frame(command))
        try connection.flush()
        let node = try connection.read(burst.tape)
        translate(node, command, job)
    }

    private func unwatch(_ job: Job) {
        if let connection = watchers.removeValue(forKey: job.batch.client)?.connection {
            // When that fails the connection is closed, which forgets the keys just as well.
            if (try? connection.ask(["UNWATCH"], burst.tape)) != nil { keep(connection) }
            burst.tape.removeAll()
        }
        job.writer.ok()
        finishItem(job)
    }

    private func privateConnection(_ name: String) throws(LinkFailure) -> StoreConnection {
        if let connection = idleConnections.popLast() { return connection }
        return try side.connect(name)
    }

    /// Keeps a private connection on which nothing is watched any more.
    private func keep(_ connection: StoreConnection) {
        if idleConnections.count < 16 { idleConnections.append(connection) }
    }

    func finishItem(_ job: Job) {
        job.next += 1
        if job.isDone { complete(job) } else { ready.prepend(job) }
    }

    // MARK: transactions

    /// A transaction of a client that watches keys, or with scripts, or with things that are not the store's.
    ///
    /// Its commands run in runs between the inline items, each run a MULTI ... EXEC; nothing else of the lane comes in
    /// between. On a private connection the store itself tells of the changes, and a fence says when it has told all.
    private func runSpecialTransaction(_ job: Job) {
        let watcher = watchers.removeValue(forKey: job.batch.client)
        let isPrivate = watcher != nil || hasScript(job)
        privateFailed = false
        var connection = watcher?.connection
        if isPrivate, watcher == nil {
            // Always a new one: on one that has been closed meanwhile the outcome would be unknown.
            do { connection = try side.connect("transaction") } catch {
                return finishTransaction(job) { $0.error(StoreErrors.down(error.reason)) }
            }
        }
        if watcher != nil, connection == nil {
            // The watch is lost: as if a key had changed.
            return finishTransaction(job) { $0.nullArray() }
        }
        let items = job.batch.items
        let start = job.writer.count
        let isSplit = items.contains { $0.runsBeside }
        if isSplit { job.writer.array(items.count) }
        var place = 0
        var isFirst = true
        while place < items.count || isFirst {
            if place < items.count, items[place].runsBeside, !(isFirst && watcher != nil) {
                switch items[place] {
                case .inline(let body): body(job.writer)
                case .exchange(let exchange): runNow(exchange, into: job.writer)
                case .command, .literal: break
                }
                place += 1
                isFirst = false
                continue
            }
            let end = items[place...].firstIndex { $0.runsBeside } ?? items.count
            let target = isPrivate ? connection : self.connection
            runPart(job, place..<end, target, isPrivate: isPrivate)
            if transactionFailed, isFirst, isSplit {
                // Nothing has run: one answer for all.
                return finishSplitFailure(job, start)
            }
            place = end
            isFirst = false
        }
        if isPrivate, let connection, !privateFailed { keep(connection) }
        finishTransaction(job) { _ in }
    }

    /// One MULTI ... EXEC, its changes delivered.
    private func runPart(_ job: Job, _ items: Range<Int>, _ target: StoreConnection?, isPrivate: Bool) {
        transactionFailed = false
        reader.tellsAll = noteReservations(job, items)
        defer { reader.tellsAll = false }
        burst.jobs.append(job)
        if let target { addTransaction(job, 0, items: items, readsChanges: !isPrivate, target) }
        let failure = exchange(target)
        if target == nil {
            for _ in 0..<(items.count == job.batch.items.count ? 1 : items.count) { job.writer.error(status.errorText) }
            transactionFailed = true
        }
        if isPrivate {
            burst.removeAll()
            privateFailed = failure != nil
            if let target, failure == nil, !transactionFailed { waitForFence(target) }
        } else {
            if let failure { dropConnection(failure) }
            deliverChanges()
            burst.removeAll()
        }
    }

    private func finishSplitFailure(_ job: Job, _ start: Int) {
        // The first reply of the part says why.
        let replies = Array(job.writer.bytes[start...])
        job.writer.truncate(to: start)
        let afterHeader = (replies.firstIndex(of: 10) ?? -1) + 1
        let first = replies[afterHeader...]
        let end = (first.firstIndex(of: 10) ?? first.endIndex - 1) + 1
        finishTransaction(job) { writer in
            Array(first[..<end]).withUnsafeBufferPointer { writer.append($0) }
        }
    }

    private func finishTransaction(_ job: Job, _ answer: (ReplyWriter) -> Void) {
        answer(job.writer)
        job.next = job.batch.items.count
        complete(job)
    }

    private func hasScript(_ job: Job) -> Bool {
        job.batch.items.contains { item in
            guard case .command(let command) = item,
                case .script = rows.rows[command.specification].place(job.batch.arguments(command))
            else { return false }
            return true
        }
    }

    /// Waits until the store has told of all that was done on a private connection, and reads it.
    private func waitForFence(_ target: StoreConnection) {
        guard observer != nil else { return }
        let number = side.nextFence()
        do {
            _ = try target.ask(["PUBLISH", side.configuration.fenceChannel, String(number)], burst.tape)
        } catch {
            return  // Closed; what it did is told all the same, a little later.
        }
        burst.tape.removeAll()
        let end = MonotonicClock.milliseconds + 2000
        while !fences.isPassed(number), connection != nil, MonotonicClock.milliseconds < end {
            for order in inbox.take(waiting: 100) {
                // Only what tells of changes is obeyed here: the rest has to wait for the transaction's end.
                if case .changes(let changes, let number) = order {
                    if number == generation { told.append(contentsOf: changes) }
                } else {
                    postponed.append(order)
                }
            }
            readToldChanges()
        }
    }
}

extension StoreBatch.Item {
    /// In a transaction: between two parts that the store runs.
    fileprivate var runsBeside: Bool {
        switch self {
        case .inline, .exchange: true
        case .command, .literal: false
        }
    }
}

/// Jobs that wait until the store has told of the changes they made.
struct FenceWaiting {
    private static let patience: UInt64 = 2000

    private var waiting: [Int: (job: Job, since: UInt64)] = [:]
    /// Passed before anybody asked.
    private var passed: Set<Int> = []

    var isEmpty: Bool { waiting.isEmpty }

    /// Whether somebody has waited so long that the fence must have been lost with a connection.
    var isOverdue: Bool {
        if waiting.isEmpty { return false }
        let now = MonotonicClock.milliseconds
        return waiting.values.contains { now - $0.since > Self.patience }
    }

    mutating func add(_ job: Job, _ fence: Int) { waiting[fence] = (job, MonotonicClock.milliseconds) }

    /// Whether a fence has been passed; asked once for each.
    mutating func isPassed(_ fence: Int) -> Bool { passed.remove(fence) != nil }

    /// A fence has come; returns who waited for it.
    mutating func pass(_ fence: Int) -> [Job] {
        if let job = waiting.removeValue(forKey: fence)?.job { return [job] }
        // Nobody may ever ask for one that was given up.
        if passed.count > 10_000 { passed.removeAll() }
        passed.insert(fence)
        return []
    }

    mutating func takeAll() -> [Job] {
        defer { waiting.removeAll() }
        passed.removeAll()
        return waiting.keys.sorted().compactMap { waiting[$0]?.job }
    }
}
