// One accepted link: requests come in, answers leave in their order.

import NIOCore
import RingCore
import Synchronization

/// A request of a peer.
package enum PeerRequest: Sendable {
    /// A RESP request; the answer is the RESP reply.
    case store(payload: [UInt8], scope: StoreRequestScope, isSameDatacenter: Bool)
    /// A RingSearch message; the answer is the body of its reply.
    case message(RingMessage)
}

/// What a peer says without asking.
package enum PeerNotice: Sendable {
    /// Gossip of an old dialect.
    case gossip(GossipText)
    /// The node at this `host:port` goes.
    case shutdown(String)
    /// A RingSearch message of a kind that is not answered.
    case message(RingMessage)
}

/// Whoever serves peers. Called on the event loop of the link: it must not block, and may answer later, from any thread.
package protocol PeerDelegate: AnyObject, Sendable {
    func receive(_ request: PeerRequest, from link: AcceptedLink, reply: PeerReply)
    func receive(_ notice: PeerNotice, from link: AcceptedLink)
    func accepted(_ link: AcceptedLink)
    func closed(_ link: AcceptedLink)
}

/// The way back for one answer. Used once, from any thread; further answers are nothing.
///
/// A reply that is let go without an answer answers by itself that the request failed, since the answers behind it wait.
package final class PeerReply: Sendable {
    private let link: AcceptedLink
    private let frame: Frame
    private let place: AnswerQueue.Place
    /// Bytes of the request, which count against the link until it is answered.
    private let size: Int
    private let isAnswered = Atomic<Bool>(false)

    init(link: AcceptedLink, frame: Frame, place: AnswerQueue.Place, size: Int) {
        self.link = link
        // Kept without its payload, which the delegate has.
        var frame = frame
        frame.payload = []
        self.frame = frame
        self.place = place
        self.size = size
    }

    /// A RESP reply to a store request, or the body of the reply to a message.
    package func send(_ bytes: [UInt8]) { answer(bytes, flags: []) }

    /// The reply to a message.
    package func send(_ body: some WireBody) { answer(body.encoded, flags: []) }

    /// The message's operation is not known.
    package func unsupported() { answer([], flags: .unsupported) }

    deinit {
        if !isAnswered.load(ordering: .acquiring) { fail() }
    }

    private func fail() {
        if frame.kind.isRingSearch { unsupported() } else { send(Self.failed) }
    }

    private static let failed = Array("-ERR unknown: Unknown Error\r\n".utf8)

    private func answer(_ bytes: [UInt8], flags: Envelope.Flags) {
        guard !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let (link, frame, place, size) = (link, frame, place, size)
        if link.eventLoop.inEventLoop {
            link.answer(frame, place, bytes, flags, size)
        } else {
            link.eventLoop.execute { link.answer(frame, place, bytes, flags, size) }
        }
    }
}

/// A connection that a peer has opened.
///
/// `@unchecked Sendable`: what is mutable is only touched on `eventLoop`.
package final class AcceptedLink: @unchecked Sendable {
    package let eventLoop: any EventLoop
    /// Where the connection comes from; the port is the peer's for this connection only.
    package let remote: String
    /// The node that greeted. On the event loop only.
    package private(set) var node: UInt64?

    private let settings: ListenerSettings
    private let local: LocalNode
    private let counters: PeerCounters
    private weak var delegate: (any PeerDelegate)?
    private let onClose: @Sendable (AcceptedLink) -> Void

    private var handler: FrameHandler?
    private var queue = AnswerQueue()
    /// Payload bytes of requests that are not answered.
    private var openBytes = 0
    private var assembler = PartAssembler()
    private var cipher: (any LinkCipher)?
    private var keyCount = 0

    /// A peer that wraps its key again and again costs more than it can be worth.
    private static let keyBound = 16

    init(
        channel: any Channel, settings: ListenerSettings, local: LocalNode, counters: PeerCounters,
        delegate: any PeerDelegate, onClose: @escaping @Sendable (AcceptedLink) -> Void
    ) {
        eventLoop = channel.eventLoop
        remote = channel.remoteAddress.map { "\($0)" } ?? "?"
        self.settings = settings
        self.local = local
        self.counters = counters
        self.delegate = delegate
        self.onClose = onClose
    }

    func makeHandler() -> FrameHandler {
        let handler = FrameHandler(limits: settings.frameLimits, counters: counters, sink: self)
        self.handler = handler
        return handler
    }

    /// Ends the connection; answers that are not there yet are dropped.
    package func close() {
        if eventLoop.inEventLoop { handler?.close() } else { eventLoop.execute { self.handler?.close() } }
    }

    // MARK: answering

    fileprivate func answer(
        _ request: Frame, _ place: AnswerQueue.Place, _ bytes: [UInt8], _ flags: Envelope.Flags, _ size: Int
    ) {
        guard handler != nil else { return }
        openBytes -= size
        counters.add(.answersSent)
        for frame in queue.fill(place, with: frames(for: request, bytes, flags)) { handler?.write(frame) }
        handler?.readOn()
    }

    private func frames(for request: Frame, _ bytes: [UInt8], _ flags: Envelope.Flags) -> [Frame] {
        var frames: [Frame]
        if request.kind.isRingSearch, let kind = request.kind.reply {
            var envelope = local.envelope()
            envelope.flags = flags
            let message = RingMessage(kind: kind, id: request.id, envelope: envelope, body: bytes)
            frames = message.frames(isSameDatacenter: request.isSameDatacenter)
        } else if bytes.count > settings.frameLimits.payloadLength {
            frames =
                request.answer(Array("-ERR Dynomite: reply too large for a peer frame\r\n".utf8)).map { [$0] } ?? []
        } else {
            frames = request.answer(bytes).map { [$0] } ?? []
        }
        // A question in plain text is answered in plain text, as Dynomite does.
        guard request.flags.contains(.encrypted), let cipher else { return frames }
        for i in frames.indices {
            guard let payload = try? cipher.encrypt(frames[i].payload) else {  // nothing can be said, so nothing is
                handler?.close()
                return []
            }
            frames[i].payload = payload
            frames[i].flags = .encrypted
        }
        return frames
    }
}

