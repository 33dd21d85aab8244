// Dynomite's cipher: vectors seen between running nodes, and keys made here.

import COpenSSL
import NIOCore
import RingCore
import Testing

@testable import RingNode

/// A private key for tests, as PEM. Made anew: a key in a repository looks like one that leaked.
func makePEM(bits: Int32 = 1024) -> [UInt8] {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil)
    defer { EVP_PKEY_CTX_free(context) }
    EVP_PKEY_keygen_init(context)
    EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits)
    var key: OpaquePointer?
    EVP_PKEY_keygen(context, &key)
    defer { EVP_PKEY_free(key) }
    let sink = BIO_new(BIO_s_mem())
    defer { BIO_free(sink) }
    PEM_write_bio_PrivateKey(sink, key, nil, nil, 0, nil, nil)
    var pem = [UInt8](repeating: 0, count: 8192)
    return Array(pem[..<Int(BIO_read(sink, &pem, Int32(pem.count)))])
}

private func hex(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
}

@Suite struct CipherTests {
    private let cipher = DynomiteCipher(
        drawn: hex("6a1ff085a8fad03d25145d337e64b6100aa4142e50e686cc8f447bc063fc2ff7"), wrappedKey: [],
        chunk: DynomiteKey.standardChunk)

    @Test(arguments: [
        ("*2\r\n$3\r\nGET\r\n$3\r\nbar\r\n", "6057d570ecc02a228a7d9a8c1b1401c6104e3709a114f3715fee6cd99e9eca38"),
        ("+OK\r\n", "d51637d3358542ec76479a82d8791111"),
        ("$5\r\nhello\r\n", "24cc78b9f66a52b68967ca222565b6bc"),
        ("$-1\r\n", "1972d4347892df19d9aec85ff26e9880"),
        (
            "*3\r\n$3\r\nSET\r\n$3\r\nbar\r\n$5\r\nhello\r\n",
            "cd007f8de60452d009de3337ac448498216685d243b1c56702d55babdd7b73c8768913aa64ed84715dfc60e9ffb6bfd1"
        ),
    ])
    func `payloads are encrypted as seen between nodes`(plain: String, encrypted: String) throws {
        #expect(try cipher.encrypt(bytes(plain)) == hex(encrypted))
        #expect(try cipher.decrypt(hex(encrypted)) == bytes(plain))
    }

