// MULTI ... EXEC. A transaction of plain commands is part of a burst; anything else is in `Lane+Special`.

import RESP
import Storage

extension Lane {
    /// Whether a transaction is nothing but commands of the lane.
    func isPlain(transaction job: Job) -> Bool {
        if !watchers.isEmpty, watchers[job.batch.client] != nil { return false }
        for item in job.batch.items {
            switch item {
            case .literal: continue
            case .inline, .exchange: return false
            case .command(let command):
                if observer?.hasReservedKeys ?? false {
                    guard case .free = reservation(command, job.batch) else { return false }
                }
                if rows[command.specification].contains(.isPlain) { continue }
                // Inside MULTI nothing waits, so that the lane may run what would else need its own connection.
                if case .script = rows.rows[command.specification].place(job.batch.arguments(command)) { return false }
            }
        }
        return true
    }

    /// Whether the store is to be sent this command inside MULTI.
    private func isSent(_ command: StoreCommand, _ job: Job) -> Bool {
        if job.wrongTyped.contains(command.offset) { return false }
        if rows[command.specification].contains(.isPlain) { return true }
        switch rows.rows[command.specification].place(job.batch.arguments(command)) {
        case .lane, .script, .ownConnection: return true
        case .watch, .unwatch, .refused: return false
        }
    }

    /// Queues MULTI, the commands among `items`, EXEC, and the reads that the changes want.
    ///
    /// - Parameter readsChanges: false when the store itself will tell of the changes.
    func addTransaction(
        _ job: Job, _ number: Int, items: Range<Int>, readsChanges: Bool, _ connection: StoreConnection
    ) {
        connection.queue(["MULTI"])
        burst.expectations.append(Expectation(role: .queued, job: number, item: items.lowerBound))
        let first = burst.changes.count
        var sent = 0
        for place in items {
            guard case .command(let command) = job.batch.items[place], isSent(command, job) else { continue }
            connection.out.append(job.batch.frame(command))
            burst.expectations.append(Expectation(role: .queued, job: number, item: place))
            if readsChanges, rows[command.specification].contains(.hasEffect) {
                let before = burst.changes.count
                reader.append(rows.rows[command.specification], job.batch.arguments(command), to: &burst.changes)
                // Until EXEC answers, the place of the command's reply in its array.
                for i in before..<burst.changes.count { burst.changes[i].reply = sent }
            }
            sent += 1
            if rows[command.specification].contains(.isWrite) { burst.writes += 1 }
        }
        connection.queue(["EXEC"])
        var expectation = Expectation(role: .exec, job: number, item: items.lowerBound)
        expectation.change = first
        expectation.changeCount = burst.changes.count - first
        expectation.commands = sent
        expectation.itemEnd = items.upperBound
        expectation.isWhole = items.count == job.batch.items.count
        burst.expectations.append(expectation)
        askAboutChanges(from: first, connection)
        burst.commands += sent + 2
    }

    /// Writes the replies of a transaction and settles its changes.
    func answerTransaction(_ expectation: Expectation, _ node: Int, _ failure: LinkFailure?) {
        let job = burst.jobs[expectation.job]
        let tape = burst.tape
        let changes = expectation.change..<expectation.change + expectation.changeCount
        guard node >= 0, tape[node].kind == .array, tape[node].value == expectation.commands else {
            for i in changes { burst.changes[i].state = .void }
            return answerFailedTransaction(expectation, node, failure)
        }
        if expectation.isWhole { job.writer.array(job.batch.items.count) }
        var element = node + 1
        var place = 0
        var change = expectation.change
        for item in job.batch.items[expectation.item..<expectation.itemEnd] {
            switch item {
            case .literal(let offset, let length):
                job.writer.append(job.batch.literal(offset: offset, length: length))
            case .inline, .exchange: job.writer.error("ERR this command is not possible here")
            case .command(let command):
                guard isSent(command, job) else {
                    answer(refused: command, job)
                    continue
                }
                translate(element, command, job)
                while change < changes.upperBound, burst.changes[change].reply == place {
                    reader.settle(&burst.changes[change], reply: element, tape)
                    change += 1
                }
                element = tape.next(after: element)
                place += 1
            }
        }
    }

    /// EXECABORT, a watched key that has changed, or a broken connection: one reply for all, or for each of a part.
    private func answerFailedTransaction(_ expectation: Expectation, _ node: Int, _ failure: LinkFailure?) {
        let job = burst.jobs[expectation.job]
        let writer = job.writer
        for _ in 0..<(expectation.isWhole ? 1 : expectation.itemEnd - expectation.item) {
            if node < 0 {
                writer.error(StoreErrors.lost(failure ?? LinkFailure("closed"), isWrite: true))
                continue
            }
            switch burst.tape[node].kind {
            case .error: writer.error(burst.tape.text(node))
            case .null, .nullArray: writer.nullArray()
            default: writer.error("ERR the store answered a transaction with something else")
            }
        }
        transactionFailed = true
    }
}
