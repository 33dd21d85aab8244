// From a doubt to a verdict, in time: a second to notice, a second to ask.

extension Membership {
    /// How a member is to be treated.
    package func standing(of peer: NodeID) -> Standing {
        if peer == own { return .up }
        guard let state = health[peer] else { return .down }
        if isDynomite(peer) {
            if state.isGone { return .down }
            return state.suspicion != nil || state.isCutOff ? .suspect : state.isLinkUp == true ? .up : .down
        }
        guard let record = record(of: peer) else { return .down }
        switch record.state {
        case .down, .left: return .down
        case .suspect: return .suspect
        case .joining, .normal: return state.suspicion != nil || state.isCutOff ? .suspect : .up
        }
    }

    // MARK: evidence

    mutating func linkUp(
        _ node: NodeID, _ isRingSearch: Bool, at now: RingTime, into out: inout [RingDirective]
    ) {
        let peer = peerName(node)
        guard topology.member(peer) != nil else { return }
        var state = health[peer] ?? PeerHealth()
        state.isLinkUp = true
        state.isRingSearch = isRingSearch
        state.nextExchange = now.monotonic
        if !isRingSearch {
            state.suspicion = nil
            state.isCutOff = false
            state.isGone = false
        }
        health[peer] = state
        routesAreStale = true
        if isRingSearch, !isExcluded { sendExchange(to: peer, at: now.monotonic, into: &out) }
    }

    mutating func linkDown(_ node: NodeID, at now: RingTime, into out: inout [RingDirective]) {
        let peer = peerName(node)
        guard topology.member(peer) != nil else { return }
        health[peer, default: PeerHealth()].isLinkUp = false
        routesAreStale = true
        if !isDynomite(peer), table.judge(identities[peer] ?? peer, .suspect) { hurryGossip(at: now) }
        suspect(peer, "a closed link", at: now, into: &out)
    }

    /// Something came from a peer.
    mutating func sign(of peer: NodeID, at now: RingTime) {
        guard topology.member(peer) != nil else { return }
        // In place: it is done for every message, and a copy would copy the history.
        let isFirst = health[peer] == nil
        health[peer, default: PeerHealth()].arrivals.heard(at: now.monotonic)
        health[peer]?.lastSign = now.monotonic
        if isFirst { routesAreStale = true }
        guard isFirst || health[peer]?.suspicion != nil || health[peer]?.isGone == true else { return }
        if isDynomite(peer) {
            health[peer]?.suspicion = nil
            health[peer]?.isGone = false
            routesAreStale = true
        } else {
            // It lives; whether we reach it, the probes say.
            health[peer]?.suspicion?.sawIndirect = true
        }
    }

    mutating func suspect(_ peer: NodeID, _ reason: String, at now: RingTime, into out: inout [RingDirective]) {
        guard topology.member(peer) != nil, !isExcluded else { return }
        var state = health[peer] ?? PeerHealth()
        guard state.suspicion == nil, standing(of: peer) != .down else { return }
        state.suspicion = .init(
            since: now.monotonic, deadline: now.monotonic + settings.probeTimeout, reason: reason)
        routesAreStale = true
        guard !isDynomite(peer) else {
            health[peer] = state
            return
        }
        var helpers = peers.filter { $0 != peer && !isDynomite($0) && standing(of: $0) == .up }
        let near = helpers.filter { datacenter(of: $0) == datacenter(of: peer) }
        if !near.isEmpty { helpers = near }
        state.suspicion?.open = helpers.isEmpty ? 1 : 2
        health[peer] = state
        sendProbe(of: peer, .direct, to: peer, into: &out)
        if !helpers.isEmpty { sendProbe(of: peer, .indirect, to: helpers[chance.below(helpers.count)], into: &out) }
    }

    private mutating func sendProbe(
        of peer: NodeID, _ way: Probe.Way, to receiver: NodeID, into out: inout [RingDirective]
    ) {
        let token = tokens.next()
        asks[token] = .probe(peer, isDirect: way == .direct)
        let probe = Probe(
            way: way, target: (identities[peer] ?? peer).value, timeLeft: UInt32(clamping: settings.probeTimeout))
        out.append(.ask(receiver, .probe, body: probe.encoded, token: token, timeout: settings.probeTimeout))
    }

    // MARK: probes of others

