// Nodes that know each other through a network in memory, which loses, delays and repeats messages as a seed wants it.

import RingCore
import TestKit

/// What a node keeps over a restart.
final class ModelDisk: RingDisk {
    var databases: [String: [Bytes: Bytes]] = [:]

    func record(_ key: Bytes) -> Bytes? { nil }
    func records(from: Bytes, to: Bytes?, limit: Int) -> [(key: Bytes, value: Bytes)] { [] }
    func entry(_ database: String, _ key: Bytes) -> Bytes? { databases[database]?[key] }
    func entries(_ database: String) -> [(key: Bytes, value: Bytes)] {
        (databases[database] ?? [:]).map { ($0.key, $0.value) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }
    func log() -> [Bytes] { [] }
}

final class ModelRing {
    final class Node {
        let settings: MembershipSettings
        let disk = ModelDisk()
        var core: Membership?
        var located: [NodeID: NodeAddress] = [:]
        /// Stopped without closing anything: what comes waits.
        var isPaused = false
        var clockLead: UInt64 = 0
        /// Directives of one event that are still carried out before the node dies.
        var diesAfter: Int?
        var events: [MembershipEvent] = []
        var notes: [String] = []
        var gossipText: [(NodeID, Bytes)] = []
        var life = 0

        init(_ settings: MembershipSettings) { self.settings = settings }

        var id: NodeID { settings.own.id }
    }

    private struct Delivery {
        var at: UInt64
        var number: UInt64
        var node: Int
        var life: Int?
        var action: Action
    }

    private enum Action {
        case request(from: Int, fromLife: Int, RingMessage, token: UInt64)
        case outcome(token: UInt64, Result<RingMessage, PeerFailure>)
        case linkUp(NodeID)
        case linkDown(NodeID)
    }

    private struct Pending {
        var asker: Int
        var life: Int
        var token: UInt64
        var peer: Int
        var kind: FrameKind
    }

    var nodes: [Node] = []
    var now: UInt64 = 1_000
    var chance: SeededRandom
    var lossPercent = 0
    var duplicatePercent = 0
    var longestDelay = 5
    /// Directed pairs between which nothing goes.
    var cuts: Set<[Int]> = []
    /// By the 20 milliseconds in which they are due.
    private var queue: [UInt64: [Delivery]] = [:]
    private var count: UInt64 = 0
    private var serverTokens: [UInt64: Pending] = [:]
    private var open: Set<[UInt64]> = []

    init(seed: UInt64) { chance = SeededRandom(seed: seed) }

    var time: RingTime { RingTime(wall: 1_700_000_000_000 + now, monotonic: now) }

    // MARK: making it

    static func address(_ number: Int) -> NodeAddress { NodeAddress(host: "10.0.0.\(number + 1)", port: 8101) }

    /// A node for each place `(dc, rack, token)`; all have all as seeds.
    @discardableResult
    func add(_ places: [(String, String, UInt32)], seeds: [SeedEntry]? = nil, voters: String = "") -> Range<Int> {
        let first = nodes.count
        let entries = places.enumerated().map { i, place in
            SeedEntry(
                address: Self.address(first + i), rack: place.1, datacenter: place.0, tokens: [Token(place.2)])
        }
        for (i, entry) in entries.enumerated() {
            let member = entry.member(id: NodeID(UInt64(1_000 + first + i)))
            var settings = MembershipSettings(
                ringName: "test", own: member, seeds: seeds ?? entries.filter { $0 != entry }, definitionVoters: voters)
            settings.genesisPatience = 1_500
            nodes.append(Node(settings))
        }
        return first..<nodes.count
    }

    func add(_ settings: MembershipSettings) -> Int {
        nodes.append(Node(settings))
        return nodes.count - 1
    }

