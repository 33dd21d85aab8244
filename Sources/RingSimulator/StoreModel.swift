// A small store with the rules of the real one: strings, hashes, lists and sets, with times to live, on a clock that
// whoever runs it moves.

import RingCore

/// What a backing store holds. A value: a copy is what it had at that moment.
package struct StoreModel: Equatable, Sendable {
    package enum Value: Equatable, Sendable {
        case string(Bytes)
        case hash([Bytes: Bytes])
        case list([Bytes])
        case set(Set<Bytes>)

        var name: String {
            switch self {
            case .string: "string"
            case .hash: "hash"
            case .list: "list"
            case .set: "set"
            }
        }
    }

    struct Entry: Equatable {
        var value: Value
        var deadline: UInt64?
    }

    var entries: [Bytes: Entry] = [:]
    /// Whether writes are refused for want of memory.
    package var isFull = false

    package init() {}

    // MARK: looking at it

    package func value(_ key: Bytes, at now: UInt64) -> Value? { live(key, now)?.value }

    package func deadline(_ key: Bytes, at now: UInt64) -> UInt64? { live(key, now)?.deadline }

    /// All keys but the marker, ascending.
    package func keys(at now: UInt64) -> [Bytes] {
        entries.keys.filter { $0 != LocalReplica.marker && live($0, now) != nil }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    package func marker() -> UInt64? {
        guard case .string(let text)? = entries[LocalReplica.marker]?.value else { return nil }
        return UInt64(String(decoding: text, as: UTF8.self))
    }

    func live(_ key: Bytes, _ now: UInt64) -> Entry? {
        guard let entry = entries[key] else { return nil }
        if let deadline = entry.deadline, deadline <= now { return nil }
        return entry
    }

    // MARK: running

    /// Runs a batch as a replica asks for it.
    package mutating func run(_ request: StoreBatchRequest, at now: UInt64) -> StoreOutcome {
        if request.isAtomic, isFull, request.commands.contains(where: { Self.mayGrow($0) }) {
            return .refused(Bytes("-EXECABORT Transaction discarded because of previous errors.\r\n".utf8))
        }
        return .replies(request.commands.map { run($0, at: now).resp })
    }

    static func mayGrow(_ command: [Bytes]) -> Bool {
        ["SET", "HSET", "RESTORE", "RPUSH", "LPUSH", "SADD", "INCR", "APPEND", "HINCRBY"].contains(name(command))
    }

    static func name(_ command: [Bytes]) -> String {
        String(decoding: command.first ?? [], as: UTF8.self).uppercased()
    }

    /// Runs one command.
    package mutating func run(_ command: [Bytes], at now: UInt64) -> CommandReply {
        if isFull, Self.mayGrow(command) {
            return .error("OOM command not allowed when used memory > 'maxmemory'.")
        }
        guard command.count > 1 else { return .error("ERR wrong number of arguments") }
        let key = command[1]
        if live(key, now) == nil { entries[key] = nil }
        let rest = Array(command[2...])
        let name = Self.name(command)
        switch name {
        case "SET", "GET", "INCR", "INCRBY", "DECR", "APPEND": return string(name, key, rest, now)
        case "HSET", "HDEL", "HGET", "HMGET", "HGETALL", "HKEYS", "HINCRBY": return hash(name, key, rest)
        case "RPUSH", "LPUSH", "RPOP", "LPOP", "LRANGE": return list(name, key, rest)
        case "SADD", "SREM", "SMEMBERS": return set(name, key, rest)
        default: return generic(name, key, rest, now)
        }
    }
}
