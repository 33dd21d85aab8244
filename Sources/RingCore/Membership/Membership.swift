// A node's part in the ring: who is there, who owns what, who is asked.
//
//   gossip     what nodes say of themselves and find out of each other; may differ between nodes for a while
//   the log    who the members are and what they own; agreed, the same everywhere
//   routes     both together: whom a coordinator asks
//
// Before a ring has begun its nodes know each other by places: each is asked under the id that is made of its place.

/// Events and the time go in, directives and events of the ring come out.
package struct Membership: Sendable {
    package let settings: MembershipSettings
    package internal(set) var log: DefinitionLog
    package internal(set) var table: MemberTable
    package internal(set) var clocks = ClockHealth()
    /// What happened since the last look.
    package var events: [MembershipEvent] = []
    /// Whom to ask; replaced when anything of it changes.
    package internal(set) var routes: Routes

    /// Own id.
    package var own: NodeID { settings.own.id }

    /// What this node is made for by its configuration, before the ring has begun.
    let provisional: RingTopology
    var health: [NodeID: PeerHealth] = [:]
    /// Own ids of nodes that are asked by the id of their place.
    var identities: [NodeID: NodeID] = [:]
    /// Ids of places by own ids.
    var places: [NodeID: NodeID] = [:]
    var asks: [UInt64: Ask] = [:]
    var tokens = AskTokens(.membership)
    var chance: MembershipChance
    var located: [NodeID: NodeAddress] = [:]
    var startedAt: UInt64
    /// Of each other datacenter, whose turn it is, and when.
    var remoteTurn: [String: Int] = [:]
    var remoteDue: [String: UInt64] = [:]
    var nextGossipText: UInt64
    var notes: Set<String> = []
    /// Something changed that routes are made of, and what the log knows of the nodes.
    var routesAreStale = true { didSet { if routesAreStale { viewIsStale = true } } }
    var viewIsStale = true
    /// Nodes of other rings that have shown up here.
    var foreign: Set<NodeID> = []
    var ownProposal: Version?
    var nextProposal: UInt64 = 0
    var proposalCount: UInt16 = 0
    var isExcluded = false
    var storedIncarnation: UInt32

    enum Ask: Sendable {
        case exchange(NodeID, sequence: UInt64, incarnation: UInt32, at: UInt64)
        case probe(NodeID, isDirect: Bool)
        /// For a peer that could not reach the node itself.
        case errand(NodeID, answerTo: UInt64)
    }

    /// - Parameter disk: `meta` and `defs` are read.
    package init(settings: MembershipSettings, disk: any RingDisk, seed: UInt64, now: RingTime) {
        self.settings = settings
        let own = settings.own
        chance = MembershipChance(seed: seed ^ own.id.value &* 31)
        log = DefinitionLog(own: own.id, disk: disk.entries(DefinitionVoter.database), seed: seed)
        log.electorate = settings.electorate
        provisional = Self.provisionalTopology(settings)
        startedAt = now.monotonic
        nextGossipText = now.monotonic
        storedIncarnation = Self.readIncarnation(disk)
        var record = GossipRecord(
            node: own.id.value, incarnation: storedIncarnation &+ 1, state: .joining, datacenter: own.datacenter,
            rack: own.rack, addresses: [.init(.peer, host: own.address.host, port: own.address.port)])
        if let client = settings.clientAddress {
            record.addresses.append(.init(.client, host: client.host, port: client.port))
        }
        record.capabilities.set(GossipCapability.ring, settings.ringName)
        record.capabilities[GossipCapability.tokens] = own.tokens.map { Array($0.description.utf8) }
        record.capabilities[GossipCapability.seeds] = settings.electorate.map { Array($0.utf8) }
        table = MemberTable(own: record)
        routes = Routes(topology: log.ring.topology ?? provisional, own: own.id)
    }

    private static func provisionalTopology(_ settings: MembershipSettings) -> RingTopology {
        let lists = [[settings.own] + settings.others.map { $0.member() }, [settings.own], [.placeless(settings.own)]]
        for members in lists { if let topology = try? RingTopology(epoch: 0, members: members) { return topology } }
        preconditionFailure("a node with an id and a token makes a topology")
    }

    private static let incarnationKey = Array("incarnation".utf8)

    private static func readIncarnation(_ disk: any RingDisk) -> UInt32 {
        guard let bytes = disk.entry("meta", incarnationKey) else { return 0 }
        var reader = WireReader(bytes)
        return (try? reader.u32()) ?? 0
    }

    /// The ring as it is agreed, or as the configuration wants it to begin.
    package var topology: RingTopology { log.ring.topology ?? provisional }

    /// Whether the ring has begun and this node is part of it.
    package var isMember: Bool { log.ring.topology?.member(own) != nil && !isExcluded }

    package var incarnation: UInt32 { table.ownRecord.incarnation }

    /// Whether frames of a node are to be refused: it was replaced, or is of another ring.
    package func isRefused(_ node: NodeID) -> Bool {
        log.ring.isBanned(node) || foreign.contains(node)
    }

    /// Whether this node's clock is so far ahead that it must not coordinate writes.
    package func isClockSuspect(at now: RingTime) -> Bool { clocks.isSuspect(now: now.monotonic) }

    // MARK: events

    /// Takes what concerns membership and the log. `false`: the event is somebody else's.
    ///
    /// Messages and answers of all kinds should be shown here first, by ``heard(_:at:into:)``.
    package mutating func handle(_ event: RingEvent, at now: RingTime, into out: inout [RingDirective]) -> Bool {
        switch event {
        case .tick: tick(at: now, into: &out)
        case .linkUp(let node, let isRingSearch): linkUp(node, isRingSearch, at: now, into: &out)
        case .linkDown(let node): linkDown(node, at: now, into: &out)
        case .heartbeat(let node): sign(of: peerName(node), at: now)
        case .gossipText(let payload): gossipText(payload, at: now)
        case .message(let message, let token):
            guard message.kind.isMembership else { return false }
            heard(message, at: now, into: &out)
            self.message(message, token: token, at: now, into: &out)
        case .answered(let token, let result):
            guard let owner = AskTokens.owner(of: token) else { return false }
            if case .success(let message) = result { heard(message, at: now, into: &out) }
            switch owner {
            case .membership: answered(token, result, at: now, into: &out)
            case .agreement: log.answered(token, result, at: now, into: &out)
            }
        default: return false
        }
        finish(at: now, into: &out)
        return true
    }

    private mutating func message(
        _ message: RingMessage, token: UInt64, at now: RingTime, into out: inout [RingDirective]
    ) {
        guard !isExcluded, !isRefused(NodeID(message.envelope.node)) || message.kind == .gossip else {
            out.append(.answerUnsupported(token: token))
            return
        }
        switch message.kind {
        case .gossip: gossip(message, token: token, at: now, into: &out)
        case .probe: probe(message, token: token, at: now, into: &out)
        case .definitionRead: log.read(message, token: token, into: &out)
        default: log.vote(message, token: token, at: now, into: &out)
        }
    }

    private mutating func tick(at now: RingTime, into out: inout [RingDirective]) {
        guard !isExcluded else { return }
        judge(at: now, into: &out)
        exchange(at: now, into: &out)
        sendGossipText(at: now, into: &out)
        grow(at: now, into: &out)
    }

    /// Shows a message or an answer of any kind: it proves that its sender lives, and says what its clock and log show.
    package mutating func heard(_ message: RingMessage, at now: RingTime, into out: inout [RingDirective]) {
        let envelope = message.envelope
        let node = NodeID(envelope.node)
        guard node != own, !isRefused(node) else { return }
        let wall = Int64(clamping: envelope.stamp >> 16) + Int64(envelope.clockDifference)
        clocks.observe(
            peer: envelope.node, theirs: UInt64(clamping: wall), ours: now.wall, now: now.monotonic)
        sign(of: peerName(node), at: now)
        log.observe(peerName(node), epoch: UInt64(envelope.definitionEpoch), into: &out)
    }

    /// An answer of a peer is overdue: another part of the node has waited longer than usual.
    package mutating func overdue(_ node: NodeID, at now: RingTime, into out: inout [RingDirective]) {
        suspect(peerName(node), "an overdue answer", at: now, into: &out)
        finish(at: now, into: &out)
    }

    // MARK: what this node says

    /// The ranges of the agreed topology that this node serves.
    package mutating func setServing(_ ranges: [RangeIndex]) {
        let epoch = topology.epoch
        var bitmap = [UInt8](repeating: 0, count: (topology.rangeCount + 7) / 8)
        for range in ranges where range.position < topology.rangeCount {
            bitmap[range.position / 8] |= 1 << UInt8(range.position % 8)
        }
        table.updateOwn { record in
            guard record.servingBitmap != bitmap || record.figure(GossipFigure.servingEpoch) != UInt64(epoch) else {
                return
            }
            record.servingVersion &+= 1
            record.servingBitmap = bitmap
            record.setFigure(GossipFigure.servingEpoch, UInt64(epoch))
        }
        routesAreStale = true
        refreshRoutes()
    }

    /// A figure for those who look at the ring.
    package mutating func setFigure(_ number: UInt8, _ value: UInt64) {
        guard number > GossipFigure.servingEpoch else { return }
        table.updateOwn { $0.setFigure(number, value) }
    }

    /// The node moved: peers follow.
    package mutating func setAddress(_ address: NodeAddress) {
        table.updateOwn { record in
            record.addresses.removeAll { $0.plane == GossipRecord.Plane.peer.rawValue }
            record.addresses.insert(.init(.peer, host: address.host, port: address.port), at: 0)
        }
    }

    /// The node stops: peers are told and need not find out.
    package mutating func leave(into out: inout [RingDirective]) {
        table.updateOwn { $0.state = .left }
        for peer in peers where health[peer]?.isRingSearch ?? true {
            sendExchange(to: peer, at: 0, into: &out)
        }
        isExcluded = true
    }

    // MARK: after each event

    mutating func finish(at now: RingTime, into out: inout [RingDirective]) {
        if viewIsStale { log.view = agreementView }
        log.advance(at: now, into: &out)
        takeLearned(at: now, into: &out)
        if incarnation != storedIncarnation {
            storedIncarnation = incarnation
            var writer = WireWriter()
            writer.u32(incarnation)
            out.append(.keep(database: "meta", key: Self.incarnationKey, value: writer.bytes))
        }
        if viewIsStale { locate(into: &out) }
        viewIsStale = false
        refreshRoutes()
    }

    private mutating func takeLearned(at now: RingTime, into out: inout [RingDirective]) {
        let learned = log.learned
        log.learned = []
        for entry in learned {
            events.append(.entry(entry.entry, refusal: entry.refusal?.description))
            if let refusal = entry.refusal {
                out.append(.note("entry \(entry.entry.epoch) changed nothing: \(refusal)"))
            }
        }
        for outcome in log.outcomes {
            events.append(.proposal(outcome.proposal, outcome.outcome))
            if outcome.proposal == ownProposal { ownProposal = nil }
        }
        log.outcomes = []
        if table.ownRecord.definitionEpoch != UInt32(clamping: log.epoch) || isUnnamed { describeRing() }
        guard let topology = log.ring.topology, topology.epoch != routes.topology.epoch else { return }
        events.append(.topology(topology))
        routesAreStale = true
        for node in health.keys where topology.member(node) == nil { health[node] = nil }
        // Peers are asked by their own ids from now on.
        for (place, node) in identities where topology.member(place) == nil {
            identities[place] = nil
            places[node] = nil
        }
        log.view = agreementView
        if log.ring.isBanned(own) { exclude("this node was replaced; its data is another node's now", into: &out) }
    }

    private var isUnnamed: Bool {
        log.ring.name != nil && table.ownRecord.capabilities.text(GossipCapability.genesis) == nil
    }

    private mutating func describeRing() {
        let epoch = UInt32(clamping: log.epoch)
        let name = log.ring.name
        let state: GossipRecord.State = log.ring.topology?.member(own) == nil ? .joining : .normal
        table.updateOwn { record in
            record.definitionEpoch = epoch
            if record.state.rawValue < state.rawValue { record.state = state }
            guard let name else { return }
            record.capabilities[GossipCapability.seeds] = []
            record.capabilities.set(GossipCapability.genesis, name.description)
        }
    }

    mutating func exclude(_ reason: String, into out: inout [RingDirective]) {
        guard !isExcluded else { return }
        isExcluded = true
        out.append(.note(reason))
        events.append(.excluded(reason))
    }

    /// Says something once.
    mutating func note(_ text: String, into out: inout [RingDirective]) {
        guard notes.count < 1_000, notes.insert(text).inserted else { return }
        out.append(.note(text))
    }
}

extension RingMember {
    /// The same node with names and a token that any topology takes.
    fileprivate static func placeless(_ member: RingMember) -> RingMember {
        RingMember(
            id: member.id.value == 0 ? NodeID(1) : member.id, datacenter: "dc", rack: "rack", tokens: [Token(0)],
            address: member.address)
    }
}

extension FrameKind {
    /// Whether ``Membership`` answers such messages.
    package var isMembership: Bool {
        [.gossip, .probe, .definitionRead, .definitionVote].contains(self)
    }
}
