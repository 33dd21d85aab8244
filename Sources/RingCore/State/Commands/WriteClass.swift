// How a write runs in the ring: at once on all owners, or once on one that ships what came of it.

/// The class of a command.
package enum WriteClass: UInt8, Sendable, CaseIterable {
    /// Needs to read nothing: stamped by the coordinator, applied by all owners in parallel.
    case blind
    /// Runs on the executor; ships the new value.
    case oneValue
    /// Runs on the executor; ships a deterministic command and the version of what it was applied to.
    case growing
    /// Runs on one executor, over several keys; ships what changed.
    case group
    /// Takes a value from one key to another, whose owners may be others.
    case move
    /// Concerns the whole ring: goes through the definition log, or to every node.
    case ring

    enum Rule: Sendable {
        case always(WriteClass)
        /// SET: blind unless an option makes it look first.
        case set
        /// One key: growing; several: a group.
        case keysBeforeLast
        case countedKeys(at: Int)
        case streams
        /// Writes only with STORE or STOREDIST.
        case storeOption
        /// Writes only with one of these subcommands.
        case subcommand([String], WriteClass)
    }

    /// The class of a command by its arguments; `nil` when it writes nothing.
    package static func of(_ command: [Bytes]) -> WriteClass? {
        guard let name = command.first, let rule = rules[name.lowercased] else { return nil }
        switch rule {
        case .always(let value): return value
        case .set: return SetOptions(command)?.isBlind == true ? .blind : .oneValue
        case .keysBeforeLast: return command.count <= 3 ? .growing : .group
        case .countedKeys(let at): return at < command.count && command[at] == "1".bytes ? .growing : .group
        case .streams:
            guard let streams = command.firstIndex(where: { $0.isWord("STREAMS") }) else { return .group }
            return command.count - streams - 1 == 2 ? .growing : .group
        case .storeOption:
            return command.dropFirst(2).contains { $0.isWord("STORE") || $0.isWord("STOREDIST") } ? .group : nil
        case .subcommand(let names, let value):
            return command.count > 1 && names.contains(command[1].lowercased) ? value : nil
        }
    }

    /// Whether a command of this lower-case name can write at all.
    package static func mayWrite(_ name: String) -> Bool { rules[name] != nil }
}

/// The options of SET.
struct SetOptions: Equatable {
    enum Condition: Equatable {
        case absent
        case present
    }

    var condition: Condition?
    var returnsOld = false
    var keepsExpiry = false
    var expiry: TimeOption?

    var isBlind: Bool { condition == nil && !returnsOld && !keepsExpiry }

    /// `nil`: the store will refuse it.
    init?(_ command: [Bytes]) {
        guard command.count >= 3 else { return nil }
        var i = 3
        while i < command.count {
            let word = command[i]
            if word.isWord("NX"), condition == nil {
                condition = .absent
            } else if word.isWord("XX"), condition == nil {
                condition = .present
            } else if word.isWord("GET") {
                returnsOld = true
            } else if word.isWord("KEEPTTL"), expiry == nil {
                keepsExpiry = true
            } else if let unit = TimeOption.Unit(option: word), expiry == nil, !keepsExpiry, i + 1 < command.count {
                guard let number = command[i + 1].number else { return nil }
                expiry = TimeOption(unit: unit, number: number)
                i += 1
            } else {
                return nil
            }
            i += 1
        }
    }
}

/// A time that a client gave.
struct TimeOption: Equatable {
    enum Unit: Equatable {
        case seconds
        case milliseconds
        case unixSeconds
        case unixMilliseconds

        init?(option word: Bytes) {
            if word.isWord("EX") {
                self = .seconds
            } else if word.isWord("PX") {
                self = .milliseconds
            } else if word.isWord("EXAT") {
                self = .unixSeconds
            } else if word.isWord("PXAT") {
                self = .unixMilliseconds
            } else {
                return nil
            }
        }
    }

    var unit: Unit
    var number: Int64

    /// Unix milliseconds, relative times counted from `now`; `nil` when the number is too large.
    func at(now: UInt64) -> Int64? {
        var value = number
        if unit == .seconds || unit == .unixSeconds {
            let (product, isOver) = value.multipliedReportingOverflow(by: 1_000)
            if isOver { return nil }
            value = product
        }
        guard unit == .seconds || unit == .milliseconds else { return value }
        let (sum, isOver) = value.addingReportingOverflow(Int64(clamping: now))
        return isOver ? nil : sum
    }
}

// MARK: words

extension [UInt8] {
    /// Compares with an upper-case word, ignoring the case of ours.
    func isWord(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        for i in 0..<count {
            let c = self[i] >= 97 && self[i] <= 122 ? self[i] - 32 : self[i]
            if c != word.utf8Start[i] { return false }
        }
        return true
    }

    var lowercased: String {
        String(decoding: map { $0 >= 65 && $0 <= 90 ? $0 | 32 : $0 }, as: UTF8.self)
    }

    /// The value of a decimal as the store reads one: no sign but a minus, no blanks, no leading zeros.
    var number: Int64? {
        guard !isEmpty, count <= 20, let value = Int64(String(decoding: self, as: UTF8.self)) else { return nil }
        return String(value).utf8.elementsEqual(self) ? value : nil
    }
}

extension Int64 {
    var bytes: Bytes { Bytes(String(self).utf8) }
}
