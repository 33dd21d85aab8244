import RingCore
import TestKit
import Testing

private let fiveRacks: [(String, String, UInt32)] = (1...5).map { ("dc", "r\($0)", 0) }

@Suite struct AgreementTests {
    /// What happened in a ring where names are created while everything goes wrong.
    private struct Story {
        let ring: ModelRing
        /// Names by proposals.
        var names: [Version: String] = [:]

        init(seed: UInt64) {
            ring = ModelRing(seed: seed)
            ring.add(fiveRacks)
        }

        mutating func create(_ name: String, at i: Int) {
            var proposal: Version?
            let number = UInt16(names.count)
            ring.act(i) { core, now, out in
                let version = Version(milliseconds: now.wall, counter: 1_000 + number, node: core.own.value)
                proposal = version
                core.propose(
                    .indexCreate, body: Array(name.utf8), proposal: version, version: version, timeout: 3_000, at: now,
                    into: &out)
            }
            if let proposal { names[proposal] = name }
        }

        /// Clients that were told OK: the entry was installed, and was the first of its name in the log.
        var confirmed: [String] {
            var result: [String] = []
            for node in ring.nodes {
                for case .proposal(let proposal, .installed(let entry)) in node.events {
                    guard let name = names[proposal] else { continue }
                    let log = ring.nodes.compactMap { $0.core?.log.entries }.max { $0.count < $1.count } ?? []
                    let first = log.first {
                        $0.kind == DefinitionKind.indexCreate.rawValue && $0.body == Array(name.utf8)
                    }
                    if first?.proposal == entry.proposal { result.append(name) }
                }
            }
            return result
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `there is one value for each epoch and at most one OK for each name`(seed: UInt64) throws {
        var story = Story(seed: seed)
        let ring = story.ring
        ring.lossPercent = 5
        ring.duplicatePercent = 10
        ring.longestDelay = 120
        ring.startAll()
        for _ in 0..<40 {
            let i = ring.chance.below(5)
            switch ring.chance.below(9) {
            case 0: if ring.core(i) != nil { ring.kill(i) }
            case 1: ring.nodes[i].diesAfter = ring.chance.below(4)
            case 2: ring.nodes[i].isPaused.toggle()
            case 3:
                let side = ring.chance.sample(Array(0..<5), 2)
                ring.cut(side, (0..<5).filter { !side.contains($0) })
            case 4: ring.cuts = []
            default: break
            }
            for j in 0..<5 where ring.core(j) == nil && ring.chance.chance(0.5) { ring.start(j) }
            story.create("name\(ring.chance.below(12))", at: ring.chance.below(5))
            ring.run(for: UInt64(ring.chance.below(700)))
        }
        ring.cuts = []
        ring.lossPercent = 0
        for j in 0..<5 {
            ring.nodes[j].isPaused = false
            ring.nodes[j].diesAfter = nil
            if ring.core(j) == nil { ring.start(j) }
        }
        #expect(ring.run(within: 15_000) { ring.isWhole([0, 1, 2, 3, 4]) }, "seed \(seed)")
        ring.run(for: 5_000)

        // Each entry that a node ever learned, in any of its lives.
        var values: [UInt64: DefinitionEntry] = [:]
        for node in ring.nodes {
            for case .entry(let entry, _) in node.events {
                #expect(values[entry.epoch] ?? entry == entry, "seed \(seed), epoch \(entry.epoch)")
                values[entry.epoch] = entry
            }
        }
        let confirmed = story.confirmed
        #expect(Set(confirmed).count == confirmed.count, "seed \(seed)")
        #expect(values.count > 1, "seed \(seed)")
        let proposals = try #require(ring.core(0)).log.entries.map(\.proposal)
        #expect(Set(proposals).count == proposals.count, "seed \(seed)")

        story.create("after", at: 4)
        ring.run(for: 3_000)
        #expect(story.confirmed.contains("after"), "seed \(seed)")
    }

    @Test func `the side without a majority refuses at once and catches up afterwards`() throws {
        var story = Story(seed: 21)
        let ring = story.ring
        ring.startAll()
        try #require(ring.run(within: 5_000) { ring.isWhole([0, 1, 2, 3, 4]) })
        ring.cut([0, 1], [2, 3, 4])
        ring.run(for: 6_000)
        story.create("idx", at: 0)
        let isRefused = ring.nodes[0].events.contains { if case .proposal(_, .noMajority) = $0 { true } else { false } }
        #expect(isRefused)
        story.create("idx", at: 2)
        ring.run(for: 3_000)
        #expect(story.confirmed == ["idx"])
        #expect(ring.core(0)?.log.epoch == 1)

        ring.cuts = []
        #expect(ring.run(within: 6_000) { ring.isWhole([0, 1, 2, 3, 4]) })
        #expect(ring.core(0)?.log.epoch == 2)
    }

    @Test func `only the datacenter that votes is needed`() throws {
        let ring = ModelRing(seed: 22)
        ring.add(
            [("a", "r1", 0), ("a", "r2", 0), ("a", "r3", 0), ("b", "r1", 0), ("b", "r2", 0), ("b", "r3", 0)],
            voters: "b")
        ring.startAll()
        try #require(ring.run(within: 8_000) { ring.isWhole(Array(0..<6)) })
        ring.cut([0, 1, 2], [3, 4, 5])
        ring.run(for: 8_000)
        for i in [0, 3] {
            ring.act(i) { core, now, out in
                let version = Version(milliseconds: now.wall, node: core.own.value)
                core.propose(
                    .dictionary, body: [1], proposal: version, version: version, timeout: 3_000, at: now, into: &out)
            }
        }
        ring.run(for: 4_000)
        let outcomes = [0, 3].map { i in
            ring.nodes[i].events.compactMap { event in
                if case .proposal(let version, let outcome) = event, version.node == ring.nodes[i].id.value,
                    version.counter == 0
                {
                    outcome
                } else {
                    nil
                }
            }
        }
        #expect(outcomes[0] == [.noMajority])
        #expect(outcomes[1].contains { if case .installed = $0 { true } else { false } })
    }

    @Test func `a vote is on disk before it is answered, and holds over a restart`() throws {
        let ring = ModelRing(seed: 23)
        ring.add(Array(fiveRacks.prefix(3)))
        ring.startAll()
        try #require(ring.run(within: 5_000) { ring.isWhole([0, 1, 2]) })
        let disk = ring.nodes[0].disk
        let envelope = Envelope(incarnation: 1, node: ring.nodes[1].id.value, definitionEpoch: 1)
        func step(_ core: inout Membership, _ vote: DefinitionVote) throws -> DefinitionVote {
            let body = DefinitionVoteRequest(vote).encoded
            let message = RingMessage(kind: .definitionVote, id: 1, envelope: envelope, body: body)
            var out: [RingDirective] = []
            _ = core.handle(.message(message, token: 9), at: ring.time, into: &out)
            var isKept = false
            for directive in out {
                if case .keep("defs", let key, let value) = directive {
                    isKept = true
                    disk.databases["defs", default: [:]][key] = value
                }
                if case .answer(9, _, let body) = directive {
                    let reply = try DefinitionVoteReply(body).vote
                    #expect(isKept || reply.step == .refused)
                    return reply
                }
            }
            throw WireError.truncated
        }
        func ballot(_ round: UInt64) -> DefinitionVote.Ballot { .init(round: round, node: 5) }
        let entry = DefinitionEntry(
            epoch: 2, proposal: Version(stamp: 1, node: 5), version: .zero, kind: DefinitionKind.alias.rawValue,
            body: [1])
        var core = try #require(ring.core(0))
        #expect(try step(&core, .init(step: .prepare, epoch: 2, ballot: ballot(5))).step == .promise)
        #expect(try step(&core, .init(step: .prepare, epoch: 2, ballot: ballot(4))).step == .refused)
        #expect(try step(&core, .init(step: .accept, epoch: 2, ballot: ballot(5), entry: entry)).step == .accepted)

        var reborn = Membership(settings: ring.nodes[0].settings, disk: disk, seed: 1, now: ring.time)
        #expect(try step(&reborn, .init(step: .prepare, epoch: 2, ballot: ballot(4))).step == .refused)
        let promise = try step(&reborn, .init(step: .prepare, epoch: 2, ballot: ballot(6)))
        #expect(promise.step == .promise)
        #expect(promise.acceptedBallot == ballot(5))
        #expect(promise.entry == entry)
    }

    @Test func `topologies and changes survive their bytes, and broken bytes are none`() throws {
        let members = (1...3).map { i in
            RingMember(
                id: NodeID(UInt64(i)), datacenter: "dc", rack: "r\(i)", tokens: [Token(UInt32(i)), Token(900)],
                kind: i == 3 ? .dynomite : .ringSearch, address: NodeAddress(host: "h\(i)", port: 1))
        }
        let topology = try RingTopology(epoch: 7, members: members)
        let bytes = topology.encoded
        #expect(RingTopology(encoded: bytes) == topology)
        for length in 0..<bytes.count { #expect(RingTopology(encoded: Array(bytes.prefix(length))) == nil) }
        let changes: [RingChange] = [
            .genesis(voters: "dc", members), .addRack([members[0]]), .activateRack(datacenter: "dc", rack: "r1"),
            .replace(NodeID(4), members[1]), .identify(placeholder: NodeID(5), NodeID(6)),
        ]
        for change in changes {
            var entry = DefinitionEntry(
                epoch: 1, proposal: .zero, version: .zero, kind: change.kind.rawValue, body: change.body)
            #expect(RingChange(entry) == change)
            entry.body.removeLast()
            #expect(RingChange(entry) == nil)
        }
    }
}
