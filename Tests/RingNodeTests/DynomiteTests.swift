// Sharing a ring with Netflix's Dynomite: Tests/Interop/README.md says how to get its program.

import NIOCore
import RingCore
import Testing

@testable import RingNode

@Suite(
    .serialized,
    .enabled(if: dynomitePath != nil, "RINGSEARCH_DYNOMITE names no program of Dynomite: see Tests/Interop/README.md"))
struct DynomiteTests {
    /// One of Dynomite's nodes in a ring with two of ours: rack2 of its datacenter, and rack1 of another.
    private struct Ring {
        let near = MemoryStore()
        let far = MemoryStore()
        let nearNode: Node
        let farNode: Node
        let nearAddress: NodeAddress
        let dynomite: DynomiteNode
        let caller: Caller

        init(isEncrypted: Bool) async throws {
            let pem = isEncrypted ? makePEM() : nil
            let key = try pem.map { try DynomiteKey(pem: $0) }
            nearNode = Node(2, answer: near.answer)
            farNode = Node(3, answer: far.answer)
            let settings = ListenerSettings(cipher: key, refusesPlaintext: isEncrypted)
            nearAddress = try await nearNode.listen(settings)
            let farAddress = try await farNode.listen(settings)
            dynomite = try await DynomiteNode(
                seeds: [
                    "127.0.0.1:\(nearAddress.port):rack2:dc1:0", "127.0.0.1:\(farAddress.port):rack1:dc2:0",
                ], pem: pem)
            caller = Caller(dynomite.peers, LinkSettings(cipher: key))
        }

        func stop() {
            caller.link.stop()
            nearNode.stop()
            farNode.stop()
        }
    }

    @Test(arguments: [false, true])
    func `Dynomite carries out what a link asks, and is no RingSearch node`(isEncrypted: Bool) async throws {
        let ring = try await Ring(isEncrypted: isEncrypted)
        defer { ring.stop() }
        #expect(await ring.caller.isUp())
        #expect(ring.caller.log == [.up(.older)])

        #expect(await ring.caller.ask(resp("SET", "foo", "bar")) == .success(bytes("+OK\r\n")))
        #expect(await ring.caller.ask(resp("GET", "foo")) == .success(bytes("$3\r\nbar\r\n")))
        #expect(await ring.caller.ask(resp("GET", "nokey")) == .success(bytes("$-1\r\n")))
        #expect(await ring.caller.ask(.read, []) == .failure(.notUnderstood))
        // It ran them on its own store and told nobody.
        #expect(ring.near.seen.isEmpty && ring.far.seen.isEmpty)
    }

    @Test(arguments: [false, true])
    func `a client's write reaches our nodes in their own way`(isEncrypted: Bool) async throws {
        let ring = try await Ring(isEncrypted: isEncrypted)
        defer { ring.stop() }
        #expect(await eventually { ring.nearNode.linkCount > 0 && ring.farNode.linkCount > 0 })

        // A quorum of two racks: Dynomite's answer needs ours.
        let set = try await ring.dynomite.ask(resp("SET", "bar", "hello"))
        #expect(set == "+OK\r\n")
        #expect(ring.near.value("bar") == bytes("hello"))
        #expect(await eventually { ring.far.value("bar") == bytes("hello") })
        #expect(ring.near.seen == ["receiverOnly 1 SET bar"])
        #expect(ring.far.seen == ["datacenter 0 SET bar"])
        #expect(try await ring.dynomite.ask(resp("GET", "bar")) == "$5\r\nhello\r\n")
        #expect(ring.near.seen.last == "receiverOnly 1 GET bar")
        let deleted = try await ring.dynomite.ask(resp("DEL", "bar"))
        // Where it finds answers unequal, it looks for elements in them, and answers a DEL with an empty array.
        #expect(deleted == (isEncrypted ? "*-1\r\n" : ":1\r\n"))
        #expect(ring.near.value("bar") == nil)
    }

