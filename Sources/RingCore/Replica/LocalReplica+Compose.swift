// From the queue to a batch: what each unit means to the records, and what the store has to do for it.

extension LocalReplica {
    /// How many units are looked at behind one that must wait.
    private static let lookahead = 512

    /// The next batch; `nil` when there is nothing that can be done now.
    mutating func compose(_ now: RingTime, _ out: inout ReplicaOutput) -> Batch? {
        var batch = Batch(number: nextBatch, wall: now.wall)
        pick(&batch, now)
        if batch.units.isEmpty {
            guard isMarkerDue(now) else { return nil }
            batch.marker = appliedLSN
            batch.setsMarker = true
        } else if batch.needsLog {
            batch.lsn = nextLSN
            nextLSN += 1
            batch.isAtomic = LogRecord.needsAtomicMarker(batch.items, hasIntents: !batch.intents.isEmpty)
            batch.marker = batch.lsn ?? 0
            batch.setsMarker =
                batch.isAtomic || now.monotonic >= markerSentAt + settings.markerInterval
        }
        if batch.setsMarker { batch.commands.append(Self.markerCommand(batch.marker)) }
        nextBatch += 1
        return batch
    }

    private func isMarkerDue(_ now: RingTime) -> Bool {
        appliedLSN > markerSent && now.monotonic >= markerSentAt + settings.markerInterval
    }

    /// Takes units out of the queue and puts them into the batch.
    private mutating func pick(_ batch: inout Batch, _ now: RingTime) {
        guard !queue.isEmpty else { return }
        // Behind an execution of this batch, and behind a unit that waits for one.
        var blocked: Set<Bytes> = []
        var rest: [Unit] = []
        var weight = 0
        var size = 0
        var at = 0
        while at < queue.count, rest.count < Self.lookahead {
            let unit = queue[at]
            if unit.keys.contains(where: blocked.contains) {
                blocked.formUnion(unit.keys)
                rest.append(unit)
                at += 1
                continue
            }
            if weight > 0, weight + unit.weight > settings.batchUnits || size + unit.byteCount > settings.batchBytes {
                break
            }
            guard take(unit, &batch, now) else {
                // No version can be had: nothing that needs one goes on.
                blocked.formUnion(unit.keys)
                rest.append(unit)
                at += 1
                continue
            }
            if case .execution = unit.content { blocked.formUnion(unit.keys) }
            batch.units.append(unit)
            weight += unit.weight
            size += unit.byteCount
            at += 1
        }
        queue.replaceSubrange(..<at, with: rest)
    }

    /// `false`: it cannot be done now.
    private mutating func take(_ unit: Unit, _ batch: inout Batch, _ now: RingTime) -> Bool {
        switch unit.content {
        case .items(let items, let first, let mode, let isFetch):
            for (offset, item) in items.enumerated() {
                let isLast = offset == items.count - 1
                takeItem(item, unit.work, first + offset, isLast: isLast, mode, isFetch, &batch)
            }
            return true
        case .execution(let commands, let preconditions):
            return takeExecution(unit, commands, preconditions, &batch, now)
        case .read(let command, let place, let want):
            let range = batch.add([command])
            batch.steps.append(
                .read(
                    Batch.ReadStep(
                        work: unit.work, place: place, want: want, command: command, keys: unit.keys,
                        at: range.lowerBound)))
            return true
        case .state(let place):
            let key = unit.keys[0]
            let kind = state(key, in: &batch).kind(at: batch.wall)
            let range = StoreImages.contentCommand(kind, key: key).map { batch.add([$0]) }
            batch.steps.append(
                .state(
                    Batch.StateStep(work: unit.work, place: place, key: key, kind: kind, at: range?.lowerBound)))
            return true
        }
    }

    func state(_ key: Bytes, in batch: inout Batch) -> KeyState {
        if let known = batch.states[key] { return known }
        let state = records.state(key)
        batch.states[key] = state
        return state
    }

    // MARK: effects

    private func takeItem(
        _ item: Item, _ work: UInt64, _ place: Int, isLast: Bool, _ mode: Replicate.Mode, _ isFetch: Bool,
        _ batch: inout Batch
    ) {
        let before = state(item.key, in: &batch)
        let context = ApplyContext(
            wall: batch.wall, flushFloor: flushFloor, mayRefuse: mode == .write, isFetch: isFetch)
        let reply = before.prediction(of: item.effect, version: item.version, at: batch.wall)
        let result = before.apply(item.effect, version: item.version, context: context)
        let requests = result.change.requests(key: item.key)
        var step = Batch.ItemStep(
            work: work, place: place, isLastOfUnit: isLast, item: item, outcome: ItemOutcome(result.status, reply),
            after: result.state,
            hasChanged: result.hasChanged, needsFetch: result.needsFetch, bringsState: item.isState, commands: 0..<0,
            expected: requests.map(\.expected), logPlace: nil)
        if result.status == .typeConflict { step.outcome.reply = .wrongType }
        if result.hasChanged || !requests.isEmpty {
            step.logPlace = batch.items.count
            batch.items.append(item)
            step.commands = batch.add(requests.map(\.arguments))
            batch.states[item.key] = result.state
        }
        batch.steps.append(.item(step))
    }

    // MARK: executions

    private static func needsImages(_ command: [Bytes]) -> Bool {
        WriteClass.of(command) == .blind && !["set", "hdel"].contains(command[0].lowercased)
    }

    private mutating func takeExecution(
        _ unit: Unit, _ commands: [[Bytes]], _ preconditions: [ClientRequest.Precondition], _ batch: inout Batch,
        _ now: RingTime
    ) -> Bool {
        for condition in preconditions where state(condition.key, in: &batch).newestVersion != condition.version {
            batch.steps.append(.refused(work: unit.work, .preconditionFailed))
            return true
        }
        guard let version = issueVersion(at: now) else { return false }
        // By their keys alone: of what a transaction did only the images tell, and of blind writes that come as executions.
        let isTransaction = commands.count > 1 || commands.first.map(Self.needsImages) == true
        let command = isTransaction ? ["MULTI".bytes] + unit.keys : commands.first ?? []
        var states: [Bytes: KeyState] = [:]
        for key in unit.keys { states[key] = state(key, in: &batch) }
        let execution = Execution(
            command: command, keys: unit.keys, version: version, states: states, wall: batch.wall)
        let isAdoption = commands.isEmpty
        let whole = unit.keys.map { _ in Execution.Image.whole }
        let afterImages = isAdoption ? whole : execution.images
        let beforeImages = execution.needsImagesBefore ? whole : []
        func reads(_ images: [Execution.Image]) -> [[Bytes]] {
            zip(unit.keys, images).flatMap { StoreImages.commands($1, key: $0) }
        }
        let before = batch.add(reads(beforeImages))
        let run = batch.add(
            isTransaction
                ? commands.map { command in
                    Rewriting.absolute(command.first?.lowercased ?? "", command, now: version.milliseconds).command
                } : isAdoption ? [] : [execution.run])
        let after = batch.add(reads(afterImages))
        batch.steps.append(
            .execution(
                Batch.ExecutionStep(
                    work: unit.work, execution: execution, states: states, isAdoption: isAdoption, before: before,
                    run: run, after: after, intent: batch.intents.count, beforeImages: beforeImages,
                    afterImages: afterImages)))
        let key = unit.keys.first ?? []
        batch.intents.append(Intent(version: version, token: settings.token(key), key: key, command: command))
        return true
    }
}
