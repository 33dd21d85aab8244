// How a ring begins: its nodes have no ring yet that could say who they are, only their configurations. These must say the
// same.

/// The nodes that the seeds of a configuration name, and who among them has said what.
package enum Electorate {
    /// What two nodes must agree on before they can begin a ring together, in an order that does not depend on them.
    package static func lines(of members: [RingMember], voters: String) -> [String] {
        lines(of: members.map(Self.seed), voters: voters)
    }

    package static func lines(of seeds: [SeedEntry], voters: String) -> [String] {
        seeds.map(\.description).sorted() + (voters.isEmpty ? [] : ["definition voters \(voters)"])
    }

    private static func seed(_ member: RingMember) -> SeedEntry {
        SeedEntry(address: member.address, rack: member.rack, datacenter: member.datacenter, tokens: member.tokens)
    }

    /// What is in one list and not in the other, in words; `nil` when they say the same.
    package static func difference(ours: [String], theirs: [String], of name: String) -> String? {
        let (own, other) = (Set(ours), Set(theirs))
        let added = theirs.filter { !own.contains($0) }
        let missing = ours.filter { !other.contains($0) }
        guard !added.isEmpty || !missing.isEmpty else { return nil }
        var parts: [String] = []
        if !added.isEmpty { parts.append("lists \(added.joined(separator: ", ")), which we do not") }
        if !missing.isEmpty { parts.append("does not list \(missing.joined(separator: ", "))") }
        return "the seeds of \(name) are not ours: it \(parts.joined(separator: ", and it "))"
    }
}

/// What a node without a part in the ring can do about it.
package enum JoinDecision: Equatable, Sendable {
    case isMember
    /// It was in the list with which the ring began, and nobody knew its id.
    case identify(placeholder: NodeID)
    /// Its rack is new.
    case addRack
    /// It cannot join, for this reason.
    case refused(String)

    package init(_ node: RingMember, into ring: RingState) {
        guard let topology = ring.topology else {
            self = .refused("the ring has not begun")
            return
        }
        if let member = topology.member(node.id) {
            self =
                topology[member].status == .banned
                ? .refused("node \(node.id) was replaced: its data is another node's now")
                : .isMember
            return
        }
        let inRack = topology.members.filter {
            $0.datacenter == node.datacenter && $0.rack == node.rack && $0.status != .banned
        }
        guard let sharing = inRack.first(where: { !Set($0.tokens).isDisjoint(with: node.tokens) }) else {
            self = inRack.isEmpty ? .addRack : .refused(RingState.splitting(node).description)
            return
        }
        if sharing.tokens == node.tokens, sharing.id.isDerived {
            self = .identify(placeholder: sharing.id)
        } else {
            self = .refused(
                "node \(sharing.id) at \(sharing.address) has the tokens of node \(node.id); if it is gone for good, "
                    + "replace it")
        }
    }
}
