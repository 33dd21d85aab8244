// Random commands through every door; afterwards the observer must know exactly the documents that are there.

import Glibc
import Platform
import RESP
import Storage
import Testing

@testable import StorageHiredis

@Suite(.enabled(if: PrivateStore.isThere)) struct ModelTests {
    struct Random {
        var state: UInt64

        init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

        mutating func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state >> 11) % bound
        }

        mutating func pick<T>(_ values: [T]) -> T { values[next(values.count)] }
    }

    /// Seeds that once found something stay here.
    @Test(arguments: [(UInt64(1), true), (2, false), (3, true), (4, false), (5, true), (101, false)])
    func `the observer ends up with what the store holds`(seed: UInt64, patches: Bool) throws {
        let server = try PrivateStore()
        let observer = RecordingObserver(patchesWelcome: patches)
        let store = server.open(observer: observer)
        defer { store.stop() }
        let outsider = try server.outsider()
        var random = Random(seed: seed)
        print("seed \(seed)")

        for round in 0..<150 {
            switch random.next(10) {
            case 0: for _ in 0..<5 { try outsider.sendWords(command(&random)) }
            case 1:
                let key = key(&random)
                _ = store.run(
                    "EVAL", "redis.call('DEL', KEYS[2]) return redis.call('HSET', KEYS[1], 's', ARGV[1])", "2", key,
                    self.key(&random), "\(round)")
                // Visible already, unless something else changed it since: only we are here.
                #expect(observer[key]?["s"] == "\(round)" || observer[key] == nil, "seed \(seed)")
            case 2, 3: _ = store.run((0...random.next(20)).map { _ in command(&random) }, transaction: true)
            case 4:
                _ = store.run("WATCH", key(&random), client: 4)
                if random.next(2) == 0 { _ = store.run([command(&random)], client: 5) }
                _ = store.run((0...random.next(5)).map { _ in command(&random) }, client: 4, transaction: true)
            default:
                let batches = (0..<3).map { client in
                    let batch = StoreBatch(version: .resp2, client: UInt64(client))
                    for _ in 0...random.next(60) {
                        let command = command(&random)
                        batch.append(
                            command.map { Array($0.utf8) },
                            specification: KeyspaceCommandTable.specification(command[0].lowercased())!)
                    }
                    return store.send(batch)
                }
                for batch in batches { #expect(batch.wait(milliseconds: 10_000) { $0 } != nil) }
            }
        }
        // Keys that still have to expire.
        usleep(150_000)
        var expected: [String: [String: String]] = [:]
        for i in 0..<12 {
            let words = try outsider.list("HGETALL", "doc:\(i)")
            if words.isEmpty { continue }
            var fields: [String: String] = [:]
            for f in stride(from: 0, to: words.count, by: 2) { fields[words[f]] = words[f + 1] }
            expected["doc:\(i)"] = fields
        }

        let documents = expected
        let isSame = observer.waits { visible in visible == documents }
        #expect(isSame, "seed \(seed)")
        let found = observer.state.withLock { $0.visible }
        for key in Set(found.keys).union(expected.keys) {
            #expect(found[key] == expected[key], "seed \(seed), \(key)")
        }
    }

    private func key(_ random: inout Random) -> String { "doc:\(random.next(12))" }

    private func command(_ random: inout Random) -> [String] {
        let key = key(&random)
        let field = "f\(random.next(4))"
        let value = "\(random.next(1000))"
        switch random.next(30) {
        case 0...8: return ["HSET", key, field, value]
        case 9, 10: return ["HSET", key, field, value, "f\(random.next(4))", "x", "f\(random.next(4))", "y"]
        case 11: return ["HMSET", key, field, value]
        case 12, 13: return ["HDEL", key, field, "f\(random.next(4))"]
        case 14: return ["HINCRBY", key, field, value]
        case 15: return ["HINCRBYFLOAT", key, field, "1.5"]
        case 16: return ["HSETNX", key, field, value]
        case 17: return ["DEL", key, self.key(&random)]
        case 18: return ["RENAME", key, self.key(&random)]
        case 19: return ["COPY", key, self.key(&random)] + (random.next(2) == 0 ? ["REPLACE"] : [])
        case 20: return ["PEXPIRE", key, "\(random.next(60) - 5)"]
        case 21: return ["PERSIST", key]
        case 22: return ["SET", key, value] + random.pick([[], ["NX"], ["XX"], ["GET"], ["PX", "30"]])
        case 23: return ["SUNIONSTORE", key, self.key(&random)]
        case 24: return ["GETDEL", key]
        case 25: return ["RENAMENX", key, self.key(&random)]
        case 26: return random.next(20) == 0 ? ["FLUSHALL"] : ["UNLINK", key]
        case 27: return ["SADD", key, value]
        case 28: return ["MSET", key, value, "other", value]
        default: return ["HGETALL", key]
        }
    }
}
