// A redis-server for one test: unix socket in a temporary folder, nothing shared, nothing left behind.

import CHiredis
import Glibc
import Platform
import RESP
import Storage

@testable import StorageHiredis

final class PrivateStore {
    /// RINGSEARCH_TEST_STORE names another one.
    static let executable = ChildProcess.find(
        getenv("RINGSEARCH_TEST_STORE").map { String(cString: $0) } ?? "redis-server")

    /// Whether there is a redis-server to test with; says so when not.
    static let isThere: Bool = {
        if executable == nil { print("skipped: no redis-server in PATH") }
        return executable != nil
    }()

    /// Whether that redis-server lets single fields of a hash expire.
    static let expiresFields: Bool = {
        guard isThere, let server = try? PrivateStore(), let outsider = try? server.outsider() else { return false }
        return (try? outsider.list("COMMAND", "LIST"))?.contains("hpexpire") ?? false
    }()

    let folder: String
    let path: String
    private(set) var process: ChildProcess

    init(_ options: [String] = []) throws {
        folder = makeTemporaryFolder()
        path = folder + "/s"
        process = try Self.launch(folder, path, options)
    }

    private static func launch(_ folder: String, _ path: String, _ options: [String]) throws -> ChildProcess {
        let process = try ChildProcess(
            executable!,
            [
                "--port", "0", "--unixsocket", path, "--dir", folder, "--save", "", "--appendonly", "no",
                "--hash-max-listpack-value", "1024",
            ] + options, output: folder + "/log")
        for _ in 0..<500 {
            if (try? StoreConnection.connect(
                StoreEndpoint(.unix(path: path)), name: "t", connectTimeout: 1000, commandTimeout: 1000)) != nil
            {
                return process
            }
            usleep(10_000)
        }
        fatalError("redis-server did not start")
    }

    deinit {
        kill()
        removeFolder(folder)
    }

    func kill() {
        process.signal(SIGKILL)
        while process.ended() == nil { usleep(1000) }
    }

    func relaunch(_ options: [String] = []) throws { process = try Self.launch(folder, path, options) }

    var endpoint: StoreEndpoint { StoreEndpoint(.unix(path: path)) }

    /// A connection beside the lane: another client of the store.
    func outsider() throws -> Outsider { try Outsider(endpoint) }

    /// A running store behind this server.
    func open(
        observer: (any DocumentObserver)? = nil, _ adjust: (inout HiredisStore.Configuration) -> Void = { _ in }
    ) -> HiredisStore {
        var configuration = HiredisStore.Configuration(endpoint: endpoint)
        adjust(&configuration)
        let store = HiredisStore(configuration)
        store.start(observer: observer)
        precondition(store.waitUntilReachable(milliseconds: 10_000))
        return store
    }
}

func makeTemporaryFolder() -> String {
    var template = Array("/tmp/ringsearch-test-XXXXXX".utf8CString)
    return String(cString: mkdtemp(&template)!)
}

func removeFolder(_ path: String) {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        if unlink(path + "/" + name) != 0 { removeFolder(path + "/" + name) }
    }
    closedir(folder)
    rmdir(path)
}

/// A plain client that talks to the store directly, replies as text.
final class Outsider {
    private let connection: StoreConnection
    private let tape = ReplyTape()

    init(_ endpoint: StoreEndpoint) throws {
        connection = try StoreConnection.connect(endpoint, name: "outsider", connectTimeout: 5000, commandTimeout: 5000)
    }

    @discardableResult
    func send(_ words: String...) throws -> String { try sendWords(words) }

    /// Elements of an array of texts.
    func list(_ words: String...) throws -> [String] {
        let node = try connection.ask(words, tape)
        guard tape[node].kind == .array else { return [] }
        return (node + 1..<tape.next(after: node)).map { tape.string($0) }
    }

    @discardableResult
    func sendWords(_ words: [String]) throws -> String {
        let node = try connection.ask(words, tape)
        let writer = ReplyWriter()
        tape.write(node, as: .plain, to: writer)
        return String(decoding: writer.bytes, as: UTF8.self).replacing("\r\n", with: " ")
    }
}

