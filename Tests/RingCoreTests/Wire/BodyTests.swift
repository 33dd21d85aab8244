import Testing

@testable import RingCore

@Suite struct BodyTests {
    /// Bytes of a message, field by field, against its value.
    private func check<Body: WireBody>(
        _ body: Body, is golden: String, endIsOpen: Bool = false, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let bytes = hex(golden)
        #expect(hex(body.encoded) == hex(bytes), sourceLocation: location)
        #expect(try Body(bytes) == body, sourceLocation: location)
        // Cut anywhere, it is refused; fields of a later version are passed over.
        if !endIsOpen {
            for length in bytes.indices {
                #expect(throws: WireError.self, sourceLocation: location) { _ = try Body(Array(bytes[..<length])) }
            }
            #expect(try Body(bytes + [1, 2, 3]) == body, sourceLocation: location)
        }
    }

    private let seven = "0700000000000000"
    private let version = Version(stamp: 0x0123_4567_89ab_cdef, node: 7)
    private let versionBytes = "0123456789abcdef 0000000000000007"

    @Test func `READ and its reply have their bytes`() throws {
        try check(
            Read(want: .digest, timeLeft: 500, commands: [[Array("GET".utf8), Array("k".utf8)]]),
            is: "01 f4010000 01 02 03474554 016b")
        try check(
            ReadReply(entries: [
                .init(status: 4, digest: 1, newest: version, expiry: 0x1_0000_0001, reply: Array("$-1\r\n".utf8))
            ]), is: "01 04 0100000000000000 \(versionBytes) 0100000001000000 05242d310d0a")
    }

    @Test func `EXECUTE and its reply have their bytes`() throws {
        try check(
            Execute(
                flags: .insist, level: 1, timeLeft: 500, requestID: version,
                preconditions: [.init(key: [0x6b], version: version)],
                commands: [[Array("INCR".utf8), Array("k".utf8)]]),
            is: "01 01 f4010000 \(versionBytes) 01 016b \(versionBytes) 01 02 04494e4352 016b")
        try check(ExecuteReply(status: .done, reply: Array(":1\r\n".utf8)), is: "00 043a310d0a")
        try check(ExecuteReply(status: .notExecutor(7)), is: "02 \(seven) 00")
        for number in UInt8(3)...9 {
            let reply = try ExecuteReply([number, 0])
            #expect(reply.status.number == number)
        }
    }