// MARK: receiving

extension AcceptedLink: FrameSink {
    var mayRead: Bool {
        queue.count < settings.openRequestBound && openBytes < settings.openByteBound
            && queue.waitingBytes < settings.openByteBound && (handler?.isWritable ?? true)
    }

    func opened() {
        counters.add(.linksAccepted)
        delegate?.accepted(self)
    }

    func received(_ frame: Frame) {
        var frame = frame
        guard decrypt(&frame) else {
            counters.add(.badCiphers)
            handler?.close()
            return
        }
        switch frame.kind {
        case .request, .requestForward: receivedStoreRequest(frame)
        case _ where frame.kind.isHeartbeat: receivedGossip(frame)
        case _ where frame.kind.isRingSearch: receivedPart(frame)
        default: counters.add(.ignoredFrames)
        }
    }

    /// Every way to fail looks the same from outside.
    private func decrypt(_ frame: inout Frame) -> Bool {
        guard frame.flags.contains(.encrypted) else {
            return !settings.refusesPlaintext || frame.kind.isHeartbeat
        }
        guard let key = settings.cipher else { return false }
        if frame.carriesKey {
            keyCount += 1
            guard keyCount <= Self.keyBound,
                let opened = try? key.openSession(wrappedKey: frame.data)  // refused without detail
            else { return false }
            cipher = opened
        }
        guard let cipher, let payload = try? cipher.decrypt(frame.payload) else { return false }  // as above
        frame.payload = payload
        return true
    }

    private func receivedStoreRequest(_ frame: Frame) {
        guard let scope = StoreRequestScope(frame) else { return }
        counters.add(.requestsReceived)
        let place = queue.open()
        if let hello = HelloRequest(payload: frame.payload) {
            node = hello.node
            answer(frame, place, local.hello().payload, [], 0)
            return
        }
        openBytes += frame.payload.count
        let reply = PeerReply(link: self, frame: frame, place: place, size: frame.payload.count)
        delegate?.receive(
            .store(payload: frame.payload, scope: scope, isSameDatacenter: frame.isSameDatacenter), from: self,
            reply: reply)
    }

    private func receivedPart(_ frame: Frame) {
        guard node != nil else {
            counters.add(.ungreetedMessages)
            handler?.close()
            return
        }
        do throws(PartError) {
            if let message = try assembler.accept(frame) { receivedMessage(message, frame) }
        } catch {
            counters.add(.badParts)
            handler?.close()
        }
    }

    private func receivedMessage(_ message: RingMessage, _ frame: Frame) {
        if message.kind == .cancel {
            delegate?.receive(.message(message), from: self)
            return
        }
        // Answers are not asked for on this side.
        guard message.kind.reply != nil else { return counters.add(.ignoredFrames) }
        counters.add(.requestsReceived)
        let size = message.body.count
        openBytes += size
        let reply = PeerReply(link: self, frame: frame, place: queue.open(), size: size)
        guard message.kind.isKnown else {
            counters.add(.unsupportedMessages)
            return reply.unsupported()
        }
        delegate?.receive(.message(message), from: self, reply: reply)
    }

    private func receivedGossip(_ frame: Frame) {
        counters.add(.gossipReceived)
        guard let (text, malformed) = GossipText.parse(frame.payload) else { return counters.add(.malformedGossip) }
        counters.add(.malformedGossip, malformed)
        switch (frame.kind, text) {
        case (.gossipSyn, _): delegate?.receive(.gossip(text), from: self)
        case (.gossipShutdown, .heartbeat(let node)): delegate?.receive(.shutdown(node), from: self)
        case (_, .heartbeat): delegate?.receive(.gossip(text), from: self)
        default: counters.add(.ignoredFrames)
        }
    }

    func burstEnded() {}

    func broken(_ error: FrameError) {}

    func closed(_ error: (any Error)?) {
        handler = nil
        counters.add(.linksLost)
        delegate?.closed(self)
        onClose(self)
    }

    func abandoned() {
        handler = nil
        onClose(self)
    }

    func writabilityChanged() { handler?.readOn() }
}
