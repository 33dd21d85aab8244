import RingCore
import Testing

@Suite struct SeedTests {
    @Test(
        arguments: [
            ("10.0.0.2:8101:rack1:dc1:1431655765", "10.0.0.2:8101", "rack1", "dc1", [1_431_655_765]),
            ("[fd00::2]:8101:r:d:5,3", "[fd00::2]:8101", "r", "d", [3, 5]),
            ("fd00::2:8101:r:d:5", "[fd00::2]:8101", "r", "d", [5]), ("host:1:r:d:0 spare", "host:1", "r", "d", [0]),
        ] as [(String, String, String, String, [UInt32])])
    func `a seed is split from the right`(
        text: String, address: String, rack: String, datacenter: String, tokens: [UInt32]
    ) throws {
        let seed = try SeedEntry(text)
        #expect(seed.address.description == address)
        #expect(seed.rack == rack)
        #expect(seed.datacenter == datacenter)
        #expect(seed.tokens.map(\.value) == tokens)
        #expect(try SeedEntry(seed.description) == seed)
    }

    @Test(arguments: [
        ("", "is no seed: host:port:rack:dc:tokens"), ("a:1:r:d", "is no seed: host:port:rack:dc:tokens"),
        ("a:1:r:d:0 b c", "is no seed: host:port:rack:dc:tokens"),
        (":1:r:d:0", "':1' is no address of a node: host:port"),
        ("a:0:r:d:0", "'a:0' is no address of a node: host:port"), ("a:1::d:0", "'' cannot be the name of a rack"),
        ("a:1:r$:d:0", "'r$' cannot be the name of a rack"), ("a:1:r::0", "'' cannot be the name of a datacenter"),
        ("a:1:r:d:", "a token is missing"), ("a:1:r:d:x", "token 'x' is not a decimal number"),
        ("a:1:r:d:-1", "token '-1' is negative: tokens are 0 to 4294967295"),
        ("a:1:r:d:4294967296", "token '4294967296' is above 4294967295"),
    ])
    func `what is no seed is refused with a reason`(text: String, reason: String) {
        #expect(throws: SeedError(text, reason)) { try SeedEntry(text) }
    }

    @Test func `several seeds have bars between`() throws {
        let seeds = try SeedEntry.list("a:1:r:d:0| b:1:r:d:1 ||")
        #expect(seeds.map(\.address.host) == ["a", "b"])
        #expect(try SeedEntry.list("") == [])
        #expect(try SeedEntry.list("a:1:r:d:12345678901", reading: .asDynomite)[0].tokens == [Token(2_733_099_390)])
    }

    @Test func `hosts may share a place`() throws {
        let seeds = try SeedEntry.list(hosts: ["10.0.0.1", "fd00::1"], place: "8101:r:d:7")
        #expect(seeds.map(\.description) == ["10.0.0.1:8101:r:d:7", "[fd00::1]:8101:r:d:7"])
        #expect(throws: SeedError.self) { try SeedEntry.list(hosts: ["a"], place: "r:d:7") }
    }

    @Test func `a seed is a member under a name that all nodes give it`() throws {
        let member = try SeedEntry("a:1:r:d:7,5").member(kind: .dynomite)
        #expect(member.id == NodeID(ofNodeIn: "d", rack: "r", firstToken: Token(5)))
        #expect(member.kind == .dynomite)
        #expect(try SeedEntry("a:1:r:d:7").member(id: NodeID(9)).id == NodeID(9))
    }

    // MARK: Florida

    private func answer(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `Florida is asked as Dynomite asks`() {
        #expect(
            FloridaSeeds.request(host: "127.0.0.1", path: "/REST/v1/admin/get_seeds")
                == answer("GET /REST/v1/admin/get_seeds HTTP/1.0\r\nHost: 127.0.0.1\r\nUser-Agent: HTMLGET 1.0\r\n\r\n")
        )
    }

    @Test func `Florida's answer is one line of seeds`() throws {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n127.0.0.92:8101:rack1:dc1:5|127.0.0.93:8101:rack2:dc1:0"
        for end in ["", "\n", "\r\n"] {
            #expect(try FloridaSeeds.entries(in: answer(text + end)).map(\.rack) == ["rack1", "rack2"])
        }
        #expect(try FloridaSeeds.entries(in: answer("HTTP/1.0 200 OK\r\n\r\n")) == [])
    }

