// Bringing an entry through: by the steward's hand, in as many ballots as it takes.

extension DefinitionLog {
    /// Has an entry chosen. One outcome follows in `outcomes`, at the latest at the deadline.
    ///
    /// - Parameters:
    ///   - proposal: unique; the same again for a repetition.
    ///   - deadline: in monotonic milliseconds.
    package mutating func propose(
        _ kind: DefinitionKind, body: Bytes, proposal: Version, version: Version, deadline: UInt64, at now: RingTime,
        into out: inout [RingDirective]
    ) {
        let up = view.voters.count { $0 == own || view.routable.contains($0) }
        guard up >= Quorum.majority(of: view.voters.count), !view.voters.isEmpty else {
            outcomes.append((proposal, .noMajority))
            return
        }
        let entry = DefinitionEntry(
            epoch: 0, proposal: proposal, version: version, kind: kind.rawValue, body: body)
        proposals.append(Proposal(entry: entry, origin: .own, deadline: deadline))
        advance(at: now, into: &out)
    }

    /// Does what is due. To be called with every tick, and after everything that may have changed something.
    package mutating func advance(at now: RingTime, into out: inout [RingDirective]) {
        settle(at: now, into: &out)
        for place in proposals.indices where entry(of: proposals[place].entry.proposal) == nil {
            let steward = steward(avoiding: proposals[place].avoided)
            if case .own = proposals[place].origin, let steward, steward != own {
                forward(place, to: steward, at: now, into: &out)
            } else if attempt == nil, now.monotonic >= quietUntil, view.voters.contains(own) {
                begin(proposals[place].entry, at: now, into: &out)
            }
        }
        // In a ring of one all of it happens here and now.
        settle(at: now, into: &out)
    }

    /// The lowest voter that is up.
    package func steward(avoiding avoided: Set<NodeID> = []) -> NodeID? {
        view.voters.filter { ($0 == own || view.routable.contains($0)) && !avoided.contains($0) }.min()
            ?? view.voters.first { $0 == own }
    }

    /// Answers the proposals that are done, or too late.
    private mutating func settle(at now: RingTime, into out: inout [RingDirective]) {
        var open: [Proposal] = []
        for proposal in proposals {
            let chosen = entry(of: proposal.entry.proposal)
            let isLate = now.monotonic >= proposal.deadline
            switch proposal.origin {
            case .peer(let token):
                guard chosen != nil || isLate else { break }
                let reply =
                    chosen.map { DefinitionVote(step: .chosen, epoch: $0.epoch, ballot: .zero, entry: $0) }
                    ?? DefinitionVote(step: .refused, epoch: epoch + 1, ballot: .zero)
                out.append(.answer(token: token, .definitionVoteReply, body: DefinitionVoteReply(reply).encoded))
                continue
            case .own:
                if let chosen, view.neighbors.allSatisfy({ knownEpoch(of: $0) >= chosen.epoch }) {
                    outcomes.append((proposal.entry.proposal, .installed(chosen)))
                    continue
                }
                if isLate {
                    outcomes.append((proposal.entry.proposal, .unknown))
                    continue
                }
            }
            open.append(proposal)
        }
        proposals = open
    }

    // MARK: through the steward

    private mutating func forward(
        _ place: Int, to steward: NodeID, at now: RingTime, into out: inout [RingDirective]
    ) {
        guard proposals[place].forwarded == nil, now.monotonic >= proposals[place].retryAt else { return }
        let token = tokens.next()
        proposals[place].forwarded = token
        asks[token] = .forward(proposals[place].entry.proposal, steward: steward)
        let vote = DefinitionVote(step: .propose, epoch: epoch + 1, ballot: .zero, entry: proposals[place].entry)
        let body = DefinitionVoteRequest(vote).encoded
        out.append(.ask(steward, .definitionVote, body: body, token: token, timeout: Self.askTimeout * 5))
    }

    mutating func forwarded(
        _ proposal: Version, to steward: NodeID, _ vote: DefinitionVote?, at now: RingTime,
        into out: inout [RingDirective]
    ) {
        if let vote, vote.step == .chosen, let entry = vote.entry {
            learn(entry, into: &out)
            fetch(from: steward, entry.epoch, into: &out)
        }
        guard let place = proposals.firstIndex(where: { $0.entry.proposal == proposal && $0.forwarded != nil }) else {
            return
        }
        proposals[place].forwarded = nil
        proposals[place].retryAt = now.monotonic + 100
        if vote == nil || vote?.step == .redirected { proposals[place].avoided.insert(steward) }
    }

