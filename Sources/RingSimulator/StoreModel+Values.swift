// Commands on values of one kind.

import RingCore

extension StoreModel {
    mutating func put(_ key: Bytes, _ value: Value, isEmpty: Bool = false) {
        if isEmpty {
            entries[key] = nil
        } else {
            entries[key] = Entry(value: value, deadline: entries[key]?.deadline)
        }
    }

    static func number(_ bytes: Bytes?) -> Int64? { bytes.flatMap { Int64(String(decoding: $0, as: UTF8.self)) } }

    static func text(_ number: Int64) -> Bytes { Bytes(String(number).utf8) }

    // MARK: strings

    mutating func string(_ name: String, _ key: Bytes, _ rest: [Bytes], _ now: UInt64) -> CommandReply {
        if name == "SET" { return set(key, rest, now) }
        var old: Bytes?
        switch entries[key]?.value {
        case nil: break
        case .string(let bytes): old = bytes
        default: return .wrongType
        }
        switch name {
        case "GET": return old.map { .bulk($0) } ?? .null
        case "APPEND":
            let new = (old ?? []) + (rest.first ?? [])
            put(key, .string(new))
            return .integer(Int64(new.count))
        default:
            let step = name == "INCR" ? 1 : name == "DECR" ? -1 : Self.number(rest.first) ?? 0
            guard let number = Self.number(old ?? [48]) else {
                return .error("ERR value is not an integer or out of range")
            }
            put(key, .string(Self.text(number &+ step)))
            return .integer(number &+ step)
        }
    }

    private mutating func set(_ key: Bytes, _ rest: [Bytes], _ now: UInt64) -> CommandReply {
        guard let value = rest.first else { return .error("ERR wrong number of arguments for 'set' command") }
        let options = rest.dropFirst().map { String(decoding: $0, as: UTF8.self).uppercased() }
        if options.contains("NX"), entries[key] != nil { return .null }
        if options.contains("XX"), entries[key] == nil { return .null }
        var deadline = options.contains("KEEPTTL") ? entries[key]?.deadline : nil
        if let i = options.firstIndex(of: "PXAT"), i + 1 < options.count { deadline = UInt64(options[i + 1]) }
        entries[key] = Entry(value: .string(value), deadline: deadline)
        if live(key, now) == nil { entries[key] = nil }
        return .ok
    }

    // MARK: hashes

    mutating func hash(_ name: String, _ key: Bytes, _ rest: [Bytes]) -> CommandReply {
        var fields: [Bytes: Bytes] = [:]
        switch entries[key]?.value {
        case nil: break
        case .hash(let old): fields = old
        default: return .wrongType
        }
        let before = fields.count
        switch name {
        case "HSET":
            guard rest.count >= 2, rest.count % 2 == 0 else { return .error("ERR wrong number of arguments") }
            for i in stride(from: 0, to: rest.count, by: 2) { fields[rest[i]] = rest[i + 1] }
            put(key, .hash(fields))
            return .integer(Int64(fields.count - before))
        case "HDEL":
            for field in rest { fields[field] = nil }
            if before > 0 { put(key, .hash(fields), isEmpty: fields.isEmpty) }
            return .integer(Int64(before - fields.count))
        case "HINCRBY":
            guard rest.count == 2, let step = Self.number(rest[1]), let old = Self.number(fields[rest[0]] ?? [48])
            else { return .error("ERR hash value is not an integer") }
            fields[rest[0]] = Self.text(old &+ step)
            put(key, .hash(fields))
            return .integer(old &+ step)
        case "HGET": return rest.first.flatMap { fields[$0] }.map { .bulk($0) } ?? .null
        case "HMGET": return .array(rest.map { fields[$0].map { .bulk($0) } ?? .null })
        case "HKEYS": return .array(sorted(fields).map { .bulk($0.key) })
        default: return .array(sorted(fields).flatMap { [.bulk($0.key), .bulk($0.value)] })
        }
    }

