// What the store answered: effects of executions, records, the feed, and the answers to whoever waits.

extension LocalReplica {
    /// What becomes of the records by a batch.
    private struct Results {
        var void: [Int] = []
        var executed: [LogRecord.Result] = []
        var changed: [Bytes: KeyState] = [:]
        var order: [Bytes] = []
        var entries: [ChangeFeed.Entry] = []
        var missing: Set<Bytes> = []
        /// Keys whose steps did not all do what the records had predicted.
        var inDoubt: Set<Bytes> = []

        mutating func set(_ key: Bytes, _ state: KeyState) {
            if changed.updateValue(state, forKey: key) == nil { order.append(key) }
        }
    }

    /// - Parameters:
    ///   - replies: `nil`: the store refused the batch as a whole.
    ///   - refusal: its error, in RESP2.
    mutating func finish(
        _ batch: Batch, replies: [Bytes]?, refusal: Bytes?, _ now: RingTime, _ out: inout ReplicaOutput
    ) {
        var results = Results()
        var done: [(inout LocalReplica, inout ReplicaOutput) -> Void] = []
        for step in batch.steps {
            switch step {
            case .item(let step): done.append(finish(step, replies, refusal, &results, batch, now, &out))
            case .execution(let step): done.append(finish(step, replies, refusal, &results, batch))
            case .read(let step): done.append(finish(step, replies, refusal, results))
            case .state(let step): done.append(finish(step, replies, results, &out))
            case .refused(let work, let outcome):
                done.append { $0.unitIsDone(work, &$1) { $0 = .executed(outcome) } }
            }
        }
        if let lsn = batch.lsn {
            logResults(lsn, results, batch, &out)
            for key in results.order {
                if let state = results.changed[key] { records.set(key, state, lsn: lsn) }
            }
            appendToFeed(lsn, results.entries, now)
            appliedLSN = lsn
        }
        if batch.setsMarker {
            if replies?.last == "+OK\r\n".bytes {
                markerStored = batch.marker
                markerIsStored(batch.marker, now)
            } else {
                markerSent = markerStored
            }
        }
        for action in done { action(&self, &out) }
        note(missing: results.missing, &out)
    }

    private func logResults(_ lsn: UInt64, _ results: Results, _ batch: Batch, _ out: inout ReplicaOutput) {
        guard !results.void.isEmpty || !batch.intents.isEmpty else { return }
        var bytes: Bytes = []
        LogRecord(lsn: lsn, .results(void: results.void, results.executed)).encode(into: &bytes)
        out.directives.append(.log(bytes))
    }

    mutating func appendToFeed(_ lsn: UInt64, _ entries: [ChangeFeed.Entry], _ now: RingTime) {
        if entries.isEmpty {
            feed.advance(lane: Self.lane, to: lsn)
        } else {
            feed.append(lane: Self.lane, lsn: lsn, entries, now: now.monotonic)
            // Effects and results of one batch come apart in a recovery, and are stored under one number.
            if let last = feedToStore.indices.last, feedToStore[last].lsn == lsn {
                feedToStore[last].entries += entries
            } else {
                feedToStore.append((lsn, entries))
            }
        }
    }

    mutating func note(missing keys: Set<Bytes>, _ out: inout ReplicaOutput) {
        guard !keys.isEmpty else { return }
        missing.formUnion(keys)
        out.completions.append(.missing(keys.sorted(by: precedes)))
    }

    private static func reply(_ replies: [Bytes]?, _ at: Int) -> CommandReply? {
        guard let replies, at < replies.count else { return nil }
        return CommandReply(resp: replies[at])
    }

    private static func isError(_ reply: Bytes) -> Bool { reply.first == UInt8(ascii: "-") }

    // MARK: effects

    private mutating func finish(
        _ step: Batch.ItemStep, _ replies: [Bytes]?, _ refusal: Bytes?, _ results: inout Results, _ batch: Batch,
        _ now: RingTime, _ out: inout ReplicaOutput
    ) -> (inout LocalReplica, inout ReplicaOutput) -> Void {
        let key = step.item.key
        var outcome = step.outcome
        if let place = step.logPlace {
            let errors = replies.map { replies in step.commands.filter { Self.isError(replies[$0]) } }
            if let error = refusal ?? errors?.first.flatMap({ replies?[$0] }) {
                results.void.append(place)
                outcome = ItemOutcome(.storeError, Self.error(error))
                // Done in part: nobody knows what the store holds now.
                if let errors, errors.count < step.commands.count {
                    var state = results.changed[key] ?? records.state(key)
                    state.isIncomplete = true
                    results.set(key, state)
                    results.missing.insert(key)
                }
                results.inDoubt.insert(key)
            } else {
                verify(step, replies ?? [], &out)
                apply(step, &results, batch)
            }
        }
        if step.needsFetch { results.missing.insert(key) }
        if step.bringsState, !step.needsFetch { missing.remove(key) }
        switch outcome.status {
        case .applied, .superseded:
            recent.insert(Self.fingerprint(step.item, results.changed[key] ?? step.after), now: now.monotonic)
        default: break
        }
        let final = outcome
        return { replica, out in
            replica.itemIsDone(step, final, &out)
        }
    }

