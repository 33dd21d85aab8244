// A store of one key in a few lines: the commands that lanes send, with Redis' rules, on a clock that the test moves.

import RingCore

struct ModelStore: Equatable {
    enum Value: Equatable {
        case string([UInt8])
        case hash([[UInt8]: [UInt8]])
        case list([[UInt8]])
    }

    private var value: Value?
    private var deadline: UInt64?
    private var fieldDeadlines: [[UInt8]: UInt64] = [:]

    /// What the store would show at `now`.
    func value(at now: UInt64) -> Value? {
        if let deadline, now >= deadline { return nil }
        guard case .hash(let fields) = value else { return value }
        let live = fields.filter { name, _ in fieldDeadlines[name].map { now < $0 } ?? true }
        return live.isEmpty ? nil : .hash(live)
    }

    func deadline(at now: UInt64) -> UInt64? { value(at: now) == nil ? nil : deadline }

    /// Runs a command; the reply where the reply is a number.
    @discardableResult
    mutating func run(_ arguments: [[UInt8]], at now: UInt64) -> Int? {
        sweep(now)
        let words = arguments.map { String(decoding: $0, as: UTF8.self) }
        switch words[0] {
        case "SET":
            value = .string(arguments[2])
            deadline = words.count > 4 && words[3] == "PXAT" ? UInt64(words[4]) : nil
            fieldDeadlines = [:]
            sweep(now)
            return nil
        case "DEL":
            defer { clear() }
            return value == nil ? 0 : 1
        case "HSET": return set(Array(arguments[2...]))
        case "HDEL": return remove(Array(arguments[2...]))
        case "RPUSH":
            if case .list(let old) = value {
                value = .list(old + arguments[2...])
            } else {
                value = .list(Array(arguments[2...]))
            }
            return nil
        case "PEXPIREAT":
            guard value != nil else { return 0 }
            deadline = UInt64(words[2])
            sweep(now)
            return 1
        case "PERSIST":
            defer { deadline = nil }
            return deadline == nil ? 0 : 1
        case "HPEXPIREAT":
            fieldDeadlines[arguments[5]] = UInt64(words[2])
            sweep(now)
            return nil
        case "HPERSIST":
            fieldDeadlines[arguments[4]] = nil
            return nil
        default:
            preconditionFailure("the model store has no \(words[0])")
        }
    }

    private mutating func set(_ rest: [[UInt8]]) -> Int {
        var fields: [[UInt8]: [UInt8]] = [:]
        if case .hash(let old) = value { fields = old }
        let before = fields.count
        for i in stride(from: 0, to: rest.count, by: 2) {
            fields[rest[i]] = rest[i + 1]
            fieldDeadlines[rest[i]] = nil
        }
        value = .hash(fields)
        return fields.count - before
    }

    private mutating func remove(_ names: [[UInt8]]) -> Int {
        guard case .hash(var fields) = value else { return 0 }
        let before = fields.count
        for name in names {
            fields[name] = nil
            fieldDeadlines[name] = nil
        }
        value = .hash(fields)
        if fields.isEmpty { clear() }
        return before - fields.count
    }

    var text: String {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        let content =
            switch value {
            case nil: "nothing"
            case .string(let bytes): text(bytes)
            case .hash(let fields): fields.map { text($0) + "=" + text($1) }.sorted().joined(separator: " ")
            case .list(let elements): elements.map(text).joined(separator: ",")
            }
        return " │ \(content) until \(deadline.map(String.init) ?? "ever")"
    }

    private mutating func clear() {
        value = nil
        deadline = nil
        fieldDeadlines = [:]
    }

    private mutating func sweep(_ now: UInt64) {
        guard let kept = value(at: now) else { return clear() }
        value = kept
        if case .hash(let fields) = kept { fieldDeadlines = fieldDeadlines.filter { fields[$0.key] != nil } }
    }
}
