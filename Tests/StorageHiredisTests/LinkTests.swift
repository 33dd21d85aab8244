// What clients see when the store goes away, hangs, loads or comes back as another one.

import Glibc
import Platform
import RESP
import Storage
import Testing

@testable import StorageHiredis

@Suite(.enabled(if: PrivateStore.isThere)) struct LinkTests {
    private func wait(_ condition: () -> Bool) -> Bool {
        for _ in 0..<2000 {
            if condition() { return true }
            usleep(5000)
        }
        return false
    }

    @Test func `a store that is down gives a clear error at once, and is found again`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        _ = store.run("HSET", "doc:1", "t", "a")

        server.kill()
        let isNoticed = wait { !store.isReachable }
        #expect(isNoticed)
        let answer = store.run([["GET", "x"], ["SET", "x", "1"]])
        #expect(answer.split(separator: "-").count == 2)
        #expect(answer.hasPrefix("-ERR the store is not reachable: "))
        #expect(store.run([["SET", "x", "1"]], transaction: true).hasPrefix("-ERR the store is not reachable: "))
        #expect(store.run("EVAL", "return 1", "0").hasPrefix("-ERR the store is not reachable: "))
        #expect(store.run("BLPOP", "l", "0").hasPrefix("-ERR the store is not reachable: "))

        try server.relaunch()
        #expect(store.waitUntilReachable(milliseconds: 5000))
        #expect(observer.log.contains("store replaced"))
        #expect(store.run("SET", "x", "1") == "+OK ")
    }

    @Test func `commands in flight are told apart into reads and writes`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        // The store stands still, so that all of these are in flight when it ends.
        server.process.signal(SIGSTOP)
        let batch = StoreBatch(version: .resp2, client: 1)
        for command in [["GET", "k"], ["SET", "k", "v"], ["INCR", "n"]] {
            batch.append(
                command.map { Array($0.utf8) },
                specification: KeyspaceCommandTable.specification(command[0].lowercased())!)
        }
        let pending = store.send(batch)
        usleep(50_000)
        server.kill()

        let answer = String(decoding: pending.wait(milliseconds: 5000) { $0 } ?? [], as: UTF8.self)
        #expect(
            answer == "-ERR the connection to the store was lost, nothing was changed: retry\r\n"
                + "-ERR the connection to the store was lost, outcome unknown\r\n"
                + "-ERR the connection to the store was lost, outcome unknown\r\n")
    }

    @Test func `an answer that does not come in time is an error, and a new link is made`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer) { $0.commandTimeout = 200 }
        defer { store.stop() }

        server.process.signal(SIGSTOP)
        #expect(store.run("SET", "k", "v") == "-ERR the store did not answer in time, outcome unknown ")
        server.process.signal(SIGCONT)

        #expect(store.waitUntilReachable(milliseconds: 10_000))
        #expect(store.run("GET", "k") == "$1 v ")
        // Changes may have gone unseen.
        #expect(observer.log.contains("store replaced"))
    }

    @Test func `a connection of the link that the store closes is made again`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        let outsider = try server.outsider()
        for (round, name) in ["ringsearch-lane", "ringsearch-changes"].enumerated() {
            let list = try outsider.send("CLIENT", "LIST")
            let line = try #require(list.split(separator: "\n").first { $0.contains("name=\(name) ") })
            let number = try #require(line.split(separator: " ").first { $0.hasPrefix("id=") }).dropFirst(3)
            try outsider.send("CLIENT", "KILL", "ID", String(number))
            // The lane's own end shows with its next command.
            let isMade = wait {
                _ = store.run("GET", "x")
                return observer.log.filter { $0 == "store replaced" }.count == round + 1
            }
            #expect(isMade)
            #expect(store.waitUntilReachable(milliseconds: 5000))
        }
        try outsider.send("HSET", "doc:1", "t", "a")
        #expect(observer.waits { $0["doc:1"] == ["t": "a"] })
    }

    @Test func `a store that is loading says how far it is`() throws {
        let server = try PrivateStore(["--appendonly", "yes", "--enable-debug-command", "yes"])
        let outsider = try server.outsider()
        // A load of a second or so: keys that take their time.
        try outsider.send("DEBUG", "POPULATE", "15000", "k", "10")
        try outsider.send("BGREWRITEAOF")
        let isWritten = wait {
            let persistence = (try? outsider.send("INFO", "persistence")) ?? ""
            return persistence.contains("aof_rewrite_in_progress:0") && persistence.contains("aof_rewrite_scheduled:0")
        }
        #expect(isWritten)
        let store = server.open()
        defer { store.stop() }
        server.kill()
        let options = [
            "--appendonly", "yes", "--key-load-delay", "10", "--loading-process-events-interval-bytes", "1024",
        ]
        try server.relaunch(options)

        var texts: Set<String> = []
        let isLoaded = wait {
            let answer = store.run("GET", "x")
            texts.insert(String(answer.prefix(8)))
            return answer == "$-1 "
        }
        #expect(isLoaded)
        #expect(texts.contains("-LOADING"))
    }

    @Test func `a password is sent, and a wrong one is told`() throws {
        let server = try PrivateStore()
        let outsider = try server.outsider()
        try outsider.send("ACL", "SETUSER", "node", "on", ">secret", "~*", "&*", "+@all")
        try outsider.send("ACL", "SETUSER", "default", "off")

        let store = server.open {
            $0.endpoint.user = "node"; $0.endpoint.password = "secret"
        }
        #expect(store.run("SET", "k", "v") == "+OK ")
        store.stop()

        var configuration = HiredisStore.Configuration(endpoint: server.endpoint)
        configuration.endpoint.user = "node"
        configuration.endpoint.password = "wrong"
        let refused = HiredisStore(configuration)
        refused.start(observer: nil)
        defer { refused.stop() }
        let isTold = wait { refused.run("GET", "k").contains("WRONGPASS") }
        #expect(isTold)
    }

    @Test func `a full queue refuses batches`() throws {
        let server = try PrivateStore()
        let store = server.open { $0.queueBatchLimit = 2 }
        defer { store.stop() }
        server.process.signal(SIGSTOP)
        let pending = (0..<5).map { _ in
            let batch = StoreBatch(version: .resp2, client: 1)
            batch.append(["PING"].map { Array($0.utf8) }, specification: KeyspaceCommandTable.specification("get")!)
            return store.send(batch)
        }
        let refused = pending.filter { one in
            let answer = one.withLock { $0 } ?? []
            return answer.starts(with: "-BUSY".utf8)
        }
        server.process.signal(SIGCONT)

        #expect(refused.count == 3)
        #expect(pending[0].wait(milliseconds: 5000) { $0 } == Array("+PONG\r\n".utf8))
    }

    @Test func `what is left when the store is closed is answered`() throws {
        let server = try PrivateStore()
        let store = server.open()
        let blocked = StoreBatch(version: .resp2, client: 1)
        blocked.append(
            ["BLPOP", "l", "0"].map { Array($0.utf8) }, specification: KeyspaceCommandTable.specification("blpop")!)
        let first = store.send(blocked)
        let script = StoreBatch(version: .resp2, client: 2)
        script.append(
            ["EVAL", "while true do end", "0"].map { Array($0.utf8) },
            specification: KeyspaceCommandTable.specification("eval")!)
        _ = store.run("GET", "x", client: 3)
        let second = store.send(script)
        usleep(20_000)

        store.stop()

        #expect(first.wait(milliseconds: 5000) { $0 } != nil)
        #expect(second.wait(milliseconds: 5000) { $0 } != nil)
        #expect(store.run("GET", "x") == "-ERR the server is stopping ")
    }

    @Test func `fields of INFO are known`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }

        #expect(store.information()["redis_version"] != nil)
        #expect(store.information()["run_id"]?.count == 40)
        #expect(store.information()["dbsize"] == "0")
    }
}

