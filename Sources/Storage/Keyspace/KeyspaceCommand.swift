// A row of the keyspace command table: what the node must know of a command that the backing store runs.

import RESP

/// What a successful command may do to hashes that are indexed.
package enum IndexEffect: Sendable, Equatable {
    /// Nothing: it reads, or it fails on a hash (LPUSH), or leaves a document's fields alone (PERSIST).
    case none
    /// HSET, HMSET: names and values follow the key.
    case setsFields
    /// HSETNX: the third and fourth argument are set when the reply is 1.
    case setsFieldIfAbsent
    /// HINCRBY, HINCRBYFLOAT: the reply is the new value of the field.
    case setsFieldToReply
    /// All keys of the row's positions are gone.
    case removes
    /// These keys hold something else than a hash now, or nothing (a null reply: nothing happened).
    case overwrites(KeyPositions)
    /// SET: as `overwrites`, but what a reply means depends on the options.
    case overwritesAsSet
    /// The key that stands after STORE or STOREDIST, when there is one.
    case overwritesStoreArgument
    /// These keys may have changed: read them. `zeroIsNothing`: the reply 0 says that nothing happened.
    case rereads(KeyPositions, zeroIsNothing: Bool)
    /// EXPIRE and its kin: a time in the past deletes the key.
    case expires(unitIsMilliseconds: Bool, isAbsolute: Bool)
    /// HEXPIRE and its kin: a 2 in the reply tells of a deleted field.
    case expiresFields
    /// FLUSHALL, FLUSHDB.
    case removesAll
    /// A script: whatever it did is told by the store's change messages.
    case anything
}

/// Where keys stand when first, last and step cannot tell.
package enum KeyFinder: Sendable, Equatable {
    /// The row's triple says all.
    case positions
    /// A number of keys at this argument, the keys behind it; `destination` is a key before it (0: none).
    case counted(at: Int, destination: Int)
    /// The first half of what follows the word STREAMS.
    case streams
    /// Argument 1, and what follows the word STORE (or STOREDIST).
    case storeOption
    /// Argument 2, behind a subcommand, where there is one.
    case afterSubcommand
}

/// Where a command runs.
package enum CommandPlace: Sendable {
    /// On the lane, pipelined with others.
    case lane
    /// On the connection for scripts.
    case script(mayWrite: Bool)
    /// May wait, or must get past a script that hangs: on a connection of its own.
    case ownConnection
    /// WATCH and UNWATCH: on the client's private connection.
    case watch
    case unwatch
    /// Answered with this error.
    case refused(String)
}

