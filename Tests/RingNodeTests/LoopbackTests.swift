// Two RingSearch nodes, one asking the other.

import NIOCore
import RingCore
import Synchronization
import Testing

@testable import RingNode

@Suite struct LoopbackTests {
    @Test(arguments: DnodeDialect.allCases, [true, false])
    func `store requests arrive with their meaning`(dialect: DnodeDialect, isSameDatacenter: Bool) async throws {
        let node = Node(2)
        defer { node.stop() }
        let settings = LinkSettings(dialect: dialect, isSameDatacenter: isSameDatacenter)
        let caller = Caller(try await node.listen(), settings)

        #expect(await caller.isUp())
        #expect(await caller.ask(resp("GET", "a")) == .success(resp("GET", "a")))
        #expect(await caller.ask(resp("SET", "a", "1"), .datacenterEntry) == .success(resp("SET", "a", "1")))
        let scopes = node.requests.compactMap { if case .store(_, let scope, _) = $0 { scope } else { nil } }
        #expect(scopes == [.receiverOnly, dialect == .netflix ? .datacenter : .receiverOnly])
    }

    @Test func `nodes greet each other, then exchange messages of any length`() async throws {
        let node = Node(2)
        defer { node.stop() }
        let caller = Caller(try await node.listen())

        #expect(await caller.isUp())
        guard case .up(.ringSearch(let hello))? = caller.log.first else {
            Issue.record("the greeting was not understood")
            return
        }
        #expect(hello.node == 2 && hello.ring == "test" && hello.definitionEpoch == 2)
        for length in [0, 10, RingMessage.partBound, 5_000_000] {
            let body = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
            let answer = try await caller.ask(.execute, body).get()
            #expect(answer.kind == .executeReply)
            #expect(answer.envelope.node == 2)
            #expect(answer.body == body)
        }
    }

    @Test func `messages sent before the greeting is answered are not lost`() async throws {
        let node = Node(2)
        defer { node.stop() }
        let caller = Caller(try await node.listen())

        // On the link's loop, right after it connected, the greeting cannot have been answered.
        #expect(await eventually { node.counters[.linksAccepted] == 1 })
        async let first = caller.ask(.read, [1])
        async let second = caller.ask(.read, [2])
        #expect(try await first.get().body == [1])
        #expect(try await second.get().body == [2])
    }

