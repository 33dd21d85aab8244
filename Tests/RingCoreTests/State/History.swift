// Random histories of one key, as coordinators and executors would make them, and what Redis would hold at their end.

@testable import RingCore

/// Writes in the order of their versions, with the state of a store that ran them one after the other.
struct History {
    struct Step {
        var items: [(version: Version, effect: Effect)]
        var text: String
    }

    private(set) var steps: [Step] = []
    /// What the writes mean, by plain rules that know nothing of records.
    private(set) var reference = ReferenceKey()

    /// What kinds of writes a history may have.
    struct Kinds {
        var expiries = true
        var deltas = true
        /// HSET on a string that the refusing replicas had to take.
        var conflicts = true
    }

    init(seed: UInt64, kinds: Kinds = Kinds()) {
        var chance = Chance(seed: seed)
        // The executor: has everything, in order, at once.
        var executor = ModelReplica()
        var now: UInt64 = 10_000
        var counter: UInt16 = 0
        for _ in 0..<(4 + chance.below(14)) {
            let pause = chance.pick([0, 0, 1, 5, 60, 300])
            now += UInt64(pause)
            counter = pause == 0 ? counter + 1 : 0
            let version = Version(milliseconds: now, counter: counter, node: UInt64(1 + chance.below(3)))
            guard let step = Self.step(&chance, version, executor.state, reference, kinds) else { continue }
            for item in step.items { executor.merge(item.effect, item.version, at: now) }
            steps.append(step)
            reference.expire(by: version)
            for item in step.items { reference.run(item.effect, item.version) }
        }
    }

    private static func step(
        _ chance: inout Chance, _ version: Version, _ state: KeyState, _ reference: ReferenceKey, _ kinds: Kinds
    ) -> Step? {
        let now = version.milliseconds
        var present = reference
        present.expire(by: version)
        let value = "\(version.milliseconds).\(version.counter)".octets
        let soon = now + UInt64(chance.pick([1, 40, 100, 400, 2_000, 20_000]))
        // An executor gives a new expiry to a key reborn after its last one explicitly: what is buried stays so.
        let burial: [(Version, Effect)] = state.isReborn ? [(state.burial ?? .zero, .delete)] : []
        func step(_ text: String, _ effects: [(Version, Effect)]) -> Step {
            Step(items: effects.map { ($0.0, $0.1) }, text: "\(version) \(text)")
        }
        switch chance.below(100) {
        case 0..<14:
            let expiry = kinds.expiries && chance.chance(40) ? soon : nil
            return step("SET \(expiry ?? 0)", [(version, .assign(kind: .string, expiry: expiry, value: value))])
        case 14..<48:
            let names = ["a", "b", "c", "d"].filter { _ in chance.chance(45) }
            guard !names.isEmpty else { return nil }
            let isRefused =
                state.apply(
                    .assignFields([Content.Pair([], [])]), version: version, context: ApplyContext(wall: now)
                ).status == .typeConflict
            if isRefused, !kinds.conflicts || chance.chance(60) { return nil }
            return step(
                "HSET \(names)", [(version, .assignFields(names.map { Content.Pair($0.octets, value + $0.octets) }))])
        case 48..<54:
            return step("DEL", [(version, .delete)])
        case 54..<66:
            let names = ["a", "b", "c", "d"].filter { _ in chance.chance(35) }.map(\.octets)
            guard !names.isEmpty else { return nil }
            let answer = state.apply(.deleteFields(names), version: version, context: ApplyContext(wall: now))
            // The executor ships what emptying the hash means.
            if answer.status == .useExecutor { return step("HDEL to nothing", [(version, .delete)]) }
            return step("HDEL \(names.count)", [(version, .deleteFields(names))])
        case 66..<80:
            guard kinds.expiries, present.value != nil else { return nil }
            return step("EXPIRE \(soon)", burial + [(version, .expiry(at: soon, fields: []))])
        case 80..<86:
            guard kinds.expiries, present.deadline != nil else { return nil }
            return step("PERSIST", [(version, .expiry(at: nil, fields: []))])
        default:
            guard kinds.deltas else { return nil }
            return push(version, state, present, value, step)
        }
    }

    private static func push(
        _ version: Version, _ state: KeyState, _ present: ReferenceKey, _ value: [UInt8],
        _ step: (String, [(Version, Effect)]) -> Step
    ) -> Step? {
        switch present.value {
        case nil:
            let made = KeyState(floor: KeyState.Floor(version, .list))
            return step("RPUSH to nothing", [(version, .state(made, .elements([value])))])
        case .list:
            let command = ["RPUSH".octets, ModelReplica.key, value]
            var effects: [(Version, Effect)] = [
                (version, .delta(base: state.floorVersion, kind: .list, command: command))
            ]
            if let deadline = present.deadline { effects.append((version, .expiry(at: deadline, fields: []))) }
            return step("RPUSH", effects)
        default: return nil
        }
    }
}

/// A key under Redis' rules, writes coming in the order of their versions.
struct ReferenceKey: Equatable {
    private(set) var value: ModelStore.Value?
    private(set) var deadline: UInt64?

    /// What is dead for a write of this version is gone.
    mutating func expire(by version: Version) {
        if let deadline, Version.burial(at: deadline) <= version { clear() }
    }

    mutating func expire(at now: UInt64) {
        if let deadline, now >= deadline { clear() }
    }

    private mutating func clear() {
        value = nil
        deadline = nil
    }

    mutating func run(_ effect: Effect, _ version: Version) {
        switch effect {
        case .assign(_, let expiry, let bytes):
            value = .string(bytes)
            deadline = expiry
        case .assignFields(let pairs):
            // On a string: the newer write wins, and makes it a hash.
            var fields: [[UInt8]: [UInt8]] = [:]
            if case .hash(let old) = value { fields = old }
            for pair in pairs { fields[pair.name] = pair.value }
            value = .hash(fields)
        case .delete:
            // The burial of a life that is over comes with a version of then.
            if version.node != 0 { clear() }
        case .deleteFields(let names):
            guard case .hash(var fields) = value else { return }
            for name in names { fields[name] = nil }
            value = .hash(fields)
            if fields.isEmpty { clear() }
        case .expiry(let at, _):
            if value != nil { deadline = at }
        case .delta(_, _, let command):
            if case .list(let old) = value { value = .list(old + [command[2]]) }
        // The expiry comes with an effect of its own, when there is one.
        case .state(_, let content):
            if case .elements(let elements) = content { value = .list(elements) }
            deadline = nil
        }
    }
}
