// Whether this node may answer for a range: it may when it provably lacks nothing that its live co-owners have.
//
//   unowned ──► filling ──► catchingUp ──► serving ──► leaving ──► unowned
//                  ▲            ▲             │
//                  └── trimmed ─┴── restart, stall, interrupted tail, store rolled back
//
//   filling      walks the keys and record hashes of the range at a co-owner and fetches the states that differ
//   catchingUp   notes where the feeds of all live co-owners end, reads them to there, then asks q - 1 of the datacenter
//                for their ends once more (the barrier): what they answer within a second proves that nothing is missing
//   serving      reads, searches, executions. *Unproven* when too few co-owners have been alive for ten seconds to prove
//                anything: availability at DC_ONE, and a word in the answers above it

/// The serving state of one range on one node. Pure: events and a monotonic time in milliseconds go in, what to do comes out.
package struct RangeServing: Equatable, Sendable {
    package enum Phase: Equatable, Sendable {
        case unowned
        case filling
        case catchingUp
        /// - Parameter isProven: a barrier was answered by enough co-owners.
        case serving(isProven: Bool)
        case leaving
    }

    package struct CoOwner: Equatable, Sendable {
        package var node: UInt64
        /// In this node's datacenter. Of each other datacenter one co-owner is followed.
        package var isLocal: Bool
        package var isAlive: Bool

        package init(node: UInt64, isLocal: Bool = true, isAlive: Bool = true) {
            self.node = node
            self.isLocal = isLocal
            self.isAlive = isAlive
        }
    }

    package enum Event: Equatable, Sendable {
        /// The topology gives this node the range. `hasData`: it had it before, and only has to catch up.
        case owned(hasData: Bool)
        /// The topology gives the range to somebody else, who serves it from the event `released` on.
        case leaving
        case released
        /// Who else owns it, and who of them is alive. Comes at the beginning and with every change.
        case coOwners([CoOwner], quorum: Int)
        /// The walk for ``Phase/filling`` is done.
        case filled
        /// Every noted feed end has been reached and merged.
        case consumed
        /// A co-owner answered a barrier, and what it named is merged.
        case barrierAnswered(node: UInt64, barrier: UInt64)
        /// A page of a co-owner's feed was read.
        case tailHeard(node: UInt64)
        /// A co-owner has trimmed what we had not read.
        case trimmed(node: UInt64)
        /// The loop or the lane stood still for this long.
        case stalled(milliseconds: UInt64)
        /// The store came back: with older data, with nothing, or after a power failure.
        case storeRolledBack
        case storeLost
        case tick
    }

    package enum Directive: Equatable, Sendable {
        /// Walk the range at this co-owner: at another one when it fails.
        case walk(at: UInt64)
        /// Note the ends of these co-owners' feeds and read to there.
        case readFeeds(of: [UInt64])
        /// Ask these for the ends of their feeds; report each answer with the number of the barrier.
        case barrier(UInt64, of: [UInt64])
        /// Tell the others: the range's bit in the serving bitmap has changed.
        case announce(isServing: Bool)
        /// The data of this range may be lost: somebody has to look.
        case alarmDataLost
    }

    /// How long a tail may be silent before what was proven counts no more.
    package static let tailPatience: UInt64 = 2_000
    /// How long a barrier may take.
    package static let barrierPatience: UInt64 = 1_000
    /// How long too few co-owners must be alive before the range is served unproven.
    package static let lonelyPatience: UInt64 = 10_000

    package private(set) var phase: Phase = .unowned
    package private(set) var coOwners: [CoOwner] = []
    /// q of this datacenter: the active racks' majority.
    package private(set) var quorum = 1
    private var tails: [UInt64: UInt64] = [:]
    private var barrier: UInt64 = 0
    private var barrierSince: UInt64?
    private var barrierAnswers: Set<UInt64> = []
    private var lonelySince: UInt64?
    private var isReading = false

    package init() {}

    /// Whether reads, searches and executions are answered. Writes, feeds and states are in every phase.
    package var isServing: Bool {
        switch phase {
        case .serving, .leaving: true
        case .unowned, .filling, .catchingUp: false
        }
    }

    package var isProven: Bool { phase == .serving(isProven: true) || phase == .leaving }

    package mutating func handle(_ event: Event, now: UInt64) -> [Directive] {
        let served = isServing
        var directives = react(to: event, now)
        if isServing != served { directives.append(.announce(isServing: isServing)) }
        return directives
    }
}

extension RangeServing {
    private var proofNeeded: Int { quorum - 1 }
    private var live: [CoOwner] { coOwners.filter(\.isAlive) }
    private var liveLocal: [UInt64] { live.filter(\.isLocal).map(\.node) }
    private var isLonely: Bool { liveLocal.count < proofNeeded }

