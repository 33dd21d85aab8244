// One outgoing link: connects, greets, asks, and connects again.
//
//             ┌──────────────────────── lost ─────────────────────────┐
//             ▼                                                       │
//   idle ─► connecting ─ connected ─► greeting ─ answered ─► open ────┤
//             ▲   │ failed               │ no answer, wrong peer      │
//             │   ▼                      ▼                            │
//             └─ waiting ◄───────────────┴────────────────────────────┘        stop() ends it in any state
//
// Store requests may be sent as soon as the link is connected, since every peer understands them. RingSearch messages are
// held back until the greeting is answered, and refused when the answer says that the peer is an older node.

import NIOCore
import NIOPosix
import RingCore

/// A link to one peer. Any thread may send; answers and events are delivered on the link's event loop. Once started it
/// lives until it is stopped.
///
/// `@unchecked Sendable`: what is mutable is only touched on `eventLoop`.
package final class PeerLink: @unchecked Sendable {
    package let eventLoop: any EventLoop
    package let address: NodeAddress
    private let settings: LinkSettings
    private let local: LocalNode
    private let counters: PeerCounters
    private let onEvent: @Sendable (LinkEvent) -> Void

    private enum State {
        case idle, connecting, greeting, open, waiting, stopped
    }

    /// Whom to tell about an answer.
    enum Waiter: Sendable {
        case hello
        case store(@Sendable (Result<[UInt8], LinkFailure>) -> Void)
        case message(FrameKind, @Sendable (Result<RingMessage, LinkFailure>) -> Void)

        func fail(_ failure: LinkFailure) {
            switch self {
            case .hello: break
            case .store(let completion): completion(.failure(failure))
            case .message(_, let completion): completion(.failure(failure))
            }
        }
    }

    /// A message that waits for the greeting's answer.
    private struct Held {
        let kind: FrameKind
        let body: [UInt8]
        let deadline: NIODeadline
        let completion: @Sendable (Result<RingMessage, LinkFailure>) -> Void
    }

    private var state = State.idle
    private var handler: FrameHandler?
    private var table: RequestTable<Waiter>
    private var assembler = PartAssembler()
    private var held: [Held] = []
    private var heldBytes = 0
    private var kind: PeerKind?
    private var backoff: Backoff
    private var retry: Scheduled<Void>?
    private var timer: Scheduled<Void>?
    private var timerDeadline: NIODeadline?
    private var lastReceived = NIODeadline.distantPast
    private var helloID: UInt64 = 0
    private var loss: LinkLoss?
    private var cipher: (any LinkCipher)?
    private var keyIsSent = false

    /// Nothing happens before ``start()``.
    package init(
        eventLoop: any EventLoop, address: NodeAddress, settings: LinkSettings, local: LocalNode,
        counters: PeerCounters,
        onEvent: @escaping @Sendable (LinkEvent) -> Void = { _ in }
    ) {
        self.eventLoop = eventLoop
        self.address = address
        self.settings = settings
        self.local = local
        self.counters = counters
        self.onEvent = onEvent
        table = RequestTable(limits: settings.requestLimits)
        backoff = Backoff(first: settings.firstRetry, limit: settings.retryLimit)
    }

    /// Connects, and keeps connected until ``stop()``.
    package func start() { onLoop { $0.connect() } }

    /// Ends the link for good; whoever waits is told.
    package func stop() {
        onLoop { link in
            guard link.state != .stopped else { return }
            link.state = .stopped
            link.retry?.cancel()
            link.loss = .stopped
            if let handler = link.handler { handler.close() } else { link.lost(nil) }
        }
    }

    private func onLoop(_ body: @escaping @Sendable (PeerLink) -> Void) {
        if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
    }

    // MARK: sending

    /// Sends one RESP request; `completion` gets the peer's RESP reply, an error reply included.
    package func request(
        _ payload: [UInt8], purpose: DnodeDialect.Purpose = .receiverOnly, timeout: TimeAmount,
        completion: @escaping @Sendable (Result<[UInt8], LinkFailure>) -> Void
    ) {
        onLoop { link in
            guard payload.count <= link.payloadBound else { return completion(.failure(.tooLong)) }
            guard link.isConnected else { return completion(.failure(.notConnected)) }
            guard link.takeRoom(payload.count) else { return completion(.failure(.queueFull)) }
            let id = link.table.makeID()
            let frame = link.settings.dialect.request(
                id: id, purpose, isSameDatacenter: link.settings.isSameDatacenter, payload: payload)
            link.send([frame], id: id, .store(completion), size: payload.count, deadline: .now() + timeout)
        }
    }

    /// Sends a RingSearch message; `completion` gets the message that answers it.
    package func request(
        _ kind: FrameKind, body: [UInt8], timeout: TimeAmount,
        completion: @escaping @Sendable (Result<RingMessage, LinkFailure>) -> Void
    ) {
        onLoop { link in
            guard body.count <= link.payloadBound - Envelope.size else { return completion(.failure(.tooLong)) }
            guard link.isConnected else { return completion(.failure(.notConnected)) }
            guard link.takeRoom(body.count) else { return completion(.failure(.queueFull)) }
            let message = Held(kind: kind, body: body, deadline: .now() + timeout, completion: completion)
            if link.kind == nil {
                link.held.append(message)
                link.heldBytes += body.count
                link.arm(message.deadline)
            } else {
                link.send(message)
            }
        }
    }

    /// Sends a RingSearch message that is not answered; nothing is sent to others than RingSearch nodes.
    package func notify(_ kind: FrameKind, body: [UInt8]) {
        onLoop { link in
            guard case .ringSearch = link.kind, link.state == .open, link.handler?.isWritable == true else { return }
            let message = RingMessage(
                kind: kind, id: link.table.makeID(), envelope: link.local.envelope(), body: body)
            for frame in message.frames(isSameDatacenter: link.settings.isSameDatacenter) { link.write(frame) }
        }
    }

    /// Sends gossip in an old dialect. Nothing is sent on encrypted links: Dynomite reads gossip only in plain text, and
    /// nobody encrypts links to publish who is there.
    package func heartbeat(_ text: GossipText) {
        onLoop { link in
            guard link.isConnected, link.cipher == nil, link.handler?.isWritable == true else { return }
            // Dynomite's gossip has id 0, which no request has.
            link.handler?.write(text.frame(isSameDatacenter: link.settings.isSameDatacenter))
        }
    }

    /// Encryption pads each chunk of a payload.
    private var payloadBound: Int {
        let limit = settings.frameLimits.payloadLength
        return settings.cipher == nil ? limit : limit - limit / 256
    }

    private var isConnected: Bool { state == .greeting || state == .open }

    private func takeRoom(_ size: Int) -> Bool {
        let isRoom =
            table.hasRoom(for: size + heldBytes) && held.count + table.count < settings.requestLimits.count
        if !isRoom { counters.add(.queueFull) }
        return isRoom
    }

    private func send(_ message: Held) {
        guard case .ringSearch = kind else { return message.completion(.failure(.notUnderstood)) }
        let id = table.makeID()
        let whole = RingMessage(kind: message.kind, id: id, envelope: local.envelope(), body: message.body)
        send(
            whole.frames(isSameDatacenter: settings.isSameDatacenter), id: id,
            .message(message.kind, message.completion), size: message.body.count, deadline: message.deadline)
    }

    private func send(_ frames: [Frame], id: UInt64, _ waiter: Waiter, size: Int, deadline: NIODeadline) {
        table.insert(waiter, id: id, size: size, deadline: deadline.uptime)
        counters.add(.requestsSent)
        arm(deadline)
        for frame in frames { write(frame) }
    }

    private func write(_ frame: Frame) {
        guard let cipher else { return handler?.write(frame) ?? () }
        var sealed = frame
        do {
            sealed.payload = try cipher.encrypt(frame.payload)
        } catch {
            return end(.badCipher)
        }
        sealed.flags = .encrypted
        if !keyIsSent { sealed.data = cipher.wrappedKey }
        keyIsSent = true
        handler?.write(sealed)
    }

    // MARK: connecting

    private func connect() {
        guard state == .idle || state == .waiting else { return }
        state = .connecting
        loss = nil
        do {
            cipher = try settings.cipher?.makeSession()
        } catch {
            return lost(nil, as: .badCipher)
        }
        keyIsSent = false
        let handler = FrameHandler(limits: settings.frameLimits, counters: counters, sink: self)
        self.handler = handler
        // The handler stays on this event loop, which is the channel's.
        let bound = NIOLoopBound(handler, eventLoop: eventLoop)
        let tls = settings.tls
        ClientBootstrap(group: eventLoop)
            .connectTimeout(settings.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { [counters] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        let engine = try tls.certificates.connecting(to: tls.name)
                        try channel.pipeline.syncOperations.addHandler(
                            TLSHandler(connecting: engine, counters: counters))
                    }
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(host: address.host, port: Int(address.port))
            .whenFailure { [self] error in
                guard self.handler === bound.value else { return }
                counters.add(.connectFailures)
                lost(nil, as: .connectFailed("\(error)"))
            }
    }

    /// Closes the connection; `closed` follows.
    private func end(_ reason: LinkLoss) {
        if loss == nil { loss = reason }
        handler?.close()
    }

    /// Tells everybody who waits, and tries again later.
    private func lost(_ error: (any Error)?, as reason: LinkLoss? = nil) {
        let reason = loss ?? reason ?? error.map { .failed("\($0)") } ?? .closedByPeer
        handler = nil
        cipher = nil
        kind = nil
        assembler = PartAssembler()
        timer?.cancel()
        timer = nil
        timerDeadline = nil
        if state != .stopped {
            state = .waiting
            let delay = backoff.delay(chance: .random(in: 0...UInt64.max))
            retry = eventLoop.scheduleTask(in: .milliseconds(Int64(delay))) { [weak self] in self?.connect() }
        }
        let waiting = table.removeAll()
        let unsent = held
        held = []
        heldBytes = 0
        for waiter in waiting { waiter.fail(.connectionLost(wasSent: true)) }
        for message in unsent { message.completion(.failure(.connectionLost(wasSent: false))) }
        onEvent(.down(reason))
    }

    // MARK: greeting

    private func greet() {
        helloID = table.makeID()
        let payload = HelloRequest(node: local.hello().node).payload
        // A plain request of Dynomite's kind, in either dialect: to the peer's own store.
        let frame = Frame(
            id: helloID, kind: .request, isSameDatacenter: settings.isSameDatacenter, payload: payload)
        send([frame], id: helloID, .hello, size: payload.count, deadline: .now() + settings.helloTimeout)
    }

    private func greeted(_ reply: [UInt8]) {
        let own = local.hello()
        switch Hello.parse(reply: reply) {
        case .other: kind = .older
        case .ringSearch(let hello) where hello.node == own.node:
            return end(.wrongPeer("this node"))
        case .ringSearch(let hello) where hello.ring != own.ring:
            return end(.wrongPeer("a node of ring '\(hello.ring)'"))
        case .ringSearch(let hello): kind = hello.canTalk ? .ringSearch(hello) : .older
        }
        state = .open
        backoff.reset()
        counters.add(.linksOpened)
        let messages = held
        held = []
        heldBytes = 0
        if let kind { onEvent(.up(kind)) }
        for message in messages { send(message) }
    }

    // MARK: time

    private func arm(_ deadline: NIODeadline) {
        if let timerDeadline, timerDeadline <= deadline { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = eventLoop.scheduleTask(deadline: deadline) { [weak self] in self?.checkTime() }
    }

    private func checkTime() {
        timerDeadline = nil
        let now = NIODeadline.now()
        let expired = table.expire(at: now.uptime)
        let late = held.filter { $0.deadline <= now }
        held.removeAll { $0.deadline <= now }
        heldBytes -= late.reduce(0) { $0 + $1.body.count }
        counters.add(.timeouts, expired.count + late.count)
        var next = held.map(\.deadline).min()
        if let deadline = table.earliestDeadline {
            next = min(next ?? .distantFuture, .uptimeNanoseconds(deadline))
        }
        if let next { arm(next) }
        // Told last: whoever is told may send again.
        let greetingFailed = expired.contains { if case .hello = $0 { true } else { false } }
        for waiter in expired { waiter.fail(.timedOut(wasSent: true)) }
        for message in late { message.completion(.failure(.timedOut(wasSent: false))) }
        // A peer that answers some requests and never others would fill the table with those.
        let isClogged = table.count - table.waitingCount > table.limits.count / 2
        let isSilent = !expired.isEmpty && now - lastReceived > settings.silenceTimeout
        if greetingFailed || isClogged || isSilent { end(.silent) }
    }
}

// MARK: receiving

extension PeerLink: FrameSink {
    var mayRead: Bool { true }

    func opened() {
        guard state == .connecting else { return handler?.close() ?? () }
        state = .greeting
        lastReceived = .now()
        greet()
    }

    func received(_ frame: Frame) {
        var frame = frame
        lastReceived = .now()
        if frame.flags.contains(.encrypted) {
            guard let cipher, let payload = try? cipher.decrypt(frame.payload) else {  // no detail for the peer
                counters.add(.badCiphers)
                return end(.badCipher)
            }
            frame.payload = payload
        }
        switch frame.kind {
        case .response: answered(frame.id) { .store(frame.payload) }
        case _ where frame.kind.isRingSearch: receivedMessage(frame)
        default: counters.add(.ignoredFrames)
        }
    }

    private enum Answer {
        case store([UInt8])
        case message(RingMessage)
    }

    private func receivedMessage(_ frame: Frame) {
        guard table.isOpen(frame.id) else { return counters.add(.unknownAnswers) }
        do throws(PartError) {
            guard let message = try assembler.accept(frame) else { return }
            answered(message.id) { .message(message) }
        } catch {
            counters.add(.badParts)
            end(.badParts(error))
        }
    }

    private func answered(_ id: UInt64, _ answer: () -> Answer) {
        switch table.match(id) {
        case .late: counters.add(.lateAnswers)
        case .unknown: counters.add(.unknownAnswers)
        case .answered(let waiter):
            counters.add(.answersReceived)
            switch (waiter, answer()) {
            case (.hello, .store(let reply)): greeted(reply)
            case (.store(let completion), .store(let reply)): completion(.success(reply))
            case (.message(_, let completion), .message(let message))
            where message.envelope.flags.contains(.unsupported):
                completion(.failure(.unsupported))
            case (.message(let kind, let completion), .message(let message)) where message.kind == kind.reply:
                completion(.success(message))
            case (.hello, _): end(.wrongPeer("a node that greets in its own way"))
            case (.store, _), (.message, _):
                // The right id with the wrong kind: whatever was carried out, this is no answer.
                counters.add(.ignoredFrames)
                waiter.fail(.timedOut(wasSent: true))
            }
        }
    }

    func burstEnded() {}

    func broken(_ error: FrameError) {
        if loss == nil { loss = .badFrame(error) }
    }

    func closed(_ error: (any Error)?) {
        counters.add(.linksLost)
        lost(error)
    }

    func abandoned() {}

    func writabilityChanged() {}
}

extension NIODeadline {
    fileprivate var uptime: UInt64 { UInt64(max(uptimeNanoseconds, 0)) }
}
