// A burst: commands out, replies in, changes told, replies handed over.

import RESP
import Storage

extension Lane {
    enum Addition {
        /// All that was left of the job is in the burst.
        case all
        case noRoom
        /// The next item cannot be part of a burst.
        case special
    }

    // MARK: out

    /// Adds as much of a job as fits.
    func add(_ job: Job) -> Addition {
        guard let connection else { return .noRoom }
        let batch = job.batch
        var number = -1
        func jobNumber() -> Int {
            if number < 0 {
                number = burst.jobs.count
                burst.jobs.append(job)
            }
            return number
        }
        if batch.isTransaction {
            guard isPlain(transaction: job) else { return .special }
            addTransaction(
                job, jobNumber(), items: 0..<batch.items.count, readsChanges: true, connection)
            job.next = batch.items.count
            return .all
        }
        while job.next < batch.items.count {
            switch batch.items[job.next] {
            case .literal:
                burst.expectations.append(Expectation(role: .literal, job: jobNumber(), item: job.next))
            case .inline, .exchange:
                return .special
            case .command(let command):
                if observer?.hasReservedKeys ?? false {
                    switch reservation(command, batch) {
                    case .free: break
                    case .wrongType:
                        burst.expectations.append(Expectation(role: .wrongType, job: jobNumber(), item: job.next))
                        job.next += 1
                        continue
                    case .touched: return .special
                    }
                }
                let traits = rows[command.specification]
                if !traits.contains(.isPlain) {
                    switch rows.rows[command.specification].place(batch.arguments(command)) {
                    case .lane: break
                    case .refused:
                        burst.expectations.append(Expectation(role: .refusal, job: jobNumber(), item: job.next))
                        job.next += 1
                        continue
                    case .script, .ownConnection, .watch, .unwatch: return .special
                    }
                }
                guard burst.hasRoom(connection.out.count) else { return .noRoom }
                add(command, job, jobNumber(), connection)
            }
            job.next += 1
        }
        return .all
    }

    /// Adds the command of the job's next item, and what is to be asked about its changes.
    func add(_ command: StoreCommand, _ job: Job, _ number: Int, _ connection: StoreConnection) {
        let traits = rows[command.specification]
        connection.out.append(job.batch.frame(command))
        var expectation = Expectation(role: .reply, job: number, item: job.next)
        let first = burst.changes.count
        if traits.contains(.hasEffect) {
            reader.append(rows.rows[command.specification], job.batch.arguments(command), to: &burst.changes)
        }
        expectation.change = first
        expectation.changeCount = burst.changes.count - first
        expectation.passesOn =
            expectation.changeCount == 0 && job.batch.version == .resp2 && !(observer?.hasReservedKeys ?? false)
        burst.expectations.append(expectation)
        askAboutChanges(from: first, connection)
        burst.commands += 1
        if traits.contains(.isWrite) { burst.writes += max(1, expectation.changeCount) }
    }

    /// Queues the reads that the changes from `first` on will most likely want.
    func askAboutChanges(from first: Int, _ connection: StoreConnection) {
        var i = first
        while i < burst.changes.count {
            if ChangeReader.wantsLength(burst.changes[i]) {
                connection.queue("HLEN", key: burst.changes[i].key)
                burst.expectations.append(Expectation(role: .length, job: -1, item: -1, change: i))
            } else if ChangeReader.wantsRow(burst.changes[i]) {
                connection.queue("HGETALL", key: burst.changes[i].key)
                burst.expectations.append(Expectation(role: .row, job: -1, item: -1, change: i))
            }
            i += 1
        }
    }

    // MARK: in

    /// Runs the burst, and further ones as long as there is nothing else to do.
    ///
    /// The next burst is sent before the changes of this one are told, so that the store and the indexes work at the
    /// same time:
    ///
    ///     lane    send 1 · receive 1 · send 2 · tell 1 · complete 1 · receive 2 · send 3 · tell 2 ...
    ///     store          1                    2                                   3
    func runBursts() {
        if let failure = exchange(connection) { dropConnection(failure) }
        while true {
            let hasNext = sendNext()
            deliverChanges()
            for job in burst.finished { complete(job) }
            burst.removeAll()
            guard hasNext else { return }
            swap(&burst, &nextBurst)
            receiveNext()
        }
    }

    /// Fills the other burst and sends it, unless something waits that must not run while one is on its way.
    private func sendNext() -> Bool {
        guard connection != nil, scans.isEmpty, postponed.isEmpty, askAgain.isEmpty, fences.isEmpty else {
            return false
        }
        for order in inbox.take(waiting: 0) {
            if case .job(let job) = order, postponed.isEmpty { ready.append(job) } else { postponed.append(order) }
        }
        guard postponed.isEmpty, !ready.isEmpty else { return false }
        swap(&burst, &nextBurst)
        defer { swap(&burst, &nextBurst) }
        _ = compose()
        if burst.isEmpty { return false }
        sentAhead = connection
        if let failure = send(connection) { nextFailure = failure }
        return true
    }

