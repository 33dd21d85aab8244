// TLS as the first handler of a link.
//
//   accepted links:   first byte 0x16 ─► handshake ─► open
//                     anything else   ─► plain text, where it is still allowed; else closed
//
// A TLS handshake begins with the byte 0x16, which no frame begins with: a ring can so be moved to TLS node by node.

import NIOCore

final class TLSHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case undecided, handshaking, open, plain, closed
    }

    private let engine: TLSEngine
    private let allowsPlaintext: Bool
    private let counters: PeerCounters
    private var state: State
    /// What was written before the handshake was over.
    private var waiting: [(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var timeout: Scheduled<Void>?

    private static let handshakeRecord: UInt8 = 0x16
    private static let handshakeTimeout = TimeAmount.seconds(10)

    /// For a link that we open.
    init(connecting engine: TLSEngine, counters: PeerCounters) {
        self.engine = engine
        self.counters = counters
        allowsPlaintext = false
        state = .handshaking
    }

    /// For a link that was opened to us.
    init(accepting engine: TLSEngine, allowsPlaintext: Bool, counters: PeerCounters) {
        self.engine = engine
        self.counters = counters
        self.allowsPlaintext = allowsPlaintext
        state = .undecided
    }

    // MARK: life

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: Self.handshakeTimeout) { [weak self] in
            guard let self, self.state == .handshaking || self.state == .undecided && !self.allowsPlaintext else {
                return
            }
            self.counters.add(.handshakesFailed)
            channel.close(promise: nil)
        }
        if state == .handshaking { advance(context) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    private func end() {
        timeout?.cancel()
        state = .closed
        let unsent = waiting
        waiting = []
        for write in unsent { write.promise?.fail(ChannelError.ioOnClosedChannel) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if state == .open {
            engine.shutDown()
            send(context)
            context.flush()
        }
        state = .closed
        context.close(mode: mode, promise: promise)
    }

    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        if state != .open { counters.add(.handshakesFailed) }
        // What TLS has to say about it, an alert, leaves first.
        send(context)
        context.flush()
        state = .closed
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    // MARK: reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if state == .undecided {
            guard let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) else { return }
            if first == Self.handshakeRecord {
                state = .handshaking
            } else if allowsPlaintext {
                state = .plain
                timeout?.cancel()
            } else {
                return fail(context, TLSFailure(description: "plain text where TLS is asked for"))
            }
        }
        switch state {
        case .plain: context.fireChannelRead(data)
        case .handshaking, .open:
            bytes.withUnsafeReadableBytes { engine.receive($0) }
            advance(context)
        case .undecided, .closed: break
        }
    }

    /// Does what can be done with what has come.
    private func advance(_ context: ChannelHandlerContext) {
        do {
            if state == .handshaking {
                let isOver = try engine.handshake()
                send(context)
                if isOver {
                    state = .open
                    timeout?.cancel()
                    try sendWaiting(context)
                }
                context.flush()
            }
            while state == .open, let plain = try engine.read() {
                context.fireChannelRead(wrapInboundOut(context.channel.allocator.buffer(bytes: plain)))
            }
            // Reading may have made answers of the protocol itself: new keys.
            if state == .open, engine.outputCount > 0 {
                send(context)
                context.flush()
            }
        } catch {
            fail(context, error)
        }
    }

    // MARK: writing

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch state {
        case .plain: context.write(data, promise: promise)
        case .closed: promise?.fail(ChannelError.ioOnClosedChannel)
        // An accepted link says nothing before the other side does.
        case .undecided, .handshaking: waiting.append((unwrapOutboundIn(data), promise))
        case .open:
            do {
                try unwrapOutboundIn(data).withUnsafeReadableBytes { try engine.write($0) }
                send(context, promise)
            } catch {
                promise?.fail(error)
                fail(context, error)
            }
        }
    }

    private func sendWaiting(_ context: ChannelHandlerContext) throws {
        let writes = waiting
        waiting = []
        for write in writes {
            try write.bytes.withUnsafeReadableBytes { try engine.write($0) }
            send(context, write.promise)
        }
    }

    /// Hands what the engine has for the wire to the channel.
    private func send(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>? = nil) {
        let count = engine.outputCount
        guard count > 0 else {
            promise?.succeed(())
            return
        }
        var buffer = context.channel.allocator.buffer(capacity: count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { engine.takeOutput($0) }
        context.write(wrapOutboundOut(buffer), promise: promise)
    }
}
