// A node of Netflix's Dynomite with a Redis of its own, started for a test.

import Foundation
import RingCore
import Synchronization
import Testing

@testable import RingNode

/// Where Dynomite's program is: the tests that need it are skipped without.
let dynomitePath = ProcessInfo.processInfo.environment["RINGSEARCH_DYNOMITE"]

/// `@unchecked Sendable`: nothing changes after `init`.
final class DynomiteNode: @unchecked Sendable {
    /// Where its peers connect.
    let peers: NodeAddress
    private let clients: NodeAddress
    private let store: Process
    private let node: Process
    private let folder: URL

    /// In datacenter `dc1`, rack `rack1`, token 0.
    ///
    /// - Parameter seeds: `host:port:rack:dc:token` of every other node.
    /// - Parameter pem: a key; links are encrypted when it is given.
    init(seeds: [String], pem: [UInt8]? = nil) async throws {
        let program = try #require(dynomitePath)
        let ports = try Self.freePorts(4)
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("dynomite-\(ports[0])")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        peers = NodeAddress(host: "127.0.0.1", port: UInt16(ports[0]))
        clients = NodeAddress(host: "127.0.0.1", port: UInt16(ports[1]))
        // Dynomite never finds an encrypted answer of its own datacenter equal to that of its store.
        let level = pem == nil ? "DC_SAFE_QUORUM" : "DC_QUORUM"
        var lines = [
            "dyn_o_mite:", "  datacenter: dc1", "  rack: rack1", "  listen: 127.0.0.1:\(ports[1])",
            "  dyn_listen: 127.0.0.1:\(ports[0])", "  stats_listen: 127.0.0.1:\(ports[2])", "  tokens: '0'",
            "  dyn_seed_provider: simple_provider", "  servers:", "  - 127.0.0.1:\(ports[3]):1", "  data_store: 0",
            "  timeout: 2000", "  read_consistency: \(level)", "  write_consistency: \(level)", "  dyn_seeds:",
        ]
        lines += seeds.map { "  - \($0)" }
        if let pem {
            let file = folder.appendingPathComponent("key.pem")
            try Data(pem).write(to: file)
            lines += ["  secure_server_option: all", "  pem_key_file: \(file.path)"]
        }
        let configuration = folder.appendingPathComponent("node.yml")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: configuration)

        store = try Self.run(
            "/usr/bin/env",
            [
                "redis-server", "--port", "\(ports[3])", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                "--dir",
                folder.path,
            ])
        let database = NodeAddress(host: "127.0.0.1", port: UInt16(ports[3]))
        #expect(await eventually { (try? RawPeer(connectingTo: database)) != nil })
        node = try Self.run(
            program, ["-c", configuration.path, "-o", folder.appendingPathComponent("log").path, "-v", "4"])
        let listener = clients
        let isUp = await eventually { (try? RawPeer(connectingTo: listener)) != nil }
        try #require(isUp, "Dynomite does not listen; its log is in \(folder.path)")
    }

    deinit {
        for process in [node, store] where process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: folder)  // gone already is fine
    }

    var isRunning: Bool { node.isRunning }

    /// One command over its client port; the reply as text.
    func ask(_ command: [UInt8]) async throws -> String {
        let client = try RawPeer(connectingTo: clients)
        client.send(command)
        return String(decoding: try await client.reply(), as: UTF8.self)
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Ports that nobody uses now.
    private static func freePorts(_ count: Int) throws -> [Int] {
        let listeners = try (0..<count).map { _ in try RawPeer.listening() }
        return listeners.map { Int($0.address.port) }
    }
}

/// A store in memory behind a listener: what a peer of Dynomite needs for GET, SET and DEL.
final class MemoryStore: Sendable {
    private let state = Mutex<(values: [String: [UInt8]], seen: [String])>(([:], []))

    func value(_ key: String) -> [UInt8]? { state.withLock { $0.values[key] } }

    /// What was asked, as `scope verb key`, greetings aside.
    var seen: [String] { state.withLock { $0.seen } }

    var answer: Node.Answer {
        { [self] request, reply in
            guard case .store(let payload, let scope, let isSame) = request else { return reply.unsupported() }
            let words = Self.words(payload)
            guard words.count > 1 else { return reply.send(bytes("-ERR\r\n")) }
            let verb = String(decoding: words[0], as: UTF8.self).uppercased()
            let key = String(decoding: words[1], as: UTF8.self)
            let answer: [UInt8] = state.withLock { state in
                state.seen.append("\(scope) \(isSame ? 1 : 0) \(verb) \(key)")
                switch verb {
                case "SET" where words.count > 2:
                    state.values[key] = words[2]
                    return bytes("+OK\r\n")
                case "GET":
                    guard let value = state.values[key] else { return bytes("$-1\r\n") }
                    return bytes("$\(value.count)\r\n") + value + [13, 10]
                case "DEL": return bytes(":\(state.values.removeValue(forKey: key) == nil ? 0 : 1)\r\n")
                default: return bytes("-ERR\r\n")
                }
            }
            reply.send(answer)
        }
    }

    /// The words of a RESP request that is known to be one.
    private static func words(_ payload: [UInt8]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var rest = payload[...]
        func line() -> String? {
            guard let end = rest.firstIndex(of: 10), end > rest.startIndex else { return nil }
            defer { rest = rest[(end + 1)...] }
            return String(decoding: rest[..<(end - 1)], as: UTF8.self)
        }
        guard line()?.first == "*" else { return [] }
        while let head = line(), let length = Int(head.dropFirst()), rest.count >= length + 2 {
            words.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length + 2)
        }
        return words
    }
}
