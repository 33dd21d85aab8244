// The promise of the whole design: replicas that have seen the same effects, in whatever order and how often, agree, and
// agree on what one store would hold that had run the writes in the order of their versions.

import Testing

@testable import RingCore

/// One random delivery of a history to three replicas.
struct Delivery {
    let history: History
    private(set) var replicas: [ModelReplica]
    private var chance: Chance
    private let offsets: [Int]
    private var log: [String] = []
    private let isLogging: Bool
    private let plan: Plan

    /// How replicas learn what they missed.
    enum Plan: CaseIterable {
        /// Not at all.
        case alone
        /// They ask the executor when they are told to.
        case fetching
        /// They mostly ask somebody, and in the end everybody exchanges everything.
        case exchanging
    }
    /// When the last message has arrived by every clock.
    private var end: UInt64 = 0

    init(
        seed: UInt64, kinds: History.Kinds = History.Kinds(), plan: Plan, isLogging: Bool = false,
        join: @escaping KeyState.Join = { $0.merged(with: $1, flushFloor: $2) }
    ) {
        self.isLogging = isLogging
        self.plan = plan
        history = History(seed: seed, kinds: kinds)
        chance = Chance(seed: seed ^ 0xdead_beef)
        replicas = (0..<3).map { _ in ModelReplica(join: join) }
        // Replica 0 is the executor: everything reaches it at once and in order.
        offsets = [0, chance.below(601) - 300, chance.below(601) - 300]
    }

    private struct Arrival {
        var time: UInt64
        var step: Int
        var copy: Int
    }

    mutating func run() {
        for (i, step) in history.steps.enumerated() {
            deliver(step, to: 0, at: step.items.last?.version.milliseconds ?? 0, i)
        }
        for replica in 1...2 {
            var arrivals: [Arrival] = []
            for (i, step) in history.steps.enumerated() {
                let sent = step.items.last?.version.milliseconds ?? 0
                for copy in 0..<(chance.chance(20) ? 2 : 1) {
                    let delay = chance.pick([0, 0, 1, 20, 150, 700, 3_000])
                    arrivals.append(Arrival(time: sent + UInt64(delay), step: i, copy: copy))
                }
            }
            arrivals.shuffle(using: &chance)
            arrivals.sort { $0.time < $1.time }
            for arrival in arrivals {
                // No clock is more than 300 ms away, and no stamp more than 500 ms ahead.
                let wall = UInt64(Int(arrival.time) + offsets[replica])
                deliver(history.steps[arrival.step], to: replica, at: wall, arrival.step)
            }
        }
    }

    private mutating func deliver(_ step: History.Step, to replica: Int, at wall: UInt64, _ number: Int) {
        end = max(end, wall)
        note { _ in "replica \(replica) at \(wall): \(step.text)" }
        defer { note { "    \($0[replica].brief)" } }
        for item in step.items {
            let result = replicas[replica].merge(item.effect, item.version, at: wall)
            guard result.needsFetch else { continue }
            if plan == .fetching {
                exchange(from: 0, to: replica, at: wall)
            } else if chance.chance(70) {
                // From whichever co-owner answers; what it lacks, too, comes with the exchange at the end.
                exchange(from: chance.below(3), to: replica, at: wall)
            }
        }
    }

    private mutating func exchange(from: Int, to: Int, at wall: UInt64) {
        guard from != to else { return }
        note { _ in "replica \(to) at \(wall): state of \(from)" }
        let isFetch = replicas[to].state.isIncomplete
        replicas[to].fetch(from: replicas[from], at: wall, isFetch: isFetch)
        note { "    \($0[to].brief)" }
    }

    /// Every replica gets every other's state, until nothing changes any more.
    mutating func exchangeAll(at wall: UInt64) {
        for _ in 0..<3 {
            for to in 0..<3 {
                for from in 0..<3 { exchange(from: from, to: to, at: wall) }
            }
        }
    }

    /// What is wrong, in words; `nil` when all agree.
    mutating func verdict() -> String? {
        run()
        if plan == .exchanging { exchangeAll(at: end) }
        var reference = history.reference
        reference.expire(at: end)
        for (i, replica) in replicas.enumerated() {
            guard replica.state.agrees(with: replicas[0].state) else {
                return "records differ: \(replica.state) and \(replicas[0].state)"
            }
            let value = replica.store.value(at: end)
            guard value == reference.value else {
                return "replica \(i) holds \(String(describing: value)), not \(String(describing: reference.value))"
            }
            guard replica.store.deadline(at: end) == reference.deadline else {
                return "replica \(i) expires at \(String(describing: replica.store.deadline(at: end)))"
            }
            if replica.surprises > 0, i == 0 { return "the store answered otherwise than predicted" }
        }
        return nil
    }

