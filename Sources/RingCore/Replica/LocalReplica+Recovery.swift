// After a start, and after the store alone was lost: the log says what was meant, the store's marker how far it came.
//
//   storeReturned ──► plan ──► records and feed from the log ──► read: what the store holds of keys to be brought up,
//                                                                      images for executions whose results are missing
//        write: those keys, and the marker, all or nothing ◄── log: results of executions ◄──┘
//          └──► compare, where the log or the store lost something ──► running
//
// Nothing here may be done twice with another outcome: when the store is lost again in between, all of it begins anew.

/// A recovery in progress.
struct Recovery {
    enum Stage {
        case reading
        case writing
        /// - Parameter after: the last key of the slice before this one.
        case comparing([Bytes], after: Bytes?)
    }

    struct Resend {
        var key: Bytes
        /// Its effects that the store may lack.
        var items: [Item]
    }

    struct Adoption {
        var adoption: RecoveryPlan.Adoption
        var keys: [Bytes]
    }

    var plan: RecoveryPlan
    var marker: UInt64
    var stage = Stage.reading
    var batch: UInt64 = 0
    var wall: UInt64
    var resend: [Resend] = []
    var adoptions: [Adoption] = []
}

extension LocalReplica {
    /// The store can be used, for the first time or again.
    package mutating func storeReturned(
        marker: UInt64?, isNewProcess: Bool, at now: RingTime, into out: inout ReplicaOutput
    ) {
        let log = disk.log().flatMap { bytes in bytes.withUnsafeBytes { LogReader.read($0).records } }
        let isStart = !hasStarted
        let plan = RecoveryPlan(
            RecoveryFacts(
                log: log, firstLSN: firstLSN, marker: marker, checkpoint: appliedLSN,
                isSameBoot: !isStart || storedBoot.map { $0 == settings.boot } ?? true, hasCoOwners: hasCoOwners))
        hasStarted = true
        phase = .recovering
        nextLSN = max(nextLSN, plan.nextLSN)
        markerSent = marker ?? 0
        markerStored = markerSent
        markersStored = []
        markerSynced = min(markerSynced, markerSent)

        var run = Recovery(plan: plan, marker: marker ?? 0, wall: now.wall)
        rebuild(plan, now, &out)
        logDropped(log, run.marker, &out)
        requeue(run.marker, &out)
        if isStart, plan.ranges == .compareThenCatchUp {
            // A tail that was lost must not hide new changes behind the positions that others hold.
            appliedLSN = nextLSN - 1
            feed.advance(lane: Self.lane, to: appliedLSN)
        }
        run.resend = Self.resends(plan)
        run.adoptions = plan.adopt.map { adoption in
            Recovery.Adoption(adoption: adoption, keys: keys(of: adoption.intent))
        }
        if plan.ranges == .fill { suspect(run, &out) }
        if plan.ranges == .keepAndAlarm { out.directives.append(.note("the store lost data that no other node has")) }
        recovery = run
        read(now, &out)
        advance(now, &out)
    }

    // MARK: from the log

    private mutating func rebuild(_ plan: RecoveryPlan, _ now: RingTime, _ out: inout ReplicaOutput) {
        for batch in plan.rebuild {
            var entries: [ChangeFeed.Entry] = []
            var lacking: Set<Bytes> = []
            for item in batch.items {
                _ = clock.receive(item.newestStamp, wall: max(now.wall, item.newestStamp >> 16))
                let before = records.state(item.key)
                let (state, needsFetch) = Self.replay(item, on: before, wall: now.wall, flushFloor)
                if needsFetch { lacking.insert(item.key) }
                guard state != before else { continue }
                records.set(item.key, state, lsn: batch.lsn)
                Self.add(item, state, to: &entries)
            }
            appendToFeed(batch.lsn, entries, now)
            appliedLSN = max(appliedLSN, batch.lsn)
            note(missing: lacking, &out)
        }
    }

    /// Executions that did not run are said to have had no effect: later the marker will be beyond them.
    private func logDropped(_ log: [LogRecord], _ marker: UInt64, _ out: inout ReplicaOutput) {
        var answered: [UInt64: Set<Int>] = [:]
        for record in log {
            guard case .results(_, let results) = record.body else { continue }
            answered[record.lsn, default: []].formUnion(results.map(\.intent))
        }
        for record in log where record.lsn > marker {
            guard case .intents(_, let intents) = record.body else { continue }
            let dropped = intents.indices.filter { answered[record.lsn]?.contains($0) != true }
            guard !dropped.isEmpty else { continue }
            var bytes: Bytes = []
            let results = dropped.map { LogRecord.Result(intent: $0, items: []) }
            LogRecord(lsn: record.lsn, .results(void: [], results)).encode(into: &bytes)
            out.directives.append(.log(bytes))
        }
    }