package struct KeyspaceCommand: Sendable {
    /// What depends on the command alone, or on its arguments.
    package enum Rule<Value: Sendable>: Sendable {
        case always(Value)
        case byArguments(@Sendable (Arguments) -> Value)

        @inlinable package func callAsFunction(_ arguments: Arguments) -> Value {
            switch self {
            case .always(let value): return value
            case .byArguments(let rule): return rule(arguments)
            }
        }
    }

    /// Lower case.
    package let name: String
    /// As COMMAND INFO: n exactly, -n at least n, the name counted.
    package let arity: Int
    package let flags: CommandFlags
    package let keys: KeyPositions
    package let keyFinder: KeyFinder
    package let group: String
    package let since: String
    package let summary: String
    /// Without the `@`.
    package let categories: [String]
    package let subcommands: [String]
    package let shape: Rule<ReplyShape>
    package let effect: IndexEffect
    package let place: Rule<CommandPlace>

    init(
        _ name: String, _ arity: Int, _ flags: CommandFlags, _ keys: KeyPositions, _ group: String, _ since: String,
        _ summary: String, extra: [String] = [], finder: KeyFinder = .positions, subcommands: [String] = [],
        shape: Rule<ReplyShape> = .always(.plain), effect: IndexEffect = .none,
        place: Rule<CommandPlace> = .always(.lane)
    ) {
        self.name = name
        self.arity = arity
        self.flags = flags
        self.keys = keys
        self.keyFinder = finder
        self.group = group
        self.since = since
        self.summary = summary
        self.categories = Self.categories(flags, group, extra)
        self.subcommands = subcommands
        self.shape = shape
        self.effect = effect
        self.place = place
    }

    /// ACL categories follow from flags and group, but for a few `extra` ones.
    private static func categories(_ flags: CommandFlags, _ group: String, _ extra: [String]) -> [String] {
        var result: [String] = []
        switch group {
        case "generic": result.append("keyspace")
        case "sorted-set": result.append("sortedset")
        case "transactions": result.append("transaction")
        case "server": break
        default: result.append(group)
        }
        if flags.contains(.readOnly), group != "scripting" { result.append("read") }
        if flags.contains(.write) { result.append("write") }
        if flags.contains(.admin) { result += ["admin", "dangerous"] }
        if flags.contains(.pubSub) { result.append("pubsub") }
        result.append(flags.contains(.fast) ? "fast" : "slow")
        if flags.contains(.blocking) { result.append("blocking") }
        for category in extra {
            if category.hasPrefix("-") {
                result.removeAll { $0 == category.dropFirst() }
            } else if !result.contains(category) {
                result.append(category)
            }
        }
        return result
    }

    /// Whether `count` arguments (the name included) are a legal number.
    package func accepts(argumentCount count: Int) -> Bool { arity >= 0 ? count == arity : count >= -arity }

    /// Argument numbers of all keys, in order; `nil` when the arguments make no sense.
    package func keyIndices(_ arguments: Arguments) -> [Int]? {
        switch keyFinder {
        case .positions:
            return Array(keys.indices(argumentCount: arguments.count))
        case .counted(let at, let destination):
            guard at < arguments.count, let count = arguments[at].decimal,
                count >= 0, count <= arguments.count - at - 1
            else { return nil }
            return (destination > 0 ? [destination] : []) + Array(at + 1..<at + 1 + count)
        case .streams:
            for i in 1..<arguments.count where arguments[i].equalsIgnoringCase("STREAMS") {
                let rest = arguments.count - i - 1
                return rest > 0 && rest % 2 == 0 ? Array(i + 1..<i + 1 + rest / 2) : nil
            }
            return nil
        case .storeOption:
            guard arguments.count > 1 else { return nil }
            if let store = storeArgument(arguments) { return [1, store] }
            return [1]
        case .afterSubcommand:
            return arguments.count > 2 ? [2] : []
        }
    }

    /// Number of the argument that names the destination of SORT or GEORADIUS; the last one counts.
    package func storeArgument(_ arguments: Arguments) -> Int? {
        var found: Int?
        var i = 2
        while i + 1 < arguments.count {
            if arguments[i].equalsIgnoringCase("STORE") || arguments[i].equalsIgnoringCase("STOREDIST") {
                found = i + 1
                i += 1
            }
            i += 1
        }
        return found
    }
}

extension Arguments {
    /// Whether one of the arguments from `start` on is this keyword.
    func contains(_ keyword: StaticString, from start: Int) -> Bool {
        guard start < count else { return false }
        for i in start..<count where self[i].equalsIgnoringCase(keyword) { return true }
        return false
    }

    /// Whether argument `index` is there and is this keyword.
    func has(_ keyword: StaticString, at index: Int) -> Bool {
        index < count && self[index].equalsIgnoringCase(keyword)
    }
}

extension UnsafeBufferPointer where Element == UInt8 {
    /// The value of a plain decimal, sign allowed; `nil` for anything else and on overflow.
    package var decimal: Int? {
        guard !isEmpty, count <= 20 else { return nil }
        let negative = self[0] == UInt8(ascii: "-")
        var value = 0
        for c in self.dropFirst(negative ? 1 : 0) {
            guard c >= 48, c <= 57 else { return nil }
            let (scaled, over) = value.multipliedReportingOverflow(by: 10)
            let (next, over2) = scaled.subtractingReportingOverflow(Int(c &- 48))
            if over || over2 { return nil }
            value = next
        }
        if negative { return count > 1 ? value : nil }
        return value == Int.min ? nil : -value
    }
}
