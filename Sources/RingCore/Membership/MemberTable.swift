// Everything that is known of the nodes, and what of it a peer has not been told yet.
//
//   higher incarnation                      wins whole
//   equal incarnation                       the worse state wins:   joining < normal < suspect < down < left
//                                           the later beat wins for all that a node says of itself
//   a bad word about ourselves              is answered by a higher incarnation
//
// Merging in this way is commutative, associative and idempotent, so that the order of gossip does not matter.

/// Numbers of the figures that nodes read; all others are for those who show them.
package enum GossipFigure {
    /// Counts the changes of a node's own record within an incarnation.
    package static let beat: UInt8 = 0
    /// The topology epoch under which the ranges of the serving bitmap are numbered.
    package static let servingEpoch: UInt8 = 1
    package static let queueLength: UInt8 = 2
    package static let driftedKeys: UInt8 = 3
}

extension GossipRecord {
    package func figure(_ number: UInt8) -> UInt64 { figures.first { $0.number == number }?.value ?? 0 }

    package mutating func setFigure(_ number: UInt8, _ value: UInt64) {
        if let place = figures.firstIndex(where: { $0.number == number }) {
            figures[place].value = value
        } else {
            figures.append(Figure(number: number, value: value))
        }
    }

    /// What both records say together.
    package func merged(with other: GossipRecord) -> GossipRecord {
        if incarnation != other.incarnation { return incarnation > other.incarnation ? self : other }
        var result = figure(GossipFigure.beat) >= other.figure(GossipFigure.beat) ? self : other
        result.state = state.rawValue >= other.state.rawValue ? state : other.state
        return result
    }
}

/// The records of all nodes, this one's included.
package struct MemberTable: Sendable {
    /// More nodes than this are not remembered.
    static let bound = 4_096

    private struct Entry: Sendable {
        var record: GossipRecord
        /// The table's sequence number when the record last changed.
        var change: UInt64
    }

    package let own: NodeID
    private var entries: [NodeID: Entry] = [:]
    /// Rises with every change of any record.
    package private(set) var sequence: UInt64 = 1

    package init(own record: GossipRecord) {
        own = NodeID(record.node)
        entries[own] = Entry(record: record, change: sequence)
    }

    package subscript(node: NodeID) -> GossipRecord? { entries[node]?.record }

    package var ownRecord: GossipRecord {
        entries[own]?.record ?? GossipRecord(node: own.value, incarnation: 0, state: .joining, datacenter: "", rack: "")
    }

    /// Ascending.
    package var nodes: [NodeID] { entries.keys.sorted() }

    /// Takes a record in. `false`: it says nothing new.
    package mutating func merge(_ record: GossipRecord) -> Bool {
        let node = NodeID(record.node)
        if node == own { return refute(record) }
        guard let known = entries[node]?.record else {
            guard entries.count < Self.bound else { return false }
            put(record)
            return true
        }
        let merged = known.merged(with: record)
        guard merged != known else { return false }
        put(merged)
        return true
    }

    /// Somebody has heard that we are gone, or remembers a later life of ours than we do.
    private mutating func refute(_ rumor: GossipRecord) -> Bool {
        var record = ownRecord
        guard record.state != .left else { return false }
        let isLater = rumor.incarnation > record.incarnation
        let isWorse = rumor.incarnation == record.incarnation && rumor.state.rawValue > record.state.rawValue
        guard isLater || isWorse, rumor.incarnation < .max else { return false }
        record.incarnation = rumor.incarnation + 1
        put(record)
        return true
    }

    /// What this node finds out about another.
    package mutating func judge(_ node: NodeID, _ state: GossipRecord.State) -> Bool {
        guard node != own, var record = entries[node]?.record, state.rawValue > record.state.rawValue else {
            return false
        }
        record.state = state
        put(record)
        return true
    }

    /// Changes what this node says of itself.
    package mutating func updateOwn(_ change: (inout GossipRecord) -> Void) {
        let before = ownRecord
        var record = before
        change(&record)
        guard record != before else { return }
        record.setFigure(GossipFigure.beat, record.figure(GossipFigure.beat) + 1)
        put(record)
    }

    package mutating func forget(_ node: NodeID) {
        guard node != own else { return }
        entries[node] = nil
    }

    private mutating func put(_ record: GossipRecord) {
        sequence += 1
        entries[NodeID(record.node)] = Entry(record: record, change: sequence)
    }

    /// What changed after `sequence`, ascending by node; this node's own record always.
    package func difference(after sequence: UInt64) -> [GossipRecord] {
        entries.filter { $0.key == own || $0.value.change > sequence }.sorted { $0.key < $1.key }
            .map(\.value.record)
    }
}
