// A server under test, started for one run and gone after it.

import Foundation

/// A `ringsearchd` on a free port with a data directory of its own.
package final class ServerProcess {
    package let address: ServerAddress
    private let process: Process
    private let directory: URL

    /// Starts `binary` and waits until it answers PING.
    package init(binary: String, arguments: [String] = [], timeout: TimeInterval = 30) throws {
        let binary = URL(fileURLWithPath: binary)
        guard FileManager.default.isExecutableFile(atPath: binary.path) else {
            throw ConnectionFailure("there is no server at \(binary.path): build it first (make release)")
        }
        let port = try Self.freePort()
        address = ServerAddress(port: port)
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "ringsearch-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let log = directory.appendingPathComponent("server.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process = Process()
        process.executableURL = binary
        process.arguments =
            ["--port", String(port), "--dir", directory.appendingPathComponent("data").path] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        try process.run()
        let end = Date(timeIntervalSinceNow: timeout)
        while Date() < end {
            if let client = try? RESPClient(address, timeout: 5), (try? client.send("PING")) == .simple("PONG") {
                return
            }
            guard process.isRunning else { break }
            Thread.sleep(forTimeInterval: 0.05)
        }
        let said = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        stop()
        throw ConnectionFailure("\(binary.path) does not answer on port \(port):\n\(said.suffix(2000))")
    }

    deinit { stop() }

    /// Ends the process, politely first, and deletes its data.
    package func stop() {
        if process.isRunning {
            process.terminate()
            let end = Date(timeIntervalSinceNow: 15)
            while process.isRunning && Date() < end { Thread.sleep(forTimeInterval: 0.02) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        try? FileManager.default.removeItem(at: directory)  // a leftover in the temporary folder harms nobody
    }

    /// A port nobody listens on now.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ConnectionFailure("no socket to be had") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard bound else { throw ConnectionFailure("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
