// Who owns what, under one epoch.
//
// Each rack owns the ring once, with tokens of its own. The tokens of all racks together cut it into elementary ranges, in
// which every rack has one owner:
//
//   rack1   ─────A──────────────B──────────────A─
//   rack2   ─────C───────D──────────────C──────C─
//   ranges  ──0──┤───1───┤───2──┤───3───┤──4───┤─ 0 goes on
//
//   range        0    1    2    3    4            a table of ranges × racks, so that the replicas of a range lie together
//   rack1        A    B    B    A    A
//   rack2        C    D    C    C    C
//
// A node that will own tokens later (pending) cuts ranges already, so that its range numbers hold when it takes over.

/// The ring's members and what follows from them: ranges, owners, the order in which owners are tried.
///
/// Immutable, and the same on every node that has the same members and epoch. Lookups take O(log ranges) and allocate
/// nothing.
package final class RingTopology: Sendable {
    package static let memberLimit = 16_384
    package static let tokenLimit = 1 << 20

    /// What one datacenter has.
    package struct Datacenter: Sendable {
        package let index: DatacenterIndex
        package let name: String
        /// Positions of its racks, pending ones included, in order of name.
        package let racks: Range<Int>
        /// Its racks that count, in order of name.
        package let activeRacks: [RackIndex]
    }

    /// What one rack has.
    package struct Rack: Sendable {
        package let index: RackIndex
        package let name: String
        package let datacenter: DatacenterIndex
        /// Whether it counts. A pending rack gets all writes, but answers nothing and is counted nowhere.
        package let isActive: Bool
        /// All but the banned.
        package let members: [MemberIndex]
        /// Its owners by token.
        package let continuum: Continuum
    }

    package let epoch: UInt32
    /// In order of datacenter, rack, first token and id; banned ones too.
    package let members: [RingMember]
    package let datacenters: [Datacenter]
    package let racks: [Rack]

    /// End tokens of the elementary ranges, ascending.
    let rangeEnds: [UInt32]
    /// Of each range, the owner in each rack.
    let owners: [UInt16]
    /// Of each range, who takes over in each rack, or `none`; empty when nothing changes hands.
    let successors: [UInt16]
    /// Of each rack, all active racks in the order in which a coordinator there tries them.
    let rackPreference: [UInt16]
    let activeRackCount: Int
    private let memberByID: [NodeID: Int]

    static let none = UInt16.max

    /// Checks the members and lays the ring out. O(ranges * racks).
    ///
    /// - Parameter epoch: number of the definition log's entry that made this topology; 0 before there is one.
    package init(epoch: UInt32, members: [RingMember]) throws(TopologyError) {
        let layout = try RingLayout(members)
        self.epoch = epoch
        self.members = layout.members
        datacenters = layout.datacenters
        racks = layout.racks
        rangeEnds = layout.rangeEnds
        owners = layout.owners
        successors = layout.successors
        rackPreference = layout.rackPreference
        activeRackCount = layout.racks.count { $0.isActive }
        memberByID = Dictionary(uniqueKeysWithValues: layout.members.enumerated().map { ($1.id, $0) })
    }

    // MARK: finding members

    package subscript(member: MemberIndex) -> RingMember { members[member.position] }
    package subscript(rack: RackIndex) -> Rack { racks[rack.position] }
    package subscript(datacenter: DatacenterIndex) -> Datacenter { datacenters[datacenter.position] }

    package func member(_ id: NodeID) -> MemberIndex? { memberByID[id].map { MemberIndex($0) } }

    package func datacenter(named name: String) -> DatacenterIndex? {
        datacenters.first { $0.name == name }?.index
    }

    package func rack(named name: String, in datacenter: DatacenterIndex) -> RackIndex? {
        self[datacenter].racks.first { racks[$0].name == name }.map { RackIndex($0) }
    }

    /// The rack of a member; `nil` for a banned one whose rack is gone.
    package func rack(of member: MemberIndex) -> RackIndex? {
        let member = self[member]
        return datacenter(named: member.datacenter).flatMap { rack(named: member.rack, in: $0) }
    }

    // MARK: ranges

    package var rangeCount: Int { rangeEnds.count }

    /// The range that a token is in.
    package func range(of token: Token) -> RangeIndex {
        RangeIndex(firstIndex(in: rangeEnds, notBelow: token.value))
    }

    package func end(of range: RangeIndex) -> Token { Token(rangeEnds[range.position]) }

    package func arc(of range: RangeIndex) -> TokenRange {
        let before = range.position == 0 ? rangeEnds.count - 1 : range.position - 1
        return TokenRange(after: Token(rangeEnds[before]), end: end(of: range))
    }

    /// The range with this end token, which is how ranges are named across epochs.
    package func range(endingAt end: Token) -> RangeIndex? {
        let found = range(of: end)
        return self.end(of: found) == end ? found : nil
    }

    // MARK: owners

    /// The owner of a range in a rack.
    package func owner(of range: RangeIndex, in rack: RackIndex) -> MemberIndex {
        MemberIndex(Int(owners[range.position * racks.count + rack.position]))
    }

    /// Who takes over a range in a rack: it gets every write beside the owner and counts for nothing.
    package func successor(of range: RangeIndex, in rack: RackIndex) -> MemberIndex? {
        guard !successors.isEmpty else { return nil }
        let position = successors[range.position * racks.count + rack.position]
        return position == Self.none ? nil : MemberIndex(Int(position))
    }

    /// Whether ranges are changing hands within a rack.
    package var hasSuccessors: Bool { !successors.isEmpty }

    /// Whether a member owns a range, in an active rack or a pending one.
    package func isOwner(_ member: MemberIndex, of range: RangeIndex) -> Bool {
        replicas(of: range).contains { $0.member == member }
    }

    /// The ranges that a member owns, ascending. O(ranges); whoever asks often keeps it.
    package func ranges(ownedBy member: MemberIndex) -> [RangeIndex] {
        guard let rack = rack(of: member) else { return [] }
        return (0..<rangeCount).lazy.map { RangeIndex($0) }.filter { self.owner(of: $0, in: rack) == member }
    }

    /// The members that own a range of this one's in other racks, ascending: whose feeds it follows. O(ranges * racks).
    package func coOwners(of member: MemberIndex) -> [MemberIndex] {
        var found: Set<MemberIndex> = []
        for range in ranges(ownedBy: member) { for replica in replicas(of: range) { found.insert(replica.member) } }
        found.remove(member)
        return found.sorted()
    }
}

extension RingTopology: Equatable {
    package static func == (a: RingTopology, b: RingTopology) -> Bool {
        a === b || (a.epoch == b.epoch && a.members == b.members)
    }
}
