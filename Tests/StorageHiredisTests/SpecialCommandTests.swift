// Scripts, commands that wait, WATCH, and transactions that are more than commands.

import Glibc
import Platform
import RESP
import Storage
import Testing

@testable import StorageHiredis

@Suite(.enabled(if: PrivateStore.isThere)) struct SpecialCommandTests {
    @Test func `what a script writes is indexed when its reply is there`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }

        for i in 0..<50 {
            let script = "redis.call('HSET', ARGV[1], 't', ARGV[2]) return {1, {'x', false}}"
            #expect(store.run("EVAL", script, "0", "doc:\(i)", "v\(i)") == "*2 :1 *2 $1 x $-1 ")
            #expect(observer["doc:\(i)"] == ["t": "v\(i)"])
        }
    }

    @Test func `commands around a script keep their order`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        var commands: [[String]] = []
        for i in 0..<300 {
            commands.append(["SET", "k", "\(i)"])
            commands.append(["EVAL", "return redis.call('GET', KEYS[1])", "1", "k"])
            commands.append(["EVAL", "return redis.call('APPEND', KEYS[1], 'x')", "1", "k"])
            commands.append(["GET", "k"])
        }
        let first = StoreBatch(version: .resp2, client: 7)
        let second = StoreBatch(version: .resp2, client: 7)
        for command in commands {
            first.append(
                command.map { Array($0.utf8) },
                specification: KeyspaceCommandTable.specification(command[0].lowercased())!)
        }
        second.append([Array("GET".utf8), Array("k".utf8)], specification: KeyspaceCommandTable.specification("get")!)

        let one = store.send(first)
        let two = store.send(second)
        let answer = String(decoding: one.wait(milliseconds: 20_000) { $0 } ?? [], as: UTF8.self)
        let later = two.wait(milliseconds: 20_000) { $0 } ?? []

        var expected = ""
        for i in 0..<300 {
            let n = "\(i)"
            expected += "+OK\r\n$\(n.count)\r\n\(n)\r\n:\(n.count + 1)\r\n$\(n.count + 1)\r\n\(n)x\r\n"
        }
        #expect(answer == expected)
        #expect(String(decoding: later, as: UTF8.self) == "$4\r\n299x\r\n")
    }

    @Test func `a reply nested too deeply ends only the connection of scripts`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }

        let answer = store.run(
            "EVAL", "redis.call('HSET', 'doc:1', 't', 'x') return {{{{{{{{{{1}}}}}}}}}}", "0")

        #expect(answer == "-ERR the reply of the script is nested more than 7 deep ")
        #expect(observer["doc:1"] == ["t": "x"])
        #expect(store.run("EVAL", "return 1", "0") == ":1 ")
        #expect(store.run("PING2", specification: "get") != "")
        #expect(store.isReachable)
    }

    @Test func `a script that hangs can be killed, and others are told`() throws {
        let server = try PrivateStore(["--busy-reply-threshold", "20"])
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        let batch = StoreBatch(version: .resp2, client: 1)
        batch.append(
            ["EVAL", "while true do end", "0"].map { Array($0.utf8) },
            specification: KeyspaceCommandTable.specification("eval")!)
        let hanging = store.send(batch)

        var answers: Set<String> = []
        for _ in 0..<1000 where !answers.contains("-BUSY") {
            answers.insert(String(store.run("GET", "k", client: 2).prefix(5)))
        }
        #expect(answers.contains("-BUSY"))
        #expect(store.run("SCRIPT", "KILL", client: 3) == "+OK ")
        let killed = String(decoding: hanging.wait(milliseconds: 5000) { $0 } ?? [], as: UTF8.self)
        #expect(killed.contains("killed"))
        #expect(store.run("HSET", "doc:1", "t", "a", client: 2) == ":1 ")
        #expect(observer["doc:1"] == ["t": "a"])
    }

    @Test func `a command that waits gets what comes later, and holds up nobody`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        let waiting = StoreBatch(version: .resp2, client: 1)
        waiting.append(
            ["BLPOP", "list", "0"].map { Array($0.utf8) }, specification: KeyspaceCommandTable.specification("blpop")!)
        waiting.append(
            ["GET", "after"].map { Array($0.utf8) }, specification: KeyspaceCommandTable.specification("get")!)

        let pending = store.send(waiting)
        #expect(store.run("SET", "after", "yes", client: 2) == "+OK ")
        #expect(pending.withLock { $0 } == nil)
        #expect(store.run("RPUSH", "list", "v", client: 2) == ":1 ")

        let answer = pending.wait(milliseconds: 5000) { $0 } ?? []
        #expect(String(decoding: answer, as: UTF8.self) == "*2\r\n$4\r\nlist\r\n$1\r\nv\r\n$3\r\nyes\r\n")
        #expect(store.run("BLPOP", "list", "0.05", client: 3) == "*-1 ")
        #expect(store.run("BLPOP", "list", "0.05", version: .resp3, client: 3) == "_ ")
        #expect(store.run("WAIT", "0", "10", client: 3) == ":0 ")
    }

    @Test func `a client that goes away takes its waiting command along`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        let waiting = StoreBatch(version: .resp2, client: 5)
        waiting.append(
            ["BLPOP", "list", "0"].map { Array($0.utf8) }, specification: KeyspaceCommandTable.specification("blpop")!)
        waiting.append(
            ["SET", "after", "1"].map { Array($0.utf8) }, specification: KeyspaceCommandTable.specification("set")!)

        let pending = store.send(waiting)
        _ = store.run("GET", "x", client: 6)
        store.clientGone(5)

        #expect(pending.wait(milliseconds: 5000) { $0 } != nil)
        #expect(store.run("RPUSH", "list", "v", client: 6) == ":1 ")
        #expect(store.run([["LLEN", "list"], ["GET", "after"]], client: 6) == ":1 $-1 ")
    }

    @Test func `a waiting client is unblocked by another`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        for (withError, expected) in [
            (false, "*-1\r\n"), (true, "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"),
        ] {
            let waiting = StoreBatch(version: .resp2, client: 5)
            waiting.append(
                ["BLPOP", "list", "0"].map { Array($0.utf8) },
                specification: KeyspaceCommandTable.specification("blpop")!)
            let pending = store.send(waiting)
            let wasWaiting = Monitor<Bool>(false)
            while !wasWaiting.withLock({ $0 }) {
                let answered = Monitor<Bool>(false)
                store.unblock(5, withError: withError) { was in
                    wasWaiting.change { $0 = was }
                    answered.change { $0 = true }
                }
                _ = answered.wait(milliseconds: 5000) { $0 ? true : nil }
            }

            #expect(String(decoding: pending.wait(milliseconds: 5000) { $0 } ?? [], as: UTF8.self) == expected)
        }
    }

    @Test func `EXEC gives null when a watched key has changed, and not otherwise`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        let change = [["HSET", "doc:1", "t", "mine"], ["GET", "k"]]

        #expect(store.run("WATCH", "k", client: 1) == "+OK ")
        #expect(store.run("SET", "k", "theirs", client: 2) == "+OK ")
        #expect(store.run(change, client: 1, transaction: true) == "*-1 ")
        #expect(observer["doc:1"] == nil)

        #expect(store.run("WATCH", "k", client: 1) == "+OK ")
        #expect(store.run(change, client: 1, transaction: true) == "*2 :1 $6 theirs ")
        #expect(observer["doc:1"] == ["t": "mine"])

        #expect(store.run("WATCH", "k", client: 1) == "+OK ")
        #expect(store.run("SET", "k", "again", client: 2) == "+OK ")
        #expect(store.run("UNWATCH", client: 1) == "+OK ")
        #expect(store.run(change, client: 1, transaction: true) == "*2 :0 $5 again ")

        #expect(store.run("WATCH", "k", client: 1) == "+OK ")
        #expect(store.run("SET", "k", "x", client: 2) == "+OK ")
        #expect(store.run([], version: .resp3, client: 1, transaction: true) == "_ ")
        #expect(store.run([], client: 1, transaction: true) == "*0 ")
    }

    @Test func `inline items of a transaction see what came before them`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        for watches in [false, true] {
            if watches { _ = store.run("WATCH", "k", client: 1) }
            let batch = transaction(observer, "\(watches)")

            #expect(store.run(batch) == "*5 :1 $\(watches ? 4 : 5) \(watches) +PONG $4 gone :1 ")
        }
        // A watch that fails leaves all of it undone.
        _ = store.run("WATCH", "k", client: 1)
        _ = store.run("SET", "k", "1", client: 2)
        #expect(store.run(transaction(observer, "never")) == "*-1 ")
        #expect(observer["doc:never"] == nil)
    }

    private func transaction(_ observer: RecordingObserver, _ name: String) -> StoreBatch {
        let batch = StoreBatch(version: .resp2, client: 1)
        batch.isTransaction = true
        batch.append(
            ["HSET", "doc:\(name)", "t", name].map { Array($0.utf8) },
            specification: KeyspaceCommandTable.specification("hset")!)
        batch.appendInline { $0.bulk(observer["doc:\(name)"]?["t"] ?? "nothing") }
        Array("+PONG\r\n".utf8).withUnsafeBufferPointer { batch.appendLiteral($0) }
        batch.appendInline { writer in writer.bulk("gone") }
        batch.append(
            ["DEL", "doc:\(name)"].map { Array($0.utf8) }, specification: KeyspaceCommandTable.specification("del")!)
        return batch
    }

    @Test func `a script inside a transaction is indexed too`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }

        let answer = store.run(
            [["SET", "k", "1"], ["EVAL", "return redis.call('HSET', 'doc:s', 't', 'x')", "0"], ["GET", "k"]],
            transaction: true)

        #expect(answer == "*3 +OK :1 $1 1 ")
        #expect(observer["doc:s"] == ["t": "x"])
    }

    @Test func `a failing command of a transaction leaves the others`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }

        #expect(
            store.run([["SET", "k", "1"], ["GET"], ["GET", "k"]], transaction: true)
                == "-EXECABORT Transaction discarded because of previous errors. ")
        #expect(store.run("GET", "k") == "$-1 ")
        #expect(store.run("SUBSCRIBE", "c") == "-ERR publish/subscribe is not supported ")
    }
}

extension DocumentStore {
    fileprivate func run(_ name: String, specification: String) -> String {
        let batch = StoreBatch(version: .resp2, client: 1)
        batch.append([Array(name.utf8)], specification: KeyspaceCommandTable.specification(specification)!)
        return run(batch)
    }
}
