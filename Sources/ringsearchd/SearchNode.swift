// One node: the store, the engine and the server, put together and taken apart.

import Commands
import Foundation
import Platform
import SearchEngine
import Server
import Settings
import Storage
import StorageHiredis

/// Why a node did not start.
struct StartFailure: Error {
    let message: String
    let exitCode: Int32
}

/// Everything that runs. Started and stopped by `main` alone.
final class SearchNode: Sendable {
    let settings: SettingsRegistry
    let log: Log
    let state: ServerState
    let core: ServerCore
    /// Of the data directory, when there is no store of our own that locks it.
    private let lock: FileLock?
    private let managed: ManagedStore?
    private let store: HiredisStore
    private let engine: SearchEngine

    /// Milliseconds to wait for the store before clients are let in; they get LOADING errors after that.
    private static let storePatience = 5_000

    init(settings: SettingsRegistry, log: Log, configurationFile: String?) throws(StartFailure) {
        self.settings = settings
        self.log = log
        let server = settings.server
        Self.raiseFileLimit(for: server, log)
        lock = server.store.isEmpty ? nil : try Self.lockDirectory(server.dataDirectory)
        (managed, store) = try Self.openStore(server, log)
        let definitions: NodeStateDefinitions
        do throws(StartFailure) {
            definitions = try Self.openDefinitions(server)
        } catch {
            managed?.stop()
            throw error
        }

        let threads = server.threads > 0 ? server.threads : ServerCore.defaultThreads
        engine = SearchEngine(settings: settings, definitions: definitions, workers: threads)
        state = ServerState()
        state.identity.executable = CommandLine.arguments.first ?? ""
        state.identity.configurationFile = configurationFile ?? ""
        if let configurationFile {
            state.rewrite = { [settings] in ConfigurationLoading.rewrite(configurationFile, settings) }
        }
        let services = Services(store: store, settings: settings, search: engine, server: state)
        core = ServerCore(
            services: services,
            table: CommandTable(KeyspaceCommands.all + SearchCommands.all + ConnectionCommands.all), threads: threads)
        Self.addInfo(to: state, managed)
    }

    // MARK: the store

    private static func lockDirectory(_ path: String) throws(StartFailure) -> FileLock {
        do throws(SystemError) {
            try Files.makeFolder(path)
            guard let lock = try FileLock(path + "/lock") else {
                throw SystemError("lock \(path)", EWOULDBLOCK)
            }
            lock.note("\(getpid())\n")
            return lock
        } catch {
            let reason = error.code == EWOULDBLOCK ? "is in use by another process" : "cannot be used: \(error)"
            throw StartFailure(message: "the data directory \(path) \(reason)", exitCode: 73)
        }
    }

    private static func openStore(
        _ server: ServerSettings, _ log: Log
    ) throws(StartFailure) -> (ManagedStore?, HiredisStore) {
        var managed: ManagedStore?
        var endpoint: StoreEndpoint
        if server.store.isEmpty {
            var configuration = ManagedStore.Configuration(directory: server.dataDirectory)
            configuration.executable = server.storeExecutable.isEmpty ? nil : server.storeExecutable
            configuration.syncPolicy = .init(rawValue: server.syncPolicy.rawValue) ?? .interval
            configuration.log = { log.info($0) }
            do throws(ManagedStoreError) {
                let started = try ManagedStore(configuration)
                managed = started
                endpoint = started.endpoint
            } catch {
                throw StartFailure(message: error.description, exitCode: error.exitCode)
            }
        } else {
            do throws(StoreEndpointError) {
                endpoint = try StoreEndpoint(parsing: server.store)
                if endpoint.password == nil, !server.storePassword.isEmpty { endpoint.password = server.storePassword }
            } catch {
                throw StartFailure(message: "store: \(error)", exitCode: 78)
            }
        }
        var configuration = HiredisStore.Configuration(endpoint: endpoint)
        configuration.commandTimeout = server.storeTimeout
        return (managed, HiredisStore(configuration))
    }

    /// Index definitions and their like are the node's own: they lie beside the store's files.
    private static func openDefinitions(_ server: ServerSettings) throws(StartFailure) -> NodeStateDefinitions {
        do throws(NodeStateError) {
            return NodeStateDefinitions(try NodeState(directory: server.dataDirectory + "/state"))
        } catch {
            throw StartFailure(message: error.description, exitCode: error.exitCode)
        }
    }

    private static func addInfo(to state: ServerState, _ managed: ManagedStore?) {
        state.addInfo(to: "persistence") {
            guard let report = managed?.report else { return [] }
            return [
                ("store_process_id", "\(report.process)"), ("store_restarts", "\(report.restarts)"),
                ("store_syncs", "\(report.syncs)"), ("store_delayed_syncs", "\(report.delayedSyncs)"),
                ("store_last_sync_error", report.lastSyncError ?? ""),
            ]
        }
    }

