// Effects of executed commands, by hand: what the store of these tests is too old for, and the shapes that matter.

import Testing

@testable import RingCore

@Suite struct ExecutionTests {
    private let version = Version(milliseconds: 50_000, node: 7)

    private func command(_ text: String) -> [Bytes] { text.split(separator: " ").map { Bytes($0.utf8) } }

    private func words(_ command: [Bytes]) -> String {
        command.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }

    private func execution(_ text: String, _ key: String = "k", _ state: KeyState = .empty) -> Execution {
        Execution(
            command: command(text), keys: [key.octets], version: version, states: [key.octets: state], wall: 50_000)
    }

    private func effects(
        _ text: String, _ reply: CommandReply, image: KeyImage = .absent, state: KeyState = .empty
    ) -> [Effect] {
        execution(text, "k", state).effects(reply: reply, after: [image], states: ["k".octets: state]).map(\.effect)
    }

    private var list: KeyState { KeyState(floor: KeyState.Floor(Version(stamp: 5, node: 1), .list)) }

    @Test(arguments: [
        ("EXPIRE k 10", "PEXPIREAT k 60000"), ("PEXPIRE k 10 NX", "PEXPIREAT k 50010 NX"),
        ("EXPIREAT k 70", "PEXPIREAT k 70000"), ("SET k v NX EX 1", "SET k v NX PXAT 51000"),
        ("GETEX k PX 5", "PXAT"), ("HEXPIRE k 10 FIELDS 1 f", "HPEXPIREAT k 60000 FIELDS 1 f"),
        ("HSETEX k EX 1 FIELDS 1 EX v", "HSETEX k PXAT 51000 FIELDS 1 EX v"), ("EXPIRE k ten", "EXPIRE k ten"),
        ("EXPIRE k 9223372036854775807", "EXPIRE k 9223372036854775807"),
        ("XTRIM k MAXLEN ~ 5 LIMIT 9", "XTRIM k MAXLEN = 5"),
        ("XADD k MAXLEN ~ 5 * f v", "XADD k MAXLEN = 5 * f v"), ("INCR k", "INCR k"),
    ])
    func `what the store runs has no clock in it`(text: String, expected: String) {
        let run = words(execution(text).run)
        #expect(run == expected || expected == "PXAT" && run == "GETEX k PXAT 50005")
    }

