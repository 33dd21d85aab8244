import RingCore
import Testing

@Suite struct ReplicaOrderTests {
    /// Racks a, b, c of dc1; a, b of dc2; a of dc3; one node each.
    private func wide() throws -> RingTopology {
        try topology([
            member(1, "a", [0]), member(2, "b", [0]), member(3, "c", [0]), member(4, "a", [0], in: "dc2"),
            member(5, "b", [0], in: "dc2"), member(6, "a", [0], in: "dc3"),
        ])
    }

    @Test(
        arguments: [
            (0, [1, 2, 3, 4, 5, 6]), (1, [2, 3, 1, 5, 4, 6]), (2, [3, 1, 2, 4, 5, 6]), (3, [4, 5, 6, 1, 2, 3]),
            (4, [5, 4, 6, 2, 3, 1]), (5, [6, 1, 2, 3, 4, 5]),
        ] as [(Int, [UInt64])])
    func `a coordinator tries its own rack, its datacenter, then the others from the pre-selected rack`(
        rack: Int, order: [UInt64]
    ) throws {
        let ring = try wide()
        #expect(ring.ids(ring.preferenceList(of: RangeIndex(0), from: RackIndex(rack))) == order)
    }

    @Test func `the pre-selected rack has the coordinator's place, modulo the racks there`() throws {
        let ring = try wide()
        let places = (0..<6).map { rack in
            (0..<3).map { ring.preselectedRack(of: DatacenterIndex($0), from: RackIndex(rack))?.position }
        }
        #expect(places == [[0, 3, 5], [1, 4, 5], [2, 3, 5], [0, 3, 5], [1, 4, 5], [0, 3, 5]])
    }

    @Test func `a datacenter with nothing but pending racks has no pre-selected one`() throws {
        let ring = try topology([member(1, "a", [0]), member(2, "a", [0], in: "dc2", .pending)])
        #expect(ring.preselectedRack(of: DatacenterIndex(1), from: RackIndex(0)) == nil)
        #expect(ring.executorOrder(of: RangeIndex(0), in: DatacenterIndex(1)).isEmpty)
        #expect(ring.needed(at: .eachSafeQuorum, in: DatacenterIndex(1), for: DatacenterIndex(0)) == 0)
    }

    @Test func `executors are the racks by name, rotated by the hash of the range's end`() throws {
        let ring = try topology(
            ["a", "b", "c"].enumerated().map { i, rack in member(UInt64(i + 1), rack, [0, 1_000, 4_000_000_000]) })
        for range in (0..<3).map({ RangeIndex($0) }) {
            let end = ring.end(of: range).value
            let bytes = [UInt8(end >> 24), UInt8(end >> 16 & 255), UInt8(end >> 8 & 255), UInt8(end & 255)]
            let first = UInt64(KeyHash.standard.token(of: bytes).value % 3)

            #expect(
                ring.ids(ring.executorOrder(of: range, in: DatacenterIndex(0)))
                    == (0..<3).map { 1 + (first + UInt64($0)) % 3 })
        }
    }

    @Test func `executors are spread over the racks`() throws {
        let tokens = (0..<64).map { UInt32($0) << 26 }
        let ring = try topology(["a", "b", "c"].enumerated().map { i, rack in member(UInt64(i + 1), rack, tokens) })
        var counts: [UInt64: Int] = [:]
        for range in 0..<ring.rangeCount {
            counts[ring.ids(ring.executorOrder(of: RangeIndex(range), in: DatacenterIndex(0)))[0], default: 0] += 1
        }
        #expect(counts.values.allSatisfy { $0 > 10 })
    }

    @Test(arguments: [
        (1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 4),
    ])
    func `a quorum is more than half`(replicas: Int, quorum: Int) throws {
        let racks = (1...replicas).map { member(UInt64($0), "rack\($0)", [0]) }
        let ring = try topology(racks + [member(99, "a", [0], in: "dc2")])
        let (home, other) = (DatacenterIndex(0), DatacenterIndex(1))

        #expect(Quorum.majority(of: replicas) == quorum)
        #expect(
            ConsistencyLevel.allCases.map { ring.needed(at: $0, in: home, for: home) } == [1, quorum, quorum, quorum])
        #expect(ConsistencyLevel.allCases.map { ring.needed(at: $0, in: other, for: home) } == [0, 0, 0, 1])
    }

    @Test func `levels are named in any case`() {
        for level in ConsistencyLevel.allCases {
            #expect(ConsistencyLevel(name: level.name) == level)
            #expect(ConsistencyLevel(name: level.name.lowercased()) == level)
        }
        #expect(ConsistencyLevel(name: "QUORUM") == nil)
        #expect(ConsistencyLevel.allCases.map(\.rawValue) == [0, 1, 2, 3])
    }
}

@Suite struct NodeIdentityTests {
    @Test func `a node's own id is never zero and never looks derived`() {
        for bits: UInt64 in [0, 1, 1 << 63, .max, 42] {
            let id = NodeID(random: bits)
            #expect(id.value != 0)
            #expect(!id.isDerived)
        }
    }

    @Test func `a node without an id is known by its place`() {
        let id = NodeID(ofNodeIn: "dc1", rack: "r1", firstToken: Token(7))
        #expect(id.isDerived)
        #expect(id == NodeID(ofNodeIn: "dc1", rack: "r1", firstToken: Token(7)))
        #expect(id != NodeID(ofNodeIn: "dc1r", rack: "1", firstToken: Token(7)))
        #expect(id != NodeID(ofNodeIn: "dc1", rack: "r1", firstToken: Token(8)))
    }

    @Test func `an id is written as 16 digits and read back`() {
        for value: UInt64 in [1, 0xabc, .max] { #expect(NodeID(NodeID(value).description) == NodeID(value)) }
        #expect(NodeID(10).description == "000000000000000a")
        for text in ["", "a", "+00000000000000a", "000000000000000g", "0000000000000000a"] {
            #expect(NodeID(text) == nil)
        }
    }

    @Test(
        arguments: [
            ("10.0.0.1:8101", "10.0.0.1", 8101), ("[::1]:8101", "::1", 8101), ("::1:8101", "::1", 8101),
            ("a:1", "a", 1),
        ] as [(String, String, UInt16)])
    func `an address is a host and a port`(text: String, host: String, port: UInt16) throws {
        let address = try #require(NodeAddress(text))
        #expect(address == NodeAddress(host: host, port: port))
        #expect(NodeAddress(address.description) == address)
    }

    @Test(arguments: ["", ":", "a", "a:", ":1", "a:0", "a:65536", "a:x", "a:+1", "a b:1", "[]:1", "[::1:8"])
    func `anything else is no address`(text: String) {
        #expect(NodeAddress(text) == nil)
    }
}