/// What a store answers, as text with blanks for line ends.
extension DocumentStore {
    func run(
        _ commands: [[String]], version: RESPVersion = .resp2, client: UInt64 = 1, transaction: Bool = false
    ) -> String {
        let batch = StoreBatch(version: version, client: client)
        for command in commands {
            batch.append(
                command.map { Array($0.utf8) },
                specification: KeyspaceCommandTable.specification(command[0].lowercased())!)
        }
        batch.isTransaction = transaction
        return run(batch)
    }

    func run(_ command: String..., version: RESPVersion = .resp2, client: UInt64 = 1) -> String {
        run([command], version: version, client: client)
    }

    func run(_ batch: StoreBatch) -> String {
        String(decoding: answer(batch), as: UTF8.self).replacing("\r\n", with: " ")
    }

    func answer(_ batch: StoreBatch) -> [UInt8] {
        let pending = send(batch)
        guard let answer = pending.wait(milliseconds: 20_000, { $0 }) else { return Array("(no answer)".utf8) }
        return answer
    }

    func send(_ batch: StoreBatch) -> Monitor<[UInt8]?> {
        let pending = Monitor<[UInt8]?>(nil)
        batch.completion = { writer in
            let bytes = Array(writer.bytes)
            pending.change { $0 = bytes }
        }
        submit(batch)
        return pending
    }
}

/// Keeps documents as the observer learns of them, and how.
final class RecordingObserver: DocumentObserver, @unchecked Sendable {
    // Sendable: under a monitor.
    struct State {
        var documents: [String: [String: String]] = [:]
        var visible: [String: [String: String]] = [:]
        var log: [String] = []
        var publications = 0
        var patchesWelcome = true
    }

    let state = Monitor(State())
    let prefix: String

    init(prefix: String = "doc:", patchesWelcome: Bool = true) {
        self.prefix = prefix
        state.withLock { $0.patchesWelcome = patchesWelcome }
    }

    func covers(key: ByteSlice) -> Bool { key.starts(with: prefix.utf8) }

    private static func dictionary(_ fields: FieldSlices) -> [String: String] {
        var result: [String: String] = [:]
        for i in 0..<fields.count {
            let name = String(decoding: fields.name(i), as: UTF8.self)
            precondition(result[name] == nil, "a field came twice")
            result[name] = String(decoding: fields.value(i), as: UTF8.self)
        }
        return result
    }

    func documentChanged(key: ByteSlice, fields: FieldSlices) {
        let key = String(decoding: key, as: UTF8.self)
        let fields = Self.dictionary(fields)
        state.change {
            $0.documents[key] = fields
            $0.log.append("changed \(key)")
        }
    }

    func documentPatched(key: ByteSlice, fields: FieldSlices) -> Bool {
        let key = String(decoding: key, as: UTF8.self)
        let fields = Self.dictionary(fields)
        return state.change {
            guard $0.patchesWelcome, $0.documents[key] != nil else { return false }
            $0.documents[key]!.merge(fields) { $1 }
            $0.log.append("patched \(key)")
            return true
        }
    }

    func documentRemoved(key: ByteSlice) {
        let key = String(decoding: key, as: UTF8.self)
        state.change {
            $0.documents[key] = nil
            $0.log.append("removed \(key)")
        }
    }

    func allRemoved() {
        state.change {
            $0.documents = [:]
            $0.log.append("all removed")
        }
    }

    func publish() {
        state.change {
            $0.visible = $0.documents
            $0.publications += 1
        }
    }

    func storeReplaced() { state.change { $0.log.append("store replaced") } }

    subscript(key: String) -> [String: String]? { state.withLock { $0.visible[key] } }

    var log: [String] { state.withLock { $0.log } }

    func forgetLog() { state.withLock { $0.log = [] } }

    /// Waits until `condition` holds for what is visible.
    func waits(until condition: @escaping ([String: [String: String]]) -> Bool) -> Bool {
        state.wait(milliseconds: 5000) { condition($0.visible) ? true : nil } ?? false
    }
}
