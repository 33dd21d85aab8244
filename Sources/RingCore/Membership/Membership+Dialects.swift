// Heartbeats of nodes that are no RingSearch, both ways.

extension Membership {
    mutating func gossipText(_ payload: Bytes, at now: RingTime) {
        guard let (text, _) = GossipText.parse(payload) else { return }
        switch text {
        case .heartbeat(let sender):
            guard let address = NodeAddress(sender) else { return }
            for (peer, known) in located.sorted(by: { $0.key < $1.key }) where known == address {
                sign(of: peer, at: now)
            }
        case .entries(let entries):
            for entry in entries { take(entry, at: now) }
        }
    }

    /// Dynomite passes on what it heard of others; only a later time than the last one is a sign of life.
    private mutating func take(_ entry: GossipTextEntry, at now: RingTime) {
        guard entry.state != .down, entry.state != .reset,
            let member = topology.members.first(where: {
                $0.datacenter == entry.datacenter && $0.rack == entry.rack && $0.tokens.first?.value == entry.token
            }), member.id != own, isDynomite(member.id)
        else { return }
        var state = health[member.id] ?? PeerHealth()
        // A time far in the future would make the node immortal.
        guard entry.seconds > state.gossipSeconds, entry.seconds <= now.wall / 1_000 + 60 else { return }
        state.gossipSeconds = entry.seconds
        health[member.id] = state
        sign(of: member.id, at: now)
    }

    mutating func sendGossipText(at now: RingTime, into out: inout [RingDirective]) {
        guard now.monotonic >= nextGossipText else { return }
        nextGossipText = now.monotonic + settings.gossipTextInterval
        let receivers = peers.filter { isDynomite($0) }
        guard !receivers.isEmpty else { return }
        switch settings.dialect {
        case .seed:
            let beat = GossipText.heartbeat(settings.own.address.description).payload
            for peer in receivers { out.append(.sendGossipText(peer, beat)) }
        case .netflix:
            guard settings.sendsGossipText else { return }
            let text = GossipText.entries(gossipEntries(at: now)).payload
            out.append(.sendGossipText(receivers[chance.below(receivers.count)], text))
        }
    }

    /// The whole ring in Dynomite's words.
    private func gossipEntries(at now: RingTime) -> [GossipTextEntry] {
        topology.members.filter { $0.status != .banned }.prefix(GossipText.entryBound).map { member in
            let isOwn = member.id == own
            let state = health[member.id]
            let age = isOwn ? 0 : now.monotonic - min(now.monotonic, state?.lastSign ?? 0)
            let isDown = standing(of: member.id) == .down
            return GossipTextEntry(
                datacenter: member.datacenter, rack: member.rack, token: member.tokens.first?.value ?? 0,
                seconds: now.wall > age ? (now.wall - age) / 1_000 : 0, state: isDown ? .down : .normal,
                address: located[member.id]?.host ?? member.address.host)
        }
    }
}