    @Test func `other answers are refused`() {
        let cases: [(String, SeedAnswerError)] = [
            ("", .notOK("")), ("HTTP/1.1 404 Not Found\r\n\r\n", .notOK("HTTP/1.1 404 Not Found")),
            ("HTTP/1.1 200 OK\r\n", .malformed),
            ("HTTP/1.1 200 OK\r\n\r\nx", .entry(SeedError("x", "is no seed: host:port:rack:dc:tokens"))),
        ]
        for (text, error) in cases { #expect(throws: error) { try FloridaSeeds.entries(in: answer(text)) } }
        #expect(throws: SeedAnswerError.malformed) { try FloridaSeeds.entries(in: [0xff]) }
        #expect(throws: SeedAnswerError.tooLong(65_537)) {
            try FloridaSeeds.entries(in: Array(repeating: 65, count: 65_537))
        }
    }
}

@Suite struct DNSTests {
    /// An answer to one question, with these records.
    private func answer(
        id: UInt16 = 7, flags: UInt16 = 0x8180, _ records: [(type: UInt16, data: [UInt8])]
    ) throws -> [UInt8] {
        func bytes(_ word: UInt16) -> [UInt8] { [UInt8(word >> 8), UInt8(word & 255)] }
        var message = bytes(id) + bytes(flags) + bytes(1) + bytes(UInt16(records.count)) + [0, 0, 0, 0]
        message += try #require(DNSMessage.query("_dynomite.example", .txt, id: id)).dropFirst(12)
        for record in records {
            message += [0xc0, 12] + bytes(record.type) + [0, 1, 0, 0, 0, 60]
            message += bytes(UInt16(record.data.count)) + record.data
        }
        return message
    }

    private func string(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + text.utf8 }

    @Test func `a question has the bytes of RFC 1035`() {
        #expect(
            DNSMessage.query("a.bc", .txt, id: 0x0102)
                == [1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 2, 0x62, 0x63, 0, 0, 16, 0, 1])
        for name in ["", ".", "a..b", "a.", String(repeating: "x", count: 64), "a b"] {
            #expect(DNSMessage.query(name, .a, id: 1) == nil)
        }
    }

    @Test func `text records are seeds`() throws {
        let message = try answer([
            (16, string("a:1:r:d:") + string("0|b:1:r2:d:0")), (5, [0]), (16, string("c:1:r3:d:0")),
        ])
        #expect(try DNSSeeds.entries(inTextRecords: message, id: 7).map(\.address.host) == ["a", "b", "c"])
    }

    @Test func `address records are seeds of one place`() throws {
        let message = try answer([(1, [10, 0, 0, 1]), (1, [10, 0, 0, 2])])
        let seeds = try DNSSeeds.entries(inAddressRecords: message, id: 7, place: "8101:r:d:0")
        #expect(seeds.map(\.description) == ["10.0.0.1:8101:r:d:0", "10.0.0.2:8101:r:d:0"])
    }

    @Test func `what is no answer is refused`() throws {
        let fine = try answer([(16, string("a:1:r:d:0"))])
        #expect(throws: DNSError.otherID(7)) { try DNSMessage.records(of: fine, id: 8) }
        #expect(throws: DNSError.truncated) { try DNSMessage.records(of: try answer(flags: 0x8380, []), id: 7) }
        #expect(throws: DNSError.refused(3)) { try DNSMessage.records(of: try answer(flags: 0x8183, []), id: 7) }
        #expect(throws: DNSError.malformed) { try DNSMessage.records(of: try answer(flags: 0x0180, []), id: 7) }
        #expect(throws: DNSError.malformed) { try DNSMessage.records(of: try answer([(16, [9, 65])]), id: 7) }
        #expect(throws: DNSError.malformed) { try DNSMessage.records(of: try answer([(1, [1, 2, 3])]), id: 7) }
        for length in 0..<fine.count {
            #expect(throws: DNSError.malformed) { try DNSMessage.records(of: Array(fine.prefix(length)), id: 7) }
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `answers of chance do no harm`(seed: UInt64) throws {
        var chance = Chance(seed: seed)
        var message = try answer([(16, string("a:1:r:d:0")), (1, [1, 2, 3, 4])])
        for _ in 0..<Int.random(in: 1...6, using: &chance) {
            message[Int.random(in: 2..<message.count, using: &chance)] = UInt8.random(in: 0...255, using: &chance)
        }
        _ = try? DNSMessage.records(of: message, id: 7)  // being refused is a fine end
    }
}
