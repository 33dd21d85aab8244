// What the process knows about itself, shared by all connections.

import Synchronization

/// One module that MODULE LIST, HELLO and INFO show.
package struct ModuleDescription: Sendable {
    package var name: String
    package var version: Int

    package init(name: String, version: Int) {
        self.name = name
        self.version = version
    }
}

package final class ServerState: Sendable {
    package let clients = ClientRegistry()
    package let statistics = Statistics()
    package let slowLog = SlowLog()
    package let latency = LatencyMonitor()
    package let monitors = MonitorHub()
    package let started = Clock.monotonic()
    package let startedWall = Clock.wallMicroseconds()
    /// 40 hexadecimal digits, new at each start.
    package let runID: String
    package let modules: [ModuleDescription]

    /// What `main` knows and INFO shows.
    package struct Identity: Sendable {
        package var version = ServerState.version
        package var commit = "unknown"
        package var buildMode = ServerState.buildMode
        package var executable = ""
        package var configurationFile = ""
        package var configurationStatus = "ok"
        package var port = 0

        package init() {}
    }

    /// Lines of INFO that another part of the server knows, `name:value`.
    package typealias InfoSection = @Sendable () -> [(name: String, value: String)]

    private struct Late {
        var table: CommandTable?
        var identity = Identity()
        var stop: (@Sendable () -> Void)?
        var rewrite: (@Sendable () -> String?)?
        var sections: [String: InfoSection] = [:]
    }

    private let late = Mutex(Late())
    private let pauseEnd = Atomic<UInt64>(0)
    private let pauseIsForAll = Atomic<Bool>(false)

    package static let version = "0.1.0"
    #if DEBUG
    package static let buildMode = "debug"
    #else
    package static let buildMode = "release"
    #endif

    package init(modules: [ModuleDescription] = [ModuleDescription(name: "search", version: 80400)]) {
        self.modules = modules
        var generator = SystemRandomNumberGenerator()
        runID = (0..<5).map { _ in
            let word = String(generator.next() as UInt32, radix: 16)
            return String(repeating: "0", count: 8 - word.count) + word
        }.joined()
    }

    /// The command table; set once, before the first connection.
    package var table: CommandTable {
        get {
            late.withLock {
                guard let table = $0.table else { preconditionFailure("the command table is not set yet") }
                return table
            }
        }
        set { late.withLock { $0.table = newValue } }
    }

    package var identity: Identity {
        get { late.withLock { $0.identity } }
        set { late.withLock { $0.identity = newValue } }
    }

    /// What SHUTDOWN does.
    package var stop: (@Sendable () -> Void)? {
        get { late.withLock { $0.stop } }
        set { late.withLock { $0.stop = newValue } }
    }

    /// What CONFIG REWRITE does: saves the configuration file, answers why it could not.
    package var rewrite: (@Sendable () -> String?)? {
        get { late.withLock { $0.rewrite } }
        set { late.withLock { $0.rewrite = newValue } }
    }

    /// Adds lines to a section of INFO (lower case: `search`, `replication`).
    package func addInfo(to section: String, _ lines: @escaping InfoSection) {
        late.withLock { $0.sections[section] = lines }
    }

    package func extraInfo(for section: String) -> [(name: String, value: String)] {
        late.withLock { $0.sections[section] }?() ?? []
    }

    // MARK: CLIENT PAUSE

    /// `Clock.monotonic()` until which clients wait; 0: they do not.
    package var pausedUntil: UInt64 { pauseEnd.load(ordering: .relaxed) }
    /// Whether reads wait too.
    package var pausesAll: Bool { pauseIsForAll.load(ordering: .relaxed) }

    /// A second pause never shortens the first, nor makes it milder.
    package func pause(until end: UInt64, all: Bool) {
        late.withLock { _ in
            let goesOn = pausedUntil > Clock.monotonic()
            pauseIsForAll.store(all || (goesOn && pausesAll), ordering: .relaxed)
            pauseEnd.store(max(end, goesOn ? pausedUntil : 0), ordering: .relaxed)
        }
    }

    package func unpause() {
        pauseEnd.store(0, ordering: .relaxed)
        for client in clients.all() { client.control?.resume() }
    }
}
