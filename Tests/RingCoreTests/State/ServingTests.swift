import Testing

@testable import RingCore

@Suite struct ServingTests {
    private let two = [RangeServing.CoOwner(node: 1), RangeServing.CoOwner(node: 2)]

    /// Three racks, both co-owners alive, data from before.
    private func caughtUp(at now: UInt64) -> RangeServing {
        var range = RangeServing()
        _ = range.handle(.coOwners(two, quorum: 2), now: now)
        _ = range.handle(.owned(hasData: true), now: now)
        _ = range.handle(.consumed, now: now)
        _ = range.handle(.barrierAnswered(node: 1, barrier: 1), now: now)
        return range
    }

    @Test func `a new owner fills, catches up, proves it, and serves`() {
        var range = RangeServing()
        #expect(range.handle(.coOwners(two, quorum: 2), now: 0) == [])
        #expect(range.handle(.owned(hasData: false), now: 0) == [.walk(at: 1)])
        #expect(range.phase == .filling)
        #expect(range.handle(.filled, now: 500) == [.readFeeds(of: [1, 2])])
        #expect(range.phase == .catchingUp)
        #expect(!range.isServing)
        #expect(range.handle(.consumed, now: 600) == [.barrier(1, of: [1, 2])])
        #expect(range.handle(.barrierAnswered(node: 2, barrier: 1), now: 700) == [.announce(isServing: true)])
        #expect(range.phase == .serving(isProven: true))
    }

    @Test func `a barrier that takes too long proves nothing`() {
        var range = RangeServing()
        _ = range.handle(.coOwners(two, quorum: 2), now: 0)
        _ = range.handle(.owned(hasData: true), now: 0)
        _ = range.handle(.consumed, now: 0)
        #expect(range.handle(.barrierAnswered(node: 1, barrier: 1), now: 1_001) == [.readFeeds(of: [1, 2])])
        #expect(range.handle(.consumed, now: 1_100) == [.barrier(2, of: [1, 2])])
        // An answer to the one before, and silence.
        #expect(range.handle(.barrierAnswered(node: 1, barrier: 1), now: 1_200) == [])
        #expect(range.handle(.tick, now: 2_200) == [.readFeeds(of: [1, 2])])
        #expect(!range.isServing)
    }

    @Test func `alone in the ring a range serves at once`() {
        var range = RangeServing()
        #expect(range.handle(.owned(hasData: false), now: 0) == [.announce(isServing: true)])
        #expect(range.phase == .serving(isProven: true))
    }

    @Test(arguments: [
        RangeServing.Event.stalled(milliseconds: 2_500), .storeRolledBack,
    ])
    func `a doubt sends a range back to catching up`(doubt: RangeServing.Event) {
        var range = caughtUp(at: 0)
        #expect(range.isProven)
        #expect(range.handle(doubt, now: 5_000) == [.readFeeds(of: [1, 2]), .announce(isServing: false)])
        #expect(range.phase == .catchingUp)
    }

    @Test func `a short stall is none`() {
        var range = caughtUp(at: 0)
        #expect(range.handle(.stalled(milliseconds: 1_900), now: 5_000) == [])
    }

    @Test func `a tail that is silent and then resumes raises a doubt, unless the co-owner was down`() {
        var range = caughtUp(at: 0)
        #expect(range.handle(.tailHeard(node: 1), now: 1_000) == [])
        #expect(range.handle(.tailHeard(node: 1), now: 2_900) == [])
        #expect(
            range.handle(.tailHeard(node: 1), now: 5_000) == [.readFeeds(of: [1, 2]), .announce(isServing: false)])

