import RingCore
import Testing

private let threeRacks: [(String, String, UInt32)] = [("dc", "r1", 0), ("dc", "r2", 0), ("dc", "r3", 0)]

@Suite struct LivenessTests {
    private func wholeRing(
        _ places: [(String, String, UInt32)] = threeRacks, seed: UInt64 = 1
    ) throws -> ModelRing {
        let ring = ModelRing(seed: seed)
        ring.add(places)
        ring.startAll()
        try #require(ring.run(within: 8_000) { ring.isWhole(Array(ring.nodes.indices)) }, "seed \(seed)")
        return ring
    }

    @Test func `a killed node is out of the traffic within five seconds and back within five`() throws {
        let ring = try wholeRing()
        let r2 = ring.nodes[1].id
        ring.kill(1)

        #expect(ring.run(within: 5_000) { ring.standing(0, of: 1) == .down && ring.standing(2, of: 1) == .down })
        let routes = try #require(ring.core(0)?.routes)
        let member = try #require(routes.topology.member(r2))
        #expect(!routes.isWriteRoutable(member))
        #expect(routes.writeTargets(of: RangeIndex(0)).count == 2)

        ring.start(1)
        #expect(ring.run(within: 5_000) { ring.isWhole([0, 1, 2]) })
    }

    @Test func `a node that is silent without closing anything is out and back within the same bounds`() throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let ring = try wholeRing(seed: seed)
            ring.nodes[2].isPaused = true
            #expect(
                ring.run(within: 5_000) { ring.standing(0, of: 2) == .down && ring.standing(1, of: 2) == .down },
                "seed \(seed)")
            ring.run(for: 3_000)
            ring.nodes[2].isPaused = false
            #expect(ring.run(within: 5_000) { ring.isWhole([0, 1, 2]) }, "seed \(seed)")
            #expect((ring.core(2)?.incarnation ?? 0) > 1)
        }
    }

    @Test func `a node that others reach is asked last, not taken for dead`() throws {
        let ring = try wholeRing()
        ring.cuts = [[0, 1], [1, 0]]
        ring.run(for: 8_000)

        #expect(ring.standing(0, of: 1) == .suspect)
        #expect(ring.standing(2, of: 1) == .up)
        ring.cuts = []
        #expect(ring.run(within: 5_000) { ring.isWhole([0, 1, 2]) })
    }

    @Test func `a node of another datacenter that dies is down everywhere`() throws {
        let ring = try wholeRing(threeRacks + [("east", "r1", 5), ("east", "r2", 5), ("east", "r3", 5)])
        ring.nodes[4].isPaused = true
        #expect(ring.run(within: 8_000) { [0, 1, 2, 3, 5].allSatisfy { ring.standing($0, of: 4) == .down } })
        ring.nodes[4].isPaused = false
        #expect(ring.run(within: 8_000) { ring.isWhole(Array(0..<6)) })
    }

    @Test func `a node that says goodbye is out at once`() throws {
        let ring = try wholeRing()
        ring.act(1) { core, _, out in core.leave(into: &out) }
        #expect(ring.run(within: 200) { ring.standing(0, of: 1) == .down && ring.standing(2, of: 1) == .down })
    }

    @Test func `an address that changes is followed`() throws {
        let ring = try wholeRing()
        let moved = NodeAddress(host: "10.9.9.9", port: 1)
        ring.act(1) { core, _, _ in core.setAddress(moved) }
        #expect(ring.run(within: 2_500) { ring.nodes[0].located[ring.nodes[1].id] == moved })
    }

    @Test func `reads and executions go to those who serve, the nearest first and suspects last`() throws {
        let ring = try wholeRing()
        let range = RangeIndex(0)
        #expect(ring.core(0)?.routes.readOrder(of: range, from: RackIndex(0)).isEmpty == true)
        for i in 0..<3 { ring.act(i) { core, _, _ in core.setServing([range]) } }
        ring.run(for: 2_500)
        func order() -> [Int] {
            ring.core(0)?.routes.readOrder(of: range, from: RackIndex(0)).map(\.rack.position) ?? []
        }
        #expect(order() == [0, 1, 2])

        ring.cuts = [[0, 1], [1, 0]]
        ring.run(for: 4_000)
        #expect(order() == [0, 2, 1])
        let executor = try #require(ring.core(0)?.routes.executor(of: range, in: DatacenterIndex(0)))
        #expect(executor.rack != RackIndex(1))
    }

    @Test func `a clock ahead of two others is noticed`() throws {
        let ring = ModelRing(seed: 3)
        ring.add(threeRacks)
        ring.nodes[1].clockLead = 3_600_000
        ring.startAll()
        ring.run(for: 3_000)
        #expect(ring.core(1)?.isClockSuspect(at: RingTime(wall: 0, monotonic: ring.now)) == true)
        #expect(ring.core(0)?.isClockSuspect(at: RingTime(wall: 0, monotonic: ring.now)) == false)
    }
}
