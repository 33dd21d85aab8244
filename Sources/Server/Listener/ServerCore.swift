// The running server: listeners, event loops and what all connections share.

import Commands
import NIOCore
import NIOPosix
import Settings
import Synchronization

/// Where to listen.
package enum ListenAddress: Equatable, Sendable, CustomStringConvertible {
    case tcp(host: String, port: Int)
    case unix(path: String)

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// What went wrong while starting to listen.
package struct ListenFailure: Error, Sendable {
    package let address: ListenAddress
    package let reason: String
    package let isAddressInUse: Bool
}

/// Accepts clients and serves them until it is stopped.
package final class ServerCore: Sendable {
    package let services: Services
    let environment: SessionEnvironment

    private struct State {
        var listeners: [any Channel] = []
        var openAddresses: [ListenAddress] = []
        var isStopped = false
    }

    private let group: MultiThreadedEventLoopGroup
    private let loops: [ServerLoop]
    private let state = Mutex(State())
    private let listensToStrangers = Atomic<Bool>(false)
    private let isProtected = Atomic<Bool>(true)

    /// One event loop for each core.
    package static var defaultThreads: Int { System.coreCount }

    /// - Parameter threads: event loops.
    package init(services: Services, table: CommandTable, threads: Int = ServerCore.defaultThreads) {
        self.services = services
        services.server.table = table
        environment = SessionEnvironment(services: services, table: table)
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(threads, 1))
        loops = group.makeIterator().map {
            let counters = LoopCounters(commands: table.commands.count)
            services.server.statistics.register(counters)
            return ServerLoop(eventLoop: $0, counters: counters)
        }
        services.settings.observe { [weak self] values in
            self?.isProtected.store(
                values.server.protectedMode && values.server.password.isEmpty, ordering: .relaxed)
        }
        for (i, loop) in loops.enumerated() {
            let statistics = services.server.statistics
            loop.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
                let now = Clock.monotonic()
                loop.tick(now: now)
                if i == 0 { statistics.sample(at: now) }
            }
        }
    }

    /// Whether clients of other machines are turned away with an explanation.
    var refusesStrangers: Bool {
        listensToStrangers.load(ordering: .relaxed) && isProtected.load(ordering: .relaxed)
    }

    /// The addresses that are open, with the ports the system chose.
    package var addresses: [ListenAddress] { state.withLock { $0.openAddresses } }

    // MARK: listening

    /// Opens a listener; returns where it really listens.
    @discardableResult
    package func listen(on address: ListenAddress) async throws(ListenFailure) -> ListenAddress {
        let channel: any Channel
        do {
            switch address {
            case .tcp(let host, let port): channel = try await bootstrap().bind(host: host, port: port).get()
            case .unix(let path):
                channel = try await bootstrap().bind(
                    unixDomainSocketPath: path, cleanupExistingSocketFile: true
                ).get()
            }
        } catch {
            let code = (error as? IOError)?.errnoCode
            throw ListenFailure(address: address, reason: "\(error)", isAddressInUse: code == EADDRINUSE)
        }
        var opened = address
        if case .tcp(let host, _) = address {
            opened = .tcp(host: host, port: channel.localAddress?.port ?? 0)
            let bound = channel.localAddress?.ipAddress ?? host
            if !bound.hasPrefix("127."), bound != "::1" { listensToStrangers.store(true, ordering: .relaxed) }
            services.server.identity.port = channel.localAddress?.port ?? 0
        }
        let settled = opened
        state.withLock {
            $0.listeners.append(channel)
            $0.openAddresses.append(settled)
        }
        return opened
    }

    private func bootstrap() -> ServerBootstrap {
        let keepsAlive = services.settings.server.tcpKeepalive > 0
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: CInt(clamping: services.settings.server.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: Session.outputBound, high: 4 * Session.outputBound)
            )
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    let options = channel.syncOptions
                    if case .unixDomainSocket? = channel.localAddress {
                    } else {
                        try options?.setOption(.tcpOption(.tcp_nodelay), value: 1)
                        if keepsAlive { try options?.setOption(.socketOption(.so_keepalive), value: 1) }
                    }
                    guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }) else {
                        preconditionFailure("a connection on a foreign event loop")
                    }
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(core: self, loop: loop))
                }
            }
    }

    // MARK: stopping

    /// Stops accepting; connections go on.
    package func stopListening() async {
        let listeners = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        // A listener that cannot be closed is closed already.
        for listener in listeners { try? await listener.close() }
    }

    /// Ends all connections once what they asked for is answered, at the latest after `timeout` milliseconds or
    /// when `hurries` says so.
    package func drain(timeout: Int, hurries: @Sendable () -> Bool = { false }) async {
        await stopListening()
        for client in services.server.clients.all() { client.control?.end(afterReply: true) }
        let deadline = Clock.monotonic() + UInt64(max(timeout, 0)) * 1_000_000
        while services.server.clients.count > 0, Clock.monotonic() < deadline, !hurries() {
            try? await Task.sleep(nanoseconds: 5_000_000)  // cancelled: look again at once
        }
        for client in services.server.clients.all() { client.control?.end(afterReply: false) }
    }

    /// Ends the event loops. Nothing may be used afterwards.
    package func shutDown() async {
        await stopListening()
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        // The group reports only that it was shut down before.
        if isFirst { try? await group.shutdownGracefully() }
    }
}
