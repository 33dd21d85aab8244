// A command that must read before it writes: it runs once, on the executor, and what came of it is what travels.
//
//   prepare   the client's command → what the store runs (times absolute, no approximations), and which images of its keys
//             are read behind it in the same transaction
//   effects   reply and images → effects of the keys
//
//   INCR k         runs as it is          reply :5     → assign "5", with the expiry that the key had
//   EXPIRE k 10    PEXPIREAT k <now+10 s>  reply :1     → expiry
//   SPOP s 2       runs as it is          reply a, b   → delta SREM s a b on the set's base version
//   LPUSH l x      runs as it is          no list yet  → assign, from DUMP

/// One execution of a command on one owner of its keys.
package struct Execution: Equatable, Sendable {
    /// What is read of a key after the command.
    package enum Image: Equatable, Sendable {
        /// Nothing: the reply says all.
        case none
        /// TYPE.
        case kind
        /// Values of these fields of a hash: HMGET.
        case fields([Bytes])
        /// The value and its expiry: GET, HGETALL or DUMP, and PEXPIRETIME.
        case whole
    }

    /// As the client sent it.
    package let command: [Bytes]
    package let version: Version
    /// Its keys, in the order of its arguments.
    package let keys: [Bytes]
    /// What the store runs in its place.
    package let run: [Bytes]
    /// What is read behind it, for each of ``keys``.
    package let images: [Image]

    let name: String
    /// The time the command sets, in unix milliseconds.
    let at: Int64?

    /// - Parameters:
    ///   - states: the records of the keys, before.
    ///   - wall: the store's clock; the version's milliseconds are what relative times are counted from.
    package init(command: [Bytes], keys: [Bytes], version: Version, states: [Bytes: KeyState], wall: UInt64) {
        self.command = command
        self.keys = keys
        self.version = version
        name = command.first?.lowercased ?? ""
        (run, at) = Rewriting.absolute(name, command, now: version.milliseconds)
        let name = name
        let names = HashCommand.fields(name, command)
        let destination = Self.destination(name, keys)
        images = keys.map { key in
            let state = states[key] ?? .empty
            switch Self.source(of: name, command) {
            case .fields: return .fields(names)
            case .reply: return HashCommand.removing.contains(name) ? .kind : .none
            case .restored: return .whole
            case .delta: return state.isBase(for: version, at: wall) ? .kind : .whole
            case .destination: return key == destination ? .whole : .none
            case .difference: return .whole
            case .nothing: return .none
            }
        }
    }

    /// Whether images of before are needed as well: of scripts and transactions.
    package var needsImagesBefore: Bool { Self.source(of: name, command) == .difference }

    /// Where the effects come from.
    private enum Source {
        case reply
        case fields
        case restored
        case delta
        case destination
        case difference
        case nothing
    }

    private static func source(of name: String, _ command: [Bytes]) -> Source {
        switch WriteClass.of(command) {
        case .blind, .oneValue:
            if name == "restore" { return .restored }
            return HashCommand.readsValues.contains(name) ? .fields : .reply
        case .growing: return .delta
        case .move: return ["rename", "renamenx", "copy"].contains(name) ? .destination : .delta
        case .group:
            if ["eval", "evalsha", "fcall", "multi", "exec"].contains(name) { return .difference }
            return Rewriting.servedKey(name) == nil ? .destination : .delta
        case .ring, nil: return .nothing
        }
    }

    /// The key that a command fills with a new value.
    private static func destination(_ name: String, _ keys: [Bytes]) -> Bytes? {
        switch name {
        case "rename", "renamenx", "copy", "sort", "georadius", "georadiusbymember": keys.count > 1 ? keys[1] : nil
        default: keys.first
        }
    }

    /// The effects of the command.
    ///
    /// - Parameters:
    ///   - reply: of ``run``.
    ///   - after: what ``images`` asked for, in the order of ``keys``.
    ///   - before: images of before, where ``needsImagesBefore``.
    package func effects(
        reply: CommandReply, after: [KeyImage], states: [Bytes: KeyState], before: [KeyImage] = []
    ) -> [KeyEffect] {
        let source = Self.source(of: name, command)
        // A script that fails may have written before.
        if case .error = reply, source != .difference { return [] }
        let images = Dictionary(zip(keys, after)) { $1 }
        switch source {
        case .reply, .fields, .restored:
            guard let key = keys.first else { return [] }
            return oneValue(key, reply, images[key] ?? .absent, states)
        case .delta:
            return deltas(reply).flatMap { finish($0, images, states) }
        case .destination:
            return filled(reply, images, states)
        case .difference:
            return zip(keys, zip(before, after)).flatMap { key, pair in
                KeyImage.difference(
                    key: key, from: pair.0, to: pair.1, state: states[key] ?? .empty, version: version)
            }
        case .nothing:
            return []
        }
    }

    /// The destination holds a whole new value, and after RENAME the source nothing.
    private func filled(
        _ reply: CommandReply, _ images: [Bytes: KeyImage], _ states: [Bytes: KeyState]
    ) -> [KeyEffect] {
        if ["renamenx", "copy"].contains(name), reply != .integer(1) { return [] }
        guard let key = Self.destination(name, keys), let image = images[key] else { return [] }
        // Onto itself: nothing happens.
        if name.hasPrefix("rename"), keys[0] == key { return [] }
        let wasAbsent = (states[key] ?? .empty).kind(at: version.milliseconds) == .absent
        var effects: [KeyEffect] = []
        if image.kind != .absent || !wasAbsent {
            effects.append(KeyEffect(key, version, image.whole(version: version)))
        }
        if name.hasPrefix("rename") { effects.append(KeyEffect(keys[0], version, .delete)) }
        return effects
    }

    /// A deterministic command on a key becomes a delta when the key had a base, else the whole value.
    private func finish(
        _ delta: (key: Bytes, command: [Bytes]), _ images: [Bytes: KeyImage], _ states: [Bytes: KeyState]
    ) -> [KeyEffect] {
        let image = images[delta.key] ?? .absent
        if image.kind == .absent { return [KeyEffect(delta.key, version, .delete)] }
        if image.content != .none { return [KeyEffect(delta.key, version, image.whole(version: version))] }
        let state = states[delta.key] ?? .empty
        guard let floor = state.floor else { return [] }
        let effect = Effect.delta(base: floor.version, kind: floor.kind, command: delta.command)
        var effects = [KeyEffect(delta.key, version, effect)]
        // The delta moves the floor, and with it the expiry would go.
        if let deadline = state.deadline {
            effects.append(KeyEffect(delta.key, version, .expiry(at: deadline, fields: [])))
        }
        return effects
    }

    private func deltas(_ reply: CommandReply) -> [(key: Bytes, command: [Bytes])] {
        Rewriting.deterministic(name, command, keys: keys, reply: reply, now: version.milliseconds)
    }
}

extension KeyState {
    /// Whether a delta of this version may be made from what the key holds.
    func isBase(for version: Version, at wall: UInt64) -> Bool {
        guard let floor, floor.kind.isBody, kind(at: wall) == floor.kind else { return false }
        return deadline.map { version < Version.burial(at: $0) } ?? true
    }
}
