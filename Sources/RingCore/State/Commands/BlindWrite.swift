// Writes that need to read nothing: their effects follow from the arguments alone, and their replies from the record.

/// An effect on a key, with the version it has there.
package struct KeyEffect: Equatable, Sendable {
    package var key: Bytes
    package var version: Version
    package var effect: Effect

    package init(_ key: Bytes, _ version: Version, _ effect: Effect) {
        self.key = key
        self.version = version
        self.effect = effect
    }
}

/// A reply of the store, or one that is known without it.
package indirect enum CommandReply: Equatable, Sendable {
    case null
    case integer(Int64)
    case bulk(Bytes)
    case status(String)
    case error(String)
    case array([CommandReply])

    package static let ok = CommandReply.status("OK")
    package static let wrongType = CommandReply.error(
        "WRONGTYPE Operation against a key holding the wrong kind of value")
}

package enum BlindWrite {
    /// The effects of a command of class ``WriteClass/blind``, one for each of its keys in their order; `nil` when the
    /// store would refuse it, and may be asked to say how.
    ///
    /// - Parameter now: the milliseconds of the clock that stamped the version: relative times are counted from there.
    package static func effects(of command: [Bytes], version: Version, now: UInt64) -> [KeyEffect]? {
        guard let name = command.first?.lowercased else { return nil }
        switch name {
        case "set":
            guard let options = SetOptions(command), options.isBlind else { return nil }
            return assign(command[1], command[2], options.expiry, version, now)
        case "setex", "psetex":
            guard command.count == 4, let number = command[2].number else { return nil }
            let unit: TimeOption.Unit = name == "setex" ? .seconds : .milliseconds
            return assign(command[1], command[3], TimeOption(unit: unit, number: number), version, now)
        case "mset":
            guard command.count >= 3, command.count % 2 == 1 else { return nil }
            return stride(from: 1, to: command.count, by: 2).flatMap {
                assign(command[$0], command[$0 + 1], nil, version, now) ?? []
            }
        case "del", "unlink":
            guard command.count >= 2 else { return nil }
            return command.dropFirst().map { KeyEffect($0, version, .delete) }
        case "hset", "hmset":
            guard command.count >= 4, command.count % 2 == 0 else { return nil }
            let pairs = stride(from: 2, to: command.count, by: 2).map { Content.Pair(command[$0], command[$0 + 1]) }
            return [KeyEffect(command[1], version, .assignFields(pairs))]
        case "hdel":
            guard command.count >= 3 else { return nil }
            return [KeyEffect(command[1], version, .deleteFields(Array(command[2...])))]
        default:
            return nil
        }
    }

    private static func assign(
        _ key: Bytes, _ value: Bytes, _ expiry: TimeOption?, _ version: Version, _ now: UInt64
    ) -> [KeyEffect]? {
        guard let expiry else { return [KeyEffect(key, version, .assign(kind: .string, expiry: nil, value: value))] }
        guard expiry.number > 0, let at = expiry.at(now: now) else { return nil }
        return [KeyEffect(key, version, .assign(kind: .string, expiry: UInt64(at), value: value))]
    }

    /// What the command answers, from what its effects answered each by ``KeyState/prediction(of:version:at:)``.
    package static func reply(to command: [Bytes], parts: [CommandReply]) -> CommandReply {
        if let error = parts.first(where: { if case .error = $0 { true } else { false } }) { return error }
        switch command.first?.lowercased {
        case "set", "setex", "psetex", "mset", "hmset": return .ok
        default:
            return .integer(
                parts.reduce(0) { sum, part in
                    if case .integer(let number) = part { sum + number } else { sum }
                })
        }
    }
}

extension KeyState {
    /// What a blind effect on a key in this state answers; of the second of two effects of a command, the state after the
    /// first.
    package func prediction(of effect: Effect, version: Version, at wall: UInt64) -> CommandReply {
        let isOver = deadline.map { version >= Version.burial(at: $0) } ?? false
        let kind = isOver ? .absent : kind(at: wall)
        func liveCount(_ names: some Sequence<Bytes>) -> Int {
            kind == .hash ? Set(names).count { field($0)?.isLive(at: wall) == true } : 0
        }
        switch effect {
        case .assign: return .ok
        case .delete: return .integer(kind == .absent ? 0 : 1)
        case .assignFields(let pairs):
            if kind.isBody { return .wrongType }
            let names = Set(pairs.map(\.name))
            return .integer(Int64(names.count - liveCount(names)))
        case .deleteFields(let names):
            if kind.isBody { return .wrongType }
            return .integer(Int64(liveCount(names)))
        case .expiry, .delta, .state: return .null
        }
    }
}