    private mutating func note(_ text: ([ModelReplica]) -> String) {
        if isLogging { log.append(text(replicas)) }
    }

    /// What happened, line by line, and what is wrong.
    static func transcript(_ seed: UInt64, _ kinds: History.Kinds, _ plan: Plan) -> String {
        var delivery = Delivery(seed: seed, kinds: kinds, plan: plan, isLogging: true)
        let verdict = delivery.verdict() ?? "nothing wrong"
        return "seed \(seed)\n" + delivery.log.joined(separator: "\n") + "\n" + verdict
    }
}

@Suite struct LatticeTests {
    private func check(seeds: ClosedRange<UInt64>, _ plan: Delivery.Plan, _ kinds: History.Kinds = History.Kinds()) {
        for seed in seeds {
            var delivery = Delivery(seed: seed, kinds: kinds, plan: plan)
            if delivery.verdict() != nil {
                Issue.record("\(Delivery.transcript(seed, kinds, plan))")
                return
            }
        }
    }

    @Test(arguments: [UInt64(0), 10_000, 20_000, 30_000])
    func `replicas agree after any order, and with one store that ran the writes in version order`(first: UInt64) {
        check(seeds: first...first + 1_000, .exchanging)
    }

    @Test func `where no expiry, delta or conflict of types is, no exchange is needed`() {
        let kinds = History.Kinds(expiries: false, deltas: false, conflicts: false)
        check(seeds: 1...2_000, .alone, kinds)
    }

    @Test func `a replica that asks a co-owner when it is told to misses nothing`() {
        check(seeds: 1...3_000, .fetching)
    }

    /// A mistake somebody could make in the join.
    enum Mistake: String, CaseIterable {
        case `an older expiry outlives a newer floor`
        case `fields outlive a newer floor`
        case `the last to arrive wins`
        case `a deleted field leaves no mark`
        case `an expiry buries nothing`
        case `a burial is made a floor`
        case `what was buried is forgotten`
        case `a string refuses fields`
        case `the expiry that ends later wins`

        var join: KeyState.Join {
            { old, new, floor in
                var result = old.merged(with: new, flushFloor: floor)
                switch self {
                case .`an older expiry outlives a newer floor`:
                    if result.expiry == nil { result.expiry = old.expiry ?? new.expiry }
                case .`fields outlive a newer floor`:
                    for field in old.fields where result.field(field.name) == nil { result.fields.append(field) }
                    result.fields.sort { precedes($0.name, $1.name) }
                case .`the last to arrive wins`:
                    if new.floor != nil { result.floor = new.floor }
                case .`a deleted field leaves no mark`:
                    result.fields.removeAll(where: \.isDeleted)
                case .`an expiry buries nothing`:
                    let expiry = result.expiry
                    result = KeyState(floor: old.floor, fields: old.fields)
                        .merged(with: KeyState(floor: new.floor, fields: new.fields))
                    if expiry.map({ $0.version >= result.floorVersion }) == true { result.expiry = expiry }
                case .`a burial is made a floor`:
                    if result.isReborn, let burial = result.burial {
                        result = result.merged(with: KeyState(floor: KeyState.Floor(burial, .absent)))
                    }
                case .`what was buried is forgotten`:
                    result.isIncomplete = false
                case .`a string refuses fields`:
                    if old.recordKind == .string, !new.fields.isEmpty { return old }
                case .`the expiry that ends later wins`:
                    if let a = old.expiry?.at, let b = new.expiry?.at, result.expiry != nil {
                        result.expiry?.at = max(a, b)
                    }
                }
                return result
            }
        }
    }

    @Test(arguments: Mistake.allCases)
    func `a planted mistake is found`(mistake: Mistake) {
        for seed in UInt64(1)...3_000 {
            for plan in [Delivery.Plan.exchanging, .fetching] {
                var delivery = Delivery(seed: seed, plan: plan, join: mistake.join)
                if delivery.verdict() != nil { return }
            }
        }
        Issue.record("3,000 histories did not show that \(mistake.rawValue)")
    }
}
