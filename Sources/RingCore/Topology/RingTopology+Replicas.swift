// The owners of a range: as a set, in the order to try them, and in the order in which they execute.

/// A range's owner in one rack.
package struct Replica: Hashable, Sendable {
    package let rack: RackIndex
    package let member: MemberIndex

    package init(rack: RackIndex, member: MemberIndex) {
        self.rack = rack
        self.member = member
    }
}

/// The owners of a range in all racks, pending racks too, in order of racks. A view: it allocates nothing.
package struct ReplicaSet: RandomAccessCollection, Sendable {
    private let topology: RingTopology
    private let first: Int

    init(_ topology: RingTopology, _ range: RangeIndex) {
        self.topology = topology
        first = range.position * topology.racks.count
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { topology.racks.count }

    package subscript(rack: Int) -> Replica {
        Replica(rack: RackIndex(rack), member: MemberIndex(Int(topology.owners[first + rack])))
    }
}

/// The owners of a range in active racks, in the order in which a coordinator tries them. A view.
package struct PreferenceList: RandomAccessCollection, Sendable {
    private let topology: RingTopology
    private let firstOwner: Int
    private let firstRack: Int

    init(_ topology: RingTopology, _ range: RangeIndex, from rack: RackIndex) {
        self.topology = topology
        firstOwner = range.position * topology.racks.count
        firstRack = rack.position * topology.activeRackCount
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { topology.activeRackCount }

    package subscript(place: Int) -> Replica {
        precondition(place >= 0 && place < topology.activeRackCount, "place \(place) of a preference list")
        let rack = Int(topology.rackPreference[firstRack + place])
        return Replica(rack: RackIndex(rack), member: MemberIndex(Int(topology.owners[firstOwner + rack])))
    }
}

/// The owners of a range in one datacenter's active racks, in the order in which they are its executor. A view.
package struct ExecutorOrder: RandomAccessCollection, Sendable {
    private let topology: RingTopology
    private let range: RangeIndex
    private let datacenter: DatacenterIndex
    private let rotation: Int

    init(_ topology: RingTopology, _ range: RangeIndex, in datacenter: DatacenterIndex) {
        self.topology = topology
        self.range = range
        self.datacenter = datacenter
        let count = topology.datacenters[datacenter.position].activeRacks.count
        let hash = Murmur2.hash(ofBigEndian: topology.rangeEnds[range.position])
        rotation = count == 0 ? 0 : Int(hash % UInt32(count))
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { topology.datacenters[datacenter.position].activeRacks.count }

    package subscript(place: Int) -> Replica {
        let racks = topology.datacenters[datacenter.position].activeRacks
        precondition(place >= 0 && place < racks.count, "place \(place) of an executor order")
        let rack = racks[(rotation + place) % racks.count]
        return Replica(rack: rack, member: topology.owner(of: range, in: rack))
    }
}

extension RingTopology {
    package func replicas(of range: RangeIndex) -> ReplicaSet { ReplicaSet(self, range) }

    /// The owners of a range in the order in which a coordinator of `rack` tries them: its own rack (itself, when it is an
    /// owner), the other racks of its datacenter, then each other datacenter from its pre-selected rack on.
    package func preferenceList(of range: RangeIndex, from rack: RackIndex) -> PreferenceList {
        PreferenceList(self, range, from: rack)
    }

    /// The racks of `datacenter`, by name, rotated by the hash of the range's end: the first whose owner can, executes.
    package func executorOrder(of range: RangeIndex, in datacenter: DatacenterIndex) -> ExecutorOrder {
        ExecutorOrder(self, range, in: datacenter)
    }

    /// The rack of another datacenter that takes the writes of coordinators in `rack`: that of the same place by name,
    /// modulo the number of racks there. `nil` when no rack of that datacenter is active.
    package func preselectedRack(of datacenter: DatacenterIndex, from rack: RackIndex) -> RackIndex? {
        let active = self[datacenter].activeRacks
        guard !active.isEmpty else { return nil }
        return active[RingLayout.rank(of: rack, among: self[self[rack].datacenter].activeRacks) % active.count]
    }
}
