// Commands without a choice or a clock in them: what one owner did is what all others do.

enum Rewriting {
    private static let keyTimes: [String: TimeOption.Unit] = [
        "expire": .seconds, "pexpire": .milliseconds, "expireat": .unixSeconds, "pexpireat": .unixMilliseconds,
        "hexpire": .seconds, "hpexpire": .milliseconds, "hexpireat": .unixSeconds, "hpexpireat": .unixMilliseconds,
    ]

    /// The command with its time absolute in milliseconds, and that time. Anything the store will refuse stays as it is.
    static func absolute(_ name: String, _ command: [Bytes], now: UInt64) -> (command: [Bytes], at: Int64?) {
        if let unit = keyTimes[name] {
            guard command.count > 2, let number = command[2].number,
                let at = TimeOption(unit: unit, number: number).at(now: now)
            else { return (command, nil) }
            var result = command
            result[0] = name.hasPrefix("h") ? "HPEXPIREAT".bytes : "PEXPIREAT".bytes
            result[2] = at.bytes
            return (result, at)
        }
        if name == "setex" || name == "psetex" {
            let unit: TimeOption.Unit = name == "setex" ? .seconds : .milliseconds
            guard command.count == 4, let number = command[2].number, number > 0,
                let at = TimeOption(unit: unit, number: number).at(now: now)
            else { return (command, nil) }
            return (["SET".bytes, command[1], command[3], "PXAT".bytes, at.bytes], at)
        }
        if ["set", "getex", "hgetex", "hsetex"].contains(name) { return absoluteOption(name, command, now) }
        if name == "xtrim" || name == "xadd" { return (exactTrim(command), nil) }
        return (command, nil)
    }

    private static func absoluteOption(
        _ name: String, _ command: [Bytes], _ now: UInt64
    ) -> (command: [Bytes], at: Int64?) {
        let end = command.firstIndex { $0.isWord("FIELDS") } ?? command.count
        let start = name == "set" ? 3 : 2
        guard start < end else { return (command, nil) }
        for i in start..<end {
            guard let unit = TimeOption.Unit(option: command[i]), i + 1 < end else { continue }
            guard let number = command[i + 1].number, number > 0,
                let at = TimeOption(unit: unit, number: number).at(now: now)
            else { return (command, nil) }
            var result = command
            result[i] = "PXAT".bytes
            result[i + 1] = at.bytes
            return (result, at)
        }
        return (command, nil)
    }

    /// How much `~` leaves depends on how the stream lies in memory, which is not the same everywhere: exactly, then.
    private static func exactTrim(_ command: [Bytes]) -> [Bytes] {
        guard let i = command.firstIndex(where: { $0 == "~".bytes }), i >= 3,
            command[i - 1].isWord("MAXLEN") || command[i - 1].isWord("MINID")
        else { return command }
        var result = command
        result[i] = "=".bytes
        if i + 3 < result.count, result[i + 2].isWord("LIMIT") { result.removeSubrange((i + 2)...(i + 3)) }
        return result
    }

    /// The command that pops what a blocking or choosing one has popped.
    static func servedKey(_ name: String) -> String? {
        switch name {
        case "blpop": "LPOP"
        case "brpop": "RPOP"
        case "bzpopmin": "ZPOPMIN"
        case "bzpopmax": "ZPOPMAX"
        case "lmpop", "blmpop": "POP"
        case "zmpop", "bzmpop": "ZPOP"
        case "xreadgroup": "XCLAIM"
        default: nil
        }
    }

    /// Commands whose reply 0 says that nothing happened.
    private static let zeroIsNothing: Set<String> = [
        "sadd", "srem", "zrem", "lrem", "lpushx", "rpushx", "xdel", "xack", "xtrim", "pfadd", "zremrangebylex",
        "zremrangebyrank", "zremrangebyscore", "linsert", "smove",
    ]

