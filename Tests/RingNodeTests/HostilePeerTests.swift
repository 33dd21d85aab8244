// Peers that say what no peer should say. Each may cost its own link, and nothing else.

import NIOCore
import RingCore
import Testing

@testable import RingNode

@Suite struct HostilePeerTests {
    /// Bytes that no link survives.
    static let fatal: [(String, [UInt8])] = [
        ("a browser", bytes(String(repeating: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 40))),
        ("two blanks", bytes("$2014$  1 3 0 1 1 *1 d *0\r\n")),
        ("a huge length", bytes("$2014$ 1 3 0 1 1 *1 d *99999999999999999999\r\n")),
        ("a length beyond the limit", bytes("$2014$ 1 3 0 1 1 *1 d *67108865\r\n")),
        ("a huge key", bytes("$2014$ 1 3 0 1 1 *999999 ")),
        ("a message before the greeting", Frame(id: 1, kind: .read, payload: [UInt8](repeating: 1, count: 40)).encoded),
        (
            "a payload said to be encrypted",
            Frame(id: 1, kind: .request, flags: .encrypted, payload: [1, 2, 3]).encoded
        ),
        (
            "an envelope that is none",
            Frame(id: 1, kind: .request, payload: HelloRequest(node: 9).payload).encoded
                + Frame(id: 2, kind: .read, payload: [1, 2, 3]).encoded
        ),
        (
            "a part that is too long",
            Frame(id: 1, kind: .request, payload: HelloRequest(node: 9).payload).encoded
                + Frame(id: 2, kind: .read, payload: [UInt8](repeating: 1, count: (1 << 20) + 1)).encoded
        ),
        (
            "parts without end",
            Frame(id: 1, kind: .request, payload: HelloRequest(node: 9).payload).encoded
                + (2..<30).flatMap {
                    let envelope = Envelope(flags: .morePartsFollow, incarnation: 1, node: 9)
                    return RingMessage(kind: .read, id: UInt64($0), envelope: envelope, body: [1])
                        .frames(isSameDatacenter: true)[0].encoded
                }
        ),
    ]

    /// Frames that mean nothing, and are passed over.
    static let harmless: [Frame] = [
        Frame(id: 1, kind: .unknown, payload: resp("FLUSHALL")), Frame(id: 2, kind: .debug),
        Frame(id: 3, kind: .parseError), Frame(id: 4, kind: .response, payload: bytes("+OK\r\n")),
        Frame(id: 5, kind: .cryptoHandshake), Frame(id: 6, kind: .gossipSynReply, payload: bytes("x")),
        Frame(id: 7, kind: .gossipAck), Frame(id: 8, kind: .gossipShutdown, payload: bytes("dc$r$1,2,3,h")),
        Frame(id: 9, kind: .gossipSyn, payload: bytes("$$$")), Frame(id: 10, kind: FrameKind(rawValue: 22)),
        Frame(id: 11, kind: FrameKind(rawValue: 63)),
    ]

    @Test(arguments: fatal.indices)
    func `a peer that cannot be understood loses its link and no other`(index: Int) async throws {
        let (name, stream) = Self.fatal[index]
        let node = Node(2)
        defer { node.stop() }
        let address = try await node.listen()
        let other = Caller(address)
        #expect(await other.isUp())
        let peer = try RawPeer(connectingTo: address)

        peer.send(stream)
        #expect(try await peer.isEnded(), "\(name)")
        #expect(await other.ask(resp("GET", "a")) == .success(resp("GET", "a")))
        #expect(node.requests.count == 1)
        let counted = [.badFrames, .badParts, .badCiphers, .ungreetedMessages].map { node.counters[$0] }.reduce(0, +)
        #expect(counted == 1)
        #expect(await eventually { node.linkCount == 1 })
    }

    @Test func `frames without meaning are counted and passed over`() async throws {
        let node = Node(2)
        defer { node.stop() }
        let peer = try RawPeer(connectingTo: try await node.listen())

        peer.send(bytes("garbage"))
        for frame in Self.harmless { peer.send(frame) }
        peer.send(Frame(id: 13, kind: .request, payload: resp("GET", "a")))

        #expect(try await peer.next() == Frame(id: 13, kind: .response, payload: resp("GET", "a")))
        #expect(node.counters[.ignoredFrames] + node.counters[.malformedGossip] == UInt64(Self.harmless.count))
        #expect(node.counters[.garbageBytes] == 7)
        #expect(node.notices.isEmpty)
    }