    @Test func `FEED and its reply have their bytes`() throws {
        try check(
            Feed(
                mode: .barrier, feed: 7, positions: [.init(lane: 1, from: 9, confirmed: 8)], maximumBytes: 0x10_0000),
            is: "02 \(seven) 01 01 0900000000000000 0800000000000000 00001000")
        let entries = FeedReply.encode(
            fingerprints: [[.init(lsn: 10, values: [5]), .init(lsn: 310, values: [])]], from: [9])
        #expect(hex(entries) == "02" + "01" + "01" + "0500000000000000" + "ac02" + "00")
        let reply = FeedReply(
            status: .ok, feed: 7, stamp: 6, lanes: [.init(lane: 1, to: 310, head: 311)], entries: entries)
        try check(
            reply,
            is: "00 \(seven) 0600000000000000 01 01 3601000000000000 3701000000000000" + hex(entries),
            endIsOpen: true)
        #expect(
            try reply.fingerprints(from: [9]) == [[.init(lsn: 10, values: [5]), .init(lsn: 310, values: [])]])
    }

    @Test func `a feed whose numbers do not rise is refused`() throws {
        var reply = FeedReply(status: .ok, feed: 7, stamp: 6, lanes: [.init(lane: 0, to: 1, head: 1)])
        reply.entries = [1, 0, 0]
        #expect(throws: WireError.invalidValue) { try reply.fingerprints(from: [9]) }
        reply.entries = [1, 1, 0]
        #expect(throws: WireError.invalidValue) { try reply.fingerprints(from: [UInt64.max]) }
        #expect(throws: WireError.invalidValue) { try reply.fingerprints(from: []) }
        reply.entries = [0xff, 0xff, 0xff, 0xff, 0x0f, 1]
        #expect(throws: WireError.countTooLarge) { try reply.fingerprints(from: [0]) }
    }

    @Test func `states of a feed come with their numbers`() throws {
        let entries = FeedReply.encode(states: [[(lsn: 3, item: [9])], []]) { (item: [UInt8], writer) in
            writer.lp(item)
        }
        let reply = FeedReply(
            status: .ok, feed: 1, stamp: 1,
            lanes: [.init(lane: 0, to: 3, head: 3), .init(lane: 1, to: 0, head: 0)], entries: entries)
        let states = try reply.states { (reader) throws(WireError) in try reader.lp() }

        #expect(hex(entries) == "01" + "0300000000000000" + "0109" + "00")
        #expect(states.map { $0.map(\.lsn) } == [[3], []])
        #expect(states[0][0].item == [9])
    }

    @Test func `RANGE and its reply have their bytes`() throws {
        try check(
            RangeRequest(epoch: 2, rangeEnd: 0x5555_5555, after: [0x6b], maximumBytes: 0x10_0000),
            is: "02000000 55555555 00 016b 00001000")
        #expect(throws: WireError.unknownCode(1)) { _ = try RangeRequest(hex("02000000 55555555 01 016b 00001000")) }
        let reply = RangeReply(entries: [.init(key: [0x6b], recordHash: 7)], end: .done)
        try check(reply, is: "016b \(seven) 01", endIsOpen: true)
        try check(RangeReply(entries: [], end: .notOwner), is: "02", endIsOpen: true)
        for length in 2..<reply.encoded.count {
            #expect(throws: WireError.self) { _ = try RangeReply(Array(reply.encoded[..<length])) }
        }
        #expect(throws: WireError.truncated) { _ = try RangeReply([]) }
    }

    @Test func `DEF_READ and its reply have their bytes`() throws {
        let entry = DefinitionEntry(epoch: 7, proposal: version, version: .zero, kind: 3, body: [9])
        let entryBytes = "\(seven) \(versionBytes) 00000000000000000000000000000000 03 0109"
        try check(DefinitionRead(after: 7, maximumBytes: 1), is: "\(seven) 01000000")
        try check(DefinitionReadReply(newest: 7, entries: [entry]), is: "\(seven) 00 01 \(entryBytes)")
        try check(
            DefinitionReadReply(newest: 7, snapshot: .init(epoch: 7, bytes: [1, 2]), entries: []),
            is: "\(seven) 01 \(seven) 020102 00")
    }

    @Test func `votes have their bytes`() throws {
        let entry = DefinitionEntry(epoch: 7, proposal: version, version: version, kind: 3, body: [])
        let entryBytes = "\(seven) \(versionBytes) \(versionBytes) 03 00"
        let two = "0200000000000000"
        try check(
            DefinitionVoteRequest(.init(step: .prepare, epoch: 7, ballot: .init(round: 2, node: 7))),
            is: "01 \(seven) \(two) \(seven) 00")
        try check(
            DefinitionVoteReply(
                .init(
                    step: .promise, epoch: 7, ballot: .init(round: 2, node: 7), acceptedBallot: .zero, entry: entry)),
            is: "02 \(seven) \(two) \(seven) 03 0000000000000000 0000000000000000 \(entryBytes)")
        for step in DefinitionVote.Step.allCases {
            let vote = DefinitionVote(step: step, epoch: 1, ballot: .zero, entry: entry)
            #expect(try DefinitionVoteReply(DefinitionVoteReply(vote).encoded).vote == vote)
        }
        #expect(DefinitionVote.Ballot(round: 1, node: 9) < .init(round: 2, node: 1))
    }

    @Test func `PROBE and its reply have their bytes`() throws {
        try check(Probe(way: .indirect, target: 7, timeLeft: 500), is: "01 \(seven) f4010000")
        try check(ProbeReply(outcome: .notReached, target: 7, incarnation: 3), is: "01 \(seven) 03000000")
    }

    @Test func `GOSSIP has its bytes, and a longer record of a later version is understood`() throws {
        var capabilities = Capabilities()
        capabilities.set("a", 1)
        let record = GossipRecord(
            node: 7, incarnation: 3, state: .suspect, datacenter: "d", rack: "r",
            addresses: [.init(.peer, host: "h", port: 8101)], servingVersion: 4, servingBitmap: [0xff],
            definitionEpoch: 5, capabilities: capabilities, figures: [.init(number: 1, value: 300)])
        let fields =
            seven + "03000000" + "02" + "0164" + "0172" + "01" + "00" + "0168" + "a51f" + "04000000" + "01ff"
            + "05000000"
            + "0f" + "01" + "01000000" + "0100" + "61" + "0100" + "01000000" + "31" + "01" + "01" + "ac02"
        let length = String(fields.count / 2, radix: 16)
        try check(Gossip(records: [record]), is: "01" + length + fields)
        try check(GossipReply(records: []), is: "00")

        let longer = String(fields.count / 2 + 2, radix: 16)
        #expect(try Gossip(hex("01" + longer + fields + "beef")).records == [record])
    }

    @Test func `counts that the rest cannot hold take no memory`() {
        #expect(throws: WireError.countTooLarge) { _ = try Gossip(hex("ffffffffff7f 00")) }
        #expect(throws: WireError.countTooLarge) { _ = try Read(hex("00 00000000 ffffffff0f 00")) }
        #expect(throws: WireError.numberTooLarge) { _ = try Read(hex("00 00000000 ffffffffffffffffff02")) }
        #expect(throws: WireError.countTooLarge) { _ = try ExecuteReply(hex("00 ffffffffffffffffff01")) }
        #expect(throws: WireError.invalidValue) { _ = try Read(hex("00 00000000 01 00 00")) }
    }

    @Test func `random bytes are read or refused`() {
        var state: UInt64 = 0xb0d1
        func random() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 40)
        }
        for _ in 0..<3_000 {
            let bytes = (0..<Int(random() & 63)).map { _ in random() & (random() | 3) & 31 }
            AnyBody.all.forEach { $0(bytes) }
        }
    }
}

