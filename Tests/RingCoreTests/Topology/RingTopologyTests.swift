import RingCore
import Testing

/// A member of `dc1` unless said otherwise, at an address of its own.
func member(
    _ id: UInt64, _ rack: String, _ tokens: [UInt32], in datacenter: String = "dc1",
    _ status: RingMember.Status = .active
) -> RingMember {
    RingMember(
        id: NodeID(id), datacenter: datacenter, rack: rack, tokens: tokens.map { Token($0) }, status: status,
        address: NodeAddress(host: "10.0.0.\(id)", port: 8101))
}

func topology(_ members: [RingMember], epoch: UInt32 = 1) throws -> RingTopology {
    try RingTopology(epoch: epoch, members: members)
}

extension RingTopology {
    /// Ids of the members of a list.
    func ids(_ replicas: some Sequence<Replica>) -> [UInt64] { replicas.map { self[$0.member].id.value } }

    func id(of index: MemberIndex?) -> UInt64? { index.map { self[$0].id.value } }
}

@Suite struct RingTopologyTests {
    private static let three = [
        member(1, "rack1", [0]), member(2, "rack1", [1_431_655_765]), member(3, "rack1", [2_863_311_530]),
    ]

    @Test(
        arguments: [
            ("foo", 1), ("bar", 2), ("doc:1", 1), ("doc:2", 1), ("doc:3", 3), ("user:1000", 3), ("abc", 3), ("a", 2),
            ("", 1), ("b", 3), ("c", 2), ("ab", 1), ("abcd", 1), ("hello", 2), ("user1", 2), ("key:000000000001", 2),
            ("idx:doc:42", 3), ("the quick brown fox jumps over the lazy dog", 3),
        ] as [(String, UInt64)])
    func `keys are where Dynomite puts them`(key: String, owner: UInt64) throws {
        let ring = try topology(Self.three)
        let token = KeyHash.standard.token(of: key)

        #expect(ring.ids(ring.replicas(of: ring.range(of: token))) == [owner])
        #expect(ring.id(of: ring.racks[0].continuum.owner(of: token)) == owner)
    }

    @Test(
        arguments: [
            (0, 1), (1, 2), (1_431_655_765, 2), (1_431_655_766, 3), (2_863_311_530, 3), (2_863_311_531, 1),
            (4_294_967_295, 1),
        ] as [(UInt32, UInt64)])
    func `a token belongs to the node at it or behind it`(token: UInt32, owner: UInt64) throws {
        let ring = try topology(Self.three)
        #expect(ring.ids(ring.replicas(of: ring.range(of: Token(token)))) == [owner])
    }