    func start(_ i: Int) {
        let node = nodes[i]
        node.life += 1
        node.located = [:]
        node.isPaused = false
        node.diesAfter = nil
        node.core = Membership(settings: node.settings, disk: node.disk, seed: chance.next(), now: time(of: i))
        run(i, .tick)
        for j in nodes.indices where j != i && nodes[j].core != nil { connect(j, i) }
    }

    func startAll() { for i in nodes.indices { start(i) } }

    /// The process dies; its links close.
    func kill(_ i: Int) {
        nodes[i].core = nil
        nodes[i].life += 1
        for j in nodes.indices where j != i { send(linkEvent: true, to: j, about: i) }
    }

    private func connect(_ from: Int, _ to: Int) { send(linkEvent: false, to: from, about: to) }

    private func send(linkEvent isDown: Bool, to i: Int, about j: Int) {
        guard nodes[i].core != nil, !cuts.contains([i, j]) else { return }
        let address = nodes[j].settings.own.address
        for (id, known) in nodes[i].located.sorted(by: { $0.key < $1.key }) where known == address {
            post(to: i, after: delay(), isDown ? .linkDown(id) : .linkUp(id))
        }
    }

    func cut(_ a: [Int], _ b: [Int]) {
        for x in a { for y in b { cuts.formUnion([[x, y], [y, x]]) } }
    }

    // MARK: running it

    func run(for milliseconds: UInt64) { run(until: now + milliseconds) { false } }

    /// Whether `isDone` came true in time.
    @discardableResult
    func run(within milliseconds: UInt64, until isDone: () -> Bool) -> Bool { run(until: now + milliseconds, isDone) }

    @discardableResult
    private func run(until end: UInt64, _ isDone: () -> Bool) -> Bool {
        while now < end {
            if isDone() { return true }
            now += 20
            deliver()
            for i in nodes.indices where !nodes[i].isPaused { run(i, .tick) }
        }
        return isDone()
    }

    private func deliver() {
        let due = (queue.removeValue(forKey: now / 20) ?? []).sorted { ($0.at, $0.number) < ($1.at, $1.number) }
        for delivery in due {
            let node = nodes[delivery.node]
            if let life = delivery.life, life != node.life { continue }
            if node.isPaused {
                queue[now / 20 + 1, default: []].append(delivery)
                continue
            }
            switch delivery.action {
            case .request(let from, let life, let message, let token):
                guard node.core != nil else { continue }
                count += 1
                serverTokens[count] = Pending(
                    asker: from, life: life, token: token, peer: delivery.node, kind: message.kind)
                run(delivery.node, .message(message, token: count))
            case .outcome(let token, let result):
                guard open.remove([UInt64(delivery.node), UInt64(node.life), token]) != nil else { continue }
                run(delivery.node, .answered(token: token, result))
            case .linkUp(let id): run(delivery.node, .linkUp(id, isRingSearch: true))
            case .linkDown(let id): run(delivery.node, .linkDown(id))
            }
        }
    }

    private func time(of i: Int) -> RingTime {
        RingTime(wall: time.wall + nodes[i].clockLead, monotonic: time.monotonic)
    }

    /// Lets something be done at a node, and carries out what comes of it.
    func act(_ i: Int, _ body: (inout Membership, RingTime, inout [RingDirective]) -> Void) {
        guard var core = nodes[i].core else { return }
        nodes[i].core = nil
        var out: [RingDirective] = []
        body(&core, time(of: i), &out)
        nodes[i].events += core.events
        core.events = []
        nodes[i].core = core
        carryOut(out, of: i)
    }

    func run(_ i: Int, _ event: RingEvent) { act(i) { _ = $0.handle(event, at: $1, into: &$2) } }

