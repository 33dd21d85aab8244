// Entries that change who owns what, as bytes.
//
//   genesis        lp voters (datacenter; empty: all) | members
//   add rack       members, all of one rack
//   activate rack  lp datacenter | lp rack
//   replace        u64 old id | member
//   identify       u64 id made of the place | u64 own id

/// What a topology entry asks for.
package enum RingChange: Equatable, Sendable {
    case genesis(voters: String, [RingMember])
    case addRack([RingMember])
    case activateRack(datacenter: String, rack: String)
    case replace(NodeID, RingMember)
    case identify(placeholder: NodeID, NodeID)

    package var kind: DefinitionKind {
        switch self {
        case .genesis: .genesis
        case .addRack: .addRack
        case .activateRack: .activateRack
        case .replace: .replace
        case .identify: .identify
        }
    }

    package var body: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .genesis(let voters, let members):
            writer.lp(voters)
            RingMember.encode(members, into: &writer)
        case .addRack(let members): RingMember.encode(members, into: &writer)
        case .activateRack(let datacenter, let rack):
            writer.lp(datacenter)
            writer.lp(rack)
        case .replace(let old, let member):
            writer.u64(old.value)
            member.encode(into: &writer)
        case .identify(let placeholder, let node):
            writer.u64(placeholder.value)
            writer.u64(node.value)
        }
        return writer.bytes
    }

    /// `nil`: another kind, or one that this version cannot apply.
    package init?(_ entry: DefinitionEntry) {
        do throws(WireError) {
            guard let change = try Self.read(entry) else { return nil }
            self = change
        } catch {
            return nil
        }
    }

    private static func read(_ entry: DefinitionEntry) throws(WireError) -> RingChange? {
        var reader = WireReader(entry.body)
        switch DefinitionKind(rawValue: entry.kind) {
        case .genesis:
            return .genesis(
                voters: try reader.string(limit: WireBounds.name), try RingMember.list(from: &reader))
        case .addRack: return .addRack(try RingMember.list(from: &reader))
        case .activateRack:
            return .activateRack(
                datacenter: try reader.string(limit: WireBounds.name),
                rack: try reader.string(limit: WireBounds.name))
        case .replace: return .replace(NodeID(try reader.u64()), try RingMember(from: &reader))
        case .identify:
            return .identify(placeholder: NodeID(try reader.u64()), NodeID(try reader.u64()))
        default: return nil
        }
    }
}