@Suite struct StoreEndpointTests {
    @Test func `addresses are read`() throws {
        #expect(try StoreEndpoint(parsing: "redis://localhost") == StoreEndpoint(.tcp(host: "localhost", port: 6379)))
        #expect(
            try StoreEndpoint(parsing: "redis://user:p%40ss:w@10.0.0.1:7000/0")
                == StoreEndpoint(.tcp(host: "10.0.0.1", port: 7000), user: "user", password: "p@ss:w"))
        #expect(
            try StoreEndpoint(parsing: "redis://:secret@[::1]:7000")
                == StoreEndpoint(.tcp(host: "::1", port: 7000), password: "secret"))
        #expect(try StoreEndpoint(parsing: "redis://[::1]") == StoreEndpoint(.tcp(host: "::1", port: 6379)))
        #expect(try StoreEndpoint(parsing: "unix:///run/a@b.sock") == StoreEndpoint(.unix(path: "/run/a@b.sock")))
        #expect(try StoreEndpoint(parsing: "/run/s") == StoreEndpoint(.unix(path: "/run/s")))
        #expect(StoreEndpoint(.tcp(host: "h", port: 1), user: "u", password: "p").description == "h:1")
    }

    @Test(arguments: [
        "", "localhost:6379", "redis://", "redis://h:0", "redis://h:x", "redis://h/1", "rediss://h", "http://h",
        "unix://rel",
    ])
    func `what is no address is refused`(text: String) {
        #expect(throws: StoreEndpointError.self) { _ = try StoreEndpoint(parsing: text) }
    }
}
