// A store that stops answering while the link to it is being made.

import Glibc
import Platform
import Storage
import Testing

@testable import StorageHiredis

/// Answers what a link asks first, but never who it is.
private final class SilentStore: @unchecked Sendable {
    // Sendable: everything is set once.
    let path: String
    private let folder: String
    private let listener: Int32

    init() {
        folder = makeTemporaryFolder()
        path = folder + "/s"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { [path] bytes in bytes.copyBytes(from: path.utf8) }
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        listen(listener, 16)
        _ = OwnThread("silent-store") { [listener] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                _ = OwnThread("silent-client") { Self.serve(client) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        removeFolder(folder)
    }

    private static func serve(_ client: Int32) {
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(client, &part, part.count, 0)
            if count <= 0 { break }
            let text = String(decoding: part[..<count], as: UTF8.self)
            let answer =
                text.contains("SETNAME")
                ? "+OK\r\n" : text.contains("INFO") ? "$9\r\nloading:0\r\n" : text.contains("DBSIZE") ? ":0\r\n" : ""
            _ = send(client, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
        }
        close(client)
    }
}

@Suite struct GreetingTests {
    @Test func `a store that falls silent while the link is made is given up in time`() {
        let silent = SilentStore()
        var configuration = HiredisStore.Configuration(endpoint: StoreEndpoint(.unix(path: silent.path)))
        configuration.connectTimeout = 50
        configuration.reconnectPause = 1...10
        let store = HiredisStore(configuration)
        store.start(observer: nil)
        var reasons: [String] = []
        #expect(!store.waitUntilReachable(milliseconds: 1000) { reasons.append($0) })
        #expect(reasons.contains { $0.contains("no answer in time") }, "\(reasons)")
        // Waits for the thread that makes the link.
        store.stop()
    }
}
