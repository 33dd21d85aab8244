// Single effects on single states: what is refused, and what the store is told.

import Testing

@testable import RingCore

@Suite struct ApplyTests {
    private let key = "k".octets

    private func version(_ milliseconds: UInt64) -> Version { Version(milliseconds: milliseconds, node: 7) }

    private func set(_ value: String, expiry: UInt64? = nil) -> Effect {
        .assign(kind: .string, expiry: expiry, value: value.octets)
    }

    private func fields(_ names: String...) -> Effect {
        .assignFields(names.map { Content.Pair($0.octets, "v".octets) })
    }

    private func state(_ effects: (UInt64, Effect)...) -> KeyState {
        effects.reduce(KeyState.empty) { state, effect in
            let context = ApplyContext(wall: effect.0, mayRefuse: false)
            return state.apply(effect.1, version: version(effect.0), context: context).state
        }
    }

    private func requests(_ application: Application) -> [String] {
        application.change.requests(key: key).map { request in
            request.arguments.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        }
    }

    private func apply(_ effect: Effect, _ at: UInt64, to state: KeyState, wall: UInt64? = nil) -> Application {
        state.apply(effect, version: version(at), context: ApplyContext(wall: wall ?? at))
    }

    @Test func `a repetition counts as applied and does nothing`() {
        let before = state((100, fields("a")))
        let again = apply(fields("a"), 100, to: before)

        #expect(again.status == .applied)
        #expect(!again.hasChanged)
        #expect(requests(again).isEmpty)
    }

    @Test func `what is older than what is there is superseded`() {
        #expect(apply(fields("a"), 100, to: state((200, set("x")))).status == .superseded)
        #expect(apply(set("x"), 100, to: state((200, .delete))).status == .superseded)
        #expect(apply(.delete, 100, to: state((200, set("x")))).status == .superseded)
        #expect(apply(.expiry(at: 900, fields: []), 100, to: state((200, set("x")))).status == .superseded)
        #expect(apply(.deleteFields(["a".octets]), 100, to: state((200, fields("a")))).status == .superseded)
    }

    @Test func `a hash command on a string is refused, but not in a merge`() {
        let string = state((100, set("x")))
        #expect(apply(fields("a"), 200, to: string).status == .typeConflict)
        #expect(apply(.deleteFields(["a".octets]), 200, to: string).status == .typeConflict)

        let context = ApplyContext(wall: 200, mayRefuse: false)
        let merged = string.apply(fields("a"), version: version(200), context: context)
        #expect(merged.status == .applied)
        #expect(requests(merged) == ["DEL k", "HSET k a v"])
        #expect(merged.state.kind(at: 200) == .hash)
    }

    @Test func `a string whose time is over is no conflict`() {
        let string = state((100, set("x", expiry: 150)))
        #expect(apply(fields("a"), 200, to: string).status == .applied)
    }