    /// What the command did to each key, as commands that do the same to the same value; nothing when it did nothing.
    static func deterministic(
        _ name: String, _ command: [Bytes], keys: [Bytes], reply: CommandReply, now: UInt64
    ) -> [(key: Bytes, command: [Bytes])] {
        guard let key = keys.first else { return [] }
        if case .integer(let number) = reply, number <= 0, zeroIsNothing.contains(name) { return [] }
        switch name {
        case "spop":
            let members = reply.elements
            return members.isEmpty ? [] : [(key, ["SREM".bytes, key] + members)]
        case "lpop", "rpop", "zpopmin", "zpopmax":
            return reply == .null || reply == .array([]) ? [] : [(key, command)]
        case "blpop", "brpop", "bzpopmin", "bzpopmax", "lmpop", "blmpop", "zmpop", "bzmpop":
            return pop(name, command, reply)
        case "xadd":
            guard case .bulk(let id) = reply else { return [] }
            return [(key, withID(exactTrim(command), id))]
        case "xtrim": return [(key, exactTrim(command))]
        case "xreadgroup": return StreamRewriting.read(command, reply, now: now)
        case "xclaim", "xautoclaim": return StreamRewriting.claim(name, key, command, reply, now: now)
        case "bitfield":
            let writes = command.dropFirst(2).contains { $0.isWord("SET") || $0.isWord("INCRBY") }
            return writes ? [(key, command)] : []
        case "lmove", "blmove", "rpoplpush", "brpoplpush", "smove":
            return move(name, command, keys, reply)
        case "zadd", "zincrby":
            return reply == .null ? [] : [(key, command)]
        default:
            return [(key, command)]
        }
    }

    private static func pop(
        _ name: String, _ command: [Bytes], _ reply: CommandReply
    ) -> [(key: Bytes, command: [Bytes])] {
        guard case .array(let parts) = reply, parts.count >= 2, case .bulk(let key) = parts[0] else { return [] }
        guard name.hasSuffix("mpop") else { return [(key, [(servedKey(name) ?? "").bytes, key])] }
        guard case .array(let elements) = parts[1] else { return [] }
        let isSorted = name.hasPrefix("z") || name.hasPrefix("bz")
        // The word stands behind the keys; a key of that name does not.
        let count = name.hasPrefix("b") ? 2 : 1
        let at = count + 1 + Int(clamping: command.count > count ? command[count].number ?? 0 : 0)
        guard at < command.count else { return [] }
        let word = command[at]
        let popped: String =
            isSorted ? (word.isWord("MIN") ? "ZPOPMIN" : "ZPOPMAX") : (word.isWord("LEFT") ? "LPOP" : "RPOP")
        return [(key, [popped.bytes, key, String(elements.count).bytes])]
    }

    private static func move(
        _ name: String, _ command: [Bytes], _ keys: [Bytes], _ reply: CommandReply
    ) -> [(key: Bytes, command: [Bytes])] {
        guard keys.count == 2 else { return [] }
        if name == "smove" {
            guard command.count > 3, reply == .integer(1) else { return [] }
            if keys[0] == keys[1] { return [] }
            return [(keys[0], ["SREM".bytes, keys[0], command[3]]), (keys[1], ["SADD".bytes, keys[1], command[3]])]
        }
        guard case .bulk(let element) = reply else { return [] }
        // Around one list the command says it all.
        if keys[0] == keys[1] {
            let words =
                name.hasSuffix("lmove") && command.count > 4
                ? [command[3], command[4]] : ["RIGHT", "LEFT"].map(\.bytes)
            return [(keys[0], ["LMOVE".bytes, keys[0], keys[0]] + words)]
        }
        let hasWords = name.hasSuffix("lmove") && command.count > 4
        let fromLeft = hasWords && command[3].isWord("LEFT")
        let toLeft = !hasWords || command[4].isWord("LEFT")
        return [
            (keys[0], [(fromLeft ? "LPOP" : "RPOP").bytes, keys[0]]),
            (keys[1], [(toLeft ? "LPUSH" : "RPUSH").bytes, keys[1], element]),
        ]
    }

    /// XADD with the id that the store has chosen in the place of `*`.
    private static func withID(_ command: [Bytes], _ id: Bytes) -> [Bytes] {
        var i = 2
        while i < command.count {
            if command[i].isWord("NOMKSTREAM") {
                i += 1
            } else if command[i].isWord("MAXLEN") || command[i].isWord("MINID") {
                i += i + 1 < command.count && (command[i + 1] == "=".bytes || command[i + 1] == "~".bytes) ? 3 : 2
            } else if command[i].isWord("LIMIT") {
                i += 2
            } else {
                break
            }
        }
        guard i < command.count else { return command }
        var result = command
        result[i] = id
        return result
    }
}

extension CommandReply {
    /// A bulk, or the bulks of an array.
    var elements: [Bytes] {
        switch self {
        case .bulk(let bytes): return [bytes]
        case .array(let parts): return parts.flatMap { if case .bulk(let bytes) = $0 { [bytes] } else { [Bytes]() } }
        default: return []
        }
    }
}
