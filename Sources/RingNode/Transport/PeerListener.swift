// Where peers connect.

import NIOCore
import NIOPosix
import RingCore
import Synchronization

/// How accepted links behave.
package struct ListenerSettings: Sendable {
    package var frameLimits: FrameLimits
    /// Links at one time; more are closed at once.
    package var linkBound: Int
    /// Requests of one link without answer; beyond it the link is not read.
    package var openRequestBound: Int
    /// Bytes of such requests, and of answers that wait for the answers before them.
    package var openByteBound: Int
    package var backlog: Int
    /// Opens the payload keys of peers that encrypt as Dynomite does.
    package var cipher: (any LinkKey)?
    /// Close links whose requests are not encrypted. Dynomite itself never insists.
    package var refusesPlaintext: Bool
    /// Peers must show certificates.
    package var tls: PeerTLS?
    /// While a ring moves to TLS: links without it are taken, too.
    package var tlsIsOptional: Bool

    package init(
        frameLimits: FrameLimits = .standard, linkBound: Int = 1024, openRequestBound: Int = 1024,
        openByteBound: Int = 64 << 20, backlog: Int = 512, cipher: (any LinkKey)? = nil, refusesPlaintext: Bool = false,
        tls: PeerTLS? = nil, tlsIsOptional: Bool = false
    ) {
        self.frameLimits = frameLimits
        self.linkBound = linkBound
        self.openRequestBound = openRequestBound
        self.openByteBound = openByteBound
        self.backlog = backlog
        self.cipher = cipher
        self.refusesPlaintext = refusesPlaintext
        self.tls = tls
        self.tlsIsOptional = tlsIsOptional
    }
}

/// Accepts peers' links and gives their requests to a delegate, which it keeps.
package final class PeerListener: Sendable {
    private let group: any EventLoopGroup
    private let settings: ListenerSettings
    private let local: LocalNode
    private let counters: PeerCounters
    private let delegate: any PeerDelegate

    private struct State {
        var listeners: [any Channel] = []
        var links: [ObjectIdentifier: AcceptedLink] = [:]
        var isStopped = false
    }

    private let state = Mutex(State())

    package init(
        group: any EventLoopGroup, settings: ListenerSettings = ListenerSettings(), local: LocalNode,
        counters: PeerCounters, delegate: any PeerDelegate
    ) {
        self.group = group
        self.settings = settings
        self.local = local
        self.counters = counters
        self.delegate = delegate
    }

    package var linkCount: Int { state.withLock { $0.links.count } }

    /// Opens a listener; gives the port on which it listens, which the system chose when `port` is 0.
    package func listen(host: String, port: Int) -> EventLoopFuture<Int> {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: CInt(clamping: settings.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 20, high: 4 << 20))
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try accept(channel) }
            }
            .bind(host: host, port: port)
            .map { [self] channel in
                let isStopped = state.withLock { state in
                    if !state.isStopped { state.listeners.append(channel) }
                    return state.isStopped
                }
                if isStopped { channel.close(promise: nil) }
                return channel.localAddress?.port ?? port
            }
    }

    private struct Refused: Error {}

    private func accept(_ channel: any Channel) throws {
        let link = AcceptedLink(
            channel: channel, settings: settings, local: local, counters: counters, delegate: delegate,
            onClose: { [weak self] link in
                self?.state.withLock { _ = $0.links.removeValue(forKey: ObjectIdentifier(link)) }
            })
        let isWelcome = state.withLock { state in
            guard !state.isStopped, state.links.count < settings.linkBound else { return false }
            state.links[ObjectIdentifier(link)] = link
            return true
        }
        guard isWelcome else {
            counters.add(.linksRefused)
            throw Refused()
        }
        let options = channel.syncOptions
        try options?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options?.setOption(.socketOption(.so_keepalive), value: 1)
        if let tls = settings.tls {
            try channel.pipeline.syncOperations.addHandler(
                TLSHandler(accepting: tls.accepting(), allowsPlaintext: settings.tlsIsOptional, counters: counters))
        }
        try channel.pipeline.syncOperations.addHandler(link.makeHandler())
    }

    /// Stops accepting and ends every accepted link.
    package func stop() {
        let (listeners, links) = state.withLock { state in
            defer { state.listeners = [] }
            state.isStopped = true
            return (state.listeners, Array(state.links.values))
        }
        for listener in listeners { listener.close(promise: nil) }
        for link in links { link.close() }
    }
}