    /// What the lost batch stood for: what did not run waits again, before all that came later.
    private mutating func requeue(_ marker: UInt64, _ out: inout ReplicaOutput) {
        guard let lost = inFlight else { return }
        inFlight = nil
        if let lsn = lost.lsn { appliedLSN = max(appliedLSN, lsn) }
        let hasRun = lost.lsn.map { $0 <= marker } ?? false
        var again: [Unit] = []
        for unit in lost.units {
            switch unit.content {
            case .items: held.append(contentsOf: lost.itemSteps(of: unit))
            case .execution:
                if hasRun { heldExecutions.append(unit.work) } else { again.append(unit) }
            case .read, .state: again.append(unit)
            }
        }
        queue.insert(contentsOf: again, at: 0)
    }

    private static func resends(_ plan: RecoveryPlan) -> [Recovery.Resend] {
        var places: [Bytes: Int] = [:]
        var resends: [Recovery.Resend] = []
        for item in plan.resend.flatMap(\.items) {
            if let place = places[item.key] {
                resends[place].items.append(item)
            } else {
                places[item.key] = resends.count
                resends.append(Recovery.Resend(key: item.key, items: [item]))
            }
        }
        return resends
    }

    private func keys(of intent: Intent) -> [Bytes] {
        guard let name = intent.command.first else { return [intent.key] }
        return name == "MULTI".bytes ? Array(intent.command.dropFirst()) : settings.keys(intent.command)
    }

    /// What was written after the store's marker, and is not in the log any more, the store may have lost.
    private mutating func suspect(_ run: Recovery, _ out: inout ReplicaOutput) {
        let covered = Set(run.resend.map(\.key))
        var suspects: Set<Bytes> = []
        var after: Bytes?
        while true {
            let (slice, isEnd) = records.walk(0...UInt32.max, after: after, limit: 1_024)
            for (key, record) in slice where record.lsn > run.marker && !covered.contains(key) {
                var state = record.state
                state.isIncomplete = true
                records.set(key, state, lsn: record.lsn)
                suspects.insert(key)
            }
            guard !isEnd, let last = slice.last?.key else { break }
            after = last
        }
        note(missing: suspects, &out)
    }

    // MARK: reading and writing

    private mutating func read(_ now: RingTime, _ out: inout ReplicaOutput) {
        guard var run = recovery else { return }
        run.stage = .reading
        var commands: [[Bytes]] = []
        for resend in run.resend { commands += Self.imageCommands(resend.key) }
        for key in run.adoptions.flatMap(\.keys) { commands += StoreImages.commands(.whole, key: key) }
        recovery = run
        if commands.isEmpty { write([], now, &out) } else { ask(commands, isAtomic: false, &out) }
    }

    private static func imageCommands(_ key: Bytes) -> [[Bytes]] { [["TYPE".bytes, key], ["HKEYS".bytes, key]] }

    private mutating func ask(_ commands: [[Bytes]], isAtomic: Bool, _ out: inout ReplicaOutput) {
        recovery?.batch = nextBatch
        let request = StoreBatchRequest(batch: nextBatch, commands: commands, isAtomic: isAtomic)
        nextBatch += 1
        out.directives.append(.store(request))
    }

    private mutating func write(_ replies: [CommandReply], _ now: RingTime, _ out: inout ReplicaOutput) {
        guard var run = recovery else { return }
        run.stage = .writing
        var commands: [[Bytes]] = []
        var lacking: Set<Bytes> = []
        var at = 0
        for resend in run.resend {
            var state = records.state(resend.key)
            let image = StoreImage(
                kind: StoreImages.kind(replies[at], state), fields: replies[at + 1].elements)
            at += 2
            let (requests, isIncomplete) = StoreReconciliation.requests(
                key: resend.key, record: state, items: resend.items, image: image, wall: run.wall)
            commands += requests.map(\.arguments)
            guard isIncomplete else { continue }
            state.isIncomplete = true
            records.set(resend.key, state, lsn: records.record(resend.key).lsn)
            lacking.insert(resend.key)
        }
        for adoption in run.adoptions {
            var images: [(key: Bytes, image: KeyImage)] = []
            for key in adoption.keys {
                images.append((key, StoreImages.image(.whole, replies[at..<at + 5], state: records.state(key))))
                at += 5
            }
            adopt(adoption.adoption, images, run.wall, now, &out)
        }
        recovery = run
        note(missing: lacking, &out)
        let last = nextLSN - 1
        guard !commands.isEmpty || last != run.marker else {
            compare(after: nil, now, &out)
            return
        }
        commands.append(Self.markerCommand(last))
        ask(commands, isAtomic: true, &out)
    }

    private mutating func adopt(
        _ adoption: RecoveryPlan.Adoption, _ images: [(key: Bytes, image: KeyImage)], _ wall: UInt64, _ now: RingTime,
        _ out: inout ReplicaOutput
    ) {
        let version = adoption.intent.version
        let fields = StoreImages.fields(of: adoption.intent.command)
        let items = items(
            images.flatMap { key, image in
                StoreImages.adoption(
                    key: key, image: image, state: records.state(key), version: version, fields: fields, wall: wall)
            })
        var bytes: Bytes = []
        let result = LogRecord.Result(intent: adoption.index, items: items)
        LogRecord(lsn: adoption.lsn, .results(void: [], [result])).encode(into: &bytes)
        out.directives.append(.log(bytes))
        _ = clock.receive(version.stamp, wall: max(wall, version.milliseconds))
        var entries: [ChangeFeed.Entry] = []
        for item in items {
            let before = records.state(item.key)
            let (state, _) = Self.replay(item, on: before, wall: wall, flushFloor)
            guard state != before else { continue }
            records.set(item.key, state, lsn: adoption.lsn)
            Self.add(item, state, to: &entries)
        }
        appendToFeed(adoption.lsn, entries, now)
        appliedLSN = max(appliedLSN, adoption.lsn)
    }

