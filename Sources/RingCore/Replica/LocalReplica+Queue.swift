// Work as units, and how many of a work's units are still to come.

/// What must not be torn apart.
struct Unit {
    enum Content {
        /// `first`: the place of the first one in its work.
        case items([Item], first: Int, mode: Replicate.Mode, isFetch: Bool)
        /// Without commands: what the store holds is taken over.
        case execution([[Bytes]], preconditions: [ClientRequest.Precondition])
        case read([Bytes], place: Int, want: Read.Want)
        case state(place: Int)
    }

    var work: UInt64
    var content: Content
    var keys: [Bytes]

    /// How much of a batch it takes.
    var weight: Int {
        if case .items(let items, _, _, _) = content { items.count } else { 1 }
    }

    var byteCount: Int {
        func size(_ command: [Bytes]) -> Int { command.reduce(0) { $0 + $1.count } }
        switch content {
        case .items(let items, _, _, _): return items.reduce(0) { $0 + $1.approximateSize }
        case .execution(let commands, _): return commands.reduce(0) { $0 + size($1) }
        case .read(let command, _, _): return size(command)
        case .state: return keys[0].count
        }
    }
}

extension Item {
    /// Bytes, give or take a few.
    var approximateSize: Int {
        func size(_ parts: some Sequence<Bytes>) -> Int { parts.reduce(0) { $0 + $1.count + 2 } }
        let body: Int
        switch effect {
        case .assign(_, _, let value): body = value.count
        case .assignFields(let pairs): body = pairs.reduce(0) { $0 + $1.name.count + $1.value.count + 4 }
        case .delete: body = 0
        case .deleteFields(let names): body = size(names)
        case .expiry(_, let names): body = size(names)
        case .delta(_, _, let command): body = size(command)
        case .state(let state, let content): body = 20 * state.fields.count + content.byteCount
        }
        return Self.minimumSize + key.count + body
    }
}

extension Content {
    var byteCount: Int {
        switch self {
        case .none: 0
        case .bytes(let bytes), .dump(let bytes): bytes.count
        case .fields(let pairs): pairs.reduce(0) { $0 + $1.name.count + $1.value.count + 4 }
        case .elements(let elements): elements.reduce(0) { $0 + $1.count + 2 }
        case .scored(let members): members.reduce(0) { $0 + $1.member.count + 10 }
        }
    }
}

/// A work some of whose units are not done.
struct PendingWork {
    /// Who waits for it.
    enum Purpose {
        case asked
        case own
        /// The answer to a follower of our feed: what is known already, and the places of the states.
        case feed(FeedReply, lsns: [UInt64])
    }

    enum Results {
        case applied([ItemOutcome])
        case executed(ExecutionOutcome)
        case read([ReadReply.Entry])
        case states([Item])
    }

    var token: UInt64
    var purpose: Purpose
    var unitsLeft: Int
    var results: Results
}

extension LocalReplica {
    /// Takes work apart and puts it behind everything that waits.
    mutating func enqueue(
        _ work: ReplicaWork, token: UInt64, purpose: PendingWork.Purpose, at now: RingTime,
        into out: inout ReplicaOutput
    ) {
        let number = nextWork
        nextWork += 1
        let isBusy = queue.count >= settings.queueBound
        var pending = PendingWork(token: token, purpose: purpose, unitsLeft: 0, results: .states([]))
        var units: [Unit] = []
        switch work {
        case .apply(let items, let mode, let isFetch):
            var outcomes = Array(repeating: ItemOutcome(isBusy ? .busy : .applied), count: items.count)
            if !isBusy {
                units = groups(items, number, mode, isFetch, &outcomes, now)
            }
            pending.results = .applied(outcomes)
        case .execute(let commands, let preconditions):
            pending.results = .executed(isBusy ? .busy : .done(replies: [], items: []))
            if !isBusy { units = execution(commands, preconditions, number, &pending) }
        case .read(let commands, let want):
            let status = ItemStatus.busy.rawValue
            let none = ReadReply.Entry(status: isBusy ? status : 0, digest: 0, newest: .zero, expiry: 0, reply: [])
            pending.results = .read(Array(repeating: none, count: commands.count))
            if !isBusy {
                units = commands.enumerated().map { place, command in
                    Unit(
                        work: number, content: .read(command, place: place, want: want), keys: settings.keys(command))
                }
            }
        case .states(let keys):
            // Never refused: others wait for it to become current.
            pending.results = .states(
                keys.map { key in
                    Item(
                        version: .zero, token: settings.token(key), key: key, effect: .state(.empty, .none))
                })
            units = keys.enumerated().map { Unit(work: number, content: .state(place: $0), keys: [$1]) }
        case .changedBehind(let key):
            pending.results = .executed(.done(replies: [], items: []))
            units = [Unit(work: number, content: .execution([], preconditions: []), keys: [key])]
        }
        pending.unitsLeft = units.count
        queue += units
        works[number] = pending
        if units.isEmpty { complete(number, &out) }
    }