/// Why a change of the ring was not made, in words for the operator.
package struct RingChangeRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// What the log's entries have made of the ring.
package struct RingState: Equatable, Sendable {
    /// `nil` before the first entry.
    package private(set) var topology: RingTopology?
    /// The datacenter whose nodes agree on entries; empty: all nodes do.
    package private(set) var voters = ""
    /// The proposal of the first entry: two rings never have the same.
    package private(set) var name: Version?

    package init() {}

    /// Who votes on the next entry, ascending.
    package var voterIDs: [NodeID] {
        guard let topology else { return [] }
        return topology.members.filter {
            $0.kind == .ringSearch && ($0.status == .active || $0.status == .leaving)
                && (voters.isEmpty || $0.datacenter == voters)
        }.map(\.id).sorted()
    }

    package func isBanned(_ node: NodeID) -> Bool {
        topology.flatMap { topology in topology.member(node).map { topology[$0].status == .banned } } ?? false
    }

    /// The same on every node, whenever it comes to the entry. Entries that are no topology's change nothing.
    package mutating func apply(_ entry: DefinitionEntry) throws(RingChangeRefusal) {
        guard DefinitionKind(rawValue: entry.kind)?.isTopology == true else { return }
        guard let change = RingChange(entry) else {
            throw RingChangeRefusal("this version cannot apply entry \(entry.epoch) of kind \(entry.kind)")
        }
        var members = topology?.members ?? []
        if case .genesis(let voters, let first) = change {
            guard topology == nil else { throw RingChangeRefusal("the ring has begun already") }
            topology = try Self.laid(first, entry.epoch)
            self.voters = voters
            name = entry.proposal
            return
        }
        guard topology != nil else { throw RingChangeRefusal("the ring has not begun") }
        try Self.change(&members, by: change)
        topology = try Self.laid(members, entry.epoch)
    }

    /// Whether a change would be made now.
    package func refusal(of change: RingChange) -> RingChangeRefusal? {
        var copy = self
        let entry = DefinitionEntry(
            epoch: UInt64(topology?.epoch ?? 0) + 1, proposal: .zero, version: .zero, kind: change.kind.rawValue,
            body: change.body)
        do throws(RingChangeRefusal) {
            try copy.apply(entry)
            return nil
        } catch {
            return error
        }
    }

    private static func laid(_ members: [RingMember], _ epoch: UInt64) throws(RingChangeRefusal) -> RingTopology {
        do throws(TopologyError) {
            return try RingTopology(epoch: UInt32(clamping: epoch), members: members)
        } catch {
            throw RingChangeRefusal(error.description)
        }
    }

    private static func change(_ members: inout [RingMember], by change: RingChange) throws(RingChangeRefusal) {
        switch change {
        case .genesis: break
        case .addRack(let new):
            guard let first = new.first else { throw RingChangeRefusal("a rack without nodes") }
            guard new.allSatisfy({ $0.datacenter == first.datacenter && $0.rack == first.rack }) else {
                throw RingChangeRefusal("nodes of several racks; one rack joins at a time")
            }
            if members.contains(where: { isOf(first.datacenter, first.rack, $0) && $0.status != .banned }) {
                throw splitting(first)
            }
            for id in new.map(\.id) where members.contains(where: { $0.id == id }) {
                throw RingChangeRefusal("node \(id) is or was a member already")
            }
            if let other = members.first(where: { $0.status == .pending }) {
                throw RingChangeRefusal("rack \(other.rack) of \(other.datacenter) is still joining")
            }
            for var member in new {
                member.status = .pending
                members.append(member)
            }
        case .activateRack(let datacenter, let rack):
            let places = members.indices.filter {
                isOf(datacenter, rack, members[$0]) && members[$0].status == .pending
            }
            guard !places.isEmpty else { throw RingChangeRefusal("rack \(rack) of \(datacenter) is not joining") }
            for place in places { members[place].status = .active }
        case .replace(let old, var new):
            guard let place = members.firstIndex(where: { $0.id == old && $0.status != .banned }) else {
                throw RingChangeRefusal("node \(old) is no member")
            }
            guard !members.contains(where: { $0.id == new.id }) else {
                throw RingChangeRefusal("node \(new.id) is or was a member already")
            }
            let former = members[place]
            guard isOf(former.datacenter, former.rack, new), former.tokens == new.tokens else {
                throw RingChangeRefusal("node \(new.id) is not at the place of node \(old)")
            }
            new.status = former.status
            members[place].status = .banned
            members.append(new)
        case .identify(let placeholder, let node):
            guard placeholder.isDerived, !node.isDerived, node.value != 0,
                let place = members.firstIndex(where: { $0.id == placeholder && $0.status != .banned })
            else { throw RingChangeRefusal("\(placeholder) is no member without an id of its own") }
            guard !members.contains(where: { $0.id == node }) else {
                throw RingChangeRefusal("node \(node) is or was a member already")
            }
            members[place].id = node
            members[place].kind = .ringSearch
        }
    }

    private static func isOf(_ datacenter: String, _ rack: String, _ member: RingMember) -> Bool {
        member.datacenter == datacenter && member.rack == rack
    }

    static func splitting(_ member: RingMember) -> RingChangeRefusal {
        RingChangeRefusal(
            "rack \(member.rack) of \(member.datacenter) exists: node \(member.id) would split the ranges of its nodes, "
                + "whose keys cannot be moved yet; give it a rack of its own")
    }
}
