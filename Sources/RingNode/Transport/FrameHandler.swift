// The one handler of a peer connection's pipeline: bytes to frames and back.

import NIOCore
import RingCore

/// Whoever takes a connection's frames. Everything is called on the connection's event loop.
protocol FrameSink: AnyObject {
    /// Whether more may be read now.
    var mayRead: Bool { get }

    func opened()
    func received(_ frame: Frame)
    /// What was read is used up for now.
    func burstEnded()
    /// The stream is no sequence of frames. The connection is closed afterwards.
    func broken(_ error: FrameError)
    func closed(_ error: (any Error)?)
    /// The connection never came about; instead of `opened`.
    func abandoned()
    func writabilityChanged()
}

final class FrameHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let counters: PeerCounters
    /// Until the connection ends.
    private var sink: (any FrameSink)?
    private var isOpen = false
    private var reader: FrameReader
    private var context: ChannelHandlerContext?
    private var readIsWaiting = false
    private var isEnding = false
    private var garbageSeen = 0
    private var failure: (any Error)?
    private var flushIsScheduled = false
    /// Set while what was read is worked through: answers are flushed once, at the end.
    private var isInBurst = false
    private var stallCheck: Scheduled<Void>?
    private var receivedSinceCheck = false

    /// How long a frame may be under way without a byte of it arriving.
    static let stallTimeout = TimeAmount.seconds(30)

    init(limits: FrameLimits, counters: PeerCounters, sink: any FrameSink) {
        reader = FrameReader(limits: limits)
        self.counters = counters
        self.sink = sink
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    // MARK: life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { open() }
    }

    func channelActive(context: ChannelHandlerContext) { open() }

    private func open() {
        guard !isOpen else { return }
        isOpen = true
        // Closed before it was there.
        if isEnding { return end() }
        sink?.opened()
    }

    func channelInactive(context: ChannelHandlerContext) { finish() }

    func handlerRemoved(context: ChannelHandlerContext) {
        if !isOpen {
            sink?.abandoned()
            sink = nil
        }
        finish()
    }

    /// The sink hears that the connection has ended, once.
    private func finish() {
        stallCheck?.cancel()
        isEnding = true
        context = nil
        guard let sink else { return }
        self.sink = nil
        sink.closed(failure)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? error
        close()
    }

    /// Closes the connection without another word.
    func close() {
        guard !isEnding else { return }
        isEnding = true
        end()
    }

    private func end() {
        guard let context else { return }
        context.close(promise: nil)
        // TLS says goodbye first and waits for the other side to do so. Whoever waits for this link need not.
        context.eventLoop.assumeIsolated().execute { [weak self] in self?.finish() }
    }

    // MARK: reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnding else { return }
        let bytes = unwrapInboundIn(data)
        counters.add(.bytesReceived, bytes.readableBytes)
        receivedSinceCheck = true
        isInBurst = true
        bytes.withUnsafeReadableBytes { raw in
            var position = 0
            do throws(FrameError) {
                while !isEnding, let frame = try reader.read(raw, at: &position) {
                    counters.add(.framesReceived)
                    sink?.received(frame)
                }
            } catch {
                counters.add(.badFrames)
                sink?.broken(error)
                close()
            }
        }
        counters.add(.garbageBytes, reader.garbageCount - garbageSeen)
        garbageSeen = reader.garbageCount
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isInBurst = false
        guard !isEnding else { return }
        sink?.burstEnded()
        if flushIsScheduled {
            flushIsScheduled = false
            context.flush()
        }
        watchForStall(context)
    }

    func read(context: ChannelHandlerContext) {
        if sink?.mayRead ?? true { context.read() } else { readIsWaiting = true }
    }

    /// The sink may have become ready to read on.
    func readOn() {
        guard readIsWaiting, let context, sink?.mayRead ?? true else { return }
        readIsWaiting = false
        context.read()
    }

    /// A peer that stops in the middle of a frame would hold its memory for ever.
    private func watchForStall(_ context: ChannelHandlerContext) {
        guard !reader.isBetweenFrames, stallCheck == nil else { return }
        receivedSinceCheck = false
        stallCheck = context.eventLoop.assumeIsolated().scheduleTask(in: Self.stallTimeout) { [weak self] in
            guard let self, let context = self.context else { return }
            self.stallCheck = nil
            if self.reader.isBetweenFrames { return }
            // While we do not read, the peer cannot be blamed.
            if self.receivedSinceCheck || self.readIsWaiting { return self.watchForStall(context) }
            self.counters.add(.stalledLinks)
            self.close()
        }
    }

    // MARK: writing

    func write(_ frame: Frame) {
        guard let context, !isEnding else { return }
        var header: [UInt8] = []
        header.reserveCapacity(64 + frame.data.count)
        frame.encodeHeader(payloadLength: frame.payload.count, into: &header)
        // In one buffer: Dynomite loses gossip whose header and payload come apart.
        var buffer = context.channel.allocator.buffer(capacity: header.count + frame.payload.count)
        buffer.writeBytes(header)
        buffer.writeBytes(frame.payload)
        counters.add(.framesSent)
        counters.add(.bytesSent, buffer.readableBytes)
        context.write(wrapOutboundOut(buffer), promise: nil)
        scheduleFlush(context)
    }

    /// One flush for everything that is written in one turn of the loop.
    private func scheduleFlush(_ context: ChannelHandlerContext) {
        guard !flushIsScheduled else { return }
        flushIsScheduled = true
        if isInBurst { return }
        context.eventLoop.assumeIsolated().execute { [weak self] in
            guard let self, self.flushIsScheduled else { return }
            self.flushIsScheduled = false
            self.context?.flush()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        sink?.writabilityChanged()
        context.fireChannelWritabilityChanged()
    }
}
