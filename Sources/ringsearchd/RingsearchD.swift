// The server's command line.

import ArgumentParser
import Commands
import Foundation
import Platform
import Settings
import Synchronization

@main
struct RingsearchD: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ringsearchd",
        abstract: "A search server that speaks the Redis protocol.",
        discussion: """
            Settings come from flags, else from the environment (RINGSEARCH_PORT, RINGSEARCH_SEARCH_TIMEOUT ...), else \
            from the configuration file, else from the defaults that --print-defaults shows. Without any of them a node \
            listens on 127.0.0.1:7379 and keeps its data in ./ringsearch-data.
            """,
        version: "RingSearch \(ServerState.version) (\(ServerState.buildMode) build)")

    @Option(help: "Address to listen on.")
    var host: String?

    @Option(help: "TCP port to listen on; 0 lets the system choose.")
    var port: Int?

    @Option(help: "Path of a unix socket to listen on.")
    var unixsocket: String?

    @Option(help: "Directory of everything that is kept on disk.")
    var dir: String?

    @Option(help: "Address of the backing store (redis://host:port, unix:///path); without it the node starts its own.")
    var store: String?

    @Option(help: "Program of the own store.")
    var storeExecutable: String?

    @Option(help: "Password of clients. A file (requirepass_file) does not show in the list of processes.")
    var requirepass: String?

    @Option(help: "Configuration file.")
    var config: String?

    @Flag(help: "Read tokens above 4294967295 as Dynomite does.")
    var legacyTokens = false

    @Option(help: ArgumentHelp("Any other setting, by its name.", valueName: "name=value"))
    var set: [String] = []

    @Flag(name: [.customShort("t"), .customLong("test")], help: "Check the configuration and exit.")
    var test = false

    @Flag(help: "Print a configuration file with all defaults and exit.")
    var printDefaults = false

    func run() async throws {
        if printDefaults {
            print(ConfigurationText.defaults(), terminator: "")
            return
        }
        let file = config ?? ProcessInfo.processInfo.environment["RINGSEARCH_CONFIG"]
        let loading = ConfigurationLoading(file: file, flags: try flagValues())
        let settings = SettingsRegistry()
        let warnings: [String]
        do throws(ConfigurationFailure) {
            warnings = try loading.apply(to: settings)
        } catch {
            for line in error.lines { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
            throw ExitCode(78)
        }
        if test {
            for line in warnings { FileHandle.standardError.write(Data("warning: \(line)\n".utf8)) }
            print("the configuration is valid")
            return
        }
        // Until links to peers are there, a node of a ring would be one that silently has everything to itself.
        guard settings.ring.peerListen.isEmpty else {
            FileHandle.standardError.write(Data("dyn_listen: this version does not start nodes with peers\n".utf8))
            throw ExitCode(78)
        }

        SystemMemory.returnLargePieces()
        let log = Log()
        settings.observe { log.configure($0.server) }
        for warning in warnings { log.warn(warning) }
        let signals = Signals.stream([SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGQUIT])
        do throws(StartFailure) {
            let node = try SearchNode(settings: settings, log: log, configurationFile: file)
            node.tellStart()
            try await node.start()
            await Self.serve(node, signals, loading)
        } catch {
            log.error("cannot start: \(error.message)")
            throw ExitCode(error.exitCode)
        }
    }

    private func flagValues() throws -> [(name: String, text: String)] {
        var values: [(name: String, text: String)] = []
        if let host { values.append(("bind", host)) }
        if let port { values.append(("port", String(port))) }
        if let unixsocket { values.append(("unixsocket", unixsocket)) }
        if let dir { values.append(("dir", dir)) }
        if let store { values.append(("store", store)) }
        if let storeExecutable { values.append(("store-executable", storeExecutable)) }
        if legacyTokens { values.append(("legacy-tokens", "yes")) }
        if let requirepass { values.append(("requirepass", requirepass)) }
        for pair in set {
            guard let equals = pair.firstIndex(of: "=") else {
                throw ValidationError("--set takes name=value, not '\(pair)'")
            }
            values.append((String(pair[..<equals]), String(pair[pair.index(after: equals)...])))
        }
        return values
    }

    // MARK: serving

    private static func serve(_ node: SearchNode, _ signals: AsyncStream<Int32>, _ loading: ConfigurationLoading) async
    {
        let hurry = Hurry()
        let (stops, stop) = AsyncStream<Void>.makeStream()
        node.state.stop = { stop.yield() }
        let watcher = Task {
            for await signal in signals {
                switch signal {
                case SIGHUP: reload(node, loading)
                case SIGUSR1: node.dump()
                case SIGQUIT:
                    node.dump()
                    Foundation.exit(1)
                default:
                    // A second one: no more waiting for clients.
                    if hurry.noteStop() { node.log.warn("stopping without waiting for clients") }
                    stop.yield()
                }
            }
        }
        for await _ in stops { break }
        await node.stop { hurry.isSet }
        watcher.cancel()
    }

    private static func reload(_ node: SearchNode, _ loading: ConfigurationLoading) {
        node.log.reopen()
        do throws(ConfigurationFailure) {
            let waiting = try loading.reload(into: node.settings)
            node.state.identity.configurationStatus = "ok"
            node.log.info("configuration read again")
            for key in waiting { node.log.warn("takes effect at the next start", ["key": key]) }
        } catch {
            node.state.identity.configurationStatus = "failed"
            node.log.error("the configuration is bad, nothing was changed")
            for line in error.lines { node.log.error(line) }
        }
    }
}

/// Whether the operator has asked twice.
private final class Hurry: Sendable {
    private let stops = Atomic<Int>(0)

    var isSet: Bool { stops.load(ordering: .relaxed) > 1 }

    /// Counts a request to stop; returns whether it is not the first.
    func noteStop() -> Bool { stops.add(1, ordering: .relaxed).newValue > 1 }
}
