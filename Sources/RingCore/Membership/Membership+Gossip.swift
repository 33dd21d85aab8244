// Telling peers what they do not know yet: each second all of the own datacenter, and one of each other.

extension Membership {
    /// The members that this node deals with, by the ids under which they are asked, ascending. It is none of them.
    package var peers: [NodeID] {
        topology.members.filter { $0.status != .banned && $0.id != own }.map(\.id).sorted()
    }

    /// The id under which a node is asked.
    func peerName(_ node: NodeID) -> NodeID { places[node] ?? node }

    /// What is known of a peer.
    package func record(of peer: NodeID) -> GossipRecord? { table[identities[peer] ?? peer] }

    func datacenter(of peer: NodeID) -> String {
        topology.member(peer).map { topology[$0].datacenter } ?? ""
    }

    func isDynomite(_ peer: NodeID) -> Bool {
        if let member = topology.member(peer), topology[member].kind == .dynomite { return true }
        return health[peer].map { !$0.isRingSearch } ?? false
    }

    /// A node of another ring, which is nobody's business here.
    func isForeign(_ record: GossipRecord) -> Bool {
        if let ring = record.capabilities.text(GossipCapability.ring), ring != settings.ringName { return true }
        guard let ours = log.ring.name, let theirs = record.capabilities.text(GossipCapability.genesis) else {
            return false
        }
        return theirs != ours.description
    }

    // MARK: sending

    mutating func exchange(at now: RingTime, into out: inout [RingDirective]) {
        let home = settings.own.datacenter
        var remote: [String: [NodeID]] = [:]
        for peer in peers where !isDynomite(peer) {
            let datacenter = datacenter(of: peer)
            // Before the ring has begun everybody has to hear everybody.
            if datacenter == home || log.ring.topology == nil {
                guard now.monotonic >= health[peer]?.nextExchange ?? 0 else { continue }
                sendExchange(to: peer, at: now.monotonic, into: &out)
            } else {
                remote[datacenter, default: []].append(peer)
            }
        }
        for datacenter in remote.keys.sorted() {
            guard let there = remote[datacenter], now.monotonic >= remoteDue[datacenter] ?? 0 else { continue }
            let turn = remoteTurn[datacenter] ?? chance.below(there.count)
            remoteTurn[datacenter] = turn + 1
            remoteDue[datacenter] = now.monotonic + settings.exchangeInterval
            sendExchange(to: there[turn % there.count], at: now.monotonic, into: &out)
        }
    }

    mutating func sendExchange(to peer: NodeID, at now: UInt64, into out: inout [RingDirective]) {
        var state = health[peer] ?? PeerHealth()
        state.nextExchange = now + settings.exchangeInterval
        state.isExchanging = true
        let record = record(of: peer)
        let incarnation = record?.incarnation ?? 0
        // A new life has forgotten what the last one was told.
        let after = incarnation == state.confirmedIncarnation ? state.confirmed : 0
        var records = table.difference(after: after)
        // What is thought of the peer itself goes along while it is bad: only the peer can refute it.
        if let record, record.state == .suspect || record.state == .down,
            !records.contains(where: { $0.node == record.node })
        {
            records.append(record)
        }
        let token = tokens.next()
        asks[token] = .exchange(peer, sequence: table.sequence, incarnation: incarnation, at: now)
        out.append(
            .ask(
                peer, .gossip, body: Gossip(records: records).encoded, token: token, timeout: state.answers.overdue))
        health[peer] = state
    }

    // MARK: receiving

    mutating func gossip(
        _ message: RingMessage, token: UInt64, at now: RingTime, into out: inout [RingDirective]
    ) {
        guard let gossip = try? Gossip(message.body) else {
            out.append(.answerUnsupported(token: token))
            return
        }
        take(gossip.records, from: NodeID(message.envelope.node), at: now, into: &out)
        // Ours, and what we know better than the asker. The rest comes with our own exchange.
        var records = [table.ownRecord]
        for record in gossip.records {
            let node = NodeID(record.node)
            if node != own, let known = table[node], known != record { records.append(known) }
        }
        out.append(.answer(token: token, .gossipReply, body: GossipReply(records: records).encoded))
    }

