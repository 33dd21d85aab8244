// The node's own store: what is there after kills, restarts and orphans.

import Glibc
import Platform
import RESP
import Storage
import Testing

@testable import StorageHiredis

@Suite(.enabled(if: PrivateStore.isThere)) struct ManagedStoreTests {
    /// A data directory that is removed with all that runs in it.
    final class Directory {
        let path = makeTemporaryFolder()

        func store(_ adjust: (inout ManagedStore.Configuration) -> Void = { _ in }) throws -> ManagedStore {
            var configuration = ManagedStore.Configuration(directory: path)
            adjust(&configuration)
            return try ManagedStore(configuration)
        }

        deinit { removeFolder(path) }
    }

    private func open(_ managed: ManagedStore, observer: (any DocumentObserver)? = nil) -> HiredisStore {
        let store = HiredisStore(HiredisStore.Configuration(endpoint: managed.endpoint))
        store.start(observer: observer)
        #expect(store.waitUntilReachable(milliseconds: 10_000))
        return store
    }

    private func waitUntilGone(_ process: pid_t) {
        var patience = 2000
        while kill(process, 0) == 0, patience > 0 {
            // Here it is our own child, whoever has ended it.
            waitpid(process, nil, WNOHANG)
            usleep(5000)
            patience -= 1
        }
    }

    @Test func `data survive a clean stop`() throws {
        let directory = Directory()
        for round in 0..<3 {
            let managed = try directory.store()
            let store = open(managed)
            #expect(store.run("INCR", "rounds") == ":\(round + 1) ")
            store.stop()
            let process = managed.report.process
            managed.stop()
            #expect(kill(process, 0) != 0)
        }
    }

    @Test func `a second node on the same directory is refused`() throws {
        let directory = Directory()
        let managed = try directory.store()
        defer { managed.stop() }

        #expect(throws: ManagedStoreError.directoryInUse(directory.path)) { _ = try directory.store() }
        #expect(ManagedStoreError.directoryInUse("").exitCode == 73)
    }

    @Test func `a directory that cannot be written and a missing program are told apart`() throws {
        let directory = Directory()
        #expect(throws: ManagedStoreError.executableMissing(["no-such-server"])) {
            _ = try directory.store { $0.executable = "no-such-server" }
        }
        do {
            _ = try ManagedStore(ManagedStore.Configuration(directory: "/proc/none"))
            Issue.record("a store in /proc")
        } catch {
            #expect(error.exitCode == 73)
        }
        #expect(throws: ManagedStoreError.self) { _ = try directory.store { $0.extraLines = ["no-such-option 1"] } }
        for line in [" DIR /tmp", "maxmemory 1gb\nport 1"] {
            #expect(throws: ManagedStoreError.optionNotAllowed(line)) {
                _ = try directory.store { $0.extraLines = ["maxmemory 1gb", line] }
            }
        }
    }

    @Test func `a damaged append-only file is told apart`() throws {
        let directory = Directory()
        let managed = try directory.store()
        let store = open(managed)
        for i in 0..<100 { _ = store.run("SET", "k\(i)", "v") }
        store.stop()
        managed.stop()
        let folder = directory.path + "/store/appendonlydir"
        let name = try #require(Files.names(in: folder).first { $0.hasSuffix(".incr.aof") })
        var content = try #require(Files.read(folder + "/" + name))
        content.replaceSubrange(100..<110, with: Array("**********".utf8))
        try Files.replace(folder + "/" + name, with: content)

        do {
            _ = try directory.store()
            Issue.record("it started")
        } catch {
            #expect((error as? ManagedStoreError)?.exitCode == 74, "\(error)")
        }
    }

    @Test func `nothing acknowledged is lost or doubled when the store is killed under writes`() throws {
        let directory = Directory()
        let managed = try directory.store()
        defer { managed.stop() }
        let observer = RecordingObserver()
        let store = open(managed, observer: observer)
        defer { store.stop() }
        var acknowledged = 0
        var unknown = 0
        var refused = 0
        for round in 0..<3 {
            let victim = managed.report.process
            let killer = OwnThread("killer") {
                usleep(useconds_t(30_000 + 7_000 * round))
                kill(victim, SIGKILL)
            }
            let restarts = managed.report.restarts
            let end = MonotonicClock.milliseconds + 30_000
            while managed.report.restarts == restarts || !store.isReachable {
                if MonotonicClock.milliseconds > end {
                    Issue.record("the store did not come back")
                    break
                }
                let batch = StoreBatch(version: .resp2, client: 1)
                for _ in 0..<50 {
                    batch.append(
                        ["INCR", "n"].map { Array($0.utf8) }, specification: KeyspaceCommandTable.specification("incr")!
                    )
                }
                let answer = String(decoding: store.answer(batch), as: UTF8.self)
                for line in answer.split(separator: "\r\n") {
                    if line.hasPrefix(":") {
                        acknowledged += 1
                    } else if line.hasSuffix("outcome unknown") {
                        unknown += 1
                    } else {
                        refused += 1
                        #expect(
                            line.hasPrefix("-ERR the store is not reachable") || line.hasPrefix("-LOADING"), "\(line)")
                    }
                }
                if !store.isReachable { usleep(1000) }
            }
            killer.join()
        }
        let value = Int(store.run("GET", "n").split(separator: " ")[1])!

        #expect(value >= acknowledged)
        #expect(value <= acknowledged + unknown)
        #expect(refused > 0)
        #expect(observer.log.contains("store replaced"))
        print("acknowledged \(acknowledged), unknown \(unknown), refused \(refused), found \(value)")
    }

    @Test func `a store left behind is taken over, not doubled`() throws {
        let directory = Directory()
        // A node that is killed: its locks go with it, its store does not.
        let abandoned = try Abandoned(directory.path)
        defer { abandoned.end() }

        let managed = try directory.store()
        defer { managed.stop() }

        #expect(managed.report.wasAdopted)
        #expect(managed.report.process == abandoned.process)
        let store = open(managed)
        #expect(store.run("GET", "left") == "$6 behind ")
        // It is watched like a child of our own.
        kill(managed.report.process, SIGKILL)
        waitUntilGone(abandoned.process)
        var patience = 1000
        while managed.report.restarts == 0, patience > 0 {
            usleep(10_000)
            patience -= 1
        }
        #expect(store.waitUntilReachable(milliseconds: 10_000))
        #expect(store.run("GET", "left") == "$6 behind ")
        store.stop()
    }

    @Test func `a store left behind with other settings, or hung, is ended first`() throws {
        for hang in [false, true] {
            let directory = Directory()
            let abandoned = try Abandoned(directory.path)
            defer { abandoned.end() }
            if hang { kill(abandoned.process, SIGSTOP) }

            let managed = try directory.store {
                $0.stopTimeout = 500
                if !hang { $0.extraLines = ["hz 20"] }
            }
            defer { managed.stop() }

            #expect(!managed.report.wasAdopted)
            #expect(managed.report.process != abandoned.process)
            waitUntilGone(abandoned.process)
            #expect(kill(abandoned.process, 0) != 0)
            let store = open(managed)
            #expect(store.run("GET", "left") == "$6 behind ")
            store.stop()
        }
    }

    @Test func `a data directory with a long path and odd characters works`() throws {
        let directory = Directory()
        let long = directory.path + "/" + String(repeating: "long \"quoted\\ ü ", count: 12)
        let managed = try ManagedStore(ManagedStore.Configuration(directory: long))
        let store = open(managed)

        #expect(store.run("SET", "k", "v") == "+OK ")

        store.stop()
        managed.stop()
    }

    @Test func `the append-only file is synced, also across a rewrite`() throws {
        let directory = Directory()
        let managed = try directory.store { $0.syncInterval = 20 }
        defer { managed.stop() }
        let store = open(managed)
        defer { store.stop() }
        for i in 0..<20 {
            _ = store.run("SET", "k\(i)", "v")
            if i % 5 == 0 { _ = store.run("BGREWRITEAOF") }
            usleep(10_000)
        }
        let syncs = managed.report.syncs
        var patience = 200
        while managed.report.syncs < syncs + 2, patience > 0 {
            usleep(5000)
            patience -= 1
        }

        #expect(managed.report.syncs > syncs)
        #expect(managed.report.lastSyncError == nil)
    }
}

/// A store whose node is gone: started the same way, with nobody watching.
private struct Abandoned {
    let process: pid_t

    init(_ directory: String) throws {
        let folder = directory + "/store"
        try Files.makeFolder(folder)
        let executable = PrivateStore.executable!
        let file = StoreConfigurationFile(
            executable: executable, folder: folder, extraLines: [], syncsEveryWrite: false)
        try Files.replace(folder + "/redis.conf", with: Array(file.text.utf8))
        process = try Self.launch(executable, folder)
        let path = folder + "/" + StoreConfigurationFile.socketName
        var patience = 500
        while patience > 0 {
            usleep(10_000)
            patience -= 1
            if let outsider = try? Outsider(StoreEndpoint(.unix(path: path))) {
                try outsider.send("SET", "left", "behind")
                return
            }
        }
        fatalError("no store")
    }

    private static func launch(_ executable: String, _ folder: String) throws -> pid_t {
        guard let lock = try FileLock(folder + "/store.lock") else { fatalError("locked") }
        return try ChildProcess(executable, [folder + "/redis.conf"], inherited: lock.descriptor).identifier
    }

    func end() {
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }
}
