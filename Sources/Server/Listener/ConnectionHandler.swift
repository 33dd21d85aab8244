// One connection on its event loop: bytes from the socket to the session and back.

import Commands
import NIOCore
import RESP

/// The one handler of a connection's pipeline.
///
/// Reading stops while the session cannot go on and enough is buffered; the session stops taking requests while
/// the client does not take its replies. So neither side can make the other pile up memory.
final class ConnectionHandler: ChannelDuplexHandler, SessionShell {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes that may wait in the read buffer while the session is stalled.
    private static let stalledInputBound = 64 << 10
    /// Bytes of replies a client may leave untaken before it has authenticated.
    private static let unauthenticatedOutputBound = 64 << 10

    private let core: ServerCore
    private let loop: ServerLoop
    @exclusivity(unchecked) private var context: ChannelHandlerContext?
    @exclusivity(unchecked) private var session: Session?
    private var control: ConnectionControl?

    @exclusivity(unchecked) private var input: ByteBuffer?
    @exclusivity(unchecked) private var isPumping = false
    @exclusivity(unchecked) private var pumpsAgain = false
    @exclusivity(unchecked) private var readIsWaiting = false
    private var inputIsClosed = false
    @exclusivity(unchecked) private var isFinishing = false
    private var lingersUntil: UInt64?
    private var overSoftLimitSince: UInt64?

    init(core: ServerCore, loop: ServerLoop) {
        self.core = core
        self.loop = loop
    }

