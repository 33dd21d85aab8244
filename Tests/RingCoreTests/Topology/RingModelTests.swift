import RingCore
import Testing

/// Replayable chance: SplitMix64.
struct Chance: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Random rings against the plainest code that could be right.
@Suite struct RingModelTests {
    /// Up to 3 datacenters with up to 4 racks of up to 4 nodes, tokens often shared between racks and close together.
    private static func randomMembers(_ chance: inout Chance) -> [RingMember] {
        let spread: UInt32 = Bool.random(using: &chance) ? 40 : .max
        var members: [RingMember] = []
        var id: UInt64 = 0
        for datacenter in 0..<Int.random(in: 1...3, using: &chance) {
            for rack in 0..<Int.random(in: 1...4, using: &chance) {
                var pool: Set<UInt32> = []
                let nodes = Int.random(in: 1...4, using: &chance)
                while pool.count < nodes + Int.random(in: 0...6, using: &chance) {
                    pool.insert(UInt32.random(in: 0...spread, using: &chance))
                }
                var lists: [[UInt32]] = Array(repeating: [], count: nodes)
                for (i, token) in pool.sorted().shuffled(using: &chance).enumerated() {
                    lists[i < nodes ? i : Int.random(in: 0..<nodes, using: &chance)].append(token)
                }
                for list in lists {
                    id += 1
                    members.append(member(id, "r\(rack)", list, in: "dc\(datacenter)"))
                }
            }
        }
        return members
    }

    /// Dynomite's rule on one rack's tokens, by looking at all of them.
    private static func owner(of token: UInt32, among members: [RingMember]) -> UInt64? {
        let points = members.flatMap { member in member.tokens.map { (token: $0.value, id: member.id.value) } }
            .sorted { $0.token < $1.token }
        guard let first = points.first, let last = points.last else { return nil }
        if token > last.token || token <= first.token { return first.id }
        return points.first { $0.token >= token }?.id
    }

    private static func tokensToTry(_ members: [RingMember], _ chance: inout Chance) -> [UInt32] {
        members.flatMap { $0.tokens.flatMap { [$0.value &- 1, $0.value, $0.value &+ 1] } } + [0, .max]
            + (0..<20).map { _ in UInt32.random(in: 0...UInt32.max, using: &chance) }
    }

    @Test(arguments: 0..<150 as Range<UInt64>)
    func `lookup is Dynomite's rule in every rack`(seed: UInt64) throws {
        var chance = Chance(seed: seed)
        let members = Self.randomMembers(&chance)
        let ring = try topology(members)
        for token in Self.tokensToTry(members, &chance) {
            let range = ring.range(of: Token(token))
            for rack in ring.racks {
                let name = ring[rack.datacenter].name
                let inRack = members.filter { $0.datacenter == name && $0.rack == rack.name }
                let expected = Self.owner(of: token, among: inRack)
                #expect(ring.id(of: ring.owner(of: range, in: rack.index)) == expected, "token \(token)")
                #expect(ring.id(of: rack.continuum.owner(of: Token(token))) == expected, "token \(token)")
            }
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `ranges partition the ring`(seed: UInt64) throws {
        var chance = Chance(seed: seed)
        let members = Self.randomMembers(&chance)
        let ring = try topology(members)
        let arcs = (0..<ring.rangeCount).map { ring.arc(of: RangeIndex($0)) }

        #expect(arcs.reduce(0) { $0 + $1.width } == 1 << 32)
        #expect(arcs.map(\.end) == arcs.map(\.end).sorted())
        for token in Self.tokensToTry(members, &chance) {
            let holding = arcs.indices.filter { arcs[$0].contains(Token(token)) }
            #expect(holding == [ring.range(of: Token(token)).position])
        }
        for i in 0..<ring.rangeCount { #expect(ring.range(endingAt: arcs[i].end) == RangeIndex(i)) }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `in every rack each range has one owner, and the owners' ranges are disjoint and complete`(seed: UInt64) throws
    {
        var chance = Chance(seed: seed)
        let ring = try topology(Self.randomMembers(&chance))
        for rack in ring.racks {
            let owned = rack.members.flatMap { ring.ranges(ownedBy: $0).map(\.position) }
            #expect(owned.sorted() == Array(0..<ring.rangeCount))
        }
        for range in (0..<ring.rangeCount).map({ RangeIndex($0) }) {
            let replicas = ring.replicas(of: range)
            #expect(replicas.map(\.rack.position) == Array(0..<ring.racks.count))
            for replica in replicas { #expect(ring.isOwner(replica.member, of: range)) }
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `preference lists and executor orders are the replicas in another order`(seed: UInt64) throws {
        var chance = Chance(seed: seed)
        let ring = try topology(Self.randomMembers(&chance))
        for range in (0..<ring.rangeCount).map({ RangeIndex($0) }) {
            let replicas = Set(ring.replicas(of: range))
            for rack in ring.racks {
                let list = Array(ring.preferenceList(of: range, from: rack.index))
                #expect(Set(list) == replicas && list.count == replicas.count)
                #expect(list.first?.rack == rack.index)
                // All of a datacenter, then all of the next; the home one first.
                let datacenters = list.map { ring[$0.rack].datacenter }
                let runs = zip(datacenters, datacenters.dropFirst()).count { $0 != $1 }
                #expect(datacenters.first == rack.datacenter && runs == ring.datacenters.count - 1)
                for datacenter in ring.datacenters where datacenter.index != rack.datacenter {
                    #expect(
                        list.first { ring[$0.rack].datacenter == datacenter.index }?.rack
                            == ring.preselectedRack(of: datacenter.index, from: rack.index))
                }
            }
            for datacenter in ring.datacenters {
                let executors = ring.executorOrder(of: range, in: datacenter.index)
                #expect(Set(executors.map(\.rack)) == Set(datacenter.activeRacks))
                #expect(Set(executors).isSubset(of: replicas))
            }
        }
    }
}
