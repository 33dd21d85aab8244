// Where a reply goes, and how finished ones leave.

import Commands
import RESP
import Storage

/// Where the reply being written will stand.
enum ReplyPlace {
    /// All before it is answered: straight into the output.
    case output
    /// Behind replies that are still to come.
    case slot
    /// Inside the open batch, as a literal.
    case batch
}

/// CLIENT REPLY.
enum ReplyMode {
    case on, off
    /// Set by CLIENT REPLY SKIP itself ...
    case skipNext
    /// ... and then in force for one command.
    case skip
}

struct RunningCommand {
    var position: Int
    var kind: ReplySlot.Kind
    var isExclusive: Bool
    var arguments: Arguments
}

extension Session {
    // MARK: one reply

    /// Points `current` at the place where the next reply belongs.
    @inline(__always)
    func openReply() {
        if openBatch == nil, slots.isEmpty {
            if output == nil { output = loop.borrowWriter(version: version) }
            current = output.unsafelyUnwrapped
            place = .output
        } else {
            openReplyBehind()
        }
        currentStart = current.count
    }

    @inline(never)
    private func openReplyBehind() {
        if let openBatch {
            if openIsDiscarded == isDiscarding, openBatch.version == version {
                loop.scratch.removeAll()
                loop.scratch.version = version
                current = loop.scratch
                place = .batch
                return
            }
            submitBatch()
        }
        place = .slot
        if let last = slots.last, last.kind == .literal, let writer = last.bytes, writer.version == version {
            current = writer
            return
        }
        let slot = ReplySlot(.literal)
        let writer = ReplyWriter(version: version, capacity: 64)
        slot.bytes = writer
        slots.append(slot)
        current = writer
    }

    /// Puts the reply into its place; returns whether it is an error.
    @inline(__always)
    @discardableResult
    func closeReply() -> Bool {
        if current.count == currentStart { current.error(ErrorReplies.replyLost) }
        let failed = current.start[currentStart] == UInt8(ascii: "-")
        if failed { noteError() }
        if isDiscarding {
            current.truncate(to: currentStart)
        } else if place != .output {
            closeReplyBehind()
        }
        return failed
    }

    @inline(never)
    private func closeReplyBehind() {
        switch place {
        case .output: break
        case .slot:
            pendingBytes += current.count - currentStart
            slots.last?.weight += current.count - currentStart
        case .batch: openBatch?.appendLiteral(current.bytes)
        }
    }

    private func noteError() {
        let text = ByteSlice(start: current.start + currentStart + 1, count: current.count - currentStart - 1)
        services.server.statistics.error(Self.errorPrefix(text))
    }

    /// The first word of an error, if it looks like a code; texts without one count as ERR.
    static func errorPrefix(_ text: ByteSlice) -> String {
        let word = text.prefix { $0 != 32 && $0 != 13 && $0 != 10 }
        let isCode = word.count <= 32 && word.allSatisfy { ($0 >= 65 && $0 <= 90) || $0 == 95 }
        return isCode && !word.isEmpty ? String(decoding: word, as: UTF8.self) : "ERR"
    }

    /// An answer the session gives itself, counted as a run of the command.
    func answer(_ position: Int, _ write: (ReplyWriter) -> Void) {
        openReply()
        write(current)
        let failed = closeReply()
        tookTime(position, failed: failed)
    }

    /// An answer that no command was run for.
    func answer(rejecting position: Int?, _ write: (ReplyWriter) -> Void) {
        openReply()
        write(current)
        closeReply()
        loop.counters.rejected(position)
    }

    /// Refuses a command: in a transaction, EXEC will fail.
    func refuse(_ position: Int?, _ write: (ReplyWriter) -> Void) {
        transaction?.isAborted = true
        answer(rejecting: position, write)
    }

    @inline(__always)
    @discardableResult
    func tookTime(_ position: Int, failed: Bool) -> UInt64 {
        if environment.entries[position].isFast, !failed, !timesEach {
            if fastCommand != position {
                countFastRuns()
                fastCommand = position
            }
            fastRuns &+= 1
            return 0
        }
        countFastRuns()
        let now = Clock.monotonic()
        let duration = now &- lastTime
        lastTime = now
        loop.counters.ran(position, nanoseconds: duration, failed: failed)
        return duration
    }

    /// Counts the fast commands since the clock was last looked at; they took equal shares of the time.
    func countFastRuns() {
        guard fastRuns > 0 else { return }
        let now = Clock.monotonic()
        loop.counters.ran(fastCommand, times: fastRuns, nanoseconds: now &- lastTime)
        lastTime = now
        fastRuns = 0
    }

    // MARK: commands with a body

    /// Runs a local or search command, which answers now or takes its reply out with `completeLater`.
    @inline(__always)
    func runBody(_ position: Int, _ arguments: Arguments, kind: ReplySlot.Kind, isExclusive: Bool) {
        guard let body = environment.entries[position].body else {
            preconditionFailure("command \(environment.table.commands[position].name) has nothing to run")
        }
        if environment.entries[position].hasSubcommands { noteSubcommand(position, arguments) }
        openReply()
        running = RunningCommand(position: position, kind: kind, isExclusive: isExclusive, arguments: arguments)
        body(self, arguments)
        running = nil
        if tookLater {
            tookLater = false
            return
        }
        let failed = closeReply()
        let duration = tookTime(position, failed: failed)
        if duration > 0 { noteDuration(duration, arguments) }
    }