    @Test func `removing the last field of a hash with an expiry is left to the executor`() {
        let hash = state((100, fields("a", "b")), (110, .expiry(at: 9_000, fields: [])))
        #expect(apply(.deleteFields(["a".octets]), 200, to: hash).status == .applied)
        #expect(apply(.deleteFields(["a".octets, "b".octets]), 200, to: hash).status == .useExecutor)
        #expect(
            apply(.deleteFields(["a".octets, "b".octets]), 200, to: state((100, fields("a", "b")))).status == .applied)
    }

    @Test func `a write after the expiry's time starts a new life, whatever the clock here shows`() {
        let hash = state((100, fields("a")), (110, .expiry(at: 500, fields: [])))
        let reborn = apply(fields("b"), 600, to: hash, wall: 400)

        #expect(requests(reborn) == ["DEL k", "HSET k b v"])
        #expect(reborn.state.isReborn)
        #expect(reborn.state.deadline == nil)
        #expect(reborn.state.field("a".octets) == nil)
        // Late news of the first life are dead on arrival.
        #expect(apply(fields("c"), 300, to: reborn.state, wall: 700).status == .superseded)
        // An expiry that was void buries nothing: what it buried is missed.
        let persisted = apply(.expiry(at: nil, fields: []), 200, to: reborn.state, wall: 700)
        #expect(persisted.needsFetch)
    }

    @Test func `a late write to a key whose time is over is noted, and not shown`() {
        let hash = state((100, fields("a")), (110, .expiry(at: 500, fields: [])))
        let late = apply(fields("b"), 300, to: hash, wall: 700)

        #expect(late.status == .applied)
        #expect(late.hasChanged)
        #expect(requests(late).isEmpty)
        #expect(late.state.kind(at: 700) == .absent)
    }

    @Test func `a write just before the end sets the deadline again`() {
        let hash = state((100, fields("a")), (110, .expiry(at: 500, fields: [])))
        #expect(requests(apply(fields("b"), 300, to: hash)) == ["HSET k b v", "PEXPIREAT k 500"])
    }

    @Test func `an expiry in the past is a deletion`() {
        let result = apply(set("x", expiry: 150), 200, to: state((100, fields("a"))))
        #expect(requests(result) == ["DEL k"])
        #expect(result.state == state((200, .delete)))
    }

    @Test func `a delta needs its base`() {
        let push = Effect.delta(base: version(100), kind: .list, command: ["RPUSH", "k", "b"].map(\.octets))
        let list = KeyState(floor: KeyState.Floor(version(100), .list))
        let applied = apply(push, 200, to: list)
        #expect(applied.status == .applied)
        #expect(requests(applied) == ["RPUSH k b"])
        #expect(apply(push, 200, to: applied.state).hasChanged == false)

        #expect(apply(push, 200, to: .empty).status == .needState)
        #expect(apply(push, 200, to: state((100, .delete))).status == .needState)
        #expect(apply(push, 200, to: state((300, .delete))).status == .superseded)
        var ending = list
        ending.expiry = KeyState.Expiry(version(110), at: 150)
        #expect(apply(push, 200, to: ending).status == .needState)
        ending.expiry?.at = 5_000
        #expect(requests(apply(push, 200, to: ending)) == ["RPUSH k b", "PERSIST k"])
    }

    @Test func `an expiry of fields holds for the values of its own version`() {
        let expiry = Effect.expiry(at: 900, fields: ["a".octets])
        let hash = state((100, fields("a", "b")))
        let timed = apply(expiry, 100, to: hash)
        #expect(requests(timed) == ["HPEXPIREAT k 900 FIELDS 1 a"])
        #expect(timed.state.kind(at: 900) == .hash)
        #expect(timed.state.field("a".octets)?.isLive(at: 900) == false)
        #expect(apply(expiry, 200, to: hash).status == .needState)
        #expect(apply(expiry, 50, to: hash).status == .superseded)
    }

    @Test func `nothing older than the flush lives`() {
        let context = ApplyContext(wall: 300, flushFloor: version(200))
        let result = state((100, fields("a"))).apply(fields("b"), version: version(150), context: context)
        #expect(result.state.isEmpty)
        let late = KeyState.empty.apply(set("x"), version: version(150), context: context)
        #expect(late.status == .superseded)
    }

    @Test func `replies are predicted`() {
        let hash = state((100, fields("a", "b")))
        let update = apply(fields("a", "c"), 200, to: hash)
        #expect(update.change.requests(key: key).map(\.expected) == [.integer(1)])
        let removal = apply(.deleteFields(["a".octets, "z".octets]), 200, to: hash)
        #expect(removal.change.requests(key: key).map(\.expected) == [.integer(1)])
    }

    @Test func `merging is commutative, associative and idempotent`() {
        for seed in UInt64(1)...5_000 {
            var chance = Chance(seed: seed)
            // One expiry for all, newer than every floor: what is buried under one and not under another is found again
            // by a fetch only.
            let expiry = chance.chance(50) ? KeyState.Expiry(Version(stamp: 4 << 16, node: 1), at: 5) : nil
            let states = (0..<3).map { _ -> KeyState in
                let random = KeyState.random(&chance)
                var floor = random.floor
                if let old = floor, expiry != nil {
                    floor?.version = Version(stamp: old.version.stamp / 2, node: old.version.node)
                }
                return KeyState(floor: floor, expiry: expiry, fields: random.fields)
            }
            let (a, b, c) = (states[0], states[1], states[2])
            #expect(a.merged(with: b).agrees(with: b.merged(with: a)), "seed \(seed)")
            #expect(a.merged(with: a).agrees(with: a), "seed \(seed)")
            #expect(a.merged(with: b).merged(with: c).agrees(with: a.merged(with: b.merged(with: c))), "seed \(seed)")
        }
    }
}