    /// Takes the replies to the burst that was sent ahead, once it is the current one.
    private func receiveNext() {
        guard let sent = sentAhead else { return }
        sentAhead = nil
        var failure = nextFailure
        nextFailure = nil
        for i in burst.expectations.indices { take(burst.expectations[i], sent, &failure) }
        if let failure, connection === sent { dropConnection(failure) }
    }

    /// Frees the connection for a question in between: what was sent ahead is received first.
    func receiveAhead() {
        swap(&burst, &nextBurst)
        receiveNext()
        swap(&burst, &nextBurst)
    }

    private func send(_ connection: StoreConnection?) -> LinkFailure? {
        guard let connection else { return LinkFailure("closed") }
        guard connection.out.count > 0 else { return nil }
        do { try connection.flush() } catch { return error }
        return nil
    }

    /// Sends what is queued on a connection and takes all replies that the burst expects.
    func exchange(_ connection: StoreConnection?) -> LinkFailure? {
        var failure = send(connection)
        for i in burst.expectations.indices { take(burst.expectations[i], connection, &failure) }
        return connection == nil ? nil : failure
    }

    /// Reads one reply, when there is one, and answers what it answers.
    private func take(_ expectation: Expectation, _ connection: StoreConnection?, _ failure: inout LinkFailure?) {
        let tape = burst.tape
        let count = tape.count
        let byteCount = tape.byteCount
        var node = -1
        if expectation.role.hasReply, failure == nil {
            if let connection {
                if expectation.passesOn {
                    do {
                        if try connection.passOn(to: burst.jobs[expectation.job].writer) { return }
                    } catch { failure = error }
                }
                if failure == nil {
                    do { node = try connection.read(tape) } catch { failure = error }
                }
            }
        }
        switch expectation.role {
        case .literal, .refusal, .wrongType: answerWithoutStore(expectation)
        case .queued: break
        case .length: burst.changes[expectation.change].length = node
        case .row: burst.changes[expectation.change].row = node
        case .exec: answerTransaction(expectation, node, failure)
        case .reply: answer(expectation, node, failure)
        }
        // Only what changes point to stays on the tape: replies may be large.
        let isKept: Bool
        switch expectation.role {
        case .length, .row: isKept = true
        case .reply, .exec: isKept = expectation.changeCount > 0
        case .queued, .literal, .refusal, .wrongType: isKept = false
        }
        if node >= 0, !isKept {
            tape.truncate(count: count, byteCount: byteCount)
        }
    }

    private func answerWithoutStore(_ expectation: Expectation) {
        let job = burst.jobs[expectation.job]
        switch job.batch.items[expectation.item] {
        case .literal(let offset, let length):
            job.writer.append(job.batch.literal(offset: offset, length: length))
        case .command(let command):
            if expectation.role == .wrongType {
                job.writer.error(StoreErrors.wrongType)
            } else {
                answer(refused: command, job)
            }
        case .inline, .exchange: break
        }
    }

    func answer(refused command: StoreCommand, _ job: Job) {
        if job.wrongTyped.contains(command.offset) {
            job.writer.error(StoreErrors.wrongType)
        } else if case .refused(let reason) = rows.rows[command.specification].place(job.batch.arguments(command)) {
            job.writer.error(reason)
        } else {
            job.writer.error("ERR this command is not possible here")
        }
    }

    private func answer(_ expectation: Expectation, _ node: Int, _ failure: LinkFailure?) {
        let job = burst.jobs[expectation.job]
        guard case .command(let command) = job.batch.items[expectation.item] else { return }
        guard node >= 0 else {
            let isWrite = rows[command.specification].contains(.isWrite)
            job.writer.error(StoreErrors.lost(failure ?? LinkFailure("closed"), isWrite: isWrite))
            return
        }
        translate(node, command, job)
        for i in 0..<expectation.changeCount {
            reader.settle(&burst.changes[expectation.change + i], reply: node, burst.tape)
        }
    }

    /// Writes a command's reply in its client's protocol.
    func translate(_ node: Int, _ command: StoreCommand, _ job: Job) {
        if answersReservedType(node, command, job) { return }
        let plain = job.batch.version == .resp2 || rows[command.specification].contains(.hasPlainShape)
        let shape = plain ? .plain : rows.rows[command.specification].shape(job.batch.arguments(command))
        burst.tape.write(node, as: shape, to: job.writer)
    }
}