    mutating func probe(
        _ message: RingMessage, token: UInt64, at now: RingTime, into out: inout [RingDirective]
    ) {
        guard let probe = try? Probe(message.body) else {
            out.append(.answerUnsupported(token: token))
            return
        }
        let target = NodeID(probe.target)
        let peer = peerName(target)
        if target == own || probe.way == .direct {
            answerProbe(target == own || target.isDerived ? .alive : .notKnown, own, token, into: &out)
        } else if topology.member(peer) == nil || isDynomite(peer) {
            answerProbe(.notKnown, target, token, into: &out)
        } else {
            let errand = tokens.next()
            asks[errand] = .errand(peer, answerTo: token)
            let direct = Probe(way: .direct, target: probe.target, timeLeft: probe.timeLeft)
            // Less than the asker waits, or the answer would come too late.
            let timeout = UInt64(min(probe.timeLeft, 10_000)) * 4 / 5
            out.append(.ask(peer, .probe, body: direct.encoded, token: errand, timeout: max(timeout, 1)))
        }
    }

    private func answerProbe(
        _ outcome: ProbeReply.Outcome, _ target: NodeID, _ token: UInt64, into out: inout [RingDirective]
    ) {
        let incarnation = table[target]?.incarnation ?? 0
        let reply = ProbeReply(outcome: outcome, target: target.value, incarnation: incarnation)
        out.append(.answer(token: token, .probeReply, body: reply.encoded))
    }

    // MARK: answers

    mutating func answered(
        _ token: UInt64, _ result: Result<RingMessage, PeerFailure>, at now: RingTime,
        into out: inout [RingDirective]
    ) {
        switch asks.removeValue(forKey: token) {
        case .exchange(let peer, let sequence, let incarnation, let sent):
            health[peer]?.isExchanging = false
            guard case .success(let message) = result, let reply = try? GossipReply(message.body) else {
                // Asked before its kind was known.
                if isDynomite(peer) { break }
                suspect(peer, "gossip without an answer", at: now, into: &out)
                break
            }
            if health[peer]?.isCutOff == true { routesAreStale = true }
            if health[peer]?.suspicion != nil { health[peer]?.suspicion?.sawDirect = true }
            health[peer]?.isCutOff = false
            health[peer]?.answers.add(now.monotonic > sent ? now.monotonic - sent : 0)
            health[peer]?.confirmed = sequence
            health[peer]?.confirmedIncarnation = incarnation
            take(reply.records, from: NodeID(message.envelope.node), at: now, into: &out)
        case .probe(let peer, let isDirect):
            health[peer]?.suspicion?.open -= 1
            guard case .success(let message) = result, let reply = try? ProbeReply(message.body),
                reply.outcome == .alive
            else { break }
            if isDirect {
                health[peer]?.suspicion?.sawDirect = true
            } else {
                health[peer]?.suspicion?.sawIndirect = true
            }
        case .errand(let peer, let asker):
            guard case .success(let message) = result, let reply = try? ProbeReply(message.body) else {
                answerProbe(.notReached, identities[peer] ?? peer, asker, into: &out)
                break
            }
            answerProbe(reply.outcome, NodeID(reply.target), asker, into: &out)
        case nil: break
        }
        judge(at: now, into: &out)
    }

    // MARK: verdicts

    /// Suspects whom phi makes suspect, and ends suspicions that are decided.
    mutating func judge(at now: RingTime, into out: inout [RingDirective]) {
        for peer in peers {
            guard let state = health[peer] else { continue }
            guard let suspicion = state.suspicion else {
                if state.arrivals.phi(at: now.monotonic) > 8, datacenter(of: peer) == settings.own.datacenter {
                    suspect(peer, "its silence", at: now, into: &out)
                }
                continue
            }
            let isOver = now.monotonic >= suspicion.deadline
            if suspicion.sawDirect {
                health[peer]?.suspicion = nil
                health[peer]?.isCutOff = false
                // It refutes what was said of it when it hears it.
                if record(of: peer)?.state == .suspect { sendExchange(to: peer, at: now.monotonic, into: &out) }
                routesAreStale = true
            } else if isOver || (suspicion.open <= 0 && !isDynomite(peer)), suspicion.sawIndirect {
                health[peer]?.suspicion = nil
                health[peer]?.isCutOff = true
                note("node \(peer) answers others and not us: \(suspicion.reason)", into: &out)
                routesAreStale = true
            } else if isOver {
                health[peer]?.suspicion = nil
                convict(peer, suspicion.reason, at: now, into: &out)
            }
        }
    }

    private mutating func convict(
        _ peer: NodeID, _ reason: String, at now: RingTime, into out: inout [RingDirective]
    ) {
        routesAreStale = true
        if isDynomite(peer) {
            health[peer]?.isGone = true
            out.append(.note("node \(peer) is down: \(reason)"))
        } else if table.judge(identities[peer] ?? peer, .down) {
            out.append(.note("node \(peer) is down: \(reason), and no probe reached it"))
            hurryGossip(at: now)
        }
    }

    /// What was found out is told now.
    private mutating func hurryGossip(at now: RingTime) {
        for peer in peers where health[peer] != nil && standing(of: peer) != .down {
            health[peer]?.nextExchange = now.monotonic
        }
    }
}
