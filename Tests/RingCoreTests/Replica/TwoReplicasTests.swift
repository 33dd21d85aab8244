// Random histories over two replicas that follow each other's feeds, with kills at random steps.

import RingSimulator
import Testing

@testable import RingCore

@Suite struct TwoReplicasTests {
    @Test func `random histories end equal on both, whatever is killed`() {
        for seed in UInt64(1)...300 {
            var pair = Pair(seed: seed)
            for _ in 0..<120 { pair.act() }
            let isAtRest = pair.heal()
            #expect(isAtRest, "seed \(seed)")
            for key in pair.keys {
                let states = pair.machines.map { $0.replica.state(key.octets) }
                #expect(states[0].agrees(with: states[1]), "seed \(seed), \(key): \(states)")
                let shown = pair.machines.map { $0.shown(key) }
                #expect(shown[0] == shown[1], "seed \(seed), \(key)")
                let kind = states[0].kind(at: pair.machines[0].now.wall)
                #expect((kind == .absent) == (shown[0] == "nothing"), "seed \(seed), \(key): \(kind) \(shown[0])")
            }
            #expect(pair.lost.isEmpty, "seed \(seed): \(pair.lost)")
        }
    }
}

/// Two machines and the messages between them.
private struct Pair {
    private(set) var machines: [Machine]
    private var chance: Chance
    let keys = ["s", "t", "h", "g", "l"]
    /// Pushed items that have not arrived: some never do.
    private var pushes: [(to: Int, items: [Item])] = []
    private var seen: [Int] = [0, 0]
    private var value = 0
    /// Writes to keys of their own that were acknowledged, each of which must be there in the end.
    private var acknowledged: [(key: String, value: String)] = []
    private var waiting: [(machine: Int, token: UInt64, items: [Item], write: (key: String, value: String)?)] = []
    private(set) var lost: [String] = []

    init(seed: UInt64) {
        chance = Chance(seed: seed)
        machines = [Machine(node: 1), Machine(node: 2)]
        for i in 0..<2 {
            machines[i].hasCoOwners = true
            machines[i].settle()
        }
    }

    mutating func act() {
        let i = chance.below(2)
        switch chance.below(100) {
        case 0..<40: write(i)
        case 40..<60: for _ in 0..<chance.below(6) { machines[i].step() }
        case 60..<70: deliver()
        case 70..<80: follow(i)
        case 80..<90:
            let milliseconds = UInt64(chance.pick([1, 6, 20, 300, 1_100]))
            for j in 0..<2 { machines[j].pass(milliseconds) }
        case 90..<93: kill(i, .node)
        case 93..<96: kill(i, .store)
        case 96..<98: kill(i, .both)
        default: machines[i].settle()
        }
        collect()
    }

    private mutating func kill(_ i: Int, _ what: Machine.Kill) {
        if what != .store { waiting.removeAll { $0.machine == i } }
        machines[i].kill(what)
    }

    private mutating func write(_ i: Int) {
        guard machines[i].replica.isRunning else { return }
        value += 1
        let key = chance.pick(keys)
        let own = "own\(value)"
        let text = chance.pick([
            "SET s \(value)", "SET t \(value)", "SET \(key) \(value)", "HSET h a \(value)", "HSET h b \(value) c x",
            "HSET g a \(value)", "HDEL h a", "HDEL g a b", "DEL \(key)", "HSET \(own) f \(value)",
        ])
        let execution = chance.pick(["INCR n", "RPUSH l \(value)", "APPEND t x", "HINCRBY g n 1", "LPOP l"])
        if chance.chance(35) {
            let token = machines[i].execute(execution)
            waiting.append((i, token, [], nil))
            return
        }
        let items = machines[i].items(text)
        guard !items.isEmpty, items[0].version != .zero else { return }
        let token = machines[i].submit(.apply(items, mode: .write, isFetch: false))
        let isOwn = text.contains("own")
        waiting.append((i, token, items, isOwn ? (own, "f=\(value)") : nil))
    }

