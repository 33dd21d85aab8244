import RingCore
import TestKit
import Testing

@Suite struct GossipTests {
    private func record(_ node: UInt64, _ random: inout SeededRandom) -> GossipRecord {
        let incarnation = UInt32(random.below(3))
        let beat = UInt64(random.below(3))
        var record = GossipRecord(
            node: node, incarnation: incarnation, state: random.pick(GossipRecord.State.allCases), datacenter: "dc",
            rack: "r", servingVersion: incarnation * 10 + UInt32(beat))
        record.setFigure(GossipFigure.beat, beat)
        return record
    }

    @Test func `records merge to the same in any order and however often`() {
        for seed in 1...200 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            let records = (0..<6).map { _ in record(7, &random) }
            var shuffled = records + random.sample(records, 3)
            random.shuffle(&shuffled)
            let own = GossipRecord(node: 1, incarnation: 1, state: .normal, datacenter: "dc", rack: "r")
            var (a, b) = (MemberTable(own: own), MemberTable(own: own))
            for record in records { _ = a.merge(record) }
            for record in shuffled { _ = b.merge(record) }
            #expect(a[NodeID(7)] == b[NodeID(7)], "seed \(seed)")
        }
    }

    @Test func `a bad word about oneself is refuted by a higher incarnation, a good one is not`() {
        let own = GossipRecord(node: 1, incarnation: 4, state: .normal, datacenter: "dc", rack: "r")
        var table = MemberTable(own: own)
        var rumor = own
        var incarnations: [UInt32] = []
        for (incarnation, state) in [(4, .normal), (3, .down), (4, .down), (.max, .down)]
            as [(UInt32, GossipRecord.State)]
        {
            rumor.incarnation = incarnation
            rumor.state = state
            _ = table.merge(rumor)
            incarnations.append(table.ownRecord.incarnation)
        }
        #expect(incarnations == [4, 4, 5, 5])
        #expect(table.ownRecord.state == .normal)
    }

    @Test func `only what changed is sent`() {
        let own = GossipRecord(node: 1, incarnation: 1, state: .normal, datacenter: "dc", rack: "r")
        var table = MemberTable(own: own)
        var random = SeededRandom(seed: 1)
        for node in 2...9 as ClosedRange<UInt64> { _ = table.merge(record(node, &random)) }
        let before = table.sequence
        _ = table.merge(GossipRecord(node: 5, incarnation: 9, state: .normal, datacenter: "dc", rack: "r"))
        #expect(table.difference(after: 0).count == 9)
        #expect(table.difference(after: before).map(\.node) == [1, 5])
    }

    @Test func `phi passes 8 after about eighteen mean intervals and never before a second sign`() {
        var arrivals = ArrivalHistory()
        arrivals.heard(at: 1)
        #expect(arrivals.phi(at: 1_000_000) == 0)
        for i in 1...50 as ClosedRange<UInt64> { arrivals.heard(at: 1 + i * 1_000) }
        #expect(arrivals.phi(at: 50_001 + 18_000) < 8)
        #expect(arrivals.phi(at: 50_001 + 19_000) > 8)
    }

    // MARK: nodes of Dynomite

    private func dynomiteRing(_ dialect: DnodeDialect) throws -> (ring: ModelRing, peer: NodeID) {
        let places = ModelRing(seed: 1)
        places.add([("dc", "r1", 0), ("dc", "r2", 10)])
        var settings = places.nodes[0].settings
        settings.dialect = dialect
        settings.sendsGossipText = true
        let ring = ModelRing(seed: 2)
        _ = ring.add(settings)
        ring.start(0)
        let peer = NodeID(ofNodeIn: "dc", rack: "r2", firstToken: Token(10))
        ring.run(0, .linkUp(peer, isRingSearch: false))
        ring.run(for: 5_000)
        try #require(ring.core(0)?.topology.epoch == 1)
        return (ring, peer)
    }

    @Test(arguments: DnodeDialect.allCases)
    func `a node of another kind is a member without a vote and gets heartbeats in its words`(
        dialect: DnodeDialect
    ) throws {
        let (ring, peer) = try dynomiteRing(dialect)
        #expect(ring.core(0)?.standing(of: peer) == .up)
        #expect(ring.core(0)?.log.ring.voterIDs == [ring.nodes[0].id])
        let sent = try #require(ring.nodes[0].gossipText.last)
        #expect(sent.0 == peer)
        switch GossipText.parse(sent.1)?.text {
        case .heartbeat(let sender): #expect(dialect == .seed && sender == "10.0.0.1:8101")
        case .entries(let entries):
            #expect(dialect == .netflix)
            #expect(entries.map(\.rack) == ["r1", "r2"])
            #expect(entries.allSatisfy { $0.state == .normal })
        case nil: Issue.record("no gossip")
        }
    }

    @Test(arguments: ["10.0.0.2:8101", "dc$r2$10,1700000020,4,10.0.0.2"])
    func `a heartbeat in an old dialect brings a node of another kind back`(text: String) throws {
        let (ring, peer) = try dynomiteRing(.seed)
        ring.run(0, .linkDown(peer))
        ring.run(for: 2_000)
        #expect(ring.core(0)?.standing(of: peer) == .down)
        ring.run(0, .linkUp(peer, isRingSearch: false))
        ring.act(0) { core, now, out in core.overdue(peer, at: now, into: &out) }
        #expect(ring.core(0)?.standing(of: peer) == .suspect)
        ring.run(0, .gossipText(Array("rubbish".utf8)))
        #expect(ring.core(0)?.standing(of: peer) == .suspect)
        ring.run(0, .gossipText(Array(text.utf8)))
        #expect(ring.core(0)?.standing(of: peer) == .up)
    }

    @Test func `rubbish from peers is answered and changes nothing`() throws {
        let ring = ModelRing(seed: 9)
        ring.add([("dc", "r1", 0)])
        ring.startAll()
        let before = try #require(ring.core(0)).log.entries
        var random = SeededRandom(seed: 9)
        for _ in 0..<2_000 {
            let kind = random.pick([FrameKind.gossip, .probe, .definitionRead, .definitionVote])
            let body = (0..<random.below(60)).map { _ in UInt8(random.below(random.chance(0.5) ? 256 : 9)) }
            let envelope = Envelope(incarnation: 0, node: random.next(), stamp: random.next())
            ring.run(0, .message(RingMessage(kind: kind, id: 0, envelope: envelope, body: body), token: 1))
        }
        #expect(ring.core(0)?.log.entries == before)
        #expect(ring.core(0)?.isMember == true)
    }
}
