// How an effect changes a state, and what is left to do in the store.

/// The moment and the manner in which an effect is applied.
package struct ApplyContext: Sendable {
    /// Unix milliseconds of the store's machine.
    package var wall: UInt64
    /// The version of the ring's last flush.
    package var flushFloor: Version
    /// Whether a write that a client would see refused is refused. A merge never is.
    package var mayRefuse: Bool
    /// Whether the state comes from a co-owner because ours is incomplete, or because the store has other values than the
    /// record says: values are written even where the versions are those we have.
    package var isFetch: Bool

    package init(wall: UInt64, flushFloor: Version = .zero, mayRefuse: Bool = true, isFetch: Bool = false) {
        self.wall = wall
        self.flushFloor = flushFloor
        self.mayRefuse = mayRefuse
        self.isFetch = isFetch
    }
}

/// What became of an effect.
package struct Application: Equatable, Sendable {
    package var status: ItemStatus
    /// The state afterwards; as before unless ``hasChanged``.
    package var state: KeyState
    /// Whether the record must be written and the feed told.
    package var hasChanged: Bool
    /// What the store must do, on top of what it holds by the state before.
    package var change: ContentChange
    /// Whether values are missing that only a co-owner has: its state is to be fetched and merged.
    package var needsFetch: Bool

    static func unchanged(_ status: ItemStatus, _ state: KeyState) -> Application {
        Application(
            status: status, state: state, hasChanged: false, change: .nothing, needsFetch: status == .needState)
    }
}

extension KeyState {
    /// Applies an effect. Deterministic in everything that replicas compare; the time decides only what is refused and what
    /// the store has to be told.
    package func apply(_ effect: Effect, version: Version, context: ApplyContext) -> Application {
        apply(effect, version, context) { $0.merged(with: $1, flushFloor: $2) }
    }

    /// How two states become one, given the flush floor.
    typealias Join = (KeyState, KeyState, Version) -> KeyState

    /// The same under another join: tests plant mistakes here and expect to find them.
    func apply(_ effect: Effect, _ version: Version, _ context: ApplyContext, join: Join) -> Application {
        if case .delta(let base, let kind, let command) = effect {
            return applyDelta(base, kind, command, version, context, join)
        }
        if case .expiry(let at, let names) = effect, !names.isEmpty {
            return applyFieldExpiry(at, names, version, context, join)
        }
        let (incoming, content) = Self.fragment(effect, version)
        if context.mayRefuse, let refusal = refusal(effect, version, context) { return .unchanged(refusal, self) }

        let after = join(self, incoming, context.flushFloor)
        return finish(after, incoming, content, context, status: status(of: effect, version, incoming, after))
    }

    /// The state that an effect is by itself, and its values.
    private static func fragment(_ effect: Effect, _ version: Version) -> (KeyState, Content) {
        switch effect {
        case .assign(let kind, let at, let value):
            // Over before it began: a deletion.
            if let at, Version.burial(at: at) <= version {
                return (KeyState(floor: Floor(version, .absent)), .none)
            }
            let content: Content = kind == .string || kind == .json ? .bytes(value) : .dump(value)
            return (KeyState(floor: Floor(version, kind), expiry: at.map { Expiry(version, at: $0) }), content)
        case .assignFields(let pairs):
            return (KeyState(fields: pairs.map { Field($0.name, version) }), .fields(pairs))
        case .delete:
            return (KeyState(floor: Floor(version, .absent)), .none)
        case .deleteFields(let names):
            return (KeyState(fields: names.map { Field($0, version, isDeleted: true) }), .none)
        case .expiry(let at, _):
            return (KeyState(expiry: Expiry(version, at: at)), .none)
        case .state(let state, let content):
            return (state, content)
        case .delta:
            return (.empty, .none)
        }
    }