    /// Answers: what was written is pushed to the other, most of the time.
    private mutating func collect() {
        var left: [(machine: Int, token: UInt64, items: [Item], write: (key: String, value: String)?)] = []
        for wait in waiting {
            var items = wait.items
            if let outcome = machines[wait.machine].execution(wait.token) {
                if case .done(_, let shipped) = outcome { items = shipped }
            } else if let outcomes = machines[wait.machine].outcomes(wait.token) {
                items = zip(items, outcomes).filter { $1.status == .applied }.map(\.0)
                if let write = wait.write, !items.isEmpty { acknowledged.append(write) }
            } else {
                left.append(wait)
                continue
            }
            if !items.isEmpty, chance.chance(70) { pushes.append((1 - wait.machine, items)) }
        }
        waiting = left
    }

    private mutating func deliver() {
        guard !pushes.isEmpty else { return }
        let push = pushes.remove(at: chance.below(pushes.count))
        if chance.chance(20) { return }
        _ = machines[push.to].submit(.apply(push.items, mode: .merge, isFetch: false))
    }

    /// One reads the states of the other's feed behind its position.
    @discardableResult
    private mutating func follow(_ i: Int) -> Bool {
        let other = 1 - i
        guard machines[other].replica.isRunning, machines[i].replica.isRunning else { return false }
        let node = UInt64(other + 1)
        let feed = machines[other].replica.feed.id
        let from = machines[i].replica.positions.position(of: node, feed: feed, lane: 0)
        let position = Feed.Position(lane: 0, from: from, confirmed: from)
        let token = machines[other].answer(
            Feed(mode: .states, feed: feed, positions: [position], maximumBytes: 1 << 20))
        machines[other].settle()
        guard let reply = machines[other].feedReply(token), reply.status == .ok,
            let states = try? reply.states(item: { (reader) throws(WireError) in try reader.item() })
        else { return false }
        let items = (states.first ?? []).map(\.item)
        if !items.isEmpty {
            let token = machines[i].submit(.apply(items, mode: .merge, isFetch: false))
            machines[i].settle()
            guard let outcomes = machines[i].outcomes(token) else { return false }
            guard !outcomes.contains(where: { $0.status == .clockLead || $0.status == .busy }) else { return false }
        }
        if let to = reply.lanes.first?.to, to > from { machines[i].confirm(node, feed, to) }
        return !items.isEmpty || (reply.lanes.first?.to ?? 0) > from
    }

    /// Keys whose values one lacks are fetched from the other.
    private mutating func fetch(_ i: Int) -> Bool {
        _ = machines[i].takeMissing()
        let keys =
            machines[i].replica.missingKeys(limit: 64)
            + self.keys.map(\.octets).filter { machines[i].replica.state($0).isIncomplete }
        guard !keys.isEmpty else { return false }
        let token = machines[1 - i].submit(.states(keys))
        machines[1 - i].settle()
        guard let items = machines[1 - i].states(token) else { return false }
        _ = machines[i].submit(.apply(items, mode: .merge, isFetch: true))
        machines[i].settle()
        return true
    }

    /// All faults end. `false`: the two do not come to rest.
    mutating func heal() -> Bool {
        pushes = []
        for i in 0..<2 {
            machines[i].pass(2_500)
            machines[i].settle()
        }
        var quiet = 0
        for _ in 0..<400 {
            var isBusy = false
            for i in 0..<2 {
                machines[i].pass(30)
                machines[i].settle()
                isBusy = follow(i) || isBusy
            }
            for i in 0..<2 { isBusy = fetch(i) || isBusy }
            quiet = isBusy ? 0 : quiet + 1
            if quiet == 2 { break }
        }
        collect()
        for write in acknowledged {
            for i in 0..<2 where machines[i].shown(write.key) != write.value { lost.append("\(write.key) on \(i)") }
        }
        return quiet == 2
    }
}