    @inline(never)
    private func noteDuration(_ duration: UInt64, _ arguments: Arguments) {
        if duration >= services.settings.slowLogThreshold { noteSlow(SlowLog.excerpt(arguments), duration) }
        noteLatency(duration)
    }

    private func noteSubcommand(_ position: Int, _ arguments: Arguments) {
        let names = environment.table.commands[position].subcommands
        let wanted = arguments.count > 1 ? String(decoding: arguments[1], as: UTF8.self).lowercased() : ""
        record.lastSubcommand.store(names.firstIndex { $0.lowercased() == wanted } ?? -1, ordering: .relaxed)
    }

    func noteSlow(_ excerpt: [[UInt8]], _ duration: UInt64) {
        let limit = services.settings.server.slowLogLength
        services.server.slowLog.add(excerpt, nanoseconds: duration, client: record, limit: limit)
    }

    func noteLatency(_ duration: UInt64) {
        let threshold = services.settings.latencyThreshold
        if threshold > 0, duration >= threshold { services.server.latency.add("command", nanoseconds: duration) }
    }

    func completeLater() -> any PendingReply {
        guard let running, !tookLater else { preconditionFailure("completeLater outside of a running command") }
        tookLater = true
        if openBatch != nil { submitBatch() }
        countFastRuns()
        let slot = ReplySlot(running.kind)
        slot.commands = [Int32(running.position)]
        slot.started = lastTime
        slot.isDiscarded = isDiscarding
        slot.isExclusive = running.isExclusive
        if services.settings.slowLogThreshold != .max { slot.excerpt = SlowLog.excerpt(running.arguments) }
        slots.append(slot)
        pendingCommands += 1
        if running.kind == .search {
            outstandingSearches += 1
            if running.isExclusive { hasExclusiveSearch = true }
            if environment.entries[running.position].isPipelined {
                slot.isPipelined = true
                outstandingPipelined += 1
            }
        }
        return LaterReply(session: self, slot: slot, version: version)
    }

    // MARK: finished replies

    /// A reply that was to come has come.
    func finished(_ slot: ReplySlot, _ reply: ReplyWriter) {
        guard !isClosed, slot.bytes == nil else {
            slot.batch = nil
            return
        }
        slot.bytes = reply
        // It may have to wait for others before it can leave.
        slot.weight += reply.count
        pendingBytes += reply.count
        settle(slot, reply)
        while let head = slots.first, let bytes = head.bytes {
            slots.removeFirst()
            pendingBytes -= head.weight
            if !head.isDiscarded { emit(bytes) }
        }
        switch stall {
        case .store where outstandingBatches == 0, .search where outstandingSearches == 0: stall = nil
        case .pending
        where pendingCommands < Self.pendingCommandBound / 2 && pendingBytes < Self.pendingByteBound / 2:
            stall = nil
        default: break
        }
    }

    /// Counts what a slot's commands did, and what no longer waits for it.
    private func settle(_ slot: ReplySlot, _ reply: ReplyWriter) {
        let duration = Clock.monotonic() &- slot.started
        let failed = reply.count > 0 && reply.start[0] == UInt8(ascii: "-")
        pendingCommands -= slot.commands.count
        switch slot.kind {
        case .batch:
            outstandingBatches -= 1
            settleBatch(slot, reply, duration)
        case .search, .local:
            if slot.kind == .search {
                outstandingSearches -= 1
                if slot.isExclusive { hasExclusiveSearch = false }
                if slot.isPipelined { outstandingPipelined -= 1 }
            }
            if failed {
                services.server.statistics.error(
                    Self.errorPrefix(ByteSlice(start: reply.start + 1, count: reply.count - 1)))
            }
            for command in slot.commands {
                loop.counters.ran(Int(command), nanoseconds: duration, failed: failed)
            }
            if let excerpt = slot.excerpt, duration >= services.settings.slowLogThreshold {
                noteSlow(excerpt, duration)
            }
            noteLatency(duration)
        case .literal: break
        }
    }

    private func emit(_ bytes: ReplyWriter) {
        if bytes.count >= 16 << 10 {
            flushOutput()
            loop.counters.add(.outputBytes, bytes.count)
            record.sent.wrappingAdd(UInt64(bytes.count), ordering: .relaxed)
            shell?.write(bytes.bytes)
            return
        }
        if output == nil { output = loop.borrowWriter(version: version) }
        output?.append(bytes.bytes)
        loop.giveBack(bytes)
    }

    /// Hands the output to the connection.
    func flushOutput() {
        guard let writer = output else { return }
        output = nil
        // Nothing is being written now; `current` must not keep a writer that others may borrow.
        current = loop.scratch
        if writer.count > 0 {
            loop.counters.add(.outputBytes, writer.count)
            record.sent.wrappingAdd(UInt64(writer.count), ordering: .relaxed)
            shell?.write(writer.bytes)
        }
        loop.giveBack(writer)
    }

    /// The end of a read burst: what was collected leaves, to the store and to the client.
    func endBurst() {
        guard !isClosed else { return }
        submitBatch()
        flushOutput()
        shell?.flush()
        record.lastActive.store(lastTime, ordering: .relaxed)
        if isEnding, slots.isEmpty { shell?.finish(lingering: endLingers) }
    }

    /// The connection is gone.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        isEnding = true
        stopMonitoring()
        slots.removeAll()
        transaction = nil
        if let output { loop.giveBack(output) }
        output = nil
        openBatch = nil
        shell = nil
        services.store.clientGone(record.id)
    }
}
