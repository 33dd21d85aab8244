import RESP
import Storage
import Testing

@testable import RingCore

@Suite struct WriteClassTests {
    private func command(_ text: String) -> [Bytes] { text.split(separator: " ").map { Bytes($0.utf8) } }

    @Test func `every command of the table that writes has a class, and no other has`() {
        for row in KeyspaceCommandTable.rows {
            if case .always(.refused) = row.place { continue }
            // Scripts and the commands on them have no flag of their own; XGROUP's subcommands write.
            let isScript: Bool
            if case .always(.script(let mayWrite)) = row.place { isScript = mayWrite } else { isScript = false }
            let isContainer = ["xgroup", "script", "function"].contains(row.name)
            #expect(
                WriteClass.mayWrite(row.name) == (row.flags.contains(.write) || isScript || isContainer), "\(row.name)")
        }
    }

    @Test func `no class is given to a command that is not there`() {
        for name in WriteClass.rules.keys where name != "multi" && name != "exec" {
            #expect(KeyspaceCommandTable.specification(name) != nil, "\(name)")
        }
    }

    @Test(arguments: [
        ("SET k v", WriteClass.blind), ("set k v EX 10", .blind), ("SET k v PXAT 10", .blind),
        ("SET k v NX", .oneValue),
        ("SET k v GET", .oneValue), ("SET k v KEEPTTL", .oneValue), ("SET k v WHAT", .oneValue), ("DEL a b", .blind),
        ("HDEL h f", .blind), ("INCR k", .oneValue), ("HEXPIRE h 1 FIELDS 1 f", .oneValue), ("LPUSH l a", .growing),
        ("BLPOP a 0", .growing), ("BLPOP a b 0", .group), ("LMPOP 1 a LEFT", .growing), ("LMPOP 2 a b LEFT", .group),
        ("XREADGROUP GROUP g c STREAMS s >", .growing), ("XREADGROUP GROUP g c STREAMS s t > >", .group),
        ("XGROUP CREATE s g $", .growing), ("EVAL x 0", .group), ("SORT l STORE d", .group), ("RENAME a b", .move),
        ("FLUSHALL", .ring), ("SCRIPT LOAD x", .ring), ("MULTI", .group),
    ])
    func `a write has its class`(text: String, expected: WriteClass) {
        #expect(WriteClass.of(command(text)) == expected)
    }

    @Test(arguments: ["GET k", "SORT l", "XINFO STREAM s", "SCRIPT EXISTS x", "EVAL_RO x 0", "GEORADIUS g 1 1 1 m", ""])
    func `a read has none`(text: String) {
        #expect(WriteClass.of(command(text)) == nil)
    }

    // MARK: blind writes

    private let version = Version(milliseconds: 50_000, node: 7)

    private func effects(_ text: String) -> [Effect]? {
        BlindWrite.effects(of: command(text), version: version, now: 50_000)?.map(\.effect)
    }

    @Test func `blind writes say what they do`() {
        let value = "v".octets
        #expect(effects("SET k v") == [.assign(kind: .string, expiry: nil, value: value)])
        #expect(effects("SET k v EX 10") == [.assign(kind: .string, expiry: 60_000, value: value)])
        #expect(effects("SETEX k 10 v") == [.assign(kind: .string, expiry: 60_000, value: value)])
        #expect(effects("PSETEX k 10 v") == [.assign(kind: .string, expiry: 50_010, value: value)])
        #expect(effects("SET k v EXAT 70") == [.assign(kind: .string, expiry: 70_000, value: value)])
        #expect(effects("MSET a v b v")?.count == 2)
        #expect(effects("DEL a b") == [.delete, .delete])
        #expect(effects("HSET h f v") == [.assignFields([Content.Pair("f".octets, value)])])
        #expect(effects("HDEL h f g") == [.deleteFields(["f".octets, "g".octets])])
    }

    @Test(arguments: [
        "SET k v EX 0", "SET k v EX -1", "SET k v EX x", "SET k v EX 9223372036854775807", "SETEX k 0 v", "HSET h f",
        "HSET h f v g", "MSET a", "MSET a 1 b", "DEL", "HDEL h", "SET k", "SET k v EX 1 PX 1", "SET k v EX 01",
    ])
    func `what the store would refuse is left to it`(text: String) {
        #expect(effects(text) == nil)
    }

    @Test func `replies follow from the record`() {
        let hash = KeyState(fields: [KeyState.Field("a".octets, Version(stamp: 1, node: 1))])
        let string = KeyState(floor: KeyState.Floor(Version(stamp: 1, node: 1), .string))
        func reply(_ text: String, _ state: KeyState) -> CommandReply {
            let effects = BlindWrite.effects(of: command(text), version: version, now: 50_000) ?? []
            var state = state
            let parts = effects.map { effect in
                let part = state.prediction(of: effect.effect, version: version, at: 50_000)
                state = state.apply(effect.effect, version: version, context: ApplyContext(wall: 50_000)).state
                return part
            }
            return BlindWrite.reply(to: command(text), parts: parts)
        }
        #expect(reply("HSET k a 1 b 2 b 3", hash) == .integer(1))
        #expect(reply("HMSET k a 1", hash) == .ok)
        #expect(reply("HDEL k a a z", hash) == .integer(1))
        #expect(reply("DEL k k", hash) == .integer(1))
        #expect(reply("DEL k", .empty) == .integer(0))
        #expect(reply("SET k v", string) == .ok)
        #expect(reply("HSET k a 1", string) == .wrongType)
        #expect(reply("HDEL k a", string) == .wrongType)
    }
}