    @Test func `a link that brings one byte at a time is understood`() async throws {
        let node = Node(2)
        defer { node.stop() }
        let peer = try RawPeer(connectingTo: try await node.listen())
        for byte in Frame(id: 3, kind: .request, isSameDatacenter: false, payload: resp("GET", "a")).encoded {
            peer.send([byte])
        }

        #expect(
            try await peer.next()?.encoded
                == Frame(id: 3, kind: .response, isSameDatacenter: false, payload: resp("GET", "a")).encoded)
    }

    @Test func `random bytes in frames never end the listener`() async throws {
        let node = Node(2)
        defer { node.stop() }
        let address = try await node.listen()
        var state: UInt64 = 0xfeed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }
        for _ in 0..<100 {
            let peer = try RawPeer(connectingTo: address)
            var stream = Frame(id: 1, kind: .request, payload: HelloRequest(node: 9).payload).encoded
            for _ in 0..<5 {
                let kind = FrameKind(rawValue: UInt32(random(120)))
                stream += Frame(id: 2, kind: kind, payload: (0..<random(60)).map { _ in UInt8(random(4)) }).encoded
            }
            stream[random(stream.count)] = UInt8(random(256))
            peer.send(stream)
        }
        let caller = Caller(address)
        #expect(await caller.isUp())
        #expect(await caller.ask(resp("GET", "a")) == .success(resp("GET", "a")))
    }

    // MARK: answers that no peer should give

    @Test func `an older peer gets store requests and never a message`() async throws {
        let (listener, address) = try RawPeer.listening()
        let caller = Caller(address)
        let peer = try await listener.accept()
        let hello = try #require(try await peer.next())
        #expect(hello.kind == .request)
        #expect(HelloRequest(payload: hello.payload)?.node == 1)
        async let early = caller.ask(.read, [1])
        peer.send(Frame(id: hello.id, kind: .response, payload: bytes("$-1\r\n")))

        #expect(await caller.isUp())
        #expect(caller.log == [.up(.older)])
        #expect(await early == .failure(.notUnderstood))
        #expect(await caller.ask(.read, [1]) == .failure(.notUnderstood))
        async let answer = caller.ask(resp("GET", "a"))
        let request = try #require(try await peer.next())
        peer.send(Frame(id: request.id, kind: .response, payload: bytes("$1\r\nx\r\n")))
        #expect(await answer == .success(bytes("$1\r\nx\r\n")))
    }

    /// A link to a raw peer that has answered the greeting as an older node.
    private func older(_ settings: LinkSettings = LinkSettings()) async throws -> (RawPeer.Listener, RawPeer, Caller) {
        let (listener, address) = try RawPeer.listening()
        let caller = Caller(address, settings)
        let peer = try await listener.accept()
        let hello = try #require(try await peer.next())
        peer.send(Frame(id: hello.id, kind: .response, payload: bytes("$-1\r\n")))
        #expect(await caller.isUp())
        return (listener, peer, caller)
    }

    @Test func `answers out of order and with wrong ids go to nobody else`() async throws {
        let (listener, peer, caller) = try await older()
        async let first = caller.ask(resp("GET", "a"))
        let one = try #require(try await peer.next())
        async let second = caller.ask(resp("GET", "b"))
        let two = try #require(try await peer.next())

        peer.send(Frame(id: two.id + 100, kind: .response, payload: bytes("+wrong\r\n")))
        peer.send(Frame(id: 0, kind: .response, payload: bytes("+wrong\r\n")))
        peer.send(Frame(id: two.id, kind: .request, payload: bytes("+wrong\r\n")))
        peer.send(Frame(id: two.id, kind: .response, payload: bytes("+b\r\n")))
        peer.send(Frame(id: two.id, kind: .response, payload: bytes("+again\r\n")))
        peer.send(Frame(id: one.id, kind: .response, payload: bytes("+a\r\n")))

        #expect(await second == .success(bytes("+b\r\n")))
        #expect(await first == .success(bytes("+a\r\n")))
        #expect(caller.counters[.unknownAnswers] == 3)
        #expect(caller.counters[.ignoredFrames] == 1)
        withExtendedLifetime(listener) {}
    }

    @Test func `a late answer is dropped and the next request gets its own`() async throws {
        let (listener, peer, caller) = try await older()
        #expect(
            await caller.ask(resp("GET", "a"), timeout: .milliseconds(20)) == .failure(.timedOut(wasSent: true)))
        let one = try #require(try await peer.next())
        async let second = caller.ask(resp("GET", "b"))
        let two = try #require(try await peer.next())
        peer.send(Frame(id: one.id, kind: .response, payload: bytes("+late\r\n")))
        peer.send(Frame(id: two.id, kind: .response, payload: bytes("+b\r\n")))

        #expect(await second == .success(bytes("+b\r\n")))
        #expect(caller.counters[.lateAnswers] == 1)
        #expect(caller.counters[.timeouts] == 1)
        #expect(caller.downs == [])
        withExtendedLifetime(listener) {}
    }

    @Test func `a silent peer loses its link`() async throws {
        let (listener, peer, caller) = try await older(LinkSettings(silenceTimeout: .milliseconds(30)))
        async let longer = caller.ask(resp("GET", "b"))
        _ = try await peer.next()
        try await Task.sleep(nanoseconds: 40_000_000)
        #expect(
            await caller.ask(resp("GET", "a"), timeout: .milliseconds(20)) == .failure(.timedOut(wasSent: true)))
        #expect(await longer == .failure(.connectionLost(wasSent: true)))
        #expect(await eventually { caller.downs.first == .silent })
        withExtendedLifetime(listener) {}
    }

    @Test func `a peer that does not answer the greeting is left`() async throws {
        let (listener, address) = try RawPeer.listening()
        let caller = Caller(address, LinkSettings(helloTimeout: .milliseconds(200)))
        let peer = try await listener.accept()
        #expect(try await peer.next() != nil)

        let answer = await caller.ask(.read, [1])
        // On a busy machine the link is gone before the question.
        #expect([.failure(.connectionLost(wasSent: false)), .failure(.notConnected)].contains(answer))
        #expect(try await peer.isEnded())
        #expect(await eventually { caller.downs.first == .silent })
    }

    @Test(arguments: [
        bytes("$2014$ x"), Frame(id: 1, kind: .response, flags: .encrypted, payload: [1]).encoded,
        bytes("$2014$ 1 5 0 1 1 *1 d *99999999999\r\n"), Frame(id: 1, kind: .readReply, payload: [1]).encoded,
    ])
    func `answers that cannot be understood end the link and its requests`(stream: [UInt8]) async throws {
        let (listener, address) = try RawPeer.listening()
        let caller = Caller(address)
        let peer = try await listener.accept()
        _ = try await peer.next()
        async let answer = caller.ask(resp("GET", "a"))
        _ = try await peer.next()

        peer.send(stream)
        #expect(await answer == .failure(.connectionLost(wasSent: true)))
        #expect(try await peer.isEnded())
        #expect(caller.ups == 0)
    }
}