    // MARK: comparing

    private static let slice = 256

    /// Store and records come apart where the end of the log was lost: the kinds of values and the names of fields show
    /// most of it, and co-owners have the rest.
    private mutating func compare(after: Bytes?, _ now: RingTime, _ out: inout ReplicaOutput) {
        guard let run = recovery else { return }
        guard run.plan.ranges == .compareThenCatchUp else {
            resume(now, &out)
            return
        }
        let (slice, _) = records.walk(0...UInt32.max, after: after, limit: Self.slice)
        guard !slice.isEmpty else {
            resume(now, &out)
            return
        }
        let keys = slice.map(\.key)
        recovery?.stage = .comparing(keys, after: keys.last)
        ask(keys.flatMap(Self.imageCommands), isAtomic: false, &out)
    }

    private mutating func compare(_ keys: [Bytes], _ replies: [CommandReply], _ out: inout ReplicaOutput) {
        var lacking: Set<Bytes> = []
        for (place, key) in keys.enumerated() {
            let record = records.record(key)
            let kind = StoreImages.kind(replies[2 * place], record.state)
            let wall = recovery?.wall ?? 0
            var isEqual = kind == record.state.kind(at: wall)
            if isEqual, kind == .hash {
                let live = record.state.fields.filter { $0.isLive(at: wall) }.map(\.name)
                isEqual = Set(live) == Set(replies[2 * place + 1].elements)
            }
            guard !isEqual else { continue }
            var state = record.state
            state.isIncomplete = true
            records.set(key, state, lsn: record.lsn)
            lacking.insert(key)
        }
        note(missing: lacking, &out)
    }

    // MARK: events

    mutating func recoveryStored(
        _ batch: UInt64, _ outcome: StoreOutcome, _ now: RingTime, _ out: inout ReplicaOutput
    ) {
        guard let run = recovery, run.batch == batch else { return }
        switch (outcome, run.stage) {
        case (.lost, _):
            phase = .waiting
        case (.refused(let error), _):
            out.directives.append(.note("the store refuses: \(String(decoding: error, as: UTF8.self))"))
            giveUp(run, now, &out)
        case (.replies(let replies), .reading):
            let replies = replies.map { CommandReply(resp: $0) ?? .null }
            let expected = 2 * run.resend.count + 5 * run.adoptions.reduce(0) { $0 + $1.keys.count }
            guard replies.count == expected else {
                phase = .waiting
                return
            }
            write(replies, now, &out)
        case (.replies, .writing):
            markerSent = nextLSN - 1
            markerStored = markerSent
            markerSentAt = now.monotonic
            markerIsStored(markerSent, now)
            compare(after: nil, now, &out)
        case (.replies(let replies), .comparing(let keys, let after)):
            guard replies.count == 2 * keys.count else {
                phase = .waiting
                return
            }
            compare(keys, replies.map { CommandReply(resp: $0) ?? .null }, &out)
            compare(after: after, now, &out)
        }
    }

    /// The store takes nothing: what it lacks is fetched once it does.
    private mutating func giveUp(_ run: Recovery, _ now: RingTime, _ out: inout ReplicaOutput) {
        var lacking: Set<Bytes> = []
        for resend in run.resend {
            var record = records.record(resend.key)
            record.state.isIncomplete = true
            records.set(resend.key, record.state, lsn: record.lsn)
            lacking.insert(resend.key)
        }
        note(missing: lacking, &out)
        resume(now, &out)
    }

    private mutating func resume(_ now: RingTime, _ out: inout ReplicaOutput) {
        guard let run = recovery else { return }
        recovery = nil
        phase = .running
        appliedLSN = max(appliedLSN, nextLSN - 1)
        feed.advance(lane: Self.lane, to: appliedLSN)
        isCheckpointWanted = true
        out.completions.append(.recovered(run.plan.ranges))
        let steps = held
        held = []
        for step in steps { itemIsDone(step, step.outcome, &out) }
        let works = heldExecutions
        heldExecutions = []
        for work in works { unitIsDone(work, &out) { $0 = .executed(.unknown) } }
    }
}

extension Batch {
    /// The steps of a unit of items.
    fileprivate func itemSteps(of unit: Unit) -> [ItemStep] {
        guard case .items(let items, let first, _, _) = unit.content else { return [] }
        return steps.compactMap { step in
            guard case .item(let step) = step, step.work == unit.work, step.place >= first,
                step.place < first + items.count
            else { return nil }
            return step
        }
    }
}