    private mutating func react(to event: Event, _ now: UInt64) -> [Directive] {
        switch event {
        case .owned(let hasData):
            guard phase == .unowned else { return [] }
            return hasData ? catchUp(now) : fill(now)
        case .leaving:
            guard phase != .unowned else { return [] }
            // A range that never served has nothing to hand over.
            phase = isServing ? .leaving : .unowned
            return []
        case .released:
            self = RangeServing()
            return []
        case .coOwners(let owners, let quorum): return setCoOwners(owners, quorum, now)
        case .filled: return phase == .filling ? catchUp(now) : []
        case .consumed: return isReading ? askBarrier(now) : []
        case .barrierAnswered(let node, let number): return barrierAnswered(node, number, now)
        case .tailHeard(let node): return tailHeard(node, now)
        case .trimmed: return phase == .unowned || phase == .leaving ? [] : fill(now)
        case .stalled(let milliseconds): return milliseconds > Self.tailPatience ? doubt(now) : []
        case .storeRolledBack: return doubt(now)
        case .storeLost:
            guard phase != .unowned else { return [] }
            if !coOwners.isEmpty { return fill(now) }
            return [.alarmDataLost]
        case .tick: return tick(now)
        }
    }

    // MARK: phases

    private mutating func fill(_ now: UInt64) -> [Directive] {
        phase = .filling
        stopProof()
        // Alone in the ring: there is nobody to be filled from, and nothing to be filled with.
        if coOwners.isEmpty { return catchUp(now) }
        return live.first.map { [.walk(at: $0.node)] } ?? []
    }

    private mutating func catchUp(_ now: UInt64) -> [Directive] {
        phase = .catchingUp
        return beginProof(now)
    }

    /// What was proven is in doubt.
    private mutating func doubt(_ now: UInt64) -> [Directive] {
        guard case .serving = phase else { return phase == .catchingUp ? beginProof(now) : [] }
        return catchUp(now)
    }

    // MARK: proof

    private mutating func beginProof(_ now: UInt64) -> [Directive] {
        stopProof()
        if proofNeeded == 0, live.isEmpty {
            phase = .serving(isProven: true)
            return []
        }
        guard !isLonely else {
            lonelySince = lonelySince ?? now
            return []
        }
        isReading = true
        return [.readFeeds(of: live.map(\.node))]
    }

    private mutating func stopProof() {
        isReading = false
        barrierSince = nil
        barrierAnswers = []
    }

    private mutating func askBarrier(_ now: UInt64) -> [Directive] {
        isReading = false
        if proofNeeded == 0 {
            phase = .serving(isProven: true)
            return []
        }
        barrier += 1
        barrierSince = now
        barrierAnswers = []
        return [.barrier(barrier, of: liveLocal)]
    }

    private mutating func barrierAnswered(_ node: UInt64, _ number: UInt64, _ now: UInt64) -> [Directive] {
        guard number == barrier, let since = barrierSince, liveLocal.contains(node) else { return [] }
        guard now - min(now, since) <= Self.barrierPatience else { return beginProof(now) }
        barrierAnswers.insert(node)
        guard barrierAnswers.count >= proofNeeded else { return [] }
        stopProof()
        lonelySince = nil
        phase = .serving(isProven: true)
        return []
    }

    // MARK: co-owners

    private mutating func setCoOwners(_ owners: [CoOwner], _ newQuorum: Int, _ now: UInt64) -> [Directive] {
        let before = coOwners
        coOwners = owners
        quorum = max(1, newQuorum)
        for owner in owners where !owner.isAlive { tails[owner.node] = nil }
        lonelySince = isLonely ? lonelySince ?? now : nil
        let hasJoined = owners.contains { owner in
            owner.isAlive && !before.contains { $0.node == owner.node && $0.isAlive }
        }
        switch phase {
        case .filling where hasJoined && !before.contains(where: \.isAlive):
            return live.first.map { [.walk(at: $0.node)] } ?? []
        // Somebody who may have more than we: the proof is begun anew, and an unproven range gets its chance.
        case .catchingUp where hasJoined || owners.isEmpty, .serving(isProven: false) where hasJoined:
            return beginProof(now)
        case .catchingUp where before != owners:
            return beginProof(now)
        default:
            return []
        }
    }

    private mutating func tailHeard(_ node: UInt64, _ now: UInt64) -> [Directive] {
        guard coOwners.contains(where: { $0.node == node && $0.isAlive }) else { return [] }
        let last = tails.updateValue(now, forKey: node)
        guard let last, now - min(now, last) > Self.tailPatience, phase == .serving(isProven: true) else { return [] }
        return doubt(now)
    }

    private mutating func tick(_ now: UInt64) -> [Directive] {
        if let since = barrierSince, now - min(now, since) > Self.barrierPatience { return beginProof(now) }
        if phase == .catchingUp, let since = lonelySince, now - min(now, since) >= Self.lonelyPatience {
            phase = .serving(isProven: false)
        }
        return []
    }
}
