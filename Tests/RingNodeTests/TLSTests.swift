// Links between nodes that show certificates.

import Foundation
import NIOCore
import RingCore
import Testing

@testable import RingNode

@Suite struct TLSTests {
    private let name = PeerTLS.name(ofDatacenter: "dc1")

    private func settings(_ tls: PeerTLS, name: String? = nil) -> LinkSettings {
        LinkSettings(firstRetry: 20, retryLimit: 50, tls: (tls, name ?? self.name))
    }

    @Test func `nodes of one authority talk, messages of any length included`() async throws {
        let authority = try Authority()
        let tls = try PeerTLS(files: authority.files(for: name))
        let node = Node(2)
        defer { node.stop() }
        let address = try await node.listen(ListenerSettings(tls: tls))
        let caller = Caller(address, settings(try PeerTLS(files: authority.files(for: name))))

        #expect(await caller.isUp())
        #expect(await caller.ask(resp("GET", "a")) == .success(resp("GET", "a")))
        let body = [UInt8](repeating: 9, count: 3_000_000)
        #expect(try await caller.ask(.execute, body).get().body == body)
        // Neither side reads what the other sends in plain text.
        let peer = try RawPeer(connectingTo: address)
        peer.send(Frame(id: 1, kind: .request, payload: resp("GET", "a")))
        #expect(try await peer.isEnded())
        #expect(node.counters[.handshakesFailed] == 1)
    }

    @Test func `strangers and wrong names are refused, on both sides`() async throws {
        let authority = try Authority()
        let other = try Authority()
        let tls = try PeerTLS(files: authority.files(for: name), acceptedNames: ["dc-x.dynomite.local", name])
        let node = Node(2)
        defer { node.stop() }
        let address = try await node.listen(ListenerSettings(tls: tls))
        // Signed by another authority; asking for another name; having another name; in plain text.
        let stranger = Caller(address, settings(try PeerTLS(files: other.files(for: name))))
        let mistaken = Caller(
            address, settings(try PeerTLS(files: authority.files(for: name)), name: "dc-dc2.dynomite.local"))
        let misnamed = Caller(address, settings(try PeerTLS(files: authority.files(for: "dc-dc2.dynomite.local"))))
        let plain = Caller(address, LinkSettings(firstRetry: 20, retryLimit: 50))

        for caller in [stranger, mistaken, misnamed, plain] {
            #expect(await eventually { !caller.downs.isEmpty })
            #expect(caller.ups == 0)
        }
        #expect(node.requests.isEmpty)
        #expect(node.counters[.handshakesFailed] >= 2)
    }

    @Test func `a ring moves to TLS node by node`() async throws {
        let authority = try Authority()
        let tls = try PeerTLS(files: authority.files(for: name))
        let node = Node(2)
        defer { node.stop() }
        let address = try await node.listen(ListenerSettings(tls: tls, tlsIsOptional: true))
        let plain = Caller(address)
        let secure = Caller(address, settings(tls))

        #expect(await plain.isUp())
        #expect(await secure.isUp())
        #expect(await plain.ask(resp("GET", "a")) == .success(resp("GET", "a")))
        #expect(await secure.ask(resp("GET", "a")) == .success(resp("GET", "a")))
    }

    @Test func `new files are used by the next handshake, and bad ones change nothing`() async throws {
        let authority = try Authority()
        let files = try authority.files(for: name)
        let tls = try PeerTLS(files: files)
        let node = Node(2)
        defer { node.stop() }
        let address = try await node.listen(ListenerSettings(tls: tls))
        let first = Caller(address, settings(tls))
        #expect(await first.isUp())

        try bytes("nonsense").withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: files.certificate)) }
        #expect(throws: PeerTLSError.self) { try tls.reload() }
        let second = Caller(address, settings(tls))
        #expect(await second.isUp())

        let renewed = try authority.files(for: name)
        for (new, old) in [(renewed.certificate, files.certificate), (renewed.key, files.key)] {
            try Data(contentsOf: URL(fileURLWithPath: new)).write(to: URL(fileURLWithPath: old))
        }
        try tls.reload()
        let third = Caller(address, settings(tls))
        #expect(await third.isUp())
        #expect(await first.ask(resp("GET", "a")) == .success(resp("GET", "a")))
    }

    @Test func `files that do not belong together are refused by name`() throws {
        let authority = try Authority()
        let one = try authority.files(for: name)
        let two = try authority.files(for: name)
        var mixed = one
        mixed.key = two.key
        #expect { _ = try PeerTLS(files: mixed) } throws: { ($0 as? PeerTLSError)?.path == two.key }
        mixed = one
        mixed.authority = authority.path("missing.pem")
        #expect { _ = try PeerTLS(files: mixed) } throws: { ($0 as? PeerTLSError)?.path == mixed.authority }
    }
}