    // MARK: ballots

    private mutating func begin(_ wanted: DefinitionEntry, at now: RingTime, into out: inout [RingDirective]) {
        let next = epoch + 1
        var wanted = wanted
        wanted.epoch = next
        let round = max(voter.promised(next).round, seenRound) &+ 1
        seenRound = 0
        attemptSerial += 1
        let ballot = DefinitionVote.Ballot(round: round, node: own.value)
        attempt = Attempt(
            serial: attemptSerial, epoch: next, ballot: ballot, voters: view.voters, wanted: wanted, value: wanted)
        // Our own promise is on disk before anybody is asked: no ballot of ours is ever used twice.
        let promise = voter.prepare(next, ballot, into: &out)
        let serial = attemptSerial
        ask(DefinitionVote(step: .prepare, epoch: next, ballot: ballot), into: &out)
        step(serial, own, isAccept: false, promise, at: now, into: &out)
    }

    private mutating func ask(_ vote: DefinitionVote, into out: inout [RingDirective]) {
        guard let attempt else { return }
        let body = DefinitionVoteRequest(vote).encoded
        for node in attempt.voters where node != own {
            let token = tokens.next()
            asks[token] = .step(serial: attempt.serial, voter: node, isAccept: vote.step == .accept)
            out.append(.ask(node, .definitionVote, body: body, token: token, timeout: Self.askTimeout))
        }
    }

    mutating func step(
        _ serial: UInt64, _ node: NodeID, isAccept: Bool, _ vote: DefinitionVote?, at now: RingTime,
        into out: inout [RingDirective]
    ) {
        if let vote, vote.step == .chosen, let entry = vote.entry, entry.epoch == vote.epoch, isOurGenesis(entry) {
            learn(entry, into: &out)
        }
        guard var current = attempt, current.serial == serial, current.isAccepting == isAccept else { return }
        let majority = Quorum.majority(of: current.voters.count)
        switch vote?.step {
        case .promise where !isAccept && vote?.ballot == current.ballot:
            current.agreed.insert(node)
            if let ballot = vote?.acceptedBallot, let entry = vote?.entry, entry.epoch == current.epoch,
                current.best.map({ ballot > $0.ballot }) ?? true
            {
                current.best = (ballot, entry)
            }
            attempt = current
            if current.agreed.count >= majority { startAccepting(at: now, into: &out) }
        case .accepted where isAccept && vote?.ballot == current.ballot:
            current.agreed.insert(node)
            attempt = current
            if current.agreed.count >= majority { choose(current, into: &out) }
        case .refused:
            seenRound = max(seenRound, vote?.ballot.round ?? 0)
            abandon(at: now)
        default:
            current.failed.insert(node)
            attempt = current
            if current.voters.count - current.failed.count < majority { abandon(at: now) }
        }
    }

    private mutating func startAccepting(at now: RingTime, into out: inout [RingDirective]) {
        guard var current = attempt else { return }
        current.isAccepting = true
        current.agreed = []
        current.failed = []
        // What somebody may have accepted from a majority goes before what we want; ours follows at the next number.
        current.value = current.best?.entry ?? current.wanted
        attempt = current
        guard isOurGenesis(current.value) else { return abandon(at: now) }
        let accepted = voter.accept(current.epoch, current.ballot, current.value, into: &out)
        ask(
            DefinitionVote(step: .accept, epoch: current.epoch, ballot: current.ballot, entry: current.value),
            into: &out)
        step(current.serial, own, isAccept: true, accepted, at: now, into: &out)
    }

    private mutating func choose(_ chosen: Attempt, into out: inout [RingDirective]) {
        attempt = nil
        learn(chosen.value, into: &out)
        let vote = DefinitionVote(step: .learn, epoch: chosen.epoch, ballot: chosen.ballot, entry: chosen.value)
        let body = DefinitionVoteRequest(vote).encoded
        for node in view.members where node != own {
            let token = tokens.next()
            asks[token] = .learn(node)
            out.append(.ask(node, .definitionVote, body: body, token: token, timeout: Self.askTimeout))
        }
    }

    private mutating func abandon(at now: RingTime) {
        attempt = nil
        quietUntil = now.monotonic + 30 + UInt64(chance.below(200))
    }
}
