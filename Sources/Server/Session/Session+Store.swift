// Commands of the store and of search: each kind waits for the other.

import Commands
import RESP
import Storage

extension Session {
    func runStore(_ position: Int, _ arguments: Arguments) -> Bool {
        if outstandingSearches > 0 {
            stall = .search
            return false
        }
        let batch = batchToFill()
        batch.append(arguments, specification: environment.specifications[position])
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
        let isExclusive = row.flags.contains(.write)
        if hasExclusiveSearch || (isExclusive && outstandingSearches > 0) {
            stall = .search
            return false
        }
        runBody(position, arguments, kind: .search, isExclusive: isExclusive)
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
    func settleBatch(_ slot: ReplySlot, _ duration: UInt64) {
        let share = duration / UInt64(max(slot.commands.count, 1))
        for command in slot.commands { loop.counters.ran(Int(command), nanoseconds: share, failed: false) }
        // The batch waited for others too, so only one that held a single command tells how slow that was.
        if slot.commands.count == 1, duration >= services.settings.slowLogThreshold, let batch = slot.batch {
            noteSlow(Self.excerpt(of: batch), duration)
        }
        noteLatency(share)
        slot.batch = nil
    }

    private static func excerpt(of batch: StoreBatch) -> [[UInt8]] {
        for item in batch.items {
            guard case .command(let command) = item else { continue }
            return SlowLog.excerpt(batch.arguments(command))
        }
        return []
    }
}