    @Test func `a link can send to all racks of Dynomite's datacenter`() async throws {
        let ring = try await Ring(isEncrypted: false)
        defer { ring.stop() }
        let caller = Caller(ring.dynomite.peers, LinkSettings(isSameDatacenter: false))
        #expect(await caller.isUp())
        #expect(await eventually { ring.nearNode.linkCount > 0 })

        #expect(await caller.ask(resp("SET", "k", "v"), .datacenterEntry) == .success(bytes("+OK\r\n")))
        #expect(await eventually { ring.near.value("k") == bytes("v") })
        #expect(ring.near.seen == ["receiverOnly 1 SET k"])
    }

    @Test(arguments: [false, true])
    func `long values pass both ways`(isEncrypted: Bool) async throws {
        let ring = try await Ring(isEncrypted: isEncrypted)
        defer { ring.stop() }
        #expect(await ring.caller.isUp())
        #expect(await eventually { ring.nearNode.linkCount > 0 })

        for length in [16_000, 16_320, 40_000, 100_000] {
            let value = String(repeating: "x", count: length)
            let reply = "$\(length)\r\n\(value)\r\n"
            #expect(await ring.caller.ask(resp("SET", "long", value)) == .success(bytes("+OK\r\n")))
            #expect(await ring.caller.ask(resp("GET", "long")) == .success(bytes(reply)))
            #expect(try await ring.dynomite.ask(resp("SET", "long2", value)) == "+OK\r\n")
            #expect(ring.near.value("long2")?.count == length)
            #expect(try await ring.dynomite.ask(resp("GET", "long2")) == reply)
        }
    }

    @Test(arguments: [false, true])
    func `many requests at once are each answered with their own`(isEncrypted: Bool) async throws {
        let ring = try await Ring(isEncrypted: isEncrypted)
        defer { ring.stop() }
        let caller = ring.caller
        #expect(await caller.isUp())

        let right = await withTaskGroup(of: Bool.self) { group in
            for i in 0..<500 {
                group.addTask {
                    let set = await caller.ask(resp("SET", "k\(i)", "v\(i)"))
                    let value = "v\(i)"
                    let get = await caller.ask(resp("GET", "k\(i)"))
                    return set == .success(bytes("+OK\r\n"))
                        && get == .success(bytes("$\(value.count)\r\n\(value)\r\n"))
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(right == 500)
        #expect(caller.counters[.unknownAnswers] == 0)
    }

    @Test func `gossip is taken and never answered`() async throws {
        let ring = try await Ring(isEncrypted: false)
        defer { ring.stop() }
        #expect(await ring.caller.isUp())

        let now = UInt64(1_795_410_776)
        ring.caller.link.heartbeat(
            .entries([
                GossipTextEntry(
                    datacenter: "dc1", rack: "rack2", token: 0, seconds: now, state: .normal, address: "127.0.0.1")
            ]))
        #expect(await ring.caller.ask(resp("SET", "foo", "bar")) == .success(bytes("+OK\r\n")))
        #expect(ring.dynomite.isRunning)
        #expect(ring.caller.counters[.ignoredFrames] == 0)
    }

    @Test func `Dynomite uses us again after a restart`() async throws {
        let ring = try await Ring(isEncrypted: false)
        defer { ring.stop() }
        #expect(await eventually { ring.nearNode.linkCount > 0 })
        ring.nearNode.stop()
        #expect(await eventually { ring.nearNode.linkCount == 0 })
        let missed = try await ring.dynomite.ask(resp("SET", "a", "1"))
        #expect(missed.hasPrefix("-ERR"))

        let back = Node(4, answer: ring.near.answer)
        _ = try await back.listen(port: Int(ring.nearAddress.port))
        defer { back.stop() }
        // It tries after one second, then two, then four.
        #expect(await eventually { back.linkCount > 0 })
        #expect(try await ring.dynomite.ask(resp("SET", "b", "2")) == "+OK\r\n")
        #expect(ring.near.value("b") == bytes("2"))
    }
}