    /// Why a client's write is refused here.
    private func refusal(_ effect: Effect, _ version: Version, _ context: ApplyContext) -> ItemStatus? {
        switch effect {
        case .assignFields, .deleteFields: break
        default: return nil
        }
        // What is older than an expiry that this write comes after is no obstacle to it.
        if let deadline, version >= Version.burial(at: deadline) { return nil }
        let kind = kind(at: context.wall)
        if kind.isBody, floorVersion < version, floorVersion >= context.flushFloor { return .typeConflict }
        guard case .deleteFields(let names) = effect, kind == .hash else { return nil }
        // Without its last field the hash is gone, and with it in the store its time to live; the record would keep that
        // for a hash made later. And a string under the hash would come up again.
        guard deadline != nil || floor.map({ $0.kind.isBody }) == true else { return nil }
        let isEmptied = fields.allSatisfy { field in
            !field.isLive(at: context.wall) || names.contains(field.name) && field.version < version
        }
        return isEmptied ? .useExecutor : nil
    }

    private func status(
        of effect: Effect, _ version: Version, _ incoming: KeyState, _ after: KeyState
    ) -> ItemStatus {
        if !agrees(with: after) { return .applied }
        // Nothing new. Known from before, or covered by something newer?
        let isKnown: Bool
        switch effect {
        case .assign, .delete, .delta: isKnown = floorVersion == version
        case .assignFields, .deleteFields:
            isKnown = incoming.fields.contains { field($0.name)?.version == version }
        case .expiry: isKnown = expiry?.version == version || floorVersion == version
        case .state: isKnown = newestVersion == incoming.newestVersion
        }
        return isKnown ? .applied : .superseded
    }

    private func applyDelta(
        _ base: Version, _ kind: ValueKind, _ command: [Bytes], _ version: Version, _ context: ApplyContext,
        _ join: Join
    ) -> Application {
        if floorVersion == version { return .unchanged(.applied, self) }
        if floorVersion > version || context.flushFloor > version { return .unchanged(.superseded, self) }
        // Never onto a dead value: neither one whose time is over here nor one that was over for the writer.
        let isAlive = deadline.map { context.wall < $0 && version < Version.burial(at: $0) } ?? true
        guard kind.isBody, floorVersion == base, base != .zero, base >= context.flushFloor, isAlive,
            self.kind(at: context.wall) == kind
        else { return .unchanged(.needState, self) }
        let incoming = KeyState(floor: Floor(version, kind))
        let after = join(self, incoming, context.flushFloor)
        var change = ContentChange.nothing
        change.body = .command(command)
        // The new floor brings no expiry. When the key has one, an effect of the same version follows and says so.
        if deadline != nil, after.deadline == nil { change.expiry = .never }
        return Application(status: .applied, state: after, hasChanged: true, change: change, needsFetch: false)
    }

    /// HEXPIRE ships the value anew together with the time: the value that the time belongs to is certain then.
    private func applyFieldExpiry(
        _ at: UInt64?, _ names: [Bytes], _ version: Version, _ context: ApplyContext, _ join: Join
    ) -> Application {
        var timed: [Field] = []
        for name in names {
            guard let known = field(name), known.version >= version else {
                let isCovered = max(horizon(flushFloor: context.flushFloor), floorVersion) > version
                if isCovered { continue }
                return .unchanged(.needState, self)
            }
            if known.version == version, !known.isDeleted { timed.append(Field(name, version, expiry: at)) }
        }
        guard !timed.isEmpty else { return .unchanged(.superseded, self) }
        let incoming = KeyState(fields: timed)
        let after = join(self, incoming, context.flushFloor)
        return finish(after, incoming, .none, context, status: .applied)
    }

    private func finish(
        _ after: KeyState, _ incoming: KeyState, _ content: Content, _ context: ApplyContext, status: ItemStatus
    ) -> Application {
        var after = after
        if context.isFetch, !incoming.isIncomplete, after.agrees(with: incoming) { after.isIncomplete = false }
        var (change, missing) = ContentChange.between(self, after, incoming, content, context)
        // Without a lost field a body under the hash may come up, which is lost as well.
        while !missing.isEmpty {
            after.lose(missing)
            (change, missing) = ContentChange.between(self, after, incoming, content, context)
        }
        // A store that is told nothing and a record that says nothing new: nothing happened.
        let hasChanged = !agrees(with: after) || isIncomplete != after.isIncomplete
        if !hasChanged, !context.isFetch { change = .nothing }
        return Application(
            status: status, state: after, hasChanged: hasChanged, change: change,
            needsFetch: after.isIncomplete)
    }
}