    private func apply(_ step: Batch.ItemStep, _ results: inout Results, _ batch: Batch) {
        let key = step.item.key
        var after = step.after
        var hasChanged = step.hasChanged
        // What it was predicted from did not come true.
        if results.inDoubt.contains(key) {
            let before = results.changed[key] ?? records.state(key)
            let context = ApplyContext(wall: batch.wall, flushFloor: flushFloor, mayRefuse: false)
            let result = before.apply(step.item.effect, version: step.item.version, context: context)
            after = result.state
            hasChanged = result.hasChanged
            if result.needsFetch { results.missing.insert(key) }
        }
        guard hasChanged else { return }
        results.set(key, after)
        Self.add(step.item, after, to: &results.entries)
    }

    /// What a follower of the feed recognizes the effect by.
    static func fingerprint(_ item: Item, _ after: KeyState) -> UInt64 {
        if case .state = item.effect { return after.fingerprint(key: item.key) }
        return KeyState.fingerprint(key: item.key, version: item.version)
    }

    /// Effects of one version on one key are one entry.
    static func add(_ item: Item, _ after: KeyState, to entries: inout [ChangeFeed.Entry]) {
        let entry = ChangeFeed.Entry(token: item.token, fingerprint: fingerprint(item, after), key: item.key)
        if entries.last != entry { entries.append(entry) }
    }

    private mutating func verify(_ step: Batch.ItemStep, _ replies: [Bytes], _ out: inout ReplicaOutput) {
        for (at, expected) in zip(step.commands, step.expected) {
            let isAsExpected =
                switch expected {
                case .anything: true
                case .ok: replies[at] == "+OK\r\n".bytes
                case .integer(let number): replies[at] == ":\(number)\r\n".bytes
                }
            if !isAsExpected {
                driftCount += 1
                out.completions.append(.drift(step.item.key))
            }
        }
    }

    static func error(_ resp: Bytes) -> CommandReply { CommandReply(resp: resp) ?? .error("ERR the store failed") }

    // MARK: executions

    private mutating func finish(
        _ step: Batch.ExecutionStep, _ replies: [Bytes]?, _ refusal: Bytes?, _ results: inout Results, _ batch: Batch
    ) -> (inout LocalReplica, inout ReplicaOutput) -> Void {
        guard let replies else {
            results.executed.append(LogRecord.Result(intent: step.intent, items: []))
            let error = refusal ?? Self.error([]).resp
            return { $0.unitIsDone(step.work, &$1) { $0 = .executed(.refused(error)) } }
        }
        let keys = step.execution.keys
        func images(_ kinds: [Execution.Image], _ range: Range<Int>) -> [KeyImage] {
            var at = range.lowerBound
            return zip(keys, kinds).map { key, kind in
                let count = StoreImages.commands(kind, key: key).count
                defer { at += count }
                let part = replies[at..<at + count].map { CommandReply(resp: $0) ?? .null }
                return StoreImages.image(kind, part[...], state: step.states[key] ?? .empty)
            }
        }
        let after = images(step.afterImages, step.after)
        let effects: [KeyEffect]
        if step.isAdoption {
            effects = adoption(step, after, batch.wall)
        } else {
            effects = step.execution.effects(
                reply: Self.reply(replies, step.run.lowerBound) ?? .null, after: after, states: step.states,
                before: images(step.beforeImages, step.before))
        }
        let items = items(effects)
        results.executed.append(LogRecord.Result(intent: step.intent, items: items))
        for item in items {
            let before = results.changed[item.key] ?? records.state(item.key)
            let (state, needsFetch) = Self.replay(item, on: before, wall: batch.wall, flushFloor)
            if needsFetch { results.missing.insert(item.key) }
            guard state != before else { continue }
            results.set(item.key, state)
            Self.add(item, state, to: &results.entries)
        }
        let outcome = ExecutionOutcome.done(replies: Array(replies[step.run]), items: items)
        return { $0.unitIsDone(step.work, &$1) { $0 = .executed(outcome) } }
    }

