// Commands of the store and of search: each kind waits for the other.

import Commands
import RESP
import Storage

extension Session {
    func runStore(_ position: Int, _ arguments: Arguments, specification: Int) -> Bool {
        if outstandingSearches > 0 {
            stall = .search
            return false
        }
        let batch = batchToFill()
        batch.append(arguments, specification: specification)
        if environment.entries[position].mayBlock { record.set(.blocked, true) }
        openCommands.append(Int32(position))
        pendingCommands += 1
        if openCommands.count >= Self.batchCommandBound || batch.byteCount >= Self.batchByteBound { submitBatch() }
        return true
    }

    func runSearch(_ position: Int, _ row: CommandTable.Row, _ arguments: Arguments) -> Bool {
        submitBatch()
        if outstandingBatches > 0 {
            stall = .store
            return false
        }
        // FT.CREATE and the like: what follows must see them done, and they must not disturb what runs.
        if environment.entries[position].isPipelined { return runPipelined(position, arguments) }
        let isExclusive = row.flags.contains(.write)
        if hasExclusiveSearch || outstandingPipelined > 0 || (isExclusive && outstandingSearches > 0) {
            stall = .search
            return false
        }
        runBody(position, arguments, kind: .search, isExclusive: isExclusive)
        return true
    }

    /// FT.SUGADD and the like: they wait for all others, but not for one another.
    private func runPipelined(_ position: Int, _ arguments: Arguments) -> Bool {
        if outstandingSearches > outstandingPipelined {
            stall = .search
            return false
        }
        runBody(position, arguments, kind: .search, isExclusive: false)
        return true
    }

    /// The open batch, if a command with today's reply mode and protocol may join it; else a new one.
    private func batchToFill() -> StoreBatch {
        if let openBatch {
            if openIsDiscarded == isDiscarding, openBatch.version == version { return openBatch }
            submitBatch()
        }
        let batch = StoreBatch(version: version, client: record.id)
        openBatch = batch
        openIsDiscarded = isDiscarding
        return batch
    }

    /// Sends the open batch, if there is one.
    @inline(__always)
    func submitBatch() {
        if let batch = openBatch {
            openBatch = nil
            let commands = openCommands
            openCommands.removeAll(keepingCapacity: true)
            submit(batch, commands: commands, isDiscarded: openIsDiscarded)
        }
    }

    @inline(never)
    func submit(_ batch: StoreBatch, commands: [Int32], isDiscarded: Bool) {
        let slot = ReplySlot(.batch)
        slot.commands = commands
        slot.isDiscarded = isDiscarded
        slot.started = Clock.monotonic()
        slot.weight = batch.byteCount
        slot.batch = batch
        slots.append(slot)
        outstandingBatches += 1
        pendingBytes += slot.weight
        let later = LaterReply(session: self, slot: slot, version: batch.version)
        batch.completion = { later.finish($0) }
        services.store.submit(batch)
    }

    /// Counts the commands of an answered batch; each took its share of the time.
    func settleBatch(_ slot: ReplySlot, _ reply: ReplyWriter, _ duration: UInt64) {
        let share = duration / UInt64(max(slot.commands.count, 1))
        let failures = ReplyWalk.mayHoldErrors(reply.bytes) ? failedCommands(slot, reply) : []
        for (i, command) in slot.commands.enumerated() {
            loop.counters.ran(Int(command), nanoseconds: share, failed: failures.contains(i))
        }
        let waited = record.flags.contains(.blocked)
        if waited, outstandingBatches == 0 { record.set(.blocked, false) }
        // The batch waited for others too, so only one that held a single command tells how slow that was; and
        // what waited for other clients was not slow.
        if slot.commands.count == 1, !waited, duration >= services.settings.slowLogThreshold, let batch = slot.batch {
            noteSlow(Self.excerpt(of: batch), duration)
        }
        if !waited { noteLatency(share) }
        slot.batch = nil
    }

    /// Positions among the slot's commands of those that were answered with an error.
    private func failedCommands(_ slot: ReplySlot, _ reply: ReplyWriter) -> Set<Int> {
        var failed: Set<Int> = []
        var walk = ReplyWalk(reply.bytes)
        var command = 0
        // Literals are replies too, but none of the slot's commands.
        for item in slot.batch?.items ?? [] {
            guard let bytes = walk.next() else { break }
            if case .literal = item { continue }
            if bytes[0] == UInt8(ascii: "-") {
                failed.insert(command)
                services.server.statistics.error(Self.errorPrefix(ByteSlice(rebasing: bytes.dropFirst())))
            }
            command += 1
            // EXEC has one reply for all.
            if slot.batch?.isTransaction ?? false { break }
        }
        return failed
    }

    private static func excerpt(of batch: StoreBatch) -> [[UInt8]] {
        for item in batch.items {
            guard case .command(let command) = item else { continue }
            return SlowLog.excerpt(batch.arguments(command))
        }
        return []
    }
}
