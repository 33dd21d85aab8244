// The log that all nodes agree on: one value for each number, each chosen by a majority of those that the entry before
// names.
//
//   client ─► propose ─► steward ──prepare──► voters          the steward is the lowest voter that is up: two proposers
//                           ▲ ◄───promise────                 would disturb each other, though never break anything
//                           │ ───accept─────► voters
//                           │ ◄──accepted────
//                           └─learn─► everybody

/// Who is there, as the log needs it.
package struct AgreementView: Sendable {
    /// Nodes to ask, under the names by which they are asked; this one too.
    package var voters: [NodeID]
    /// Other RingSearch members, voters or not, that are told of entries.
    package var members: [NodeID]
    /// Of the above, those that are up.
    package var routable: Set<NodeID>
    /// Routable nodes of this node's datacenter without this one: they must have an entry before a client is told.
    package var neighbors: [NodeID]

    package init(voters: [NodeID], members: [NodeID], routable: Set<NodeID>, neighbors: [NodeID]) {
        self.voters = voters
        self.members = members
        self.routable = routable
        self.neighbors = neighbors
    }

    package static let nobody = AgreementView(voters: [], members: [], routable: [], neighbors: [])
}

/// What became of a proposal.
package enum ProposalOutcome: Equatable, Sendable {
    /// Chosen, and installed on every routable node of the datacenter.
    case installed(DefinitionEntry)
    /// Nothing was sent.
    case noMajority
    /// It may still be chosen. Proposing it again under its id is safe.
    case unknown

    /// The error that a client gets.
    package var errorText: String? {
        switch self {
        case .installed: nil
        case .noMajority: "definition change refused, no majority of the voters is reachable"
        case .unknown: "definition change not agreed, outcome unknown"
        }
    }
}

/// An entry that this node has come to know, in order.
package struct LearnedEntry: Equatable, Sendable {
    package let entry: DefinitionEntry
    /// Of a change of the ring: why it was not made.
    package let refusal: RingChangeRefusal?
}

