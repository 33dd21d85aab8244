// Whom a coordinator asks: the topology, and who of it is up and serves what.

/// A view of one moment; cheap to copy, changed only as a whole.
package struct Routes: Sendable {
    package let topology: RingTopology
    package let own: NodeID
    /// Rises with every change.
    package private(set) var generation: UInt64 = 0
    private var standings: [Standing]
    private var isRingSearch: [Bool]
    private var serving: [Serving?]

    /// Ranges that a node said it serves, as they are numbered under some topology.
    struct Serving: Sendable {
        let topology: RingTopology
        let bitmap: [UInt8]

        func contains(_ range: RangeIndex) -> Bool {
            let place = range.position
            return place / 8 < bitmap.count && bitmap[place / 8] >> UInt8(place % 8) & 1 == 1
        }
    }

    init(topology: RingTopology, own: NodeID) {
        self.topology = topology
        self.own = own
        standings = topology.members.map { $0.id == own ? .up : .down }
        isRingSearch = topology.members.map { $0.kind == .ringSearch }
        serving = topology.members.map { _ in nil }
    }

    init(
        topology: RingTopology, own: NodeID, generation: UInt64, standings: [Standing], isRingSearch: [Bool],
        serving: [Serving?]
    ) {
        self.topology = topology
        self.own = own
        self.generation = generation
        self.standings = standings
        self.isRingSearch = isRingSearch
        self.serving = serving
    }

    package func standing(of member: MemberIndex) -> Standing { standings[member.position] }

    /// Whether it speaks RingSearch's messages.
    package func isRingSearch(_ member: MemberIndex) -> Bool { isRingSearch[member.position] }

    /// Whether writes go to a member. Suspects get them.
    package func isWriteRoutable(_ member: MemberIndex) -> Bool { standings[member.position] != .down }

    /// Whether a member said that it serves a range. A node of Dynomite always does.
    package func isServing(_ member: MemberIndex, _ range: RangeIndex) -> Bool {
        guard isRingSearch[member.position] else { return true }
        guard let serving = serving[member.position] else { return false }
        if serving.topology.epoch == topology.epoch { return serving.contains(range) }
        // Said under another epoch: what it served of the ring then. The owner checks what it is asked for.
        return serving.contains(serving.topology.range(of: topology.end(of: range)))
    }

    package func isReadRoutable(_ member: MemberIndex, _ range: RangeIndex) -> Bool {
        standings[member.position] != .down && isServing(member, range)
    }

    /// Where a write goes: the owners in all racks, pending ones too, and who takes over from them.
    package func writeTargets(of range: RangeIndex) -> [Replica] {
        var targets: [Replica] = []
        for replica in topology.replicas(of: range) {
            if isWriteRoutable(replica.member) { targets.append(replica) }
            if let successor = topology.successor(of: range, in: replica.rack), isWriteRoutable(successor) {
                targets.append(Replica(rack: replica.rack, member: successor))
            }
        }
        return targets
    }

    /// Whom a coordinator of `rack` asks for a read, in this order: the nearest first, suspects last.
    package func readOrder(of range: RangeIndex, from rack: RackIndex) -> [Replica] {
        let able = topology.preferenceList(of: range, from: rack).filter { isReadRoutable($0.member, range) }
        return able.filter { standings[$0.member.position] == .up }
            + able.filter { standings[$0.member.position] != .up }
    }

    /// Who executes commands on a range's keys in a datacenter: the first of the order that can; a suspect when only
    /// suspects can.
    package func executor(of range: RangeIndex, in datacenter: DatacenterIndex) -> Replica? {
        let able = topology.executorOrder(of: range, in: datacenter).filter {
            isRingSearch($0.member) && isReadRoutable($0.member, range)
        }
        return able.first { standings[$0.member.position] == .up } ?? able.first
    }

    func hasSame(_ standings: [Standing], _ isRingSearch: [Bool], _ serving: [Serving?]) -> Bool {
        self.standings == standings && self.isRingSearch == isRingSearch
            && self.serving.elementsEqual(serving) {
                $0?.bitmap == $1?.bitmap && $0?.topology.epoch == $1?.topology.epoch
            }
    }

    func serving(of member: MemberIndex) -> Serving? { serving[member.position] }
}

extension Membership {
    /// Makes new routes when something of them changed.
    mutating func refreshRoutes() {
        guard routesAreStale else { return }
        routesAreStale = false
        let topology = topology
        let members = topology.members
        let standings = members.map { $0.status == .banned ? Standing.down : standing(of: $0.id) }
        let isRingSearch = members.map { !isDynomite($0.id) }
        let serving = members.map { self.serving(of: $0.id, under: topology) }
        let isSameTopology = routes.topology.epoch == topology.epoch && routes.topology == topology
        guard !isSameTopology || !routes.hasSame(standings, isRingSearch, serving) else { return }
        routes = Routes(
            topology: topology, own: own, generation: routes.generation + 1, standings: standings,
            isRingSearch: isRingSearch, serving: serving)
        events.append(.routes)
    }

    private func serving(of peer: NodeID, under topology: RingTopology) -> Routes.Serving? {
        guard let record = peer == own ? table.ownRecord : record(of: peer), !record.servingBitmap.isEmpty else {
            return nil
        }
        if record.figure(GossipFigure.servingEpoch) == UInt64(topology.epoch) {
            return Routes.Serving(topology: topology, bitmap: record.servingBitmap)
        }
        // Of another epoch: what we know from when we had it, too.
        return routes.topology.member(peer).flatMap { routes.serving(of: $0) }
    }
}
