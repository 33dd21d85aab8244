// Commands through the lane, and what the observer learns of them.

import Platform
import RESP
import Storage
import Testing

@testable import StorageHiredis

@Suite(.enabled(if: PrivateStore.isThere)) struct LaneTests {
    @Test func `a batch is answered in order`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }

        let answer = store.run([
            ["SET", "a", "1"], ["INCR", "a"], ["GET", "a"], ["LPUSH", "a", "x"], ["GET", "none"],
        ])

        #expect(answer == "+OK :2 $1 2 -WRONGTYPE Operation against a key holding the wrong kind of value $-1 ")
    }

    @Test func `a new hash is indexed from the command alone`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }

        #expect(store.run("HSET", "doc:1", "t", "a", "n", "1", "t", "b") == ":2 ")

        #expect(observer["doc:1"] == ["t": "b", "n": "1"])
        #expect(observer.log == ["changed doc:1"])
    }

    @Test func `fields added to a hash are patched, or the hash is read`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        _ = store.run("HSET", "doc:1", "t", "a")

        _ = store.run("HSET", "doc:1", "n", "1")
        observer.state.withLock { $0.patchesWelcome = false }
        _ = store.run([["HSET", "doc:1", "m", "2"], ["HSET", "doc:2", "t", "x"], ["HSET", "doc:1", "o", "3"]])

        #expect(observer["doc:1"] == ["t": "a", "n": "1", "m": "2", "o": "3"])
        #expect(observer.log == ["changed doc:1", "patched doc:1", "changed doc:2", "changed doc:1"])
    }

    @Test(
        arguments: [
            (["HDEL", "doc:1", "n"], ["t": "a"]),
            (["HDEL", "doc:1", "none"], ["t": "a", "n": "5"]),
            (["HINCRBY", "doc:1", "n", "-7"], ["t": "a", "n": "-2"]),
            (["HINCRBYFLOAT", "doc:1", "n", "0.5"], ["t": "a", "n": "5.5"]),
            (["HSETNX", "doc:1", "n", "9"], ["t": "a", "n": "5"]),
            (["HSETNX", "doc:1", "m", "9"], ["t": "a", "n": "5", "m": "9"]),
            (["HSET", "doc:1", "n"], ["t": "a", "n": "5"]),
            (["DEL", "doc:1"], nil),
            (["UNLINK", "x", "doc:1"], nil),
            (["SET", "doc:1", "x"], nil),
            (["SET", "doc:1", "x", "NX"], ["t": "a", "n": "5"]),
            (["SET", "doc:1", "x", "NX", "GET"], ["t": "a", "n": "5"]),
            (["MSET", "x", "1", "doc:1", "2"], nil),
            (["SETEX", "doc:1", "100", "x"], nil),
            (["GETDEL", "doc:1"], ["t": "a", "n": "5"]),
            (["EXPIRE", "doc:1", "0"], nil),
            (["EXPIRE", "doc:1", "100"], ["t": "a", "n": "5"]),
            (["PEXPIREAT", "doc:1", "1000"], nil),
            (["RENAME", "doc:1", "other"], nil),
            (["SUNIONSTORE", "doc:1", "none"], nil),
            (["SORT", "none", "STORE", "doc:1"], nil),
            (["BITOP", "NOT", "doc:1", "none"], nil),
            (["FLUSHALL"], nil),
            (["LPUSH", "doc:1", "x"], ["t": "a", "n": "5"]),
        ] as [([String], [String: String]?)])
    func `the index follows what a command does`(command: [String], expected: [String: String]?) throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        _ = store.run("HSET", "doc:1", "t", "a", "n", "5")

        _ = store.run([command])

        #expect(observer["doc:1"] == expected)
    }

    @Test func `a renamed or copied hash is indexed under its new name`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        _ = store.run("HSET", "other", "t", "a")

        _ = store.run([["RENAME", "other", "doc:2"], ["COPY", "doc:2", "doc:3"]])

        #expect(observer["doc:2"] == ["t": "a"])
        #expect(observer["doc:3"] == ["t": "a"])
    }

    @Test func `a transaction is one answer and is seen as a whole`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }

        let answer = store.run(
            [["HSET", "doc:1", "t", "a"], ["HSET", "doc:1", "n", "1"], ["HGETALL", "doc:1"], ["INCR", "doc:1"]],
            version: .resp3, transaction: true)

        #expect(
            answer == "*4 :1 :1 %2 $1 t $1 a $1 n $1 1 "
                + "-WRONGTYPE Operation against a key holding the wrong kind of value ")
        #expect(observer["doc:1"] == ["t": "a", "n": "1"])
        #expect(observer.state.withLock { $0.publications } == 1)
    }

    @Test func `keys and values are bytes, whatever they are`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver(prefix: "\0")
        let store = server.open(observer: observer)
        defer { store.stop() }
        let key: [UInt8] = [0, 13, 10, 255, 0, 36]
        let value: [UInt8] = [0, 42, 13, 10, 254]

        let batch = StoreBatch(version: .resp2, client: 1)
        let hset = KeyspaceCommandTable.specification("hset")!
        batch.append([Array("HSET".utf8), key, [0], value], specification: hset)
        batch.append(
            [Array("HGET".utf8), key, [0]], specification: KeyspaceCommandTable.specification("hget")!)
        let answer = store.answer(batch)

        #expect(answer == Array(":1\r\n$5\r\n".utf8) + value + [13, 10])
        #expect(observer.log.count == 1)
    }

    @Test func `a hundred thousand commands in one batch are answered`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        let batch = StoreBatch(version: .resp2, client: 1)
        let incr = KeyspaceCommandTable.specification("incr")!
        for _ in 0..<100_000 { batch.append([Array("INCR".utf8), Array("n".utf8)], specification: incr) }

        let answer = store.answer(batch)

        #expect(answer.count { $0 == UInt8(ascii: ":") } == 100_000)
        #expect(answer.suffix(9) == Array(":100000\r\n".utf8)[...])
    }

    @Test func `large values pass`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        let large = String(repeating: "0123456789abcdef", count: 1 << 20)

        #expect(store.run([["HSET", "doc:1", "t", large], ["HSET", "doc:1", "u", "x"]]) == ":1 :1 ")
        let answer = store.run([["HGET", "doc:1", "t"], ["HGET", "doc:1", "u"]])

        #expect(answer.utf8.count == large.utf8.count + 16)
        #expect(observer["doc:1"]?["t"]?.utf8.count == large.utf8.count)
    }

    @Test(.enabled(if: PrivateStore.expiresFields, "the store knows no HPEXPIRE: it needs Redis 7.4"))
    func `fields that expire leave the index`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        _ = store.run("HSET", "doc:1", "t", "a", "n", "1", "m", "2")

        #expect(store.run("HPEXPIRE", "doc:1", "20", "FIELDS", "1", "n") == "*1 :1 ")
        #expect(observer.waits { $0["doc:1"] == ["t": "a", "m": "2"] })

        // A new value has no end, and one that was made to stay stays.
        _ = store.run("HPEXPIRE", "doc:1", "30", "FIELDS", "1", "m")
        _ = store.run("HSET", "doc:1", "m", "3")
        _ = store.run("HPEXPIRE", "doc:1", "30", "FIELDS", "1", "t")
        #expect(store.run("HPERSIST", "doc:1", "FIELDS", "1", "t") == "*1 :1 ")
        _ = store.run("HSET", "doc:2", "t", "a")
        _ = store.run("HPEXPIRE", "doc:2", "40", "FIELDS", "1", "t")
        // The last field takes the document along.
        #expect(observer.waits { $0["doc:2"] == nil })
        #expect(observer["doc:1"] == ["t": "a", "m": "3"])

        #expect(store.run("HPEXPIREAT", "doc:1", "1", "FIELDS", "1", "m") == "*1 :2 ")
        #expect(observer["doc:1"] == ["t": "a"])
        #expect(store.run("HEXPIRE", "doc:1", "0", "FIELDS", "1", "t") == "*1 :2 ")
        #expect(observer["doc:1"] == nil)
    }

    @Test func `rows are loaded, and missing where there is no hash`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        _ = store.run([["HSET", "doc:1", "t", "a", "n", "1"], ["SET", "doc:2", "x"], ["HSET", "doc:4", "x", "y"]])
        let keys = ["doc:1", "doc:2", "doc:3", "doc:4"].map { Array($0.utf8) }

        #expect(load(store, keys, nil) == ["t=a n=1", "-", "-", "x=y"])
        #expect(load(store, keys, ["n", "q"]) == ["1 nil", "-", "-", "nil nil"])
        #expect(load(store, keys, []) == ["", "-", "-", ""])
    }

    private func load(_ store: HiredisStore, _ keys: [[UInt8]], _ fields: [String]?) -> [String] {
        let result = Monitor<[String]?>(nil)
        store.load(LoadRequest(keys: keys, fields: fields?.map { Array($0.utf8) })) { outcome in
            let rows: [String]
            switch outcome {
            case .failure(let failure): rows = [failure.message]
            case .success(let loaded):
                rows = loaded.rows.map { row in
                    switch row {
                    case .missing: return "-"
                    case .values(let values):
                        return values.map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "nil" }
                            .joined(separator: " ")
                    case .pairs(let fields):
                        return (0..<fields.count).map {
                            String(decoding: fields.name($0), as: UTF8.self) + "="
                                + String(decoding: fields.value($0), as: UTF8.self)
                        }.joined(separator: " ")
                    }
                }
            }
            result.change { $0 = rows }
        }
        return result.wait(milliseconds: 5000) { $0 } ?? ["no answer"]
    }
}
