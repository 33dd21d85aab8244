// Reading what the store holds under a key, behind a command and in its transaction.

enum StoreImages {
    /// The commands that read what `image` names.
    static func commands(_ image: Execution.Image, key: Bytes) -> [[Bytes]] {
        switch image {
        case .none: []
        case .kind: [["TYPE".bytes, key]]
        case .fields(let names): names.isEmpty ? [] : [["HMGET".bytes, key] + names]
        // Of what kind the value is shows only when it is read: what does not fit answers an error.
        case .whole:
            [
                ["TYPE".bytes, key], ["PEXPIRETIME".bytes, key], ["GET".bytes, key], ["HGETALL".bytes, key],
                ["DUMP".bytes, key],
            ]
        }
    }

    /// The image from the replies to ``commands(_:key:)``.
    ///
    /// - Parameter state: the key's record: a JSON document looks like a string to the store.
    static func image(_ image: Execution.Image, _ replies: ArraySlice<CommandReply>, state: KeyState) -> KeyImage {
        let replies = Array(replies)
        switch image {
        case .none: return .absent
        case .kind: return KeyImage(kind: kind(replies.first, state))
        case .fields(let names):
            guard case .array(let values)? = replies.first else { return .absent }
            let pairs = zip(names, values).compactMap { name, value in
                if case .bulk(let bytes) = value { Content.Pair(name, bytes) } else { nil }
            }
            return KeyImage(kind: .hash, content: .fields(pairs))
        case .whole:
            guard replies.count == 5 else { return .absent }
            var result = KeyImage(kind: kind(replies[0], state))
            if case .integer(let at) = replies[1], at >= 0 { result.deadline = UInt64(at) }
            result.content = content(result.kind, replies)
            return result
        }
    }

    private static func content(_ kind: ValueKind, _ replies: [CommandReply]) -> Content {
        switch kind {
        case .absent, .suggestions: return .none
        case .string, .json:
            if case .bulk(let value) = replies[2] { return .bytes(value) }
        case .hash: return .fields(pairs(replies[3]))
        case .list, .set, .sortedSet, .stream:
            if case .bulk(let value) = replies[4] { return .dump(value) }
        }
        return .none
    }

    static func pairs(_ reply: CommandReply) -> [Content.Pair] {
        let elements = reply.elements
        return stride(from: 0, to: elements.count - 1, by: 2).map { Content.Pair(elements[$0], elements[$0 + 1]) }
    }

    static func kind(_ reply: CommandReply?, _ state: KeyState) -> ValueKind {
        guard case .status(let name)? = reply else { return .absent }
        switch name {
        case "string": return state.floor?.kind == .json ? .json : .string
        case "hash": return .hash
        case "list": return .list
        case "set": return .set
        case "zset": return .sortedSet
        case "stream": return .stream
        default: return .absent
        }
    }

    // MARK: states

    /// The command that reads the values of a key in this state; `nil` when there are none.
    static func contentCommand(_ kind: ValueKind, key: Bytes) -> [Bytes]? {
        switch kind {
        case .absent, .suggestions: nil
        case .string, .json: ["GET".bytes, key]
        case .hash: ["HGETALL".bytes, key]
        case .list, .set, .sortedSet, .stream: ["DUMP".bytes, key]
        }
    }

    /// The values from the reply to ``contentCommand(_:key:)``.
    static func content(_ kind: ValueKind, _ reply: CommandReply?) -> Content {
        switch (kind, reply) {
        case (.string, .bulk(let value)?), (.json, .bulk(let value)?): .bytes(value)
        case (.hash, .array?): .fields(reply.map(pairs) ?? [])
        case (.list, .bulk(let value)?), (.set, .bulk(let value)?), (.sortedSet, .bulk(let value)?),
            (.stream, .bulk(let value)?):
            .dump(value)
        default: .none
        }
    }

    // MARK: adoption

    /// The effects that make an image of a key what a command of this version has left: of a command whose reply was lost,
    /// and of a change by somebody else.
    ///
    /// - Parameter names: the only fields that can have changed, when that is known.
    static func adoption(
        key: Bytes, image: KeyImage, state: KeyState, version: Version, fields names: [Bytes]?, wall: UInt64
    ) -> [KeyEffect] {
        let before = state.kind(at: wall)
        if image.kind == .absent { return before == .absent ? [] : [KeyEffect(key, version, .delete)] }
        // Without a floor: fields that others have written meanwhile are not buried.
        guard image.kind == .hash, !before.isBody, case .fields(let pairs) = image.content else {
            return [KeyEffect(key, version, image.whole(version: version))]
        }
        func isConcerned(_ name: Bytes) -> Bool { names.map { $0.contains(name) } ?? true }
        let set = pairs.filter { isConcerned($0.name) }
        let present = Set(pairs.map(\.name))
        let gone = state.fields.filter { $0.isLive(at: wall) && isConcerned($0.name) && !present.contains($0.name) }
        var effects: [KeyEffect] = []
        if !set.isEmpty { effects.append(KeyEffect(key, version, .assignFields(set))) }
        if !gone.isEmpty, before == .hash {
            effects.append(KeyEffect(key, version, .deleteFields(gone.map(\.name))))
        }
        let deadline = before == .absent ? nil : state.deadline
        if image.deadline != deadline {
            effects += ExpiryEffects.set(key, at: image.deadline, state: state, version: version)
        }
        return effects
    }

    /// The fields that a command on one hash can change.
    static func fields(of command: [Bytes]) -> [Bytes]? {
        guard let name = command.first?.lowercased else { return nil }
        switch name {
        case "hincrby", "hincrbyfloat", "hsetnx": return command.count > 2 ? [command[2]] : nil
        case "hdel", "hgetdel", "hexpire", "hpexpire", "hexpireat", "hpexpireat", "hpersist", "hgetex", "hsetex":
            let names = HashCommand.fields(name, command)
            return names.isEmpty ? nil : names
        default: return nil
        }
    }
}