    @Test func `ranges are cut by the tokens of all racks and named by their ends`() throws {
        let ring = try topology([
            member(1, "rack1", [100, 300]), member(2, "rack1", [200]), member(3, "rack2", [150]),
            member(4, "rack2", [200, 400]),
        ])

        #expect((0..<ring.rangeCount).map { ring.end(of: RangeIndex($0)).value } == [100, 150, 200, 300, 400])
        #expect(ring.arc(of: RangeIndex(0)) == TokenRange(after: Token(400), end: Token(100)))
        #expect(ring.arc(of: RangeIndex(2)) == TokenRange(after: Token(150), end: Token(200)))
        #expect(
            (0..<5).map { ring.ids(ring.replicas(of: RangeIndex($0))) } == [
                [1, 3], [2, 3], [2, 4], [1, 4], [1, 4],
            ])
        #expect(ring.range(endingAt: Token(200)) == RangeIndex(2))
        #expect(ring.range(endingAt: Token(201)) == nil)
        #expect(ring.ranges(ownedBy: try #require(ring.member(NodeID(1)))).map(\.position) == [0, 3, 4])
        #expect(ring.coOwners(of: try #require(ring.member(NodeID(1)))).map { ring.id(of: $0) } == [3, 4])
    }

    @Test func `the only token's range is the whole ring`() throws {
        let ring = try topology([member(1, "r", [7])])

        #expect(ring.arc(of: RangeIndex(0)).width == 1 << 32)
        for token in [0, 6, 7, 8, UInt32.max] { #expect(ring.range(of: Token(token)) == RangeIndex(0)) }
    }

    @Test func `members are the same in whatever order they come`() throws {
        let ring = try topology(Self.three)
        #expect(ring == (try topology(Self.three.reversed())))
        #expect(ring != (try topology(Self.three, epoch: 2)))
    }

    @Test func `members, racks and datacenters are found by name`() throws {
        let ring = try topology([
            member(1, "rack1", [0]), member(2, "rack2", [0]), member(3, "rack1", [0], in: "dc2"),
        ])
        let second = try #require(ring.datacenter(named: "dc2"))

        #expect(ring.datacenter(named: "dc3") == nil)
        #expect(ring.rack(named: "rack2", in: second) == nil)
        #expect(ring.rack(named: "rack1", in: second) == RackIndex(2))
        #expect(ring.rack(of: try #require(ring.member(NodeID(3)))) == RackIndex(2))
        #expect(ring.member(NodeID(4)) == nil)
    }

    // MARK: refusals

    private func refusal(_ members: [RingMember]) -> TopologyError? {
        do throws(TopologyError) {
            _ = try RingTopology(epoch: 1, members: members)
            return nil
        } catch {
            return error
        }
    }

    @Test func `what makes no ring is refused by name`() {
        #expect(refusal([]) == .noOwners)
        #expect(refusal([member(1, "r", [], .banned)]) == .noOwners)
        #expect(refusal([member(0, "r", [1])]) == .noID(NodeAddress(host: "10.0.0.0", port: 8101)))
        #expect(refusal([member(1, "r", [1]), member(1, "r2", [1])]) == .duplicateID(NodeID(1)))
        #expect(refusal([member(1, "r", [])]) == .noTokens(NodeID(1), rack: "r", datacenter: "dc1"))
        #expect(
            refusal([member(2, "r", [1, 2]), member(1, "r", [2, 3])])
                == .duplicateToken(Token(2), rack: "r", datacenter: "dc1", NodeID(2), NodeID(1)))
        #expect(
            refusal([member(1, "r", [2, 2])])
                == .duplicateToken(Token(2), rack: "r", datacenter: "dc1", NodeID(1), NodeID(1)))
        for name in ["", "a b", "a:b", "a|b", "a,b", "a$b", "\u{e9}", String(repeating: "x", count: 256)] {
            #expect(refusal([member(1, name, [1])]) == .unusableName(name, NodeID(1)))
            #expect(refusal([member(1, "r", [1], in: name)]) == .unusableName(name, NodeID(1)))
        }
        var twin = member(2, "r2", [1])
        twin.address = member(1, "r", [1]).address
        #expect(refusal([member(1, "r", [1]), twin]) == .duplicateAddress(twin.address, NodeID(1), NodeID(2)))
        #expect(
            refusal((1...UInt64(RingTopology.memberLimit + 1)).map { member($0, "r", [UInt32($0)]) })
                == .tooManyMembers(RingTopology.memberLimit + 1))
        #expect(
            refusal((1...33).map { node in member(node, "r\(node)", (0..<32_000).map { UInt32($0) }) })
                == .tooManyTokens(33 * 32_000))
    }

    @Test func `refusals read as sentences`() {
        #expect(
            TopologyError.duplicateToken(Token(2), rack: "r", datacenter: "dc", NodeID(1), NodeID(26)).description
                == "nodes 0000000000000001 and 000000000000001a of rack r in dc both have token 2")
    }

    // MARK: change

    @Test func `a pending rack gets its owners and counts for nothing`() throws {
        let ring = try topology([
            member(1, "rack1", [0]), member(2, "rack2", [50], .pending), member(3, "rack3", [0]),
        ])
        let dc = DatacenterIndex(0)

        #expect(ring.rangeCount == 2)
        #expect(ring.ids(ring.replicas(of: RangeIndex(1))) == [1, 2, 3])
        #expect(ring.racks.map(\.isActive) == [true, false, true])
        #expect(ring.replicaCount(in: dc) == 2)
        #expect(ring.quorum(in: dc) == 2)
        for rack in ring.racks {
            #expect(Set(ring.ids(ring.preferenceList(of: RangeIndex(0), from: rack.index))) == [1, 3])
        }
        #expect(ring.ids(ring.preferenceList(of: RangeIndex(0), from: RackIndex(1))) == [3, 1])
        #expect(Set(ring.ids(ring.executorOrder(of: RangeIndex(0), in: dc))) == [1, 3])
        #expect(!ring.hasSuccessors)
    }

    @Test func `a pending node of an active rack succeeds the owner of what it will have`() throws {
        let ring = try topology([
            member(1, "rack1", [100]), member(2, "rack1", [50], .pending), member(3, "rack2", [100]),
        ])
        let rack = RackIndex(0)

        #expect(ring.hasSuccessors)
        #expect(ring.ids(ring.replicas(of: RangeIndex(0))) == [1, 3])
        #expect(ring.id(of: ring.successor(of: RangeIndex(0), in: rack)) == 2)
        #expect(ring.successor(of: RangeIndex(1), in: rack) == nil)
        #expect(ring.successor(of: RangeIndex(0), in: RackIndex(1)) == nil)
    }

    @Test func `a leaving node owns its tokens until the next one has them`() throws {
        let ring = try topology([member(1, "r", [100]), member(2, "r", [200], .leaving), member(3, "r", [300])])
        let range = ring.range(of: Token(150))

        #expect(ring.ids(ring.replicas(of: range)) == [2])
        #expect(ring.id(of: ring.successor(of: range, in: RackIndex(0))) == 3)
        #expect(ring.successor(of: ring.range(of: Token(250)), in: RackIndex(0)) == nil)
    }

    @Test func `a rack whose nodes all leave has no successors`() throws {
        let ring = try topology([member(1, "a", [1]), member(2, "b", [1], .leaving)])
        #expect(ring.racks.map(\.isActive) == [true, true])
        #expect(!ring.hasSuccessors)
    }

    @Test func `a token may move from a leaving node to a pending one`() throws {
        let ring = try topology([member(1, "r", [5], .leaving), member(2, "r", [5], .pending)])
        #expect(ring.ids(ring.replicas(of: RangeIndex(0))) == [1])
        #expect(ring.id(of: ring.successor(of: RangeIndex(0), in: RackIndex(0))) == 2)
    }

    @Test func `a banned node is known and owns nothing`() throws {
        let ring = try topology([member(1, "r", [5], .banned), member(2, "r", [5]), member(3, "gone", [9], .banned)])
        let gone = try #require(ring.member(NodeID(3)))

        #expect(ring.rangeCount == 1)
        #expect(ring.racks.count == 1)
        #expect(ring[gone].status == .banned)
        #expect(ring.rack(of: gone) == nil)
        #expect(ring.ranges(ownedBy: gone) == [])
        #expect(ring.ranges(ownedBy: try #require(ring.member(NodeID(1)))) == [])
    }
}