    mutating func take(
        _ records: [GossipRecord], from sender: NodeID, at now: RingTime, into out: inout [RingDirective]
    ) {
        if let own = records.first(where: { $0.node == sender.value }), isForeign(own) {
            note("node \(sender) at \(own.place) belongs to another ring; its gossip is ignored", into: &out)
            if foreign.count < MemberTable.bound { foreign.insert(sender) }
            return
        }
        foreign.remove(sender)
        for record in records where !isForeign(record) {
            let node = NodeID(record.node)
            guard !node.isDerived, !log.ring.isBanned(node) else { continue }
            let before = table[node]
            guard table.merge(record) else { continue }
            routesAreStale = true
            if node != own, let after = table[node] {
                changed(node, from: before, to: after, isItself: node == sender, at: now, into: &out)
            }
        }
        if let record = table[sender], sender != own { identify(record) }
    }

    private mutating func changed(
        _ node: NodeID, from before: GossipRecord?, to after: GossipRecord, isItself: Bool, at now: RingTime,
        into out: inout [RingDirective]
    ) {
        let peer = peerName(node)
        guard topology.member(peer) != nil else { return }
        if after.incarnation > before?.incarnation ?? 0 {
            // A later life, or a refutation: what was suspected before is void.
            health[peer]?.suspicion = nil
            health[peer]?.isGone = false
        }
        if isItself { log.observe(peer, epoch: UInt64(after.definitionEpoch), into: &out) }
        let isAccused = after.state == .suspect || after.state == .down
        // A node that is called gone and was heard just now is told at once, and refutes.
        if isAccused, let heard = health[peer]?.lastSign, now.monotonic < heard + 2_000 {
            health[peer]?.nextExchange = now.monotonic
        }
    }

    /// Finds out which place of the seeds, or of members that never said their id, a node is at.
    private mutating func identify(_ record: GossipRecord) {
        let node = NodeID(record.node)
        let tokens = record.tokens
        guard topology.member(node) == nil,
            let member = topology.members.first(where: {
                $0.id.isDerived && $0.datacenter == record.datacenter && $0.rack == record.rack && $0.tokens == tokens
            })
        else { return }
        if let former = identities[member.id], former != node { places[former] = nil }
        identities[member.id] = node
        places[node] = member.id
        routesAreStale = true
    }

    // MARK: what others need of it

    var agreementView: AgreementView {
        let standing = { (peer: NodeID) in self.standing(of: peer) != .down }
        let all = peers.filter { !isDynomite($0) }
        let members = all + (log.ring.topology == nil || isMember ? [own] : [])
        let voters =
            log.ring.topology == nil
            ? members.filter { settings.definitionVoters.isEmpty || datacenter(of: $0) == settings.definitionVoters }
            : log.ring.voterIDs
        let home = settings.own.datacenter
        return AgreementView(
            voters: voters, members: members, routable: Set(all.filter(standing)),
            neighbors: all.filter { standing($0) && datacenter(of: $0) == home })
    }

    /// Tells where peers are, when it changes.
    mutating func locate(into out: inout [RingDirective]) {
        var wanted: [NodeID: NodeAddress] = [:]
        for peer in peers {
            guard let member = topology.member(peer) else { continue }
            wanted[peer] = record(of: peer)?.peerAddress ?? topology[member].address
        }
        for peer in Set(located.keys).union(wanted.keys).sorted() where located[peer] != wanted[peer] {
            out.append(.locate(peer, wanted[peer]))
        }
        located = wanted
    }
}

extension GossipRecord {
    var peerAddress: NodeAddress? {
        addresses.first { $0.plane == Plane.peer.rawValue && $0.port > 0 && !$0.host.isEmpty }
            .map { NodeAddress(host: $0.host, port: $0.port) }
    }

    /// Ascending; empty when it names none that make sense.
    var tokens: [Token] {
        var tokens: [Token] = []
        for value in capabilities[GossipCapability.tokens] {
            guard let token = try? Token(String(decoding: value, as: UTF8.self)) else { return [] }
            tokens.append(token)
        }
        return tokens.sorted()
    }

    var seedLines: [String] {
        capabilities[GossipCapability.seeds].map { String(decoding: $0, as: UTF8.self) }
    }

    /// For people.
    var place: String { peerAddress?.description ?? "\(datacenter) \(rack)" }
}
