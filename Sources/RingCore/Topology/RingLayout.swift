// From members to the flat tables of a topology.

/// The tables under construction; ``RingTopology`` keeps them.
struct RingLayout {
    private(set) var members: [RingMember]
    private(set) var datacenters: [RingTopology.Datacenter] = []
    private(set) var racks: [RingTopology.Rack] = []
    private(set) var rangeEnds: [UInt32] = []
    private(set) var owners: [UInt16] = []
    private(set) var successors: [UInt16] = []
    private(set) var rackPreference: [UInt16] = []

    /// Of each rack, who owns its tokens once everything pending has become active.
    private var futures: [Continuum?] = []

    init(_ unsorted: [RingMember]) throws(TopologyError) {
        guard unsorted.count <= RingTopology.memberLimit else { throw .tooManyMembers(unsorted.count) }
        members = unsorted.sorted(by: Self.isBefore)
        try checkIdentities()
        try layRacks()
        guard !racks.isEmpty else { throw .noOwners }
        cutRanges()
        assignOwners()
        orderRacks()
    }

    private static func isBefore(_ a: RingMember, _ b: RingMember) -> Bool {
        (a.datacenter, a.rack, a.tokens.first?.value ?? .max, a.id)
            < (b.datacenter, b.rack, b.tokens.first?.value ?? .max, b.id)
    }

    private func checkIdentities() throws(TopologyError) {
        var ids: Set<NodeID> = []
        var byAddress: [NodeAddress: NodeID] = [:]
        var tokenCount = 0
        for member in members {
            guard member.id.value != 0 else { throw .noID(member.address) }
            guard ids.insert(member.id).inserted else { throw .duplicateID(member.id) }
            guard member.status != .banned else { continue }
            for name in [member.datacenter, member.rack] where !RingName.isUsable(name) {
                throw .unusableName(name, member.id)
            }
            guard !member.tokens.isEmpty else {
                throw .noTokens(member.id, rack: member.rack, datacenter: member.datacenter)
            }
            tokenCount += member.tokens.count
            if let other = byAddress.updateValue(member.id, forKey: member.address) {
                throw .duplicateAddress(member.address, other, member.id)
            }
        }
        guard tokenCount <= RingTopology.tokenLimit else { throw .tooManyTokens(tokenCount) }
    }

    // MARK: racks

    private mutating func layRacks() throws(TopologyError) {
        // Members are sorted, so that a rack's lie together and racks come in the order of their names.
        var i = 0
        while i < members.count {
            let name = (datacenter: members[i].datacenter, rack: members[i].rack)
            var inRack: [Int] = []
            while i < members.count, members[i].datacenter == name.datacenter, members[i].rack == name.rack {
                if members[i].status != .banned { inRack.append(i) }
                i += 1
            }
            guard !inRack.isEmpty else { continue }
            if datacenters.last?.name != name.datacenter { openDatacenter(name.datacenter) }
            try layRack(name.rack, inRack)
        }
        closeDatacenter()
    }

    private mutating func layRack(_ name: String, _ inRack: [Int]) throws(TopologyError) {
        let present = try continuum(inRack.filter { members[$0].status != .pending })
        let future = try continuum(inRack.filter { members[$0].status != .leaving })
        guard let continuum = present ?? future else { return }
        racks.append(
            .init(
                index: RackIndex(racks.count), name: name, datacenter: DatacenterIndex(datacenters.count - 1),
                isActive: present != nil, members: inRack.map { MemberIndex($0) }, continuum: continuum))
        futures.append(future)
    }

    private func continuum(_ owners: [Int]) throws(TopologyError) -> Continuum? {
        let tokens = owners.flatMap { owner in members[owner].tokens.map { (token: $0.value, owner: owner) } }
            .sorted { ($0.token, $0.owner) < ($1.token, $1.owner) }
        guard !tokens.isEmpty else { return nil }
        for i in tokens.indices.dropFirst() where tokens[i].token == tokens[i - 1].token {
            let (a, b) = (members[tokens[i - 1].owner], members[tokens[i].owner])
            throw .duplicateToken(Token(tokens[i].token), rack: a.rack, datacenter: a.datacenter, a.id, b.id)
        }
        return Continuum(tokens: tokens.map(\.token), members: tokens.map { UInt16($0.owner) })
    }

    /// A datacenter is made when its first rack is, and completed when its last one is.
    private mutating func openDatacenter(_ name: String) {
        closeDatacenter()
        let start = racks.count
        datacenters.append(
            .init(index: DatacenterIndex(datacenters.count), name: name, racks: start..<start, activeRacks: []))
    }

    private mutating func closeDatacenter() {
        guard let open = datacenters.popLast() else { return }
        let all = open.racks.lowerBound..<racks.count
        datacenters.append(
            .init(
                index: open.index, name: open.name, racks: all,
                activeRacks: racks[all].filter(\.isActive).map(\.index)))
    }

    // MARK: ranges

    private mutating func cutRanges() {
        var ends: Set<UInt32> = []
        for member in members where member.status != .banned { for token in member.tokens { ends.insert(token.value) } }
        rangeEnds = ends.sorted()
    }

    private mutating func assignOwners() {
        owners.reserveCapacity(rangeEnds.count * racks.count)
        var changes: [UInt16] = []
        for end in rangeEnds {
            for (rack, future) in zip(racks, futures) {
                // The owner of a range's end owns all of it: no token of any rack lies inside.
                let owner = rack.continuum.owner(of: Token(end))
                let later = rack.isActive ? future?.owner(of: Token(end)) ?? owner : owner
                owners.append(UInt16(owner.position))
                changes.append(later == owner ? RingTopology.none : UInt16(later.position))
            }
        }
        if changes.contains(where: { $0 != RingTopology.none }) { successors = changes }
    }

    // MARK: preference

    /// A coordinator's own rack first, the other racks of its datacenter, then datacenter by datacenter, each from the
    /// rack that takes this coordinator's writes. All of it by name and going round, so that the coordinators of different
    /// racks spread over their second choices.
    private mutating func orderRacks() {
        for rack in racks {
            let home = datacenters[rack.datacenter.position]
            for step in datacenters.indices {
                let datacenter = datacenters[(rack.datacenter.position + step) % datacenters.count]
                let active = datacenter.activeRacks
                guard !active.isEmpty else { continue }
                let start = Self.rank(of: rack.index, among: home.activeRacks) % active.count
                for i in active.indices { rackPreference.append(UInt16(active[(start + i) % active.count].position)) }
            }
        }
    }

    /// Place of a rack among the active ones of its datacenter; of a pending one, where it would stand.
    static func rank(of rack: RackIndex, among active: [RackIndex]) -> Int { active.count { $0 < rack } }
}
