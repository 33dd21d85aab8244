// Effects of commands that leave one new value: from the reply, or from the fields read behind the command.

enum HashCommand {
    /// Their effect needs the values of the fields: the time belongs to a value, and travels with it.
    static let readsValues: Set<String> = ["hexpire", "hexpireat", "hpexpire", "hpexpireat", "hpersist", "hgetex"]
    /// They may remove the last field, and the hash with it.
    static let removing: Set<String> = ["hdel", "hgetdel"]

    /// The fields that a command with a FIELDS list, or HDEL, names.
    static func fields(_ name: String, _ command: [Bytes]) -> [Bytes] {
        if name == "hdel" { return Array(command.dropFirst(2)) }
        guard let at = command.firstIndex(where: { $0.isWord("FIELDS") }), at + 1 < command.count,
            let count = command[at + 1].number, count > 0
        else { return [] }
        let step = name == "hsetex" ? 2 : 1
        let names = command[(at + 2)...]
        guard names.count == Int(clamping: count) * step else { return [] }
        return stride(from: names.startIndex, to: names.endIndex, by: step).map { names[$0] }
    }
}

extension Execution {
    func oneValue(
        _ key: Bytes, _ reply: CommandReply, _ image: KeyImage, _ states: [Bytes: KeyState]
    ) -> [KeyEffect] {
        let state = states[key] ?? .empty
        // What the expiry had buried for this write is gone with its time to live.
        let deadline = state.deadline.flatMap { Version.burial(at: $0) > version ? $0 : nil }
        func string(_ value: Bytes, _ expiry: UInt64?) -> [KeyEffect] {
            [KeyEffect(key, version, .assign(kind: .string, expiry: expiry, value: value))]
        }
        switch name {
        case "incr", "incrby", "decr", "decrby":
            guard case .integer(let value) = reply else { return [] }
            return string(value.bytes, deadline)
        case "incrbyfloat":
            guard case .bulk(let value) = reply else { return [] }
            return string(value, deadline)
        case "set":
            guard let options = SetOptions(command), hasSet(options, reply) else { return [] }
            if options.keepsExpiry { return string(command[2], deadline) }
            return string(command[2], at.map { UInt64(clamping: $0) })
        case "setnx": return reply == .integer(1) ? string(command[2], nil) : []
        case "getset": return string(command[2], nil)
        case "getdel": return reply == .null ? [] : [KeyEffect(key, version, .delete)]
        case "getex":
            guard reply != .null else { return [] }
            if let at { return expire(key, at, state) }
            let persists = command.dropFirst(2).contains { $0.isWord("PERSIST") }
            return persists && deadline != nil ? [KeyEffect(key, version, .expiry(at: nil, fields: []))] : []
        case "msetnx":
            guard reply == .integer(1) else { return [] }
            return stride(from: 1, to: command.count - 1, by: 2).map {
                KeyEffect(command[$0], version, .assign(kind: .string, expiry: nil, value: command[$0 + 1]))
            }
        case "expire", "pexpire", "expireat", "pexpireat":
            guard reply == .integer(1), let at else { return [] }
            return expire(key, at, state)
        case "persist":
            return reply == .integer(1) ? [KeyEffect(key, version, .expiry(at: nil, fields: []))] : []
        case "restore":
            return image.kind == .absent ? [] : [KeyEffect(key, version, image.whole(version: version))]
        default:
            return fields(key, reply, image, state)
        }
    }

    private func expire(_ key: Bytes, _ at: Int64, _ state: KeyState) -> [KeyEffect] {
        ExpiryEffects.set(key, at: UInt64(clamping: at), state: state, version: version)
    }

    /// Whether SET has set: with GET the reply is the old value, which under NX must not have been there.
    private func hasSet(_ options: SetOptions, _ reply: CommandReply) -> Bool {
        guard options.returnsOld else { return reply == .ok }
        switch options.condition {
        case nil: return true
        case .absent: return reply == .null
        case .present: return reply != .null
        }
    }

    // MARK: hashes

    private func fields(
        _ key: Bytes, _ reply: CommandReply, _ image: KeyImage, _ state: KeyState
    ) -> [KeyEffect] {
        switch name {
        case "hsetnx":
            return reply == .integer(1) ? assign(key, [Content.Pair(command[2], command[3])], nil) : []
        case "hincrby", "hincrbyfloat":
            let value: Bytes
            switch reply {
            case .integer(let number): value = number.bytes
            case .bulk(let bytes): value = bytes
            default: return []
            }
            let kept = state.field(command[2]).flatMap { $0.isLive(at: version.milliseconds) ? $0.expiry : nil }
            return assign(key, [Content.Pair(command[2], value)], kept)
        case "hdel", "hgetdel":
            let gone = name == "hdel" ? HashCommand.fields(name, command) : named(reply) { $0 != .null }
            if name == "hdel", reply == .integer(0) || gone.isEmpty { return [] }
            if gone.isEmpty { return [] }
            return image.kind == .absent
                ? [KeyEffect(key, version, .delete)] : [KeyEffect(key, version, .deleteFields(gone))]
        case "hexpire", "hpexpire", "hexpireat", "hpexpireat":
            let deleted = named(reply) { $0 == .integer(2) }
            let set = values(image, of: named(reply) { $0 == .integer(1) })
            var effects = assign(key, set, at.map { UInt64(clamping: $0) })
            if !deleted.isEmpty { effects.append(KeyEffect(key, version, .deleteFields(deleted))) }
            return effects
        case "hpersist":
            return assign(key, values(image, of: named(reply) { $0 == .integer(1) }), nil)
        case "hgetex":
            let persists = command.contains { $0.isWord("PERSIST") }
            guard at != nil || persists else { return [] }
            return assign(key, values(image, of: named(reply) { $0 != .null }), at.map { UInt64(clamping: $0) })
        case "hsetex":
            guard reply == .integer(1) else { return [] }
            let names = HashCommand.fields(name, command)
            let values = command.suffix(2 * names.count)
            let pairs = zip(names, stride(from: values.startIndex + 1, to: values.endIndex, by: 2).map { values[$0] })
            return assign(key, pairs.map { Content.Pair($0, $1) }, at.map { UInt64(clamping: $0) })
        default:
            return []
        }
    }

    private func assign(_ key: Bytes, _ pairs: [Content.Pair], _ expiry: UInt64?) -> [KeyEffect] {
        guard !pairs.isEmpty else { return [] }
        var effects = [KeyEffect(key, version, .assignFields(pairs))]
        if let expiry { effects.append(KeyEffect(key, version, .expiry(at: expiry, fields: pairs.map(\.name)))) }
        return effects
    }

    /// The fields of the command whose place in the reply is so.
    private func named(_ reply: CommandReply, _ isSo: (CommandReply) -> Bool) -> [Bytes] {
        guard case .array(let elements) = reply else { return [] }
        return zip(HashCommand.fields(name, command), elements).filter { isSo($1) }.map(\.0)
    }

    private func values(_ image: KeyImage, of names: [Bytes]) -> [Content.Pair] {
        guard case .fields(let pairs) = image.content else { return [] }
        return pairs.filter { names.contains($0.name) }
    }
}