/// One node's copy of the log, its votes, and the proposals it is working on.
package struct DefinitionLog: Sendable {
    static let proposalsRemembered = 10_000
    static let readBytes: UInt32 = 1 << 20
    static let askTimeout: UInt64 = 1_000
    /// How far ahead of our own log we vote.
    static let aheadBound: UInt64 = 1_000

    let own: NodeID
    /// What the entries have made of the ring.
    package private(set) var ring = RingState()
    /// All of them, from number 1 on.
    package private(set) var entries: [DefinitionEntry] = []
    /// Entries that were learned since the last look, in order.
    package var learned: [LearnedEntry] = []
    /// Outcomes of this node's own proposals since the last look.
    package var outcomes: [(proposal: Version, outcome: ProposalOutcome)] = []
    /// The lines that the first entry must be made of, in the view of this node; see ``Electorate``.
    package var electorate: [String] = []
    package var view = AgreementView.nobody

    var voter: DefinitionVoter
    private var byProposal: [Version: UInt64] = [:]
    var proposals: [Proposal] = []
    var attempt: Attempt?
    var attemptSerial: UInt64 = 0
    /// No attempt before this moment.
    var quietUntil: UInt64 = 0
    var seenRound: UInt64 = 0
    var asks: [UInt64: Ask] = [:]
    var tokens = AskTokens(.agreement)
    var chance: MembershipChance
    /// The newest epoch that each node was seen to have.
    private var epochs: [NodeID: UInt64] = [:]
    private var readToken: UInt64?

    struct Proposal: Sendable {
        enum Origin: Sendable {
            case own
            /// A peer waits for the answer.
            case peer(token: UInt64)
        }

        var entry: DefinitionEntry
        var origin: Origin
        var deadline: UInt64
        /// The question to the steward that is on its way.
        var forwarded: UInt64?
        var retryAt: UInt64 = 0
        /// A steward that was not reached; the next one is asked.
        var avoided: Set<NodeID> = []
    }

    struct Attempt: Sendable {
        var serial: UInt64
        var epoch: UInt64
        var ballot: DefinitionVote.Ballot
        var voters: [NodeID]
        var wanted: DefinitionEntry
        var isAccepting = false
        var best: (ballot: DefinitionVote.Ballot, entry: DefinitionEntry)?
        var agreed: Set<NodeID> = []
        var failed: Set<NodeID> = []
        var value: DefinitionEntry
    }

    enum Ask: Sendable {
        case step(serial: UInt64, voter: NodeID, isAccept: Bool)
        case forward(Version, steward: NodeID)
        case learn(NodeID)
        case read(NodeID)
    }

    package init(own: NodeID, disk: [(key: Bytes, value: Bytes)], seed: UInt64) {
        self.own = own
        chance = MembershipChance(seed: seed ^ own.value)
        voter = DefinitionVoter(disk: disk)
        var stored: [UInt64: DefinitionEntry] = [:]
        for (key, value) in disk where key.count == 9 && key[0] == UInt8(ascii: "e") {
            var reader = WireReader(value)
            if let entry = try? DefinitionEntry(from: &reader) { stored[DefinitionVoter.epoch(key)] = entry }
        }
        while let next = stored[epoch + 1] { append(next) }
    }

    /// The number of the newest entry.
    package var epoch: UInt64 { UInt64(entries.count) }

    package func entry(_ epoch: UInt64) -> DefinitionEntry? {
        epoch >= 1 && epoch <= self.epoch ? entries[Int(epoch) - 1] : nil
    }

    /// The entry that a proposal became, among the last ones.
    package func entry(of proposal: Version) -> DefinitionEntry? { byProposal[proposal].flatMap { entry($0) } }

    package func knownEpoch(of node: NodeID) -> UInt64 { epochs[node] ?? 0 }

    // MARK: learning

    private mutating func append(_ entry: DefinitionEntry) {
        entries.append(entry)
        byProposal[entry.proposal] = entry.epoch
        if entries.count > Self.proposalsRemembered {
            let old = entries[entries.count - 1 - Self.proposalsRemembered]
            if byProposal[old.proposal] == old.epoch { byProposal[old.proposal] = nil }
        }
        var refusal: RingChangeRefusal?
        do throws(RingChangeRefusal) {
            try ring.apply(entry)
        } catch {
            refusal = error
        }
        learned.append(LearnedEntry(entry: entry, refusal: refusal))
    }

    /// Takes an entry that was chosen, when it is the next.
    mutating func learn(_ entry: DefinitionEntry, into out: inout [RingDirective]) {
        guard entry.epoch == epoch + 1 else { return }
        var writer = WireWriter()
        entry.encode(into: &writer)
        out.append(
            .keep(
                database: DefinitionVoter.database, key: DefinitionVoter.key("e", entry.epoch), value: writer.bytes))
        voter.forget(entry.epoch, into: &out)
        append(entry)
        if let attempt, attempt.epoch <= epoch { self.attempt = nil }
    }

    /// A message or a record shows how far a node is. The one ahead of us is asked for what we lack.
    package mutating func observe(_ node: NodeID, epoch theirs: UInt64, into out: inout [RingDirective]) {
        epochs[node] = max(epochs[node] ?? 0, theirs)
        fetch(from: node, theirs, into: &out)
    }

    mutating func fetch(from node: NodeID, _ theirs: UInt64, into out: inout [RingDirective]) {
        guard theirs > epoch, readToken == nil, node != own else { return }
        let token = tokens.next()
        readToken = token
        asks[token] = .read(node)
        let body = DefinitionRead(after: epoch, maximumBytes: Self.readBytes).encoded
        out.append(.ask(node, .definitionRead, body: body, token: token, timeout: Self.askTimeout))
    }

    // MARK: questions of peers

    package mutating func read(_ message: RingMessage, token: UInt64, into out: inout [RingDirective]) {
        guard let request = try? DefinitionRead(message.body) else {
            out.append(.answerUnsupported(token: token))
            return
        }
        var found: [DefinitionEntry] = []
        var room = Int(min(request.maximumBytes, Self.readBytes))
        var next = min(request.after, epoch) + 1
        while let entry = entry(next), found.isEmpty || entry.body.count + 64 <= room {
            found.append(entry)
            room -= entry.body.count + 64
            next += 1
        }
        let reply = DefinitionReadReply(newest: epoch, entries: found)
        out.append(.answer(token: token, .definitionReadReply, body: reply.encoded))
    }

    package mutating func vote(
        _ message: RingMessage, token: UInt64, at now: RingTime, into out: inout [RingDirective]
    ) {
        guard let vote = (try? DefinitionVoteRequest(message.body))?.vote else {
            out.append(.answerUnsupported(token: token))
            return
        }
        let node = NodeID(message.envelope.node)
        if vote.epoch > epoch + 1, vote.step != .propose { fetch(from: node, vote.epoch - 1, into: &out) }
        guard let reply = reply(to: vote, token: token, at: now, into: &out) else { return }
        out.append(.answer(token: token, .definitionVoteReply, body: DefinitionVoteReply(reply).encoded))
    }

    /// `nil`: answered later, or unsupported.
    private mutating func reply(
        to vote: DefinitionVote, token: UInt64, at now: RingTime, into out: inout [RingDirective]
    ) -> DefinitionVote? {
        if vote.step != .propose, vote.step != .learn, let entry = entry(vote.epoch) {
            return DefinitionVote(step: .chosen, epoch: vote.epoch, ballot: vote.ballot, entry: entry)
        }
        let isNear = vote.epoch > epoch && vote.epoch - epoch <= Self.aheadBound
        switch vote.step {
        case .propose:
            guard let entry = vote.entry else { break }
            if let entry = self.entry(of: entry.proposal) {
                return DefinitionVote(step: .chosen, epoch: entry.epoch, ballot: .zero, entry: entry)
            }
            guard view.voters.contains(own) else {
                return DefinitionVote(step: .redirected, epoch: epoch, ballot: .zero)
            }
            proposals.append(
                Proposal(entry: entry, origin: .peer(token: token), deadline: now.monotonic + Self.askTimeout * 4))
            return nil
        case .prepare:
            guard isNear else { break }
            return voter.prepare(vote.epoch, vote.ballot, into: &out)
        case .accept:
            guard isNear, let entry = vote.entry, entry.epoch == vote.epoch, isOurGenesis(entry) else { break }
            return voter.accept(vote.epoch, vote.ballot, entry, into: &out)
        case .learn:
            guard let entry = vote.entry, entry.epoch == vote.epoch else { break }
            if isOurGenesis(entry) { learn(entry, into: &out) }
            return DefinitionVote(step: .accepted, epoch: epoch, ballot: vote.ballot)
        default: break
        }
        out.append(.answerUnsupported(token: token))
        return nil
    }

    /// A node votes for a first entry only when it is made of the list that its own configuration has.
    func isOurGenesis(_ entry: DefinitionEntry) -> Bool {
        guard entry.epoch == 1 else { return true }
        guard case .genesis(let voters, let members) = RingChange(entry) else { return false }
        return Electorate.lines(of: members, voters: voters) == electorate
    }

    // MARK: answers

    package mutating func answered(
        _ token: UInt64, _ result: Result<RingMessage, PeerFailure>, at now: RingTime,
        into out: inout [RingDirective]
    ) {
        guard let ask = asks.removeValue(forKey: token) else { return }
        switch ask {
        case .read(let node):
            readToken = nil
            guard case .success(let message) = result, let reply = try? DefinitionReadReply(message.body) else { break }
            for entry in reply.entries { learn(entry, into: &out) }
            epochs[node] = max(epochs[node] ?? 0, reply.newest)
            // An answer without progress is not asked for again at once.
            if !reply.entries.isEmpty { fetch(from: node, reply.newest, into: &out) }
        case .learn(let node):
            guard let vote = Self.vote(result), vote.step == .accepted else { break }
            epochs[node] = max(epochs[node] ?? 0, vote.epoch)
        case .forward(let proposal, let steward):
            forwarded(proposal, to: steward, Self.vote(result), at: now, into: &out)
        case .step(let serial, let voter, let isAccept):
            step(serial, voter, isAccept: isAccept, Self.vote(result), at: now, into: &out)
        }
        advance(at: now, into: &out)
    }

    private static func vote(_ result: Result<RingMessage, PeerFailure>) -> DefinitionVote? {
        guard case .success(let message) = result, !message.envelope.flags.contains(.unsupported) else { return nil }
        return (try? DefinitionVoteReply(message.body))?.vote
    }
}