    private func sorted(_ fields: [Bytes: Bytes]) -> [(key: Bytes, value: Bytes)] {
        fields.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    // MARK: lists and sets

    mutating func list(_ name: String, _ key: Bytes, _ rest: [Bytes]) -> CommandReply {
        var elements: [Bytes] = []
        switch entries[key]?.value {
        case nil: break
        case .list(let old): elements = old
        default: return .wrongType
        }
        switch name {
        case "RPUSH", "LPUSH":
            elements = name == "RPUSH" ? elements + rest : rest.reversed() + elements
            put(key, .list(elements))
            return .integer(Int64(elements.count))
        case "RPOP", "LPOP":
            guard !elements.isEmpty else { return .null }
            let popped = name == "RPOP" ? elements.removeLast() : elements.removeFirst()
            put(key, .list(elements), isEmpty: elements.isEmpty)
            return .bulk(popped)
        default: return .array(elements.map { .bulk($0) })
        }
    }

    mutating func set(_ name: String, _ key: Bytes, _ rest: [Bytes]) -> CommandReply {
        var members: Set<Bytes> = []
        switch entries[key]?.value {
        case nil: break
        case .set(let old): members = old
        default: return .wrongType
        }
        let before = members.count
        switch name {
        case "SADD":
            members.formUnion(rest)
            put(key, .set(members))
            return .integer(Int64(members.count - before))
        case "SREM":
            members.subtract(rest)
            if before > 0 { put(key, .set(members), isEmpty: members.isEmpty) }
            return .integer(Int64(before - members.count))
        default:
            return .array(members.sorted { $0.lexicographicallyPrecedes($1) }.map { .bulk($0) })
        }
    }

    // MARK: any kind

    mutating func generic(_ name: String, _ key: Bytes, _ rest: [Bytes], _ now: UInt64) -> CommandReply {
        switch name {
        case "DEL", "UNLINK", "EXISTS":
            let keys = ([key] + rest).filter { live($0, now) != nil }
            if name != "EXISTS" { for key in keys { entries[key] = nil } }
            return .integer(Int64(keys.count))
        case "TYPE": return .status(entries[key]?.value.name ?? "none")
        case "PEXPIRETIME":
            guard let entry = entries[key] else { return .integer(-2) }
            return .integer(entry.deadline.map { Int64(clamping: $0) } ?? -1)
        case "PEXPIREAT":
            guard entries[key] != nil, let at = Self.number(rest.first) else { return .integer(0) }
            entries[key]?.deadline = UInt64(max(0, at))
            if live(key, now) == nil { entries[key] = nil }
            return .integer(1)
        case "PERSIST":
            guard entries[key]?.deadline != nil else { return .integer(0) }
            entries[key]?.deadline = nil
            return .integer(1)
        case "DUMP": return entries[key].map { .bulk(Self.dump($0.value)) } ?? .null
        case "RESTORE":
            guard rest.count >= 2, let value = Self.restore(rest[1]) else {
                return .error("ERR DUMP payload version or checksum are wrong")
            }
            let at = UInt64(String(decoding: rest[0], as: UTF8.self)) ?? 0
            entries[key] = Entry(value: value, deadline: at == 0 ? nil : at)
            if live(key, now) == nil { entries[key] = nil }
            return .ok
        default: return .error("ERR unknown command '\(name)'")
        }
    }

    // MARK: DUMP: the kind's first letter, then the parts as an array of bulks

    private static func dump(_ value: Value) -> Bytes {
        func packed(_ letter: String, _ parts: [Bytes]) -> Bytes {
            Bytes(letter.utf8) + CommandReply.array(parts.map { .bulk($0) }).resp
        }
        switch value {
        case .string(let bytes): return packed("s", [bytes])
        case .list(let elements): return packed("l", elements)
        case .set(let members): return packed("t", members.sorted { $0.lexicographicallyPrecedes($1) })
        case .hash(let fields):
            let sorted = fields.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            return packed("h", sorted.flatMap { [$0.key, $0.value] })
        }
    }

    private static func restore(_ payload: Bytes) -> Value? {
        guard let letter = payload.first, case .array(let elements)? = CommandReply(resp: Array(payload.dropFirst()))
        else { return nil }
        let parts = elements.compactMap { if case .bulk(let bytes) = $0 { bytes } else { nil } }
        switch letter {
        case UInt8(ascii: "s"): return parts.first.map { .string($0) }
        case UInt8(ascii: "l"): return .list(parts)
        case UInt8(ascii: "t"): return .set(Set(parts))
        case UInt8(ascii: "h"):
            let pairs = stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) }
            return .hash(Dictionary(pairs) { $1 })
        default: return nil
        }
    }
}
