import Testing

@testable import RingCore

@Suite struct MessageTests {
    private func again<Body: WireBody>(_ body: Body) throws -> Body { try Body(body.encoded) }

    @Test func `writes survive the wire`() throws {
        for seed in UInt64(1)...300 {
            var chance = Chance(seed: seed)
            let body = Replicate(
                mode: chance.pick([.write, .merge, .relay]), level: 2, wantsReplies: chance.chance(50), timeLeft: 500,
                items: (0..<chance.below(4)).map { _ in Item.random(&chance) })
            #expect(try again(body) == body)
        }
    }

    @Test func `a write without items has these bytes`() {
        let body = Replicate(mode: .merge, level: 3, wantsReplies: true, timeLeft: 258, items: [])
        #expect(body.encoded == [1, 3, 1, 2, 1, 0, 0, 0])
    }

    @Test func `answers survive the wire`() throws {
        let statuses = ReplicateReply.statuses([
            .init(.applied), .init(.storeError, reply: "OOM".octets), .init(.useExecutor),
        ])
        #expect(try again(statuses) == statuses)
        #expect(statuses.encoded == [0, 3, 0, 7, 3] + "OOM".octets + [9])
        let replies = ReplicateReply.replies([.init(.superseded, reply: ":1\r\n".octets)])
        #expect(try again(replies) == replies)
        let relayed = ReplicateReply.relayed([[.init(node: 7, status: .applied), .init(node: 8, status: .busy)], []])
        #expect(try again(relayed) == relayed)
        #expect(throws: WireError.unknownCode(8)) { try ReplicateReply([0, 1, 8]) }
    }

    @Test func `questions for states and their answers survive the wire`() throws {
        let request = StateRequest([.key("k".octets), .place(FeedPlace(lane: 1, lsn: 5, index: 300))])
        #expect(try again(request) == request)
        #expect(request.encoded == [2, 0, 1, 0x6b, 1, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0xac, 2])
        for seed in UInt64(1)...300 {
            var chance = Chance(seed: seed)
            let reply = StateReply((0..<chance.below(4)).map { _ in Item.random(&chance) })
            #expect(try again(reply) == reply)
        }
    }

    @Test func `bytes without sense are refused`() {
        for seed in UInt64(1)...2_000 {
            var chance = Chance(seed: seed)
            var bytes = Replicate(mode: .write, level: 1, timeLeft: 1, items: [Item.random(&chance)]).encoded
            for _ in 0...chance.below(3) where !bytes.isEmpty {
                if chance.chance(50) {
                    bytes[chance.below(bytes.count)] = UInt8(truncatingIfNeeded: chance.next())
                } else {
                    bytes.removeLast(1 + chance.below(bytes.count))
                }
            }
            // What is read after all is written and read again as the same.
            if let body = try? Replicate(bytes) { #expect((try? again(body)) == body, "seed \(seed)") }
            if let body = try? ReplicateReply(bytes) { #expect((try? again(body)) == body, "seed \(seed)") }
            if let body = try? StateRequest(bytes) { #expect((try? again(body)) == body, "seed \(seed)") }
            if let body = try? StateReply(bytes) { #expect((try? again(body)) == body, "seed \(seed)") }
        }
    }
}