    /// A connection is a file: the limit is raised as far as the system allows.
    private static func raiseFileLimit(for server: ServerSettings, _ log: Log) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let wanted = rlim_t(server.maxClients + 256)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = min(limit.rlim_max, wanted)
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)  // what it became is looked at next
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        if limit.rlim_cur < wanted {
            log.warn(
                "too few files for maxclients",
                ["files": "\(limit.rlim_cur)", "maxclients": "\(server.maxClients)"])
        }
    }

    // MARK: starting

    /// Opens the node to clients. When that fails, what was started is stopped again.
    func start() async throws(StartFailure) {
        do throws(StartFailure) {
            try await open()
        } catch {
            await takeApart()
            throw error
        }
    }

    private func open() async throws(StartFailure) {
        let server = settings.server
        do {
            try engine.start(store: store)
        } catch {
            throw StartFailure(
                message: "the definitions of indexes cannot be read: \(error)",
                exitCode: (error as? NodeStateError)?.exitCode ?? 74)
        }
        store.start(observer: engine.observer)
        let isReachable = store.waitUntilReachable(milliseconds: Self.storePatience)
        if !isReachable, server.preconnect {
            let why = store.unavailability?.message ?? "it does not answer"
            throw StartFailure(message: "the store is not reachable: \(why)", exitCode: 75)
        }
        var addresses: [ListenAddress] = []
        if server.port > 0 || server.unixSocket.isEmpty {
            addresses += server.bind.split(separator: " ").map { .tcp(host: String($0), port: server.port) }
        }
        if !server.unixSocket.isEmpty { addresses.append(.unix(path: server.unixSocket)) }
        for address in addresses {
            do throws(ListenFailure) {
                let opened = try await core.listen(on: address)
                log.info("listening", ["address": opened.description])
            } catch {
                throw StartFailure(
                    message: "cannot listen on \(error.address): \(error.reason)",
                    exitCode: error.isAddressInUse ? 69 : 1)
            }
        }
        tellUnsafe(server, isReachable)
        log.info("ready", ["store": isReachable ? "reachable" : "not reachable yet"])
    }

    func tellStart() {
        log.info(
            "RingSearch starts",
            [
                "version": ServerState.version, "build": ServerState.buildMode, "node": String(state.runID.prefix(8)),
                "ring": "single node", "process": "\(getpid())",
                "store": settings.server.store.isEmpty ? "own" : "external",
                "dir": Files.absolute(settings.server.dataDirectory),
            ])
    }

    /// One line for each setting that an operator may regret.
    private func tellUnsafe(_ server: ServerSettings, _ isReachable: Bool) {
        let isOpen = core.addresses.contains { address in
            guard case .tcp(let host, _) = address else { return false }
            return !host.hasPrefix("127.") && host != "::1" && host != "localhost"
        }
        if isOpen, server.password.isEmpty {
            log.warn(
                server.protectedMode
                    ? "no password: clients of other machines are turned away (protected-mode)"
                    : "no password: anybody who reaches the port may read and write everything")
        }
        let policy = store.information()["maxmemory_policy"]
        if isReachable, let policy, policy != "noeviction" {
            log.warn("the store may evict documents", ["maxmemory-policy": policy])
        }
        if server.syncPolicy == .never, server.store.isEmpty {
            log.warn("a crash of the machine may lose writes of many seconds (fsync-policy never)")
        }
    }

    // MARK: stopping

    /// Lets clients finish, then ends everything; `hurries` cuts the waiting short.
    func stop(hurries: @escaping @Sendable () -> Bool) async {
        let server = settings.server
        log.info("stopping", ["clients": "\(state.clients.count)"])
        var waited = 0
        while waited < server.drainGrace, state.clients.count > 0, !hurries() {
            try? await Task.sleep(nanoseconds: 20_000_000)  // cut short: looked at again
            waited += 20
        }
        await core.drain(timeout: server.shutdownTimeout, hurries: hurries)
        await takeApart()
        log.info("stopped")
    }

    /// The event loops last: whatever still waits for the store gets its error through them.
    private func takeApart() async {
        await core.stopListening()
        engine.stop()
        store.stop()
        managed?.stop()
        await core.shutDown()
    }

    // MARK: describing

    /// SIGUSR1: what the process holds and does, into the log.
    func dump() {
        let memory = ProcessFigures.now()
        let statistics = state.statistics
        log.info(
            "state",
            [
                "uptime_s": "\((Commands.Clock.monotonic() - state.started) / 1_000_000_000)",
                "clients": "\(state.clients.count)", "commands": "\(statistics.total(.commands))",
                "errors": "\(statistics.total(.errors))", "resident": "\(memory.resident)",
                "allocated": "\(memory.allocated)", "store": store.isReachable ? "reachable" : "not reachable",
                "slowlog": "\(state.slowLog.count)",
            ])
        for client in state.clients.all().prefix(100) {
            log.info("client", ["line": client.line(table: state.table)])
        }
    }
}
