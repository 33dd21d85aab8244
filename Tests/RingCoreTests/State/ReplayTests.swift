// Random commands on a real store, and their effects on another: both hold the same afterwards.

import RESP
import Storage
import TestKit
import Testing

@testable import RingCore

@Suite struct ReplayTests {
    private static let keys = ["s1", "s2", "h1", "h2", "l1", "l2", "t1", "t2", "z1", "z2", "x1"]

    @Test(.enabled(if: RealStore.path != nil), arguments: [UInt64(1), 2, 3])
    func `effects make another store hold what the command has left`(seed: UInt64) throws {
        var chance = Chance(seed: seed)
        let store = try RealStore()
        var states: [Bytes: KeyState] = [:]
        var counter: UInt16 = 0
        for _ in 0..<250 {
            let text = Self.command(&chance)
            let command = text.split(separator: " ").map { Bytes($0.utf8) }
            let wall = try time(store)
            counter &+= 1
            let version = Version(milliseconds: wall, counter: counter, node: 7)
            let effects = try run(store, command, version, states, wall)
            try store.select(1)
            for effect in effects {
                let state = states[effect.key] ?? .empty
                let context = ApplyContext(wall: wall, mayRefuse: false)
                let result = state.apply(effect.effect, version: effect.version, context: context)
                #expect(result.status == .applied, "\(text): \(effect)")
                for request in result.change.requests(key: effect.key) {
                    let reply = try store.run(request.arguments)
                    switch request.expected {
                    case .anything: if case .error(let text) = reply { Issue.record("\(request): \(text)") }
                    case .ok: #expect(reply == .ok, "\(request)")
                    case .integer(let number): #expect(reply == .integer(Int64(number)), "\(request)")
                    }
                }
                states[effect.key] = result.state
            }
            let named = Set(text.split(separator: " ").map(String.init))
            for key in Self.keys where named.contains(key) {
                try store.select(0)
                let executed = try store.description(key)
                try store.select(1)
                let replayed = try store.description(key)
                guard executed == replayed else {
                    Issue.record("seed \(seed), \(key) after \(text): \(executed) but \(replayed), \(effects)")
                    return
                }
                #expect(
                    executed.hasPrefix("status(\"none\")") == ((states[key.octets] ?? .empty).kind(at: wall) == .absent)
                )
            }
        }
    }

    private func time(_ store: RealStore) throws -> UInt64 {
        let parts = try store.run("TIME").elements.compactMap(\.number)
        return UInt64(parts[0]) * 1_000 + UInt64(parts[1]) / 1_000
    }

    private func run(
        _ store: RealStore, _ command: [Bytes], _ version: Version, _ states: [Bytes: KeyState], _ wall: UInt64
    ) throws -> [KeyEffect] {
        try store.select(0)
        if WriteClass.of(command) == .blind, let effects = BlindWrite.effects(of: command, version: version, now: wall)
        {
            var state = states
            let parts = effects.map { effect in
                let old = state[effect.key] ?? .empty
                let part = old.prediction(of: effect.effect, version: version, at: wall)
                state[effect.key] =
                    old.apply(
                        effect.effect, version: version, context: ApplyContext(wall: wall, mayRefuse: false)
                    ).state
                return part
            }
            let predicted = BlindWrite.reply(to: command, parts: parts)
            let (absolute, _) = Rewriting.absolute(command[0].lowercased, command, now: wall)
            let reply = try store.run(absolute)
            #expect(reply == predicted, "\(command.map { String(decoding: $0, as: UTF8.self) })")
            if case .error = reply { return [] }
            // What an owner leaves to the executor: the hash is gone.
            return try effects.map { effect in
                let old = states[effect.key] ?? .empty
                let answer = old.apply(effect.effect, version: version, context: ApplyContext(wall: wall)).status
                guard answer == .useExecutor else { return effect }
                return try store.image(effect.key, .kind).kind == .absent
                    ? KeyEffect(effect.key, version, .delete) : effect
            }
        }
        let keys = self.keys(command)
        let execution = Execution(command: command, keys: keys, version: version, states: states, wall: wall)
        let before = execution.needsImagesBefore ? try keys.map { try store.image($0, .whole) } : []
        let reply = try store.run(execution.run)
        let after = try zip(keys, execution.images).map { try store.image($0, $1) }
        return execution.effects(reply: reply, after: after, states: states, before: before)
    }

    private func keys(_ command: [Bytes]) -> [Bytes] {
        guard let row = KeyspaceCommandTable.specification(command[0].lowercased) else { return [] }
        return OwnedArguments(command).with { arguments in
            (KeyspaceCommandTable.rows[row].keyIndices(arguments) ?? []).map { command[$0] }
        }
    }

    private static func command(_ chance: inout Chance) -> String {
        let n = chance.below(6)
        let f = chance.pick(["a", "b", "c", "d"])
        let g = chance.pick(["a", "b", "c", "d"])
        let s = chance.pick(["s1", "s2"])
        let h = chance.pick(["h1", "h2"])
        let l = chance.pick(["l1", "l2"])
        let t = chance.pick(["t1", "t2"])
        let z = chance.pick(["z1", "z2"])
        let any = chance.pick(keys)
        let other = chance.pick(keys)
        return chance.pick([
            "SET \(s) \(n)", "SET \(s) \(n) EX 1000", "SET \(any) \(n)", "SET \(s) \(n) NX", "SET \(s) \(n) XX KEEPTTL",
            "SET \(s) \(n) GET", "SETEX \(s) 2000 \(n)", "MSET s1 \(n) s2 x", "MSETNX s1 1 s2 2", "SETNX \(s) \(n)",
            "GETSET \(s) \(n)", "GETDEL \(s)", "GETEX \(s) EX 500", "GETEX \(s) PERSIST", "GETEX \(s)", "INCR \(s)",
            "INCRBYFLOAT \(s) 1.5", "DECRBY \(s) 3", "APPEND \(s) x", "SETRANGE \(s) 3 yy", "SETBIT \(s) 7 1",
            "BITFIELD \(s) SET u8 0 97", "BITFIELD \(s) GET u8 0", "BITOP OR s1 s1 s2", "PFADD \(s)p \(f)",
            "DEL \(any)", "DEL \(any) \(other)", "UNLINK \(any)", "EXPIRE \(any) 1000", "EXPIRE \(any) -1",
            "PEXPIREAT \(any) 99999999999999", "PERSIST \(any)", "EXPIRE \(any) 10 NX", "RENAME \(any) \(other)",
            "RENAMENX \(any) \(other)", "COPY \(any) \(other)", "COPY \(any) \(other) REPLACE",
            "HSET \(h) \(f) \(n)", "HSET \(h) \(f) \(n) \(g) x", "HMSET \(h) \(f) \(n)", "HSET \(any) \(f) \(n)",
            "HDEL \(h) \(f)", "HDEL \(h) a b c", "HDEL \(h) a b c d", "HSETNX \(h) \(f) \(n)", "HINCRBY \(h) \(f) 2",
            "HINCRBYFLOAT \(h) \(f) 0.5", "LPUSH \(l) \(n)", "RPUSH \(l) \(n) \(f)", "LPUSHX \(l) \(n)", "LPOP \(l)",
            "RPOP \(l) 2", "LSET \(l) 0 z", "LREM \(l) 0 \(n)", "LTRIM \(l) 0 3", "LINSERT \(l) BEFORE \(n) q",
            "LMOVE \(l) l1 LEFT RIGHT", "LMOVE l1 l1 LEFT RIGHT", "RPOPLPUSH \(l) l2", "LMPOP 2 l1 l2 LEFT COUNT 2",
            "BLPOP l1 l2 0.01", "BRPOP \(l) 0.01", "SORT \(l) ALPHA STORE l2", "SADD \(t) \(f) \(g)", "SREM \(t) \(f)",
            "SPOP \(t)", "SPOP \(t) 2", "SMOVE t1 t2 \(f)", "SINTERSTORE t2 t1 t2", "SUNIONSTORE \(t) t1 t2",
            "ZADD \(z) \(n) \(f)", "ZADD \(z) XX GT \(n) \(f)", "ZADD \(z) INCR 1 \(f)", "ZINCRBY \(z) 1.5 \(f)",
            "ZREM \(z) \(f)", "ZPOPMIN \(z)", "ZPOPMAX \(z) 2", "BZPOPMIN z1 z2 0.01", "ZMPOP 2 z1 z2 MAX",
            "ZREMRANGEBYRANK \(z) 0 0", "ZUNIONSTORE z2 2 z1 z2 WEIGHTS 1 2", "ZRANGESTORE z2 z1 0 1",
            "GEOADD \(z) 13.3 38.1 \(f)", "GEOSEARCHSTORE z2 z1 FROMLONLAT 13 38 BYRADIUS 100 km",
            "XADD x1 * \(f) \(n)", "XADD x1 MAXLEN ~ 3 * \(f) \(n)", "XADD x1 NOMKSTREAM * \(f) \(n)",
            "XTRIM x1 MAXLEN 2",
            "XDEL x1 1-1", "XGROUP CREATE x1 g 0 MKSTREAM", "XREADGROUP GROUP g c COUNT 2 STREAMS x1 >",
            "XREADGROUP GROUP g d COUNT 1 NOACK STREAMS x1 >", "XAUTOCLAIM x1 g e 0 0 COUNT 1", "XGROUP DESTROY x1 g",
            "EVAL redis.call('SET',KEYS[1],'q') 1 \(s)",
            "EVAL redis.call('DEL',KEYS[1])redis.call('HSET',KEYS[1],'z','1') 1 \(any)",
            "EVAL redis.call('HSET',KEYS[1],'a','1')redis.call('EXPIRE',KEYS[1],'700') 1 \(h)",
        ])
    }
}
