// Consumer groups: who has which entries is a matter of time and turn, so what was handed out is said entry by entry.

enum StreamRewriting {
    /// XREADGROUP as claims of what it has handed out, or with NOACK as the group's new position.
    static func read(
        _ command: [Bytes], _ reply: CommandReply, now: UInt64
    ) -> [(key: Bytes, command: [Bytes])] {
        guard command.count > 3, case .array(let streams) = reply,
            let start = command.firstIndex(where: { $0.isWord("STREAMS") })
        else { return [] }
        let group = command[2]
        let consumer = command[3]
        let hasNoAck = command[..<start].contains { $0.isWord("NOACK") }
        let names = command[(start + 1)...]
        return streams.flatMap { stream -> [(key: Bytes, command: [Bytes])] in
            guard case .array(let parts) = stream, parts.count == 2, case .bulk(let key) = parts[0],
                case .array(let entries) = parts[1], let place = names.firstIndex(of: key)
            else { return [] }
            // Reading one's own entries again hands nothing out.
            let position = place + names.count / 2
            guard position < command.count, command[position] == ">".bytes else { return [] }
            let ids = entries.compactMap(\.entryID)
            guard let last = ids.last else { return [] }
            if hasNoAck { return [(key, ["XGROUP".bytes, "SETID".bytes, key, group, last])] }
            let claim = ["XCLAIM".bytes, key, group, consumer, "0".bytes] + ids
            let options = ["TIME".bytes, now.bytes, "RETRYCOUNT".bytes, "1".bytes, "FORCE".bytes, "JUSTID".bytes]
            return [(key, claim + options + ["LASTID".bytes, last])]
        }
    }

    /// XCLAIM and XAUTOCLAIM as a claim of what they got, idle or not.
    static func claim(
        _ name: String, _ key: Bytes, _ command: [Bytes], _ reply: CommandReply, now: UInt64
    ) -> [(key: Bytes, command: [Bytes])] {
        guard command.count > 5, case .array(let parts) = reply else { return [] }
        var ids: [Bytes]
        if name == "xautoclaim" {
            guard parts.count > 1, case .array(let claimed) = parts[1] else { return [] }
            ids = claimed.compactMap(\.entryID)
            // Entries that are gone from the stream leave the group's list as well.
            if parts.count > 2 { ids += parts[2].elements }
        } else {
            ids = parts.compactMap(\.entryID)
        }
        guard !ids.isEmpty else { return [] }
        var result = ["XCLAIM".bytes, key, command[2], command[3], "0".bytes] + ids
        result += ["TIME".bytes, time(command, now).bytes]
        if let count = option("RETRYCOUNT", command) { result += ["RETRYCOUNT".bytes, count] }
        if let last = option("LASTID", command) { result += ["LASTID".bytes, last] }
        for word in ["FORCE", "JUSTID"]
        where command.dropFirst(5).contains(where: { $0.lowercased == word.lowercased() }) {
            result.append(word.bytes)
        }
        return [(key, result)]
    }

    private static func option(_ word: StaticString, _ command: [Bytes]) -> Bytes? {
        guard let i = command.dropFirst(5).firstIndex(where: { $0.isWord(word) }), i + 1 < command.count else {
            return nil
        }
        return command[i + 1]
    }

    private static func time(_ command: [Bytes], _ now: UInt64) -> UInt64 {
        if let time = option("TIME", command)?.number, time >= 0 { return UInt64(time) }
        if let idle = option("IDLE", command)?.number, idle >= 0, UInt64(idle) <= now { return now - UInt64(idle) }
        return now
    }
}

extension CommandReply {
    /// The id of a stream's entry, which comes alone or with its fields.
    fileprivate var entryID: Bytes? {
        switch self {
        case .bulk(let id): return id
        case .array(let parts):
            if case .bulk(let id)? = parts.first { return id }
            return nil
        default: return nil
        }
    }
}