/// Every body, as something that reads bytes and must survive it.
enum AnyBody {
    static let all: [@Sendable ([UInt8]) -> Void] = [
        read(Gossip.self), read(GossipReply.self), read(Probe.self), read(ProbeReply.self), read(Read.self),
        read(ReadReply.self), read(Execute.self), read(ExecuteReply.self), read(Feed.self), read(FeedReply.self),
        read(RangeRequest.self), read(RangeReply.self), read(DefinitionRead.self), read(DefinitionReadReply.self),
        read(DefinitionVoteRequest.self), read(DefinitionVoteReply.self),
    ]

    private static func read<Body: WireBody>(_: Body.Type) -> @Sendable ([UInt8]) -> Void {
        { bytes in
            // Being refused is a fine end.
            guard let body = try? Body(bytes) else { return }
            let again = try? Body(body.encoded)
            #expect(again == body)
        }
    }
}

@Suite struct HelloTests {
    @Test func `the question is a request that any store can answer`() throws {
        let request = HelloRequest(node: 0xabc)

        #expect(request.payload == resp("GET", "__ringsearch:hello:0000000000000abc"))
        #expect(HelloRequest(payload: request.payload) == request)
        #expect(HelloRequest(payload: resp("GET", "__ringsearch:hello:0000000000000abC")) == nil)
        #expect(HelloRequest(payload: resp("GET", "__ringsearch:hello:0000000000000abc", "x")) == nil)
        #expect(HelloRequest(payload: resp("GET", "foo")) == nil)
        #expect(HelloRequest(payload: []) == nil)
    }

    @Test func `the answer of a node of our kind says who it is`() throws {
        var capabilities = Capabilities()
        capabilities["search"] = [Array("1".utf8), Array("2".utf8)]
        let hello = Hello(
            ring: "books", node: UInt64.max, incarnation: 3, definitionEpoch: 9, storeDumpVersion: 10,
            capabilities: capabilities)

        #expect(Hello.parse(reply: hello.payload) == .ringSearch(hello))
        #expect(hello.canTalk)
        var later = hello
        later.frameVersions = 2...3
        #expect(!later.canTalk)
    }

    @Test(arguments: [
        "$-1\r\n", "", "$", "+OK\r\n", "-ERR x\r\n", "$3\r\nRS1\r\n", "$4\r\nRS1\u{2}\r\n", "$3\r\nabc\r\n",
        "$99\r\nRS1\r\n",
        "$\r\n\r\n", "$8\r\nRS1\u{1}\u{0}\u{0}\u{0}\u{0}\r\n", "$8\r\nRS1\u{1}\u{7f}\u{7f}\u{7f}\u{7f}\r\n",
    ])
    func `every other answer means an older node`(reply: String) {
        #expect(Hello.parse(reply: Array(reply.utf8)) == .other)
    }

    @Test func `capabilities are bounded and keep their bytes`() throws {
        var capabilities = Capabilities()
        capabilities["b"] = [[1], []]
        capabilities["a"] = []
        var writer = WireWriter()
        capabilities.encode(into: &writer)
        var reader = WireReader(writer.bytes)

        #expect(
            hex(writer.bytes)
                == "01" + "02000000" + "0100" + "61" + "0000" + "0100" + "62" + "0200" + "01000000" + "01" + "00000000")
        #expect(try Capabilities(from: &reader) == capabilities)
        for bytes in ["02 00000000", "01 01040000", "01 01000000 0101", "01 01000000 0100 61 0100 01400000 00"] {
            #expect(throws: WireError.self) {
                var reader = WireReader(hex(bytes))
                _ = try Capabilities(from: &reader)
            }
        }
    }
}