    /// As items of one atomic group.
    func items(_ effects: [KeyEffect]) -> [Item] {
        effects.enumerated().map { offset, effect in
            Item(
                version: effect.version, token: settings.token(effect.key), key: effect.key, effect: effect.effect,
                isGrouped: offset > 0)
        }
    }

    /// The record after an effect that the store has already.
    static func replay(
        _ item: Item, on before: KeyState, wall: UInt64, _ flushFloor: Version
    ) -> (state: KeyState, needsFetch: Bool) {
        var wall = wall
        // The value was alive when the command ran, whatever the clock says by now.
        if case .delta = item.effect { wall = min(wall, item.version.milliseconds) }
        let context = ApplyContext(wall: wall, flushFloor: flushFloor, mayRefuse: false)
        let result = before.apply(item.effect, version: item.version, context: context)
        var state = result.state
        if result.status == .needState { state.isIncomplete = true }
        return (state, result.needsFetch)
    }

    /// What somebody else has done to a key, if it was not its expiry.
    private func adoption(_ step: Batch.ExecutionStep, _ images: [KeyImage], _ wall: UInt64) -> [KeyEffect] {
        zip(step.execution.keys, images).flatMap { key, image in
            let state = step.states[key] ?? .empty
            // Expired by the store's clock, which may be a little ahead of what we were told.
            if image.kind == .absent, let deadline = state.deadline, deadline <= wall + 50 { return [KeyEffect]() }
            return StoreImages.adoption(
                key: key, image: image, state: state, version: step.execution.version, fields: nil, wall: wall)
        }
    }

    // MARK: reads

    private func finish(
        _ step: Batch.ReadStep, _ replies: [Bytes]?, _ refusal: Bytes?, _ results: Results
    ) -> (inout LocalReplica, inout ReplicaOutput) -> Void {
        let reply = replies?[step.at] ?? refusal ?? Self.error([]).resp
        let states = step.keys.map { results.changed[$0] ?? records.state($0) }
        let newest = states.map(\.newestVersion).max() ?? .zero
        let entry = ReadReply.Entry(
            status: replies == nil ? ItemStatus.storeError.rawValue : 0,
            digest: NormalizedReply.digest(reply, of: step.command), newest: newest,
            expiry: states.first?.deadline ?? 0, reply: step.want == .reply || replies == nil ? reply : [])
        return { replica, out in
            replica.unitIsDone(step.work, &out) { results in
                guard case .read(var entries) = results else { return }
                entries[step.place] = entry
                results = .read(entries)
            }
        }
    }

    private func finish(
        _ step: Batch.StateStep, _ replies: [Bytes]?, _ results: Results, _ out: inout ReplicaOutput
    ) -> (inout LocalReplica, inout ReplicaOutput) -> Void {
        var state = results.changed[step.key] ?? records.state(step.key)
        var content = Content.none
        if let at = step.at { content = StoreImages.content(step.kind, Self.reply(replies, at)) }
        if case .fields(let pairs) = content {
            content = .fields(pairs.filter { state.field($0.name)?.isDeleted == false })
        }
        // What we cannot give, the asker must not take for the whole.
        if step.at != nil, content == .none { state.isIncomplete = true }
        let item = Item(
            version: state.newestVersion, token: settings.token(step.key), key: step.key,
            effect: .state(state, content))
        return { replica, out in
            replica.unitIsDone(step.work, &out) { results in
                guard case .states(var items) = results else { return }
                items[step.place] = item
                results = .states(items)
            }
        }
    }
}

/// Replies in a form that is the same on all replicas: the members of a set come in any order.
enum NormalizedReply {
    private static let unordered: Set<String> = ["smembers", "sinter", "sunion", "sdiff", "hkeys", "hvals", "keys"]

    static func digest(_ reply: Bytes, of command: [Bytes]) -> UInt64 {
        let name = command.first?.lowercased ?? ""
        if unordered.contains(name), case .array(let elements)? = CommandReply(resp: reply) {
            return Digest.xxh3(joined(elements.map(\.resp)))
        }
        if name == "hgetall", case .array(let elements)? = CommandReply(resp: reply) {
            let pairs = stride(from: 0, to: elements.count - 1, by: 2).map { elements[$0].resp + elements[$0 + 1].resp }
            return Digest.xxh3(joined(pairs))
        }
        return Digest.xxh3(reply)
    }

    private static func joined(_ parts: [Bytes]) -> Bytes {
        parts.sorted(by: precedes).reduce(into: "*\(parts.count)\r\n".bytes) { $0 += $1 }
    }
}