    @Test func `another implementation's vector holds`() throws {
        let cipher = DynomiteCipher(
            drawn: hex("1032547698badcfe0123456789abcdeffedcba9876543210efcdab8967452301"), wrappedKey: [],
            chunk: DynomiteKey.standardChunk)
        #expect(
            try cipher.encrypt(bytes("dynomite stage 6 crypto fixture: round-trip me"))
                == hex(
                    "58df2a6da515e8a1e1605aac1eaa7754c4bd6b937682c69150ed9e07b2be3b4aba2fd7c9f7b790af55aabbf0e38ba215"))
    }

    @Test(arguments: [0, 1, 15, 16, 16_319, 16_320, 16_321, 32_640, 40_000])
    func `long payloads are encrypted piece by piece`(length: Int) throws {
        let plain = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let encrypted = try cipher.encrypt(plain)

        #expect(try cipher.decrypt(encrypted) == plain)
        // Pieces begin alike when they are alike: the IV is the same for each.
        if length > 16_320 {
            #expect(
                encrypted.count == length / 16_320 * 16_336
                    + (length % 16_320 == 0 ? 0 : (length % 16_320 / 16 + 1) * 16))
            #expect(Array(encrypted[..<16_336]) == (try cipher.encrypt(Array(plain[..<16_320]))))
        }
    }

    @Test func `what was not encrypted with the key is refused without detail`() throws {
        for payload in [[], [1], [UInt8](repeating: 7, count: 16), [UInt8](repeating: 7, count: 17)] {
            #expect(throws: CipherError()) { try cipher.decrypt(payload) }
        }
    }

    @Test func `a key opens what it wrapped, and nothing else`() throws {
        let key = try DynomiteKey(pem: makePEM())
        let other = try DynomiteKey(pem: makePEM())
        let session = try key.makeSession()
        let opened = try key.openSession(wrappedKey: session.wrappedKey)

        #expect(key.bits == 1024)
        #expect(session.wrappedKey.count == 128)
        #expect(try opened.decrypt(session.encrypt(bytes("hello"))) == bytes("hello"))
        #expect(try key.makeSession().wrappedKey != session.wrappedKey)
        #expect(throws: CipherError()) { try other.openSession(wrappedKey: session.wrappedKey) }
        #expect(throws: CipherError()) { try key.openSession(wrappedKey: [1, 2, 3]) }
        #expect(throws: CipherError()) { try key.openSession(wrappedKey: key.wrap([1, 2, 3])) }
    }

    @Test func `files that hold no usable key are refused`() {
        #expect(throws: LinkKeyError.unreadable) { try DynomiteKey(pem: []) }
        #expect(throws: LinkKeyError.unreadable) { try DynomiteKey(pem: bytes("-----BEGIN RSA PRIVATE KEY-----\n")) }
        #expect(throws: LinkKeyError.tooShort(bits: 512)) { try DynomiteKey(pem: makePEM(bits: 512)) }
    }

    @Test func `links with a key encrypt both directions`() async throws {
        let key = try DynomiteKey(pem: makePEM())
        let node = Node(2)
        defer { node.stop() }
        let address = try await node.listen(ListenerSettings(cipher: key, refusesPlaintext: true))
        let caller = Caller(address, LinkSettings(cipher: key))

        #expect(await caller.isUp())
        for length in [1, 16_320, 100_000] {
            let payload = resp("SET", "k", String(repeating: "x", count: length))
            #expect(await caller.ask(payload) == .success(payload))
        }
        let body = [UInt8](repeating: 9, count: 3_000_000)
        #expect(try await caller.ask(.execute, body).get().body == body)
        #expect(node.counters[.badCiphers] == 0)
    }

    @Test func `keys that differ, and plain text where none is taken, end a link`() async throws {
        let node = Node(2)
        defer { node.stop() }
        let key = try DynomiteKey(pem: makePEM())
        let address = try await node.listen(ListenerSettings(cipher: key, refusesPlaintext: true))
        let plain = Caller(address)
        let stranger = Caller(address, LinkSettings(cipher: try DynomiteKey(pem: makePEM())))

        #expect(await eventually { !plain.downs.isEmpty && !stranger.downs.isEmpty })
        #expect(plain.ups == 0 && stranger.ups == 0)
        #expect(node.requests.isEmpty)
    }

    @Test func `what goes over the wire is what Dynomite sends`() async throws {
        let key = try DynomiteKey(pem: makePEM())
        let (listener, address) = try RawPeer.listening()
        let caller = Caller(address, LinkSettings(cipher: key))
        let peer = try await listener.accept()
        let hello = try #require(try await peer.next())

        #expect(hello.flags == .encrypted && hello.data.count == 128)
        let session = try key.openSession(wrappedKey: hello.data)
        #expect(try HelloRequest(payload: session.decrypt(hello.payload))?.node == 1)
        async let answer = caller.ask(resp("GET", "a"))
        let request = try #require(try await peer.next())
        #expect(request.flags == .encrypted && request.data == Frame.filler)
        #expect(try session.decrypt(request.payload) == resp("GET", "a"))
        let reply = try session.encrypt(bytes("$1\r\nx\r\n"))
        peer.send(Frame(id: request.id, kind: .response, flags: .encrypted, payload: reply))
        #expect(await answer == .success(bytes("$1\r\nx\r\n")))
    }

    @Test func `a plain question is answered in plain text`() async throws {
        let key = try DynomiteKey(pem: makePEM())
        let node = Node(2)
        defer { node.stop() }
        let peer = try RawPeer(connectingTo: try await node.listen(ListenerSettings(cipher: key)))
        let session = try key.makeSession()
        var first = Frame(
            id: 1, kind: .request, flags: .encrypted, data: session.wrappedKey,
            payload: try session.encrypt(resp("GET", "a")))

        peer.send(first)
        let answer = try #require(try await peer.next())
        #expect(answer.flags == .encrypted && answer.data == Frame.filler)
        #expect(try session.decrypt(answer.payload) == resp("GET", "a"))
        peer.send(Frame(id: 2, kind: .request, payload: resp("GET", "b")))
        #expect(try await peer.next() == Frame(id: 2, kind: .response, payload: resp("GET", "b")))
        // Wrapping the key again is allowed, but not without end.
        for id in 3..<40 {
            first.id = UInt64(id)
            peer.send(first)
        }
        #expect(try await peer.isEnded())
        #expect(node.counters[.badCiphers] == 1)
    }
}

@Suite struct LinkEncryptionTests {
    @Test func `each option names its links`() {
        func applies(_ option: LinkEncryption) -> [Bool] {
            [(true, true), (true, false), (false, true), (false, false)].map {
                option.applies(isSameDatacenter: $0, isSameRack: $1)
            }
        }
        #expect(applies(.none) == [false, false, false, false])
        #expect(applies(.rack) == [false, true, true, true])
        #expect(applies(.datacenter) == [false, false, true, true])
        #expect(applies(.all) == [true, true, true, true])
    }
}
