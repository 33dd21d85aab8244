// Beginning a ring, coming into one, and counting in it: what a node proposes of itself.

extension Membership {
    private static let proposalInterval: UInt64 = 1_000
    private static let proposalTimeout: UInt64 = 5_000

    mutating func grow(at now: RingTime, into out: inout [RingDirective]) {
        guard ownProposal == nil, now.monotonic >= nextProposal else { return }
        guard log.ring.topology != nil else { return begin(at: now, into: &out) }
        if isMember {
            helpOthers(at: now, into: &out)
        } else {
            join(at: now, into: &out)
        }
    }

    private mutating func propose(
        _ change: RingChange, at now: RingTime, into out: inout [RingDirective]
    ) {
        nextProposal = now.monotonic + Self.proposalInterval
        proposalCount &+= 1
        let version = Version(milliseconds: now.wall, counter: proposalCount, node: own.value)
        ownProposal = version
        log.view = agreementView
        log.propose(
            change.kind, body: change.body, proposal: version, version: version,
            deadline: now.monotonic + Self.proposalTimeout, at: now, into: &out)
    }

    /// Proposes an entry of any kind; its outcome comes among the events.
    ///
    /// - Parameter timeout: milliseconds.
    package mutating func propose(
        _ kind: DefinitionKind, body: Bytes, proposal: Version, version: Version, timeout: UInt64, at now: RingTime,
        into out: inout [RingDirective]
    ) {
        log.view = agreementView
        log.propose(
            kind, body: body, proposal: proposal, version: version, deadline: now.monotonic + timeout, at: now,
            into: &out)
        finish(at: now, into: &out)
    }

    /// Has an operator's change made; refused at once when it could not be made now.
    package mutating func propose(
        _ change: RingChange, proposal: Version, timeout: UInt64, at now: RingTime, into out: inout [RingDirective]
    ) throws(RingChangeRefusal) {
        if let refusal = log.ring.refusal(of: change) { throw refusal }
        propose(
            change.kind, body: change.body, proposal: proposal, version: proposal, timeout: timeout, at: now,
            into: &out)
    }

    // MARK: genesis

    private mutating func begin(at now: RingTime, into out: inout [RingDirective]) {
        let places = peers
        if places.isEmpty { return propose(genesis(), at: now, into: &out) }
        var agreeing: [NodeID] = [own]
        var heard = 1
        var possible = 1
        for place in places where !isDynomite(place) {
            possible += 1
            guard let record = record(of: place), standing(of: place) != .down else { continue }
            // Its ring has begun: the log fetches the entries, and we join.
            if record.definitionEpoch >= 1 {
                log.observe(place, epoch: UInt64(record.definitionEpoch), into: &out)
                return
            }
            heard += 1
            let difference = Electorate.difference(
                ours: settings.electorate, theirs: record.seedLines, of: "node \(record.place)")
            if let difference {
                note(difference, into: &out)
            } else {
                agreeing.append(NodeID(record.node))
            }
        }
        guard agreeing.count >= Quorum.majority(of: possible) else { return }
        let isPatient = now.monotonic < startedAt + settings.genesisPatience
        guard heard == possible && placesAreKnown || !isPatient else { return }
        // One begins; should it die over it, the next lowest does.
        guard agreeing.min() == own, agreementView.voters.contains(own) || settings.definitionVoters.isEmpty else {
            return beginInstead(of: agreeing, at: now, into: &out)
        }
        propose(genesis(), at: now, into: &out)
    }

    /// Whether of each seed it is known what it is.
    private var placesAreKnown: Bool {
        peers.allSatisfy { isDynomite($0) || identities[$0] != nil }
    }

    /// Where only one datacenter votes, the lowest of its nodes begins.
    private mutating func beginInstead(of agreeing: [NodeID], at now: RingTime, into out: inout [RingDirective]) {
        guard !settings.definitionVoters.isEmpty, settings.own.datacenter == settings.definitionVoters else { return }
        let voting = agreeing.filter { $0 == own || table[$0]?.datacenter == settings.definitionVoters }
        if voting.min() == own { propose(genesis(), at: now, into: &out) }
    }

    /// The list of the seeds with the ids that are known. A node that is not known yet says its id later.
    private func genesis() -> RingChange {
        let members = provisional.members.map { member -> RingMember in
            var member = member
            if let id = identities[member.id] { member.id = id }
            if member.id != own, isDynomite(places[member.id] ?? member.id) { member.kind = .dynomite }
            return member
        }
        return .genesis(voters: settings.definitionVoters, members)
    }

    // MARK: coming in

    private mutating func join(at now: RingTime, into out: inout [RingDirective]) {
        switch JoinDecision(settings.own, into: log.ring) {
        case .isMember: break
        case .refused(let reason):
            note(reason, into: &out)
            if log.ring.isBanned(own) { exclude(reason, into: &out) }
        case .identify(let placeholder):
            propose(.identify(placeholder: placeholder, own), at: now, into: &out)
        case .addRack:
            // All nodes of the rack come at once, each by its own id: the lowest of them asks.
            let seeds = settings.others.filter {
                $0.datacenter == settings.own.datacenter && $0.rack == settings.own.rack
            }
            var members = [settings.own]
            for seed in seeds {
                let known = table.nodes.compactMap { table[$0] }
                guard
                    let record = known.first(where: {
                        $0.datacenter == seed.datacenter && $0.rack == seed.rack && $0.tokens == seed.tokens
                    })
                else { return }
                members.append(seed.member(id: NodeID(record.node)))
            }
            guard members.map(\.id).min() == own else { return }
            propose(.addRack(members), at: now, into: &out)
        }
    }

    // MARK: for others

    /// A pending rack counts once each of its nodes serves all that it owns; the lowest of them says so.
    private mutating func helpOthers(at now: RingTime, into out: inout [RingDirective]) {
        let topology = topology
        guard let index = topology.member(own), topology[index].status == .pending,
            let rack = topology.rack(of: index)
        else { return }
        let members = topology[rack].members
        guard members.map({ topology[$0].id }).min() == own else { return }
        for member in members {
            for range in topology.ranges(ownedBy: member) where !routes.isServing(member, range) { return }
        }
        propose(
            .activateRack(datacenter: topology[index].datacenter, rack: topology[index].rack), at: now, into: &out)
    }
}
