// A store that talks nonsense: bytes of its replies are changed on the way.

import Glibc
import Platform
import RESP
import Storage
import Testing

@testable import StorageHiredis

/// Passes bytes between clients and a store, changing some of the store's.
private final class LyingProxy: @unchecked Sendable {
    // Sendable: `rate` and `sockets` are in monitors, the rest is set once.
    let path: String
    private let target: String
    private let listener: Int32
    private let seed: UInt64
    /// One byte in so many is changed; 0: none.
    let rate = Monitor(0)
    private let sockets = Monitor<[Int32]>([])

    init(folder: String, target: String, seed: UInt64) {
        path = folder + "/p"
        self.target = target
        self.seed = seed
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
        Self.withAddress(path) { _ = bind(listener, $0, $1) }
        listen(listener, 64)
        _ = OwnThread("proxy") { [self] in accept() }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for one in sockets.withLock({ $0 }) { shutdown(one, Int32(SHUT_RDWR)) }
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Void) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in bytes.copyBytes(from: path.utf8) }
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    private func accept() {
        var number: UInt64 = 0
        while true {
            let client = Glibc.accept(listener, nil, nil)
            if client < 0 { return }
            let store = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
            var connected: Int32 = -1
            Self.withAddress(target) { connected = connect(store, $0, $1) }
            if connected != 0 {
                close(client)
                close(store)
                continue
            }
            sockets.withLock { $0 += [client, store] }
            number += 1
            let mine = seed &+ number
            _ = OwnThread("proxy-up") { Self.pass(client, store) { _ in } }
            _ = OwnThread("proxy-down") { [rate] in
                var random = ModelTests.Random(seed: mine)
                Self.pass(store, client) { bytes in
                    let rate = rate.withLock { $0 }
                    guard rate > 0 else { return }
                    for i in bytes.indices where random.next(rate) == 0 { bytes[i] = UInt8(random.next(256)) }
                }
            }
        }
    }

    private static func pass(_ from: Int32, _ to: Int32, _ change: (inout [UInt8]) -> Void) {
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(from, &part, part.count, 0)
            if count <= 0 { break }
            var bytes = Array(part[..<count])
            change(&bytes)
            if Glibc.send(to, bytes, bytes.count, Int32(MSG_NOSIGNAL)) != bytes.count { break }
        }
        shutdown(from, Int32(SHUT_RDWR))
        shutdown(to, Int32(SHUT_RDWR))
    }
}

@Suite(.enabled(if: PrivateStore.isThere)) struct CorruptionTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func `nonsense from the store ends a connection at most, and every batch is answered`(seed: UInt64) throws {
        let server = try PrivateStore()
        let proxy = LyingProxy(folder: server.folder, target: server.path, seed: seed)
        defer { proxy.stop() }
        var configuration = HiredisStore.Configuration(endpoint: StoreEndpoint(.unix(path: proxy.path)))
        configuration.commandTimeout = 300
        configuration.connectTimeout = 300
        configuration.reconnectPause = 1...10
        let observer = RecordingObserver()
        let store = HiredisStore(configuration)
        store.start(observer: observer)
        defer { store.stop() }
        #expect(store.waitUntilReachable(milliseconds: 5000))
        var random = ModelTests.Random(seed: seed)
        let commands = [
            ["HSET", "doc:1", "a", "1"], ["HSET", "doc:2", "a", "1", "b", "2"], ["HGETALL", "doc:1"],
            ["HDEL", "doc:2", "a"],
            ["ZADD", "z", "1", "a", "2", "b"], ["ZRANGE", "z", "0", "-1", "WITHSCORES"],
            ["HINCRBY", "doc:1", "n", "1"],
            ["XADD", "x", "*", "f", "v"], ["XREAD", "STREAMS", "x", "0"], ["SMEMBERS", "s"], ["DEL", "doc:1"],
        ]
        for round in 0..<150 {
            proxy.rate.withLock { $0 = round % 3 == 0 ? 0 : [40, 200, 2000][round % 9 / 3] }
            let isTransaction = random.next(3) == 0
            let batch = StoreBatch(version: random.next(2) == 0 ? .resp2 : .resp3, client: 1)
            batch.isTransaction = isTransaction
            for _ in 0...random.next(30) {
                let command = random.pick(commands)
                batch.append(
                    command.map { Array($0.utf8) },
                    specification: KeyspaceCommandTable.specification(command[0].lowercased())!)
            }
            if random.next(10) == 0 {
                batch.append(
                    ["EVAL", "return {1,{2,{3}}}", "0"].map { Array($0.utf8) },
                    specification: KeyspaceCommandTable.specification("eval")!)
            }
            #expect(store.send(batch).wait(milliseconds: 20_000) { $0 } != nil, "seed \(seed), round \(round)")
            let loaded = Monitor(false)
            store.load(LoadRequest(keys: [Array("doc:1".utf8)], fields: round % 2 == 0 ? nil : [[97]])) { _ in
                loaded.change { $0 = true }
            }
            #expect(loaded.wait(milliseconds: 20_000) { $0 ? true : nil } == true)
        }
        // When it talks sense again all is as it should be.
        proxy.rate.withLock { $0 = 0 }
        var answer = ""
        for _ in 0..<500 where answer != ":1 " {
            usleep(10_000)
            answer = store.run("HSET", "doc:new", "a", "1")
            if answer.hasPrefix("-") { answer = "" } else if answer == ":0 " { answer = ":1 " }
        }
        #expect(answer == ":1 ", "seed \(seed)")
    }
}