    /// Atomic groups of items. Those whose stamps are too far ahead are refused at once, their whole group with them.
    private mutating func groups(
        _ items: [Item], _ work: UInt64, _ mode: Replicate.Mode, _ isFetch: Bool, _ outcomes: inout [ItemOutcome],
        _ now: RingTime
    ) -> [Unit] {
        var units: [Unit] = []
        var start = 0
        while start < items.count {
            var end = start + 1
            while end < items.count, items[end].isGrouped { end += 1 }
            let group = Array(items[start..<end])
            if group.allSatisfy({ clock.accepts($0.newestStamp, wall: now.wall) }) {
                for item in group { _ = clock.receive(item.newestStamp, wall: now.wall) }
                let content = Unit.Content.items(group, first: start, mode: mode, isFetch: isFetch)
                units.append(Unit(work: work, content: content, keys: group.map(\.key)))
            } else {
                for place in start..<end { outcomes[place].status = .clockLead }
            }
            start = end
        }
        return units
    }

    private func execution(
        _ commands: [[Bytes]], _ preconditions: [ClientRequest.Precondition], _ work: UInt64,
        _ pending: inout PendingWork
    ) -> [Unit] {
        guard !commands.isEmpty else {
            pending.results = .executed(.done(replies: [], items: []))
            return []
        }
        var keys: [Bytes] = []
        for key in commands.flatMap(settings.keys) + preconditions.map(\.key) where !keys.contains(key) {
            keys.append(key)
        }
        return [Unit(work: work, content: .execution(commands, preconditions: preconditions), keys: keys)]
    }

    // MARK: completion

    /// One item of a work is done: its unit with the last of the group.
    mutating func itemIsDone(_ step: Batch.ItemStep, _ outcome: ItemOutcome, _ out: inout ReplicaOutput) {
        guard var pending = works.removeValue(forKey: step.work) else { return }
        if case .applied(var outcomes) = pending.results {
            // Not two owners at once: that would copy all of them for each item.
            pending.results = .states([])
            outcomes[step.place] = outcome
            pending.results = .applied(outcomes)
        }
        if step.isLastOfUnit { pending.unitsLeft -= 1 }
        let isDone = pending.unitsLeft == 0
        works[step.work] = pending
        if isDone { complete(step.work, &out) }
    }

    /// One unit of a work is done.
    mutating func unitIsDone(
        _ work: UInt64, _ out: inout ReplicaOutput, _ note: (inout PendingWork.Results) -> Void
    ) {
        guard var pending = works.removeValue(forKey: work) else { return }
        pending.unitsLeft -= 1
        note(&pending.results)
        let isDone = pending.unitsLeft == 0
        works[work] = pending
        if isDone { complete(work, &out) }
    }

    private mutating func complete(_ number: UInt64, _ out: inout ReplicaOutput) {
        guard let work = works.removeValue(forKey: number) else { return }
        if case .own = work.purpose { return }
        switch work.results {
        case .applied(let outcomes): out.completions.append(.applied(token: work.token, outcomes))
        case .executed(let outcome): out.completions.append(.executed(token: work.token, outcome))
        case .read(let entries): out.completions.append(.read(token: work.token, entries))
        case .states(let items):
            guard case .feed(var reply, let lsns) = work.purpose else {
                out.completions.append(.states(token: work.token, items))
                return
            }
            reply.entries = FeedReply.encode(states: [Array(zip(lsns, items)).map { (lsn: $0, item: $1) }]) {
                $1.item($0)
            }
            out.completions.append(.feed(token: work.token, reply))
        }
    }
}

extension Item {
    var isState: Bool { if case .state = effect { true } else { false } }

    /// The newest stamp in it.
    var newestStamp: UInt64 {
        if case .state(let state, _) = effect { max(version, state.newestVersion).stamp } else { version.stamp }
    }
}
