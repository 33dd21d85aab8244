import RingCore
import Testing

private let threeRacks: [(String, String, UInt32)] = [("dc", "r1", 0), ("dc", "r2", 0), ("dc", "r3", 0)]

@Suite struct GenesisTests {
    @Test func `a node without seeds is a ring at once`() {
        let ring = ModelRing(seed: 1)
        ring.add([("dc", "r1", 0)])
        ring.startAll()
        #expect(ring.core(0)?.topology.epoch == 1)
        #expect(ring.core(0)?.isMember == true)
    }

    @Test func `nodes with the same list begin one ring with their own ids`() {
        let ring = ModelRing(seed: 2)
        ring.add(threeRacks)
        ring.startAll()
        #expect(ring.run(within: 3_000) { ring.isWhole([0, 1, 2]) })
        #expect(ring.core(0)?.topology.epoch == 1)
        #expect(ring.core(0)?.topology.members.map(\.id) == ring.nodes.map(\.id))
    }

    @Test func `a majority begins, and the last one says its id when it comes`() {
        let ring = ModelRing(seed: 3)
        ring.add(threeRacks)
        ring.start(0)
        ring.run(for: 3_000)
        #expect(ring.core(0)?.topology.epoch == 0)
        ring.start(1)
        #expect(ring.run(within: 4_000) { ring.core(1)?.topology.epoch == 1 })
        ring.start(2)
        #expect(ring.run(within: 5_000) { ring.isWhole([0, 1, 2]) })
        #expect(ring.core(0)?.topology.epoch == 2)
    }

    @Test func `differing lists are reported by name and nothing begins without a majority`() {
        let ring = ModelRing(seed: 4)
        let range = ring.add(threeRacks)
        let lists = range.map { i in
            range.filter { $0 != i }.map { j in
                let own = ring.nodes[j].settings.own
                return SeedEntry(
                    address: own.address, rack: own.rack, datacenter: own.datacenter,
                    tokens: i == 0 && j == 2 || i == 1 && j == 0 ? [Token(UInt32(7 + i))] : own.tokens)
            }
        }
        let broken = ModelRing(seed: 4)
        for i in range {
            var settings = ring.nodes[i].settings
            settings.seeds = lists[i]
            _ = broken.add(settings)
        }
        broken.startAll()
        broken.run(for: 6_000)
        #expect(broken.nodes.indices.allSatisfy { broken.core($0)?.topology.epoch == 0 })
        #expect(
            broken.nodes[2].notes.contains {
                $0.contains("the seeds of node 10.0.0.1:8101 are not ours") && $0.contains("10.0.0.3:8101:r3:dc:7")
            })
    }

    @Test func `a restarted ring is the ring that it was`() {
        let ring = ModelRing(seed: 5)
        ring.add(threeRacks)
        ring.startAll()
        ring.run(within: 3_000) { ring.isWhole([0, 1, 2]) }
        let before = ring.core(0)?.topology
        for i in 0..<3 { ring.kill(i) }
        ring.run(for: 500)
        ring.startAll()
        #expect(ring.run(within: 5_000) { ring.isWhole([0, 1, 2]) })
        #expect(ring.core(1)?.topology == before)
    }

    @Test func `a new rack gets writes, and counts once it serves`() throws {
        let ring = ModelRing(seed: 6)
        ring.add(threeRacks)
        ring.startAll()
        ring.run(within: 3_000) { ring.isWhole([0, 1, 2]) }
        let seeds = ring.nodes.map { $0.settings.own }.map {
            SeedEntry(address: $0.address, rack: $0.rack, datacenter: $0.datacenter, tokens: $0.tokens)
        }
        ring.add([("dc", "r4", 9)], seeds: seeds)
        ring.start(3)
        #expect(ring.run(within: 5_000) { ring.isWhole([0, 1, 2, 3]) })
        var topology = try #require(ring.core(0)?.topology)
        #expect(topology.replicaCount(in: DatacenterIndex(0)) == 3)
        #expect(ring.core(0)?.routes.writeTargets(of: RangeIndex(0)).count == 4)

        let all = (0..<topology.rangeCount).map { RangeIndex($0) }
        ring.act(3) { core, _, _ in core.setServing(all) }
        #expect(ring.run(within: 5_000) { ring.core(0)?.topology.epoch == 3 })
        topology = try #require(ring.core(0)?.topology)
        #expect(topology.replicaCount(in: DatacenterIndex(0)) == 4)
    }

    @Test func `a node that would split a rack is told so and does not join`() {
        let ring = ModelRing(seed: 7)
        ring.add(threeRacks)
        ring.startAll()
        ring.run(within: 3_000) { ring.isWhole([0, 1, 2]) }
        let own = ring.nodes[0].settings.own
        let seed = SeedEntry(address: own.address, rack: own.rack, datacenter: own.datacenter, tokens: own.tokens)
        ring.add([("dc", "r2", 77)], seeds: [seed])
        ring.start(3)
        ring.run(for: 5_000)
        #expect(ring.core(3)?.isMember == false)
        #expect(ring.nodes[3].notes.contains { $0.contains("would split the ranges") })
        #expect(ring.core(0)?.topology.epoch == 1)
    }

    @Test func `a wiped node takes its place back only by replace, and its former self is out`() throws {
        let ring = ModelRing(seed: 8)
        ring.add(threeRacks)
        ring.startAll()
        ring.run(within: 3_000) { ring.isWhole([0, 1, 2]) }
        ring.kill(2)
        var settings = ring.nodes[2].settings
        let old = settings.own.id
        settings.own.id = NodeID(77)
        let new = ring.add(settings)
        ring.start(new)
        ring.run(for: 6_000)
        #expect(ring.core(new)?.isMember == false)
        #expect(ring.nodes[new].notes.contains { $0.contains("replace it") })

        var refusal: RingChangeRefusal?
        ring.act(1) { core, now, out in
            let proposal = Version(milliseconds: now.wall, node: core.own.value)
            do throws(RingChangeRefusal) {
                try core.propose(
                    .replace(old, settings.own), proposal: proposal, timeout: 5_000, at: now, into: &out)
            } catch { refusal = error }
        }
        #expect(refusal == nil)
        #expect(ring.run(within: 6_000) { ring.isWhole([0, 1, new]) })
        #expect(ring.core(0)?.isRefused(old) == true)
    }
}