        range = caughtUp(at: 0)
        _ = range.handle(.tailHeard(node: 1), now: 1_000)
        _ = range.handle(.coOwners([RangeServing.CoOwner(node: 1, isAlive: false), two[1]], quorum: 2), now: 2_000)
        _ = range.handle(.coOwners(two, quorum: 2), now: 9_000)
        #expect(range.handle(.tailHeard(node: 1), now: 9_100) == [])
        #expect(range.isProven)
    }

    @Test func `a trimmed feed means the range is filled anew`() {
        var range = caughtUp(at: 0)
        #expect(range.handle(.trimmed(node: 2), now: 10) == [.walk(at: 1), .announce(isServing: false)])
        #expect(range.phase == .filling)
    }

    @Test func `with too few co-owners alive a range serves unproven after ten seconds, and proves itself later`() {
        let dead = two.map { RangeServing.CoOwner(node: $0.node, isAlive: false) }
        var range = RangeServing()
        _ = range.handle(.coOwners(dead, quorum: 2), now: 0)
        #expect(range.handle(.owned(hasData: true), now: 0) == [])
        #expect(range.handle(.tick, now: 9_999) == [])
        #expect(range.handle(.tick, now: 10_000) == [.announce(isServing: true)])
        #expect(range.phase == .serving(isProven: false))
        #expect(!range.isProven)
        // It goes on serving while it proves itself.
        #expect(range.handle(.coOwners([two[0], dead[1]], quorum: 2), now: 20_000) == [.readFeeds(of: [1])])
        #expect(range.isServing)
        #expect(range.handle(.consumed, now: 20_100) == [.barrier(1, of: [1])])
        #expect(range.handle(.barrierAnswered(node: 1, barrier: 1), now: 20_200) == [])
        #expect(range.isProven)
    }

    @Test func `a store that lost its data is filled, or kept with an alarm when nobody else has it`() {
        var range = caughtUp(at: 0)
        #expect(range.handle(.storeLost, now: 10) == [.walk(at: 1), .announce(isServing: false)])

        var lone = RangeServing()
        _ = lone.handle(.owned(hasData: true), now: 0)
        #expect(lone.handle(.storeLost, now: 10) == [.alarmDataLost])
        #expect(lone.isServing)
    }

    @Test func `a range that goes to somebody else is served until that one does`() {
        var range = caughtUp(at: 0)
        #expect(range.handle(.leaving, now: 10) == [])
        #expect(range.isServing)
        #expect(range.handle(.released, now: 20) == [.announce(isServing: false)])
        #expect(range.phase == .unowned)
    }

    @Test func `co-owners of other datacenters are read and prove nothing`() {
        var range = RangeServing()
        let far = RangeServing.CoOwner(node: 9, isLocal: false)
        _ = range.handle(.coOwners(two + [far], quorum: 2), now: 0)
        #expect(range.handle(.owned(hasData: true), now: 0) == [.readFeeds(of: [1, 2, 9])])
        #expect(range.handle(.consumed, now: 0) == [.barrier(1, of: [1, 2])])
        #expect(range.handle(.barrierAnswered(node: 9, barrier: 1), now: 0) == [])
        #expect(!range.isServing)
    }

    @Test func `whatever happens, a range that serves proven has asked enough others`() {
        for seed in UInt64(1)...2_000 {
            var chance = Chance(seed: seed)
            var range = RangeServing()
            var now: UInt64 = 0
            var announced = false
            for _ in 0..<60 {
                now += UInt64(chance.pick([0, 10, 500, 3_000]))
                let event: RangeServing.Event =
                    switch chance.below(12) {
                    case 0: .owned(hasData: chance.chance(50))
                    case 1: .leaving
                    case 2: .released
                    case 3, 4:
                        .coOwners(
                            (1...UInt64(1 + chance.below(3))).map {
                                RangeServing.CoOwner(node: $0, isLocal: chance.chance(80), isAlive: chance.chance(70))
                            }, quorum: 2)
                    case 5: .filled
                    case 6: .consumed
                    case 7: .barrierAnswered(node: UInt64(1 + chance.below(3)), barrier: UInt64(chance.below(6)))
                    case 8: .tailHeard(node: UInt64(1 + chance.below(3)))
                    case 9: .trimmed(node: 1)
                    case 10: chance.chance(50) ? .storeLost : .storeRolledBack
                    default: .tick
                    }
                let wasProven = range.phase == .serving(isProven: true)
                let directives = range.handle(event, now: now)
                for case .announce(let isServing) in directives { announced = isServing }
                #expect(announced == range.isServing, "seed \(seed)")
                if !wasProven, range.phase == .serving(isProven: true) {
                    if case .barrierAnswered = event { continue }
                    // Without a barrier only where nobody has to be asked.
                    #expect(range.coOwners.isEmpty || range.quorum == 1, "seed \(seed): \(event)")
                }
            }
        }
    }
}