    // MARK: life

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        loop.counters.add(.connections)
        let channel = context.channel
        let host = channel.remoteAddress?.ipAddress
        let isUnix = channel.localAddress.map { if case .unixDomainSocket = $0 { true } else { false } } ?? false
        let settings = core.services.settings
        if let host, core.refusesStrangers, !Self.isLoopback(host) {
            return turnAway(ErrorReplies.protectedMode, context)
        }
        let clients = core.services.server.clients
        let record = ClientRecord(
            id: clients.nextID(), address: Self.name(of: channel.remoteAddress ?? channel.localAddress),
            localAddress: Self.name(of: channel.localAddress), descriptor: 0, flags: isUnix ? .unixSocket : [])
        guard clients.add(record, limit: settings.server.maxClients) else {
            return turnAway(ErrorReplies.tooManyClients, context)
        }
        let session = Session(environment: core.environment, loop: loop, record: record)
        if !session.isAuthenticated {
            let host = host ?? "unix"
            guard clients.addUnauthenticated(host: host, limit: settings.server.maxUnauthenticatedPerAddress) else {
                clients.remove(record)
                return turnAway(ErrorReplies.tooManyUnauthenticated, context)
            }
            session.unauthenticatedHost = host
        }
        session.shell = self
        self.session = session
        let control = ConnectionControl(handler: self, loop: loop)
        self.control = control
        record.control = control
        loop.add(session)
    }

    /// One explanation, then the end.
    private func turnAway(_ message: String, _ context: ChannelHandlerContext) {
        loop.counters.add(.rejectedConnections)
        let reply = ReplyWriter()
        reply.error(message)
        write(reply.bytes)
        finish(lingering: true)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let session {
            session.close()
            loop.remove(session)
            if let host = session.unauthenticatedHost {
                core.services.server.clients.removeUnauthenticated(host: host)
            }
            core.services.server.clients.remove(session.record)
        }
        session = nil
        input = nil
        self.context = nil
        control?.release()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private static func isLoopback(_ host: String) -> Bool {
        host.hasPrefix("127.") || host == "::1" || host.hasPrefix("::ffff:127.")
    }

    private static func name(of address: SocketAddress?) -> String {
        switch address {
        case .v4: "\(address?.ipAddress ?? "?"):\(address?.port ?? 0)"
        case .v6: "[\(address?.ipAddress ?? "?")]:\(address?.port ?? 0)"
        case .unixDomainSocket: "\(address?.pathname ?? "?"):0"
        case nil: "?:0"
        }
    }

    // MARK: reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard let session, !isFinishing else { return }
        loop.counters.add(.inputBytes, bytes.readableBytes)
        session.record.received.wrappingAdd(UInt64(bytes.readableBytes), ordering: .relaxed)
        if var waiting = input {
            // Without this the array behind `waiting` would have two owners and be copied.
            input = nil
            waiting.writeBuffer(&bytes)
            input = waiting
        } else {
            input = bytes
        }
        if session.stall == nil { consume(session) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { pump() }

    /// Gives the session what was read.
    private func consume(_ session: Session) {
        guard !isPumping, var bytes = input, bytes.readableBytes > 0 else { return }
        isPumping = true
        let used = bytes.withUnsafeReadableBytes { raw -> Int in
            guard let start = raw.baseAddress else { return 0 }
            return session.consume(start.assumingMemoryBound(to: UInt8.self), raw.count)
        }
        isPumping = false
        bytes.moveReaderIndex(forwardBy: used)
        input = nil
        if bytes.readableBytes > 0 {
            // A request that is coming in keeps its buffer; what lies before it goes when it is the larger part.
            if bytes.readerIndex > bytes.readableBytes { bytes.discardReadBytes() }
            input = bytes
        }
        loop.counters.raise(.largestInput, to: input?.readableBytes ?? 0)
        session.record.inputBytes.store(input?.readableBytes ?? 0, ordering: .relaxed)
    }

    /// Runs what can be run, sends what can be sent, reads on if that makes sense.
    private func pump() {
        guard let session else { return }
        guard !isPumping else {
            pumpsAgain = true
            return
        }
        repeat {
            pumpsAgain = false
            if session.stall == nil { consume(session) }
            isPumping = true
            session.endBurst()
            isPumping = false
        } while pumpsAgain && session.stall == nil && !session.isEnding
        if session.stall == .pause { wakeAfterPause() }
        if inputIsClosed, !session.isEnding, session.stall == nil {
            // The client has said all it will say; what it asked for still leaves.
            session.isEnding = true
            pump()
            return
        }
        readOn()
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { readIsWaiting = true }
    }

    private var mayRead: Bool {
        guard let session, session.stall != nil else { return true }
        return (input?.readableBytes ?? 0) < Self.stalledInputBound
    }

    private func readOn() {
        guard readIsWaiting, mayRead else { return }
        readIsWaiting = false
        context?.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            inputIsClosed = true
            // Whoever waits for others is gone for good: an element must not be popped for nobody.
            let waits = session?.record.flags.contains(.blocked) ?? true
            if waits || isFinishing { context.close(promise: nil) } else { pump() }
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: writing

    func write(_ bytes: ByteSlice) {
        guard let context, bytes.count > 0 else { return }
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(UnsafeRawBufferPointer(bytes))
        hasUnflushed = true
        context.write(wrapOutboundOut(buffer), promise: nil)
    }

    @exclusivity(unchecked) private var hasUnflushed = false

    func flush() {
        guard hasUnflushed, let context else { return }
        hasUnflushed = false
        context.flush()
        if !context.channel.isWritable { checkOutput(now: nil) }
    }

    var isWritable: Bool {
        flush()
        return context?.channel.isWritable ?? false
    }

    private var queuedOutput: Int {
        guard let context else { return 0 }
        let options = context.channel.syncOptions
        return (try? options?.getOption(.bufferedWritableBytes)) ?? 0  // a closed channel holds nothing
    }

    /// Ends a connection whose client does not take its replies.
    private func checkOutput(now: UInt64?) {
        guard let session, let context else { return }
        let queued = queuedOutput
        session.record.outputBytes.store(queued, ordering: .relaxed)
        loop.counters.raise(.largestOutput, to: queued)
        let server = core.services.settings.server
        let hard = session.isAuthenticated ? server.hardOutputLimit : Self.unauthenticatedOutputBound
        var isOver = hard > 0 && queued > hard
        if server.softOutputLimit > 0, queued > server.softOutputLimit {
            let now = now ?? Clock.monotonic()
            let since = overSoftLimitSince ?? now
            overSoftLimitSince = since
            if now - since > UInt64(server.softOutputSeconds) * 1_000_000_000 { isOver = true }
        } else {
            overSoftLimitSince = nil
        }
        if isOver {
            loop.counters.add(.limitHits)
            loop.counters.add(.slowReadersEnded)
            context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, let session else { return }
        session.record.outputBytes.store(0, ordering: .relaxed)
        if session.stall == .output {
            session.stall = nil
            pump()
        }
    }

    // MARK: from outside

    func resume() {
        if session?.stall == .pause { session?.stall = nil }
        pump()
    }

    private func wakeAfterPause() {
        guard let control else { return }
        let now = Clock.monotonic()
        let end = core.services.server.pausedUntil
        let wait = end > now ? Int64(min(end - now, 3_600_000_000_000)) : 0
        loop.eventLoop.scheduleTask(in: .nanoseconds(wait + 1_000_000)) { control.resume() }
    }

    /// What was asked for is still answered, but for commands that wait for other clients.
    func endAfterReply() {
        guard let session else { return }
        if session.record.flags.contains(.blocked) { return abort() }
        session.isEnding = true
        pump()
    }

    func abort() { context?.close(promise: nil) }

    func finish(lingering: Bool) {
        guard !isFinishing, let context else { return }
        isFinishing = true
        session?.record.set(.closing, true)
        lingersUntil = Clock.monotonic() + (lingering ? 1_000_000_000 : 10_000_000_000)
        let channel = context.channel
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(channel.allocator.buffer(capacity: 0)), promise: written)
        written.futureResult.whenComplete { _ in channel.close(mode: lingering ? .output : .all, promise: nil) }
        if session == nil {
            // Turned away: no session, so no tick either.
            context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        }
        readOn()
    }

    func tick(now: UInt64) {
        guard let session, let context else { return }
        if let lingersUntil {
            if now > lingersUntil { context.close(promise: nil) }
            return
        }
        let server = core.services.settings.server
        let record = session.record
        if !session.isAuthenticated, server.authenticationTimeout > 0,
            now &- record.connected > UInt64(server.authenticationTimeout) * 1_000_000_000
        {
            loop.counters.add(.limitHits)
            context.close(promise: nil)
            return
        }
        let active = record.lastActive.load(ordering: .relaxed)
        if server.idleTimeout > 0, session.slots.isEmpty, !session.isMonitor, now > active,
            now - active > UInt64(server.idleTimeout) * 1_000_000_000
        {
            context.close(promise: nil)
            return
        }
        if overSoftLimitSince != nil || !context.channel.isWritable { checkOutput(now: now) }
    }
}

/// The way to a connection from other threads.
final class ConnectionControl: ClientControl, @unchecked Sendable {
    // Sendable: `handler` is only touched on the event loop.
    private var handler: ConnectionHandler?
    private let loop: ServerLoop

    init(handler: ConnectionHandler, loop: ServerLoop) {
        self.handler = handler
        self.loop = loop
    }

    /// On the event loop: the connection is gone.
    func release() { handler = nil }

    func end(afterReply: Bool) {
        loop.eventLoop.execute {
            if afterReply { self.handler?.endAfterReply() } else { self.handler?.abort() }
        }
    }

    func resume() { loop.eventLoop.execute { self.handler?.resume() } }
}
