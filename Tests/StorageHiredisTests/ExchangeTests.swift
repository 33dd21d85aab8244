// Exchanges, and keys that hold something of ours.

import Platform
import RESP
import Storage
import Testing

@testable import StorageHiredis

/// Reads a counter, then writes it raised by one: what would lose counts if anything came between.
private final class Counting: LaneExchange, @unchecked Sendable {
    // Sendable: both calls come on the lane.
    private let key: [UInt8]
    private var answer = StoreAnswer.null

    init(_ key: String) { self.key = Array(key.utf8) }

    func begin(_ link: any LaneLink) {
        answer = link.ask([Array("GET".utf8), key])
        var count = 0
        if case .text(let text) = answer { count = Int(String(decoding: text, as: UTF8.self)) ?? 0 }
        link.queue([Array("SET".utf8), key, Array(String(count + 1).utf8)])
    }

    func end(_ answers: [StoreAnswer], _ reply: ReplyWriter) {
        reply.bulk(answers == [.status(Array("OK".utf8))] ? "done" : "failed")
    }
}

@Suite(.enabled(if: PrivateStore.isThere)) struct ExchangeTests {
    @Test func `nothing comes between what an exchange reads and what it writes`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        let finished = Monitor(0)

        for client in 0..<200 {
            let batch = StoreBatch(version: .resp2, client: UInt64(client % 7))
            batch.appendExchange(Counting("n"))
            if client % 3 == 0 { batch.appendExchange(Counting("n")) }
            batch.completion = { reply in
                finished.change { $0 += reply.bytes.split(separator: 10).filter { $0.first == 100 }.count }
            }
            store.submit(batch)
        }

        #expect(finished.wait(milliseconds: 5000) { $0 == 267 ? true : nil } == true)
        #expect(store.run("GET", "n") == "$3 267 ")
    }

    @Test func `hash commands are refused on a reserved key, others go on`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        _ = store.run("HSET", "doc:1", "a", "b")
        observer.state.withLock { $0.reserved = ["doc:1"] }

        #expect(
            store.run([["HGET", "doc:1", "a"], ["TYPE", "doc:1"], ["EXISTS", "doc:1"], ["PERSIST", "doc:1"]])
                == "-WRONGTYPE Operation against a key holding the wrong kind of value +trietype0 :1 :0 ")
        #expect(store.run("HGET", "doc:2", "a") == "$-1 ")
    }

    @Test func `a reserved key that is deleted is free for the next command`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        _ = store.run("HSET", "doc:1", "a", "b")
        observer.state.withLock { $0.reserved = ["doc:1"] }

        #expect(
            store.run([
                ["SET", "x", "1"], ["HLEN", "doc:1"], ["DEL", "doc:1"], ["HSET", "doc:1", "c", "d"],
                ["HLEN", "doc:1"],
            ]) == "+OK -WRONGTYPE Operation against a key holding the wrong kind of value :1 :1 :1 ")
        #expect(observer["doc:1"] == ["c": "d"])
    }

    @Test func `a renamed reserved key is told under its new name, whoever covers that`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        _ = store.run("HSET", "doc:1", "a", "b")
        observer.state.withLock { $0.reserved = ["doc:1"] }
        observer.forgetLog()

        #expect(store.run("RENAME", "doc:1", "elsewhere") == "+OK ")

        #expect(observer.log == ["touched doc:1", "removed doc:1", "changed elsewhere"])
    }
}
