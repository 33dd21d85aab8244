// The node's own redis-server (or valkey-server): started, watched, started again, stopped.
//
//   <directory>/lock               held by the node
//              /store/store.lock   held by the store itself: its descriptor is inherited, so that the lock lives exactly
//                                  as long as the store and its children do, whatever becomes of the node
//              /store/store.sock, redis.conf, store.log, store.pid, appendonlydir/
//
// A store that is found when the node starts was left behind by one that was killed. When it runs with the configuration
// we would start it with, it is taken over, with all its data in memory; otherwise it is ended first. Never two.

import Platform
import RESP
import Storage

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

package final class ManagedStore: Sendable {
    package struct Configuration: Sendable {
        package enum SyncPolicy: String, Sendable {
            case always, interval, never
        }

        /// The node's data directory.
        package var directory: String
        /// Name or path; `nil`: redis-server, else valkey-server, as found in PATH.
        package var executable: String?
        /// Further lines for the store's configuration file
        /// (`maxmemory 4gb`), but for what the node relies on.
        package var extraLines: [String] = []
        package var syncPolicy = SyncPolicy.interval
        /// Milliseconds between syncs.
        package var syncInterval = 1000
        /// Milliseconds until a store that was told to end is killed.
        package var stopTimeout = 30_000
        package var log: @Sendable (String) -> Void = { _ in }
        /// Told when the store has ended and it makes no sense to start it again: its data are damaged. Comes from the
        /// thread that watches the store, at most once, and only after `init`, which throws by itself.
        package var failed: @Sendable (ManagedStoreError) -> Void = { _ in }

        package init(directory: String) { self.directory = directory }
    }

    /// What there is to say about the child in INFO and metrics.
    package struct Report: Sendable {
        package var process: Int32 = 0
        package var restarts = 0
        package var wasAdopted = false
        package var syncs = 0
        /// Syncs that took longer than the interval.
        package var delayedSyncs = 0
        package var lastSyncError: String?
        package var isRunning = false
    }

    private struct State {
        var report = Report()
        var isStopping = false
        var thread: OwnThread?
    }

    let configuration: Configuration
    let folder: String
    private let executable: String
    private let nodeLock: FileLock
    /// Keeps `/proc/self/fd/N` a way to the folder when the path of the socket is too long.
    private let folderDescriptor: Int32
    /// To be used as long as this object lives.
    package let endpoint: StoreEndpoint
    private let state = Monitor(State())

    /// Locks the directory and starts the store, or takes over the one that runs. Returns when it accepts connections;
    /// it may still be loading its data then.
    package init(_ configuration: Configuration) throws(ManagedStoreError) {
        var configuration = configuration
        if let line = StoreConfigurationFile.forbidden(in: configuration.extraLines) { throw .optionNotAllowed(line) }
        configuration.directory = Files.absolute(configuration.directory)
        self.configuration = configuration
        let directory = configuration.directory
        folder = directory + "/store"
        do {
            try Files.makeFolder(folder)
            guard let lock = try FileLock(directory + "/lock") else {
                throw ManagedStoreError.directoryInUse(directory)
            }
            lock.note("\(getpid())\n")
            nodeLock = lock
        } catch let error as SystemError {
            throw .directoryNotUsable(directory, error)
        } catch {
            throw .directoryInUse(directory)
        }
        let names = configuration.executable.map { [$0] } ?? ["redis-server", "valkey-server"]
        guard let found = names.lazy.compactMap({ ChildProcess.find($0) }).first else {
            throw .executableMissing(names)
        }
        executable = found
        folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let socket = folder + "/" + StoreConfigurationFile.socketName
        // sun_path has 108 bytes, the last one zero.
        endpoint = StoreEndpoint(
            .unix(
                path: socket.utf8.count <= 103
                    ? socket : "/proc/self/fd/\(folderDescriptor)/\(StoreConfigurationFile.socketName)"))
        let child = try adoptOrLaunch()
        state.withLock { $0.thread = OwnThread("store-child") { [weak self] in self?.supervise(child) } }
    }

    deinit {
        if folderDescriptor >= 0 { close(folderDescriptor) }
    }

    package var report: Report { state.withLock { $0.report } }

    /// Ends the store, its data being durable, and the watch over it; the directory is free then. Idempotent.
    package func stop() {
        let thread = state.change { state -> OwnThread? in
            state.isStopping = true
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
        nodeLock.release()
    }

    // MARK: starting

    /// A store that runs: our child, or one that was left behind.
    private enum Running {
        case child(ChildProcess)
        case adopted(pid_t)

        var identifier: pid_t {
            switch self {
            case .child(let child): return child.identifier
            case .adopted(let identifier): return identifier
            }
        }
    }

    private var configurationFile: StoreConfigurationFile {
        StoreConfigurationFile(
            executable: executable, folder: folder, extraLines: configuration.extraLines,
            syncsEveryWrite: configuration.syncPolicy == .always)
    }

    private var configurationPath: String { folder + "/redis.conf" }

    private func storeLock() throws(ManagedStoreError) -> FileLock? {
        do { return try FileLock(folder + "/store.lock") } catch { throw .directoryNotUsable(folder, error) }
    }

    private func adoptOrLaunch() throws(ManagedStoreError) -> Running {
        if let lock = try storeLock() { return try launch(lock) }
        let asWritten = Files.read(configurationPath) == Array(configurationFile.text.utf8)
        if asWritten, let process = answeringProcess() {
            configuration.log("took over the store that a former run left behind (process \(process))")
            state.withLock {
                $0.report.process = process
                $0.report.wasAdopted = true
                $0.report.isRunning = true
            }
            return .adopted(process)
        }
        return try launch(try endOrphans())
    }

    /// Number of the process that answers on the socket.
    private func answeringProcess() -> pid_t? {
        let tape = ReplyTape()
        guard
            let connection = try? StoreConnection.connect(
                endpoint, name: "ringsearch-adopt", connectTimeout: 1000, commandTimeout: 2000),
            let reply = try? connection.ask(["INFO", "server"], tape), tape[reply].kind == .string
        else { return nil }  // Not there, or hung: it is ended then.
        return parseInformation(tape.text(reply))["process_id"].flatMap { pid_t($0) }
    }

    /// Ends whoever holds the store's lock; returns the lock.
    private func endOrphans() throws(ManagedStoreError) -> FileLock {
        var last = pid_t(0)
        // First politely: a store that is told to end writes out what it has.
        for (signal, patience) in [(SIGTERM, configuration.stopTimeout), (SIGKILL, 5000)] {
            for process in lockHolders() {
                last = process
                configuration.log("ending a store that a former run left behind (process \(process))")
                kill(process, signal)
            }
            let end = MonotonicClock.milliseconds + UInt64(patience)
            while MonotonicClock.milliseconds < end {
                if let lock = try storeLock() { return lock }
                usleep(20_000)
            }
        }
        throw .orphanDoesNotEnd(process: last)
    }

    /// All processes that have the store's lock file open: the store, and its children during a rewrite.
    private func lockHolders() -> [pid_t] {
        let path = folder + "/store.lock"
        var result: [pid_t] = []
        for name in Files.names(in: "/proc") {
            guard let process = pid_t(name), process != getpid() else { continue }
            for file in Files.names(in: "/proc/\(name)/fd") {
                var target = [CChar](repeating: 0, count: 4096)
                let length = readlink("/proc/\(name)/fd/\(file)", &target, target.count - 1)
                if length > 0, String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) == path
                {
                    result.append(process)
                    break
                }
            }
        }
        // Without /proc the number that was written down must do.
        if result.isEmpty, let written = Files.read(folder + "/store.pid"),
            let process = pid_t(String(decoding: written, as: UTF8.self).prefix { $0.isNumber })
        {
            result.append(process)
        }
        return result
    }

    private func launch(_ lock: consuming FileLock) throws(ManagedStoreError) -> Running {
        let child: ChildProcess
        do {
            try Files.replace(configurationPath, with: Array(configurationFile.text.utf8))
            unlink(folder + "/" + StoreConfigurationFile.socketName)
            child = try ChildProcess(
                executable, [configurationPath], inherited: lock.descriptor, output: folder + "/store.log")
            try Files.replace(folder + "/store.pid", with: Array("\(child.identifier)\n".utf8))
        } catch {
            throw .directoryNotUsable(folder, error)
        }
        // Our copy of the lock is closed when this returns: the store alone holds it.
        try waitUntilAnswering(child)
        state.withLock {
            $0.report.process = child.identifier
            $0.report.isRunning = true
        }
        return .child(child)
    }

    /// Waits until the store answers. It listens before it has loaded its data, and may end over them: a short load is
    /// waited for, a long one is not.
    private func waitUntilAnswering(_ child: ChildProcess) throws(ManagedStoreError) {
        let start = MonotonicClock.milliseconds
        let tape = ReplyTape()
        var isListening = false
        while true {
            if let end = child.ended() { throw failure("\(executable) \(end)") }
            let connection = try? StoreConnection.connect(
                endpoint, name: "ringsearch-start", connectTimeout: 1000, commandTimeout: 1000)
            if let connection, let reply = try? connection.ask(["PING"], tape) {
                if tape[reply].kind != .error { return }
                isListening = true
            }
            let waited = MonotonicClock.milliseconds - start
            if isListening, waited > 2_000 { return }
            if waited > 30_000 {
                child.signal(SIGKILL)
                while child.ended() == nil { usleep(1000) }
                throw .startFailed("\(executable) does not answer: \(lastWords())")
            }
            usleep(isListening ? 20_000 : 5_000)
        }
    }

    /// Why the store has ended, by what it has written last.
    private func failure(_ end: String) -> ManagedStoreError {
        let words = lastWords()
        let damage = [
            "Bad file format", "Unexpected end of file reading", "Unrecoverable error reading",
            "Wrong signature trying",
        ]
        if damage.contains(where: { words.contains($0) }) { return .dataDamaged(words) }
        return .startFailed("\(end): \(words)")
    }

    /// The end of the store's log.
    private func lastWords() -> String {
        guard let log = Files.read(folder + "/store.log") else { return "no log" }
        return String(decoding: log.suffix(2000), as: UTF8.self).split(separator: "\n").suffix(3).joined(
            separator: " / ")
    }

    // MARK: watching

    private func supervise(_ first: Running) {
        var running = first
        var started = MonotonicClock.milliseconds
        var pause = 0
        var sync = AppendOnlySync(folder: folder)
        var nextSync = MonotonicClock.milliseconds + UInt64(configuration.syncInterval)
        while true {
            let isStopping = state.wait(milliseconds: 50) { $0.isStopping ? true : nil } ?? false
            if isStopping { break }
            if MonotonicClock.milliseconds >= nextSync { nextSync = makeDurable(&sync) }
            guard let end = ended(running) else { continue }
            configuration.log("the store \(end): \(lastWords())")
            state.withLock { $0.report.isRunning = false }
            if case .dataDamaged(let words) = failure(end) {
                configuration.failed(.dataDamaged(words))
                break
            }
            if MonotonicClock.milliseconds - started > 10_000 { pause = 0 }
            pause = min(max(2 * pause, 100), 5_000)
            guard let next = relaunch(after: pause) else { break }
            running = next
            started = MonotonicClock.milliseconds
        }
        finish(running)
        _ = makeDurable(&sync)
    }

    private func ended(_ running: Running) -> String? {
        switch running {
        case .child(let child): return child.ended()
        case .adopted:
            // Not our child, so that only its lock tells; not its number, which may have gone to somebody else.
            guard let lock = try? storeLock() else { return nil }
            _ = consume lock
            return "has ended"
        }
    }

    /// Starts the store again, as often as it takes; `nil` when the node stops first.
    private func relaunch(after first: Int) -> Running? {
        var pause = first
        while true {
            let isStopping = state.wait(milliseconds: pause) { $0.isStopping ? true : nil } ?? false
            if isStopping { return nil }
            do {
                // A child of the dead store, rewriting its file, may still be at work.
                let running = try launch(try endOrphans())
                state.withLock { $0.report.restarts += 1 }
                configuration.log("the store was started again (process \(running.identifier))")
                return running
            } catch {
                configuration.log("\(error)")
                if case .dataDamaged = error {
                    configuration.failed(error)
                    return nil
                }
                pause = min(2 * pause, 5_000)
            }
        }
    }

    private func makeDurable(_ sync: inout AppendOnlySync) -> UInt64 {
        let began = MonotonicClock.milliseconds
        guard configuration.syncPolicy == .interval else { return began + UInt64(configuration.syncInterval) }
        var failure: String?
        do { try sync.run() } catch { failure = error.description }
        let now = MonotonicClock.milliseconds
        let isNews = state.withLock { state -> Bool in
            state.report.syncs += 1
            if now - began > UInt64(configuration.syncInterval) { state.report.delayedSyncs += 1 }
            defer { state.report.lastSyncError = failure }
            return state.report.lastSyncError != failure
        }
        if isNews, let failure { configuration.log("the store's file could not be made durable: \(failure)") }
        return max(began + UInt64(configuration.syncInterval), now)
    }

    private func finish(_ running: Running) {
        let process = running.identifier
        guard process > 0, ended(running) == nil else { return }
        kill(process, SIGTERM)
        let end = MonotonicClock.milliseconds + UInt64(configuration.stopTimeout)
        while ended(running) == nil {
            if MonotonicClock.milliseconds > end {
                configuration.log("the store does not end and is killed (process \(process))")
                kill(process, SIGKILL)
                while ended(running) == nil { usleep(10_000) }
                break
            }
            usleep(5_000)
        }
        state.withLock { $0.report.isRunning = false }
    }
}