    @Test func `answers given in any order find their requests`() async throws {
        let held = Held()
        let node = Node(2) { request, reply in held.add(request, reply) }
        defer { node.stop() }
        let caller = Caller(try await node.listen())
        #expect(await caller.isUp())

        async let answers = withTaskGroup(of: Bool.self) { group in
            for i in 0..<100 {
                group.addTask {
                    let payload = resp("GET", "\(i)")
                    return await caller.ask(payload) == .success(payload)
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(await eventually { held.count == 100 })
        held.answerAll(backwards: true)
        #expect(await answers == 100)
    }

    @Test func `a message of an unknown kind is answered as such and the link goes on`() async throws {
        let node = Node(2) { request, reply in
            if case .message(let message) = request, message.kind == .feed { return reply.unsupported() }
            Node.echo(request, reply)
        }
        defer { node.stop() }
        let caller = Caller(try await node.listen())
        #expect(await caller.isUp())

        #expect(await caller.ask(FrameKind(rawValue: 112), [1]) == .failure(.unsupported))
        #expect(await caller.ask(.feed, [1]) == .failure(.unsupported))
        #expect(try await caller.ask(.read, [1]).get().body == [1])
        #expect(node.counters[.unsupportedMessages] == 1)
    }

    @Test func `a request that is let go is answered by itself`() async throws {
        let node = Node(2) { _, _ in }
        defer { node.stop() }
        let caller = Caller(try await node.listen())
        #expect(await caller.isUp())

        #expect(await caller.ask(resp("GET", "a")) == .success(bytes("-ERR unknown: Unknown Error\r\n")))
        #expect(await caller.ask(.read, []) == .failure(.unsupported))
    }

    @Test func `gossip of both dialects, farewells and one-way messages arrive`() async throws {
        let node = Node(2)
        defer { node.stop() }
        let caller = Caller(try await node.listen())
        #expect(await caller.isUp())

        let entry = GossipTextEntry(
            datacenter: "dc1", rack: "r1", token: 5, seconds: 6, state: .normal, address: "127.0.0.1")
        caller.link.heartbeat(.entries([entry]))
        caller.link.heartbeat(.heartbeat("127.0.0.1:8101"))
        caller.link.notify(.cancel, body: [7])
        #expect(await eventually { node.notices.count == 3 })
        guard case .gossip(.entries([entry])) = node.notices[0],
            case .gossip(.heartbeat("127.0.0.1:8101")) = node.notices[1],
            case .message(let message) = node.notices[2]
        else {
            Issue.record("\(node.notices)")
            return
        }
        #expect(message.kind == .cancel && message.body == [7])
    }

    @Test func `a node of another ring, or this very node, is not talked to`() async throws {
        let node = Node(2)
        defer { node.stop() }
        let address = try await node.listen()
        let stranger = Caller(address, local: localNode(1, ring: "other"))
        let itself = Caller(address, local: localNode(2))

        #expect(await eventually { stranger.downs.first == .wrongPeer("a node of ring 'test'") })
        #expect(await eventually { itself.downs.first == .wrongPeer("this node") })
        #expect(stranger.ups == 0 && itself.ups == 0)
    }

    @Test func `the end of a peer ends its requests, and its return is noticed`() async throws {
        let first = Node(2) { _, reply in Kept.shared.keep(reply) }
        let address = try await first.listen()
        let caller = Caller(address, LinkSettings(firstRetry: 10, retryLimit: 20))
        #expect(await caller.isUp())

        async let answer = caller.ask(resp("GET", "a"))
        #expect(await eventually { first.requests.count == 1 })
        first.stop()
        #expect(await answer == .failure(.connectionLost(wasSent: true)))
        #expect(await caller.ask(resp("GET", "a")) == .failure(.notConnected))
        #expect(await caller.ask(.read, []) == .failure(.notConnected))

        let second = Node(3)
        _ = try await second.listen(port: Int(address.port))
        defer { second.stop() }
        #expect(await eventually { caller.ups == 2 })
        #expect(await caller.ask(resp("GET", "b")) == .success(resp("GET", "b")))
    }

    @Test func `a stopped link tells whoever waits, and does not come back`() async throws {
        let node = Node(2) { _, reply in Kept.shared.keep(reply) }
        defer { node.stop() }
        let caller = Caller(try await node.listen(), LinkSettings(firstRetry: 1, retryLimit: 1))
        #expect(await caller.isUp())
        async let answer = caller.ask(resp("GET", "a"))
        #expect(await eventually { node.requests.count == 1 })

        caller.link.stop()
        #expect(await answer == .failure(.connectionLost(wasSent: true)))
        #expect(await eventually { node.linkCount == 0 })
        #expect(await eventually { caller.downs == [.stopped] })
        #expect(await caller.ask(resp("GET", "a")) == .failure(.notConnected))
    }

    @Test func `what cannot be connected to is tried again`() async throws {
        // Nobody listens on a port that only root may have.
        let caller = Caller(NodeAddress(host: "127.0.0.1", port: 1), LinkSettings(firstRetry: 1, retryLimit: 4))

        #expect(await eventually { caller.counters[.connectFailures] >= 3 })
        #expect(caller.ups == 0)
        guard case .connectFailed? = caller.downs.first else {
            Issue.record("\(caller.downs)")
            return
        }
    }

    @Test func `requests beyond the bounds are refused at once`() async throws {
        let held = Held()
        let node = Node(2) { request, reply in held.add(request, reply) }
        defer { node.stop() }
        let caller = Caller(
            try await node.listen(), LinkSettings(requestLimits: RequestLimits(count: 2, bytes: 1000)))
        #expect(await caller.isUp())

        let large = resp("SET", "k", String(repeating: "x", count: 900))
        async let first = caller.ask(large)
        #expect(await eventually { held.count == 1 })
        #expect(await caller.ask(large) == .failure(.queueFull))
        async let second = caller.ask(resp("GET", "a"))
        #expect(await eventually { held.count == 2 })
        #expect(await caller.ask(resp("GET", "a")) == .failure(.queueFull))
        #expect(await caller.ask(.read, []) == .failure(.queueFull))
        held.answerAll(backwards: false)
        #expect(await first == .success(large))
        #expect(await second == .success(resp("GET", "a")))
        #expect(caller.counters[.queueFull] == 3)
        #expect(await caller.ask([UInt8](repeating: 0, count: (64 << 20) + 1)) == .failure(.tooLong))
    }

    @Test func `a listener takes no more links than it may`() async throws {
        let node = Node(2)
        defer { node.stop() }
        let address = try await node.listen(ListenerSettings(linkBound: 2))
        let callers = [Caller(address), Caller(address)]
        for caller in callers { #expect(await caller.isUp()) }
        let third = Caller(address, LinkSettings(firstRetry: 5, retryLimit: 5))

        #expect(await eventually { node.counters[.linksRefused] > 0 })
        callers[0].link.stop()
        #expect(await third.isUp())
    }

    @Test func `a link whose requests are not answered is not read on`() async throws {
        let held = Held()
        let node = Node(2) { request, reply in held.add(request, reply) }
        defer { node.stop() }
        let address = try await node.listen(ListenerSettings(openRequestBound: 10))
        let peer = try RawPeer(connectingTo: address)
        for id in 1...10 { peer.send(Frame(id: UInt64(id), kind: .request, payload: resp("GET", "a"))) }
        #expect(await eventually { held.count == 10 })
        for id in 11...15 {
            peer.send(Frame(id: UInt64(id), kind: .request, payload: resp("GET", "a")))
        }
        // Long enough for them to be seen if they were read. The first of them may be: a read was under way.
        try await Task.sleep(nanoseconds: 50_000_000)
        #expect(held.total < 15)
        #expect(
            await eventually {
                held.answerAll(backwards: false)
                return held.total == 15
            })
        held.answerAll(backwards: false)
        for id in 1...15 { #expect(try await peer.next()?.id == UInt64(id)) }
    }
}

/// Requests that wait until the test answers them.
final class Held: Sendable {
    private let waiting = Mutex<[(PeerRequest, PeerReply)]>([])
    private let all = Mutex(0)

    func add(_ request: PeerRequest, _ reply: PeerReply) {
        waiting.withLock { $0.append((request, reply)) }
        all.withLock { $0 += 1 }
    }

    var count: Int { waiting.withLock { $0.count } }
    var total: Int { all.withLock { $0 } }

    func answerAll(backwards: Bool) {
        var list = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        if backwards { list.reverse() }
        for (request, reply) in list { Node.echo(request, reply) }
    }
}

/// Keeps replies so that they are not answered by being let go.
final class Kept: Sendable {
    static let shared = Kept()
    private let replies = Mutex<[PeerReply]>([])
    func keep(_ reply: PeerReply) { replies.withLock { $0.append(reply) } }
}
