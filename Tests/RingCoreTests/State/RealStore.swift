// A redis-server of the test's own, and its databases as the executor's store and a replica's.

import Foundation
import TestKit

@testable import RingCore

final class RealStore {
    static let path: String? = {
        let named = ProcessInfo.processInfo.environment["RINGSEARCH_TEST_STORE"]
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let found = ([named].compactMap { $0 } + folders.map { $0 + "/redis-server" })
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        if found == nil { print("skipped: no redis-server in PATH") }
        return found
    }()

    private let process = Process()
    private let folder: URL
    let client: RESPClient

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("ringsearch-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = URL(fileURLWithPath: Self.path ?? "")
        process.standardOutput = FileHandle.nullDevice
        let port = Int.random(in: 20_000...50_000)
        process.arguments = ["--port", String(port), "--dir", folder.path, "--save", "", "--bind", "127.0.0.1"]
        try process.run()
        var connected: RESPClient?
        for _ in 0..<500 where connected == nil && process.isRunning {
            connected = try? RESPClient(ServerAddress(port: port), timeout: 20)
            if connected == nil { Thread.sleep(forTimeInterval: 0.02) }
        }
        guard let connected else { throw ConnectionFailure("redis-server did not start") }
        client = connected
    }

    deinit {
        // Not politely: a child inherits the signals that the thread which started it had blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)  // a leftover in the temporary folder harms nobody
    }

    func select(_ database: Int) throws { _ = try client.send("SELECT", String(database)) }

    func run(_ command: [Bytes]) throws -> CommandReply {
        var bytes = Bytes("*\(command.count)\r\n".utf8)
        for argument in command { bytes += Bytes("$\(argument.count)\r\n".utf8) + argument + [13, 10] }
        try client.write(bytes)
        return CommandReply(try client.read())
    }

    func run(_ text: String) throws -> CommandReply { try run(text.split(separator: " ").map { Bytes($0.utf8) }) }

    // MARK: images

    /// A key as a lane reads it.
    func image(_ key: Bytes, _ wanted: Execution.Image) throws -> KeyImage {
        guard case .status(let type) = try run(["TYPE".octets, key]) else { return .absent }
        let kinds: [String: ValueKind] = [
            "string": .string, "hash": .hash, "list": .list, "set": .set, "zset": .sortedSet, "stream": .stream,
        ]
        guard let kind = kinds[type] else { return .absent }
        var image = KeyImage(kind: kind)
        switch wanted {
        case .none, .kind: return image
        case .fields(let names):
            let values = try run(["HMGET".octets, key] + names)
            guard case .array(let elements) = values else { return image }
            image.content = .fields(
                zip(names, elements).compactMap { name, value in
                    if case .bulk(let bytes) = value { Content.Pair(name, bytes) } else { nil }
                })
        case .whole:
            if case .integer(let at) = try run(["PEXPIRETIME".octets, key]), at > 0 { image.deadline = UInt64(at) }
            switch kind {
            case .string: image.content = .bytes(try run(["GET".octets, key]).elements.first ?? [])
            case .hash:
                let flat = try run(["HGETALL".octets, key]).elements
                image.content = .fields(
                    stride(from: 0, to: flat.count, by: 2).map { Content.Pair(flat[$0], flat[$0 + 1]) })
            default: image.content = .dump(try run(["DUMP".octets, key]).elements.first ?? [])
            }
        }
        return image
    }

    /// Of each group of a stream: pending entries and the last id handed out. How many entries it has read by count is a
    /// statistic that claims do not carry.
    private func positions(_ key: String) throws -> [CommandReply] {
        guard case .array(let groups) = try run("XINFO GROUPS \(key)") else { return [] }
        return groups.flatMap { group -> ArraySlice<CommandReply> in
            if case .array(let parts) = group { parts[4..<8] } else { [] }
        }
    }

    /// What a client sees of a key, in words.
    func description(_ key: String) throws -> String {
        let type = try run("TYPE \(key)")
        func sorted(_ reply: CommandReply, by step: Int) -> String {
            let flat = reply.elements.map { String(decoding: $0, as: UTF8.self) }
            return stride(from: 0, to: flat.count, by: step).map {
                flat[$0..<min($0 + step, flat.count)].joined(separator: "=")
            }
            .sorted().joined(separator: " ")
        }
        let content: String =
            switch type {
            case .status("string"): "\(try run("GET \(key)"))"
            case .status("hash"): sorted(try run("HGETALL \(key)"), by: 2)
            case .status("list"): "\(try run("LRANGE \(key) 0 -1").elements)"
            case .status("set"): sorted(try run("SMEMBERS \(key)"), by: 1)
            case .status("zset"): "\(try run("ZRANGE \(key) 0 -1 WITHSCORES").elements)"
            case .status("stream"):
                "\(try run("XRANGE \(key) - +")) \(try run("XPENDING \(key) g")) \(try positions(key))"
            default: ""
            }
        return "\(type) \(content) \(try run("PEXPIRETIME \(key)"))"
    }
}

extension CommandReply {
    init(_ value: RESPValue) {
        switch value {
        case .simple(let text): self = .status(text)
        case .error(let text): self = .error(text)
        case .integer(let number): self = .integer(Int64(number))
        case .bulk(let bytes): self = .bulk(bytes)
        case .array(let elements): self = .array(elements.map(CommandReply.init))
        default: self = .null
        }
    }
}
