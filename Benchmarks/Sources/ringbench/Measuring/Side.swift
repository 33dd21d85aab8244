// A server that is measured.

import Foundation

final class Side {
    let name: String
    let address: Address
    let tree: ProcessTree
    private let started: Process?
    private let directory: URL?

    /// A server that runs already.
    init(name: String, address: Address) throws {
        self.name = name
        self.address = address
        started = nil
        directory = nil
        guard try Client(address).text("PING").hasPrefix("+PONG") else {
            throw BenchmarkFailure("\(address) does not answer PING")
        }
        tree = ProcessTree(listeningOn: address.port)
    }

    /// Starts `binary` with a data directory of its own.
    init(name: String, binary: String) throws {
        guard FileManager.default.isExecutableFile(atPath: binary) else {
            throw BenchmarkFailure("there is no server at \(binary): make release, or name one with --ours host:port")
        }
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("ringbench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        let port = 17_000 + Int(getpid()) % 10_000
        process.arguments = ["--port", String(port), "--dir", directory.appendingPathComponent("data").path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let address = try Address(String(port))
        var answers = false
        for _ in 0..<600 where !answers && process.isRunning {
            answers = ((try? Client(address).text("PING")) ?? "").hasPrefix("+PONG")
            if !answers { Thread.sleep(forTimeInterval: 0.05) }
        }
        guard answers else {
            process.terminate()
            throw BenchmarkFailure("\(binary) does not answer on port \(port)")
        }
        self.name = name
        self.address = address
        self.directory = directory
        started = process
        tree = ProcessTree(listeningOn: port)
    }

    func stop() {
        if let started, started.isRunning {
            started.terminate()
            started.waitUntilExit()
        }
        // A leftover in the temporary folder harms nobody.
        if let directory { try? FileManager.default.removeItem(at: directory) }
    }

    /// Takes away what a corpus brought.
    func remove(_ corpus: Corpus) {
        guard let client = try? Client(address) else { return }
        _ = try? client.send(["FT.DROPINDEX", corpus.index, "DD"])  // it may not be there
    }
}