    private func carryOut(_ directives: [RingDirective], of i: Int) {
        let node = nodes[i]
        for (place, directive) in directives.enumerated() {
            if let limit = node.diesAfter, place >= limit { return kill(i) }
            switch directive {
            case .ask(let peer, let kind, let body, let token, let timeout):
                ask(i, peer, kind, body, token, timeout)
            case .answer(let token, let kind, let body): answer(token, message(i, kind, body))
            case .answerUnsupported(let token):
                var reply = message(i, .unknown, [])
                reply.envelope.flags = .unsupported
                answer(token, reply)
            case .keep(let database, let key, let value): node.disk.databases[database, default: [:]][key] = value
            case .locate(let peer, let address):
                node.located[peer] = address
                if let j = address.flatMap(index), nodes[j].core != nil, !cuts.contains([i, j]) {
                    post(to: i, after: delay(), .linkUp(peer))
                }
            case .note(let text): node.notes.append(text)
            case .sendGossipText(let peer, let payload): node.gossipText.append((peer, payload))
            default: break
            }
        }
    }

    private func index(of address: NodeAddress) -> Int? { nodes.lastIndex { $0.settings.own.address == address } }

    private func message(_ i: Int, _ kind: FrameKind, _ body: Bytes) -> RingMessage {
        let core = nodes[i].core
        let envelope = Envelope(
            incarnation: core?.incarnation ?? 0, node: nodes[i].id.value,
            stamp: Stamp.of(milliseconds: time(of: i).wall), topologyEpoch: core?.topology.epoch ?? 0,
            definitionEpoch: UInt32(clamping: core?.log.epoch ?? 0))
        return RingMessage(kind: kind, id: 0, envelope: envelope, body: body)
    }

    private func ask(
        _ i: Int, _ peer: NodeID, _ kind: FrameKind, _ body: Bytes, _ token: UInt64, _ timeout: UInt64
    ) {
        let life = nodes[i].life
        open.insert([UInt64(i), UInt64(life), token])
        guard let j = nodes[i].located[peer].flatMap(index), nodes[j].core != nil || cuts.contains([i, j]) else {
            return post(to: i, after: 1, .outcome(token: token, .failure(.notSent)))
        }
        post(to: i, after: timeout, .outcome(token: token, .failure(.unknown)))
        guard !cuts.contains([i, j]) else { return }
        let request = message(i, kind, body)
        for _ in 0..<(happens(duplicatePercent) ? 2 : 1) where !happens(lossPercent) {
            post(to: j, after: delay(), .request(from: i, fromLife: life, request, token: token))
        }
    }

    private func answer(_ server: UInt64, _ message: RingMessage) {
        guard let pending = serverTokens.removeValue(forKey: server), !cuts.contains([pending.peer, pending.asker]),
            nodes[pending.asker].life == pending.life, !happens(lossPercent)
        else { return }
        let isUnsupported = message.envelope.flags.contains(.unsupported)
        post(
            to: pending.asker, after: delay(),
            .outcome(token: pending.token, isUnsupported ? .failure(.unsupported) : .success(message)))
    }

    private func happens(_ percent: Int) -> Bool { percent > 0 && chance.below(100) < percent }
    private func delay() -> UInt64 { 1 + UInt64(chance.below(longestDelay)) }

    private func post(to i: Int, after delay: UInt64, _ action: Action) {
        count += 1
        var life: Int? = nodes[i].life
        if case .request = action { life = nil }
        let at = now + delay
        queue[(at + 19) / 20, default: []].append(
            Delivery(at: at, number: count, node: i, life: life, action: action))
    }

    // MARK: looking at it

    func core(_ i: Int) -> Membership? { nodes[i].core }

    func standing(_ i: Int, of j: Int) -> Standing? { nodes[i].core?.standing(of: nodes[j].id) }

    /// Whether all of these know the same ring and have each other up.
    func isWhole(_ members: [Int]) -> Bool {
        members.allSatisfy { i in
            guard let core = nodes[i].core, core.isMember else { return false }
            return core.log.entries == nodes[members[0]].core?.log.entries
                && members.allSatisfy { standing(i, of: $0) == .up }
        }
    }
}