    @Test func `a counter ships its value, with the expiry it had`() {
        var state = KeyState(floor: KeyState.Floor(Version(stamp: 5, node: 1), .string))
        #expect(
            effects("INCR k", .integer(5), state: state) == [.assign(kind: .string, expiry: nil, value: "5".octets)])
        state.expiry = KeyState.Expiry(Version(stamp: 6, node: 1), at: 90_000)
        #expect(
            effects("INCR k", .integer(6), state: state) == [.assign(kind: .string, expiry: 90_000, value: "6".octets)])
        #expect(effects("INCR k", .error("ERR"), state: state) == [])
    }

    @Test func `SET with conditions ships what it did`() {
        let set = Effect.assign(kind: .string, expiry: nil, value: "v".octets)
        #expect(effects("SET k v NX", .ok) == [set])
        #expect(effects("SET k v NX", .null) == [])
        #expect(effects("SET k v NX GET", .null) == [set])
        #expect(effects("SET k v NX GET", .bulk([])) == [])
        #expect(effects("SET k v XX GET", .null) == [])
        #expect(effects("SET k v GET", .null) == [set])
    }

    @Test func `an expiry in the past ships a deletion`() {
        #expect(effects("EXPIRE k -1", .integer(1)) == [.delete])
        #expect(effects("EXPIRE k 10", .integer(1)) == [.expiry(at: 60_000, fields: [])])
        #expect(effects("EXPIRE k 10", .integer(0)) == [])
    }

    @Test func `a reborn key buries its first life before it gets a new expiry`() {
        let state = KeyState(
            expiry: KeyState.Expiry(Version(milliseconds: 100, node: 1), at: 200),
            fields: [KeyState.Field("a".octets, Version(milliseconds: 300, node: 1))])
        let effects = execution("EXPIRE k 10", "k", state).effects(
            reply: .integer(1), after: [.absent], states: ["k".octets: state])
        #expect(effects.map(\.version) == [Version.burial(at: 200), version])
        #expect(effects.map(\.effect) == [.delete, .expiry(at: 60_000, fields: [])])
    }

    @Test func `expiries of fields travel with the values`() {
        let image = KeyImage(kind: .hash, content: .fields([Content.Pair("a".octets, "1".octets)]))
        let reply = CommandReply.array([.integer(1), .integer(2), .integer(-2)])
        #expect(
            effects("HEXPIRE k 10 FIELDS 3 a b c", reply, image: image) == [
                .assignFields([Content.Pair("a".octets, "1".octets)]), .expiry(at: 60_000, fields: ["a".octets]),
                .deleteFields(["b".octets]),
            ])
        #expect(execution("HEXPIRE k 10 FIELDS 2 a b").images == [.fields(["a".octets, "b".octets])])
        #expect(
            effects("HPERSIST k FIELDS 1 a", .array([.integer(1)]), image: image) == [
                .assignFields([Content.Pair("a".octets, "1".octets)])
            ])
        #expect(
            effects("HGETDEL k FIELDS 2 a b", .array([.bulk([]), .null]), image: KeyImage(kind: .hash)) == [
                .deleteFields(["a".octets])
            ])
        #expect(effects("HGETDEL k FIELDS 1 a", .array([.bulk([])])) == [.delete])
        #expect(
            effects("HSETEX k EX 10 FIELDS 1 a 1", .integer(1)) == [
                .assignFields([Content.Pair("a".octets, "1".octets)]), .expiry(at: 60_000, fields: ["a".octets]),
            ])
    }

    private func deltas(_ text: String, _ reply: CommandReply) -> [String] {
        effects(text, reply, image: KeyImage(kind: .list), state: list).map { effect in
            guard case .delta(_, _, let command) = effect else { return "\(effect)" }
            return words(command)
        }
    }

    @Test func `what was chosen is said`() {
        #expect(deltas("SPOP k 2", .array([.bulk("a".octets), .bulk("b".octets)])) == ["SREM k a b"])
        #expect(deltas("SPOP k", .bulk("a".octets)) == ["SREM k a"])
        #expect(deltas("SPOP k", .null) == [])
        #expect(
            deltas("XADD k NOMKSTREAM MAXLEN ~ 5 LIMIT 3 * f v", .bulk("1-1".octets)) == [
                "XADD k NOMKSTREAM MAXLEN = 5 1-1 f v"
            ])
        #expect(deltas("XADD k * * *", .bulk("1-1".octets)) == ["XADD k 1-1 * *"])
        #expect(deltas("BLPOP k 0", .array([.bulk("k".octets), .bulk("x".octets)])) == ["LPOP k"])
        #expect(deltas("BLPOP k 0", .null) == [])
        #expect(
            deltas("BZPOPMAX k 0", .array([.bulk("k".octets), .bulk("x".octets), .bulk("1".octets)])) == ["ZPOPMAX k"])
        let two = CommandReply.array([.bulk("k".octets), .array([.bulk("x".octets), .bulk("y".octets)])])
        #expect(deltas("BLMPOP 0 1 k LEFT COUNT 5", two) == ["LPOP k 2"])
        #expect(deltas("ZMPOP 1 k MIN COUNT 2", two) == ["ZPOPMIN k 2"])
        #expect(deltas("LREM k 0 x", .integer(0)) == [])
    }

    @Test func `what a consumer got is claimed elsewhere`() {
        let entries = CommandReply.array([
            .array([.bulk("1-0".octets), .array([])]), .array([.bulk("2-0".octets), .array([])]),
        ])
        let reply = CommandReply.array([.array([.bulk("k".octets), entries])])
        #expect(
            deltas("XREADGROUP GROUP g c COUNT 2 STREAMS k >", reply)
                == ["XCLAIM k g c 0 1-0 2-0 TIME 50000 RETRYCOUNT 1 FORCE JUSTID LASTID 2-0"])
        #expect(deltas("XREADGROUP GROUP g c NOACK STREAMS k >", reply) == ["XGROUP SETID k g 2-0"])
        #expect(deltas("XREADGROUP GROUP g c STREAMS k 0", reply) == [])
        #expect(deltas("XCLAIM k g c 1000 1-0 2-0 IDLE 10", entries) == ["XCLAIM k g c 0 1-0 2-0 TIME 49990"])
        #expect(
            deltas(
                "XAUTOCLAIM k g c 1000 0 JUSTID",
                .array([.bulk("0-0".octets), .array([.bulk("1-0".octets)]), .array([])]))
                == ["XCLAIM k g c 0 1-0 TIME 50000 JUSTID"])
    }

    @Test func `a delta carries its base, and the expiry behind it`() {
        var state = list
        state.expiry = KeyState.Expiry(Version(stamp: 6, node: 1), at: 90_000)
        #expect(execution("LPUSH k a", "k", state).images == [.kind])
        #expect(
            effects("LPUSH k a", .integer(2), image: KeyImage(kind: .list), state: state) == [
                .delta(base: Version(stamp: 5, node: 1), kind: .list, command: command("LPUSH k a")),
                .expiry(at: 90_000, fields: []),
            ])
        #expect(effects("LPOP k", .bulk([]), image: .absent, state: state) == [.delete])
    }

    @Test func `a value without a base is shipped whole`() {
        #expect(execution("LPUSH k a").images == [.whole])
        let image = KeyImage(kind: .list, content: .dump([1, 2]), deadline: 90_000)
        #expect(
            effects("LPUSH k a", .integer(1), image: image) == [.assign(kind: .list, expiry: 90_000, value: [1, 2])])
    }

    @Test func `what a script did is the difference of the images`() {
        let before = KeyImage(kind: .hash, content: .fields([Content.Pair([1], [1]), Content.Pair([2], [2])]))
        let after = KeyImage(
            kind: .hash, content: .fields([Content.Pair([1], [9]), Content.Pair([3], [3])]), deadline: 90_000)
        let script = Execution(
            command: command("EVAL x 1 k"), keys: ["k".octets], version: version, states: [:], wall: 0)
        #expect(script.needsImagesBefore)
        #expect(script.images == [.whole])
        let found = script.effects(reply: .error("ERR half way"), after: [after], states: [:], before: [before])
        #expect(
            found.map(\.effect) == [
                .assignFields([Content.Pair([1], [9]), Content.Pair([3], [3])]), .deleteFields([[2]]),
                .expiry(at: 90_000, fields: []),
            ])
        #expect(script.effects(reply: .null, after: [before], states: [:], before: [before]) == [])
        #expect(
            script.effects(reply: .null, after: [.absent], states: [:], before: [before]).map(\.effect) == [.delete])
    }
}
