// MULTI, EXEC, DISCARD, WATCH, UNWATCH.
//
// A transaction is collected as one batch and sent at EXEC. Commands that are not the store's run at their
// place in it, on the lane, so that FT.SEARCH between two HSETs sees the first and not the second.

import Commands
import RESP
import Storage

/// The commands between MULTI and EXEC.
final class Transaction {
    let batch: StoreBatch
    var commands: [Int32] = []
    /// Some command was refused: EXEC will fail.
    var isAborted = false
    var writes = false
    /// Bytes kept for commands that are not the store's.
    var inlineBytes = 0

    init(version: RESPVersion, client: UInt64) {
        batch = StoreBatch(version: version, client: client)
        batch.isTransaction = true
    }

    var byteCount: Int { batch.byteCount + inlineBytes }
}

extension Session {
    /// Bytes and commands a transaction may hold.
    private static let transactionByteBound = 512 << 20
    private static let transactionCommandBound = 1 << 20

    func beginTransaction(_ position: Int) {
        transaction = Transaction(version: version, client: record.id)
        record.set(.inTransaction, true)
        record.queuedCommands.store(0, ordering: .relaxed)
        answer(position) { $0.ok() }
    }

    private func leaveTransaction() {
        transaction = nil
        record.set(.inTransaction, false)
        record.queuedCommands.store(-1, ordering: .relaxed)
    }

    /// Answers QUEUED, or why not.
    func queue(_ position: Int, _ row: CommandTable.Row, _ verb: SessionVerb, _ arguments: Arguments) {
        guard let transaction else { return }
        switch verb {
        case .multi: return answer(position) { $0.error(ErrorReplies.nestedMulti) }
        case .watch: return answer(position) { $0.error(ErrorReplies.watchInsideMulti) }
        case .hello, .auth: return refuse(position) { $0.error(ErrorReplies.notInTransaction) }
        case .client where arguments.count > 1 && arguments[1].equalsIgnoringCase("REPLY"):
            return refuse(position) { $0.error(ErrorReplies.notInTransaction) }
        default: break
        }
        if row.flags.contains(.noMulti) {
            return refuse(position) { $0.error(ErrorReplies.notInTransaction) }
        }
        if transaction.byteCount + arguments.frameLength > Self.transactionByteBound
            || transaction.commands.count >= Self.transactionCommandBound
        {
            return refuse(position) { $0.error(ErrorReplies.transactionTooLarge) }
        }
        if !transaction.isAborted { collect(position, row, verb, arguments, into: transaction) }
        record.queuedCommands.add(1, ordering: .relaxed)
        openReply()
        current.raw("+QUEUED\r\n")
        closeReply()
    }

    private func collect(
        _ position: Int, _ row: CommandTable.Row, _ verb: SessionVerb, _ arguments: Arguments,
        into transaction: Transaction
    ) {
        transaction.commands.append(Int32(position))
        if row.flags.contains(.write) || (row.kind == .store && !row.flags.contains(.readOnly)) {
            transaction.writes = true
        }
        let specification =
            verb == .memory && isMemoryUsage(arguments)
            ? environment.memorySpecification : environment.entries[position].specification
        if specification >= 0 {
            transaction.batch.append(arguments, specification: specification)
            return
        }
        guard let body = environment.entries[position].body else {
            preconditionFailure("command \(environment.table.commands[position].name) cannot be queued")
        }
        let owned = OwnedArguments(arguments)
        transaction.inlineBytes += owned.byteCount
        let (version, client, services) = (transaction.batch.version, record.id, services)
        transaction.batch.appendInline { reply in
            InlineContext.run(body, owned, into: reply, version: version, clientID: client, services: services)
        }
    }

    /// EXEC. `false`: searches are under way and must end first.
    func execute(_ position: Int) -> Bool {
        guard let transaction else {
            answer(position) { $0.error(ErrorReplies.execWithoutMulti) }
            return true
        }
        if outstandingSearches > 0 {
            stall = .search
            return false
        }
        if transaction.isAborted {
            forgetWatches()
            leaveTransaction()
            answer(position) { $0.error(ErrorReplies.executionAborted) }
            return true
        }
        leaveTransaction()
        if transaction.batch.isEmpty, !isWatching {
            answer(position) { $0.array(0) }
            return true
        }
        isWatching = false
        record.watchedKeys.store(0, ordering: .relaxed)
        record.set(.watching, false)
        submitBatch()
        pendingCommands += transaction.commands.count + 1
        submit(transaction.batch, commands: transaction.commands + [Int32(position)], isDiscarded: isDiscarding)
        return true
    }

    func discard(_ position: Int) {
        guard transaction != nil else { return answer(position) { $0.error(ErrorReplies.discardWithoutMulti) } }
        leaveTransaction()
        forgetWatches()
        answer(position) { $0.ok() }
    }

    func watch(_ position: Int, _ row: CommandTable.Row, _ arguments: Arguments) -> Bool {
        guard run(position, row, arguments) else { return false }
        isWatching = true
        record.set(.watching, true)
        record.watchedKeys.add(arguments.count - 1, ordering: .relaxed)
        return true
    }

    func unwatch(_ position: Int, _ row: CommandTable.Row, _ arguments: Arguments) -> Bool {
        guard run(position, row, arguments) else { return false }
        isWatching = false
        record.set(.watching, false)
        record.watchedKeys.store(0, ordering: .relaxed)
        return true
    }

    /// Drops the transaction and the watches without a word (RESET).
    func abandonTransaction() {
        if transaction != nil { leaveTransaction() }
        forgetWatches()
    }

    /// Tells the store that nothing is watched any more; its reply goes nowhere.
    private func forgetWatches() {
        guard isWatching, let position = environment.unwatch else { return }
        isWatching = false
        record.watchedKeys.store(0, ordering: .relaxed)
        record.set(.watching, false)
        guard environment.entries[position].specification >= 0 else { return }
        submitBatch()
        let batch = StoreBatch(version: version, client: record.id)
        batch.append([Array("UNWATCH".utf8)], specification: environment.entries[position].specification)
        pendingCommands += 1
        submit(batch, commands: [Int32(position)], isDiscarded: true)
    }
}
