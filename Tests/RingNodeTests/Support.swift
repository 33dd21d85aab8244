// What the tests of links share: two ends over loopback, and raw sockets that say anything.

import Foundation
import NIOCore
import NIOPosix
import RingCore
import Synchronization
import Testing

@testable import RingNode

/// Event loops of all tests.
let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func resp(_ arguments: String...) -> [UInt8] {
    bytes("*\(arguments.count)\r\n" + arguments.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
}

func localNode(_ node: UInt64, ring: String = "test") -> LocalNode {
    LocalNode(
        hello: { Hello(ring: ring, node: node, incarnation: 1, definitionEpoch: 2, storeDumpVersion: 10) },
        envelope: { Envelope(incarnation: 1, node: node, stamp: 5, topologyEpoch: 3, definitionEpoch: 2) })
}

/// Waits until something holds; false when it does not within a minute.
func eventually(_ condition: () -> Bool) async -> Bool {
    for _ in 0..<12_000 {
        if condition() { return true }
        try? await Task.sleep(nanoseconds: 5_000_000)  // nobody cancels tests
    }
    return condition()
}

/// A node of our kind behind a listener; answers with a function, keeps what it saw.
final class Node: PeerDelegate {
    typealias Answer = @Sendable (PeerRequest, PeerReply) -> Void

    let counters = PeerCounters()
    let id: UInt64
    private let answer: Answer
    private let seen = Mutex<(requests: [PeerRequest], notices: [PeerNotice], closed: Int)>(([], [], 0))
    private let state = Mutex<PeerListener?>(nil)

    init(_ id: UInt64, answer: @escaping Answer = Node.echo) {
        self.id = id
        self.answer = answer
    }

    /// Answers requests with themselves.
    static let echo: Answer = { request, reply in
        switch request {
        case .store(let payload, _, _): reply.send(payload)
        case .message(let message): reply.send(message.body)
        }
    }

    func listen(_ settings: ListenerSettings = ListenerSettings(), port: Int = 0) async throws -> NodeAddress {
        let listener = PeerListener(
            group: loops, settings: settings, local: localNode(id), counters: counters, delegate: self)
        state.withLock { $0 = listener }
        let bound = try await listener.listen(host: "127.0.0.1", port: port).get()
        return NodeAddress(host: "127.0.0.1", port: UInt16(bound))
    }

    func stop() { state.withLock { $0?.stop() } }
    var linkCount: Int { state.withLock { $0?.linkCount ?? 0 } }

    var requests: [PeerRequest] { seen.withLock { $0.requests } }
    var notices: [PeerNotice] { seen.withLock { $0.notices } }
    var closedCount: Int { seen.withLock { $0.closed } }

    func receive(_ request: PeerRequest, from link: AcceptedLink, reply: PeerReply) {
        seen.withLock { $0.requests.append(request) }
        answer(request, reply)
    }

    func receive(_ notice: PeerNotice, from link: AcceptedLink) { seen.withLock { $0.notices.append(notice) } }
    func accepted(_ link: AcceptedLink) {}
    func closed(_ link: AcceptedLink) { seen.withLock { $0.closed += 1 } }
}

/// An outgoing link with its events.
final class Caller: Sendable {
    let link: PeerLink
    let counters = PeerCounters()
    private let events: EventLog

    private final class EventLog: Sendable {
        let all = Mutex<[LinkEvent]>([])
    }

    init(_ address: NodeAddress, _ settings: LinkSettings = LinkSettings(), local: LocalNode = localNode(1)) {
        let log = EventLog()
        // Busy machines are slow; what a test does not shorten on purpose takes as long as it takes.
        var settings = settings
        let usual = LinkSettings()
        if settings.helloTimeout == usual.helloTimeout { settings.helloTimeout = .seconds(60) }
        if settings.silenceTimeout == usual.silenceTimeout { settings.silenceTimeout = .seconds(60) }
        events = log
        link = PeerLink(
            eventLoop: loops.next(), address: address, settings: settings, local: local, counters: counters
        ) { event in log.all.withLock { $0.append(event) } }
        link.start()
    }

    deinit { link.stop() }

    var log: [LinkEvent] { events.all.withLock { $0 } }
    var ups: Int { log.count { if case .up = $0 { true } else { false } } }
    var downs: [LinkLoss] { log.compactMap { if case .down(let loss) = $0 { loss } else { nil } } }

    /// Waits for the answer to the greeting.
    func isUp() async -> Bool { await eventually { ups > 0 } }

    func ask(
        _ payload: [UInt8], _ purpose: DnodeDialect.Purpose = .receiverOnly, timeout: TimeAmount = .seconds(60)
    ) async -> Result<[UInt8], LinkFailure> {
        await withCheckedContinuation { continuation in
            link.request(payload, purpose: purpose, timeout: timeout) { continuation.resume(returning: $0) }
        }
    }

    func ask(
        _ kind: FrameKind, _ body: [UInt8], timeout: TimeAmount = .seconds(60)
    ) async -> Result<RingMessage, LinkFailure> {
        await withCheckedContinuation { continuation in
            link.request(kind, body: body, timeout: timeout) { continuation.resume(returning: $0) }
        }
    }
}

/// Runs what blocks where it does not hold up the tasks of other tests.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// A blocking socket with frames on top; gives up after a minute.
///
/// `@unchecked Sendable`: used by one test, one call after the other.
final class RawPeer: @unchecked Sendable {
    private let descriptor: Int32
    private var reader = FrameReader()
    private var frames: [Frame] = []

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    convenience init(connectingTo address: NodeAddress) throws {
        self.init(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        try withAddress(port: Int(address.port)) { pointer, length in
            // Not `require`: some tests ask until somebody listens.
            guard connect(descriptor, pointer, length) == 0 else { throw NobodyListens() }
        }
    }

    struct NobodyListens: Error {}

    /// A listener for one test; `accept()` gives its connections.
    static func listening() throws -> (listener: Listener, address: NodeAddress) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try withAddress(port: 0) { pointer, length in try #require(bind(descriptor, pointer, length) == 0) }
        try #require(listen(descriptor, 8) == 0)
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &name) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return (Listener(descriptor), NodeAddress(host: "127.0.0.1", port: UInt16(bigEndian: name.sin_port)))
    }

    final class Listener: Sendable {
        private let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }

        func accept() async throws -> RawPeer {
            try await blocking { [self] in
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                try #require(poll(&waiting, 1, 60_000) == 1)
                return RawPeer(Glibc.accept(descriptor, nil, nil))
            }
        }
    }

    func send(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let sent = bytes[start...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            // The other side may have hung up on us, which is what some tests want.
            guard sent > 0 else { return }
            start += sent
        }
    }

    func send(_ frame: Frame) { send(frame.encoded) }

    /// The next frame; `nil` when the other side has closed or says nothing.
    func next() async throws -> Frame? {
        try await blocking { [self] in
            while frames.isEmpty {
                guard let more = receive() else { return nil }
                frames += try reader.readAll(more)
            }
            return frames.removeFirst()
        }
    }

    /// The next RESP reply that is one line or one bulk string; for clients of a store.
    func reply() async throws -> [UInt8] {
        try await blocking { [self] in
            var reply: [UInt8] = []
            while true {
                guard let more = receive() else { return reply }
                reply += more
                guard let lineEnd = reply.firstIndex(of: 10) else { continue }
                let isBulk = reply[0] == UInt8(ascii: "$")
                let length = isBulk ? Int(String(decoding: reply[1..<(lineEnd - 1)], as: UTF8.self)) ?? -1 : -1
                if reply.count >= lineEnd + 1 + (length < 0 ? 0 : length + 2) { return reply }
            }
        }
    }

    /// What comes next; `nil` at the end.
    private func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        lastCount = recv(descriptor, &buffer, buffer.count, 0)
        lastError = errno
        return lastCount > 0 ? Array(buffer[..<lastCount]) : nil
    }

    /// Whether the other side has ended the connection.
    func isEnded() async throws -> Bool {
        try await blocking { [self] in
            while receive() != nil {}
            return lastCount == 0 || lastError == ECONNRESET
        }
    }

    private var lastCount = 1
    private var lastError: Int32 = 0
}

private func withAddress<Result>(
    port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
) throws -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return try withUnsafePointer(to: &address) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
