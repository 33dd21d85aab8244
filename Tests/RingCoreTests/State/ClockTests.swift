import RingCore
import Testing

@Suite struct ClockTests {
    private func clock(wall: UInt64, storedCeiling: UInt64 = 0) -> HybridClock {
        var clock = HybridClock(node: 7, wall: wall, storedCeiling: storedCeiling)
        clock.ceilingIsStored(clock.nextCeiling(wall: wall))
        return clock
    }

    @Test func `versions compare as their bytes do`() {
        var chance = Chance(seed: 11)
        var versions = [
            Version.zero, Version(stamp: .max, node: .max), Version(milliseconds: 1000, counter: 2, node: 7),
        ]
        for _ in 0..<200 {
            versions.append(Version(stamp: chance.next() >> UInt64(chance.below(64)), node: UInt64(chance.below(3))))
        }
        for a in versions {
            for b in versions {
                #expect((a < b) == encoded(a).lexicographicallyPrecedes(encoded(b)))
                #expect((a == b) == (encoded(a) == encoded(b)))
            }
        }
        #expect(encoded(versions[2]) == [0, 0, 0, 0, 3, 0xe8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7])
    }

    private func encoded(_ version: Version) -> [UInt8] {
        var writer = WireWriter()
        writer.version(version)
        return writer.bytes
    }

    @Test func `a clock follows the wall clock and counts within a millisecond`() {
        var clock = clock(wall: 1000)
        let first = clock.issued(1000)
        let second = clock.issued(1000)
        let third = clock.issued(1001)

        #expect(first == Version(milliseconds: 1000, counter: 0, node: 7))
        #expect(second == Version(milliseconds: 1000, counter: 1, node: 7))
        #expect(third == Version(milliseconds: 1001, counter: 0, node: 7))
    }

    @Test func `the counter carries into the milliseconds`() {
        var clock = clock(wall: 1000)
        let isTaken = clock.receive(Stamp.of(milliseconds: 1000, counter: .max), wall: 1000)
        #expect(isTaken)

        let next = clock.issued(1000)
        #expect(next == Version(milliseconds: 1001, counter: 0, node: 7))
    }

    @Test func `a wall clock that steps back only freezes the milliseconds`() {
        var clock = clock(wall: 5000)
        let first = clock.issued(5000)
        let second = clock.issued(100)

        #expect(first < second)
        #expect(second.milliseconds == 5000)
    }

    @Test func `a stamp too far ahead is refused and leaves the clock alone`() {
        var clock = clock(wall: 1000)
        let ahead = Stamp.of(milliseconds: 1501)
        let near = Stamp.of(milliseconds: 1500)

        let isRefused = !clock.receive(ahead, wall: 1000)
        #expect(isRefused)
        #expect(clock.stamp < near)
        let isTaken = clock.receive(near, wall: 1000)
        #expect(isTaken)
        let next = clock.issued(1000)
        #expect(next.stamp == near + 1)
    }

    @Test func `nothing is issued above the stored ceiling`() {
        var clock = HybridClock(node: 7, wall: 1000, storedCeiling: 0)
        let issued1000N = clock.issue(wall: 1000)
        #expect(issued1000N == nil)
        clock.ceilingIsStored(clock.nextCeiling(wall: 1000))
        let issued1000S = clock.issue(wall: 1000)
        #expect(issued1000S != nil)
        let issued3000N = clock.issue(wall: 3000)
        #expect(issued3000N == nil)
        clock.ceilingIsStored(clock.nextCeiling(wall: 3000))
        let next = clock.issued(3000)
        #expect(next.milliseconds == 3000)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func `versions of a node rise over restarts and steps of its wall clock`(seed: UInt64) {
        var chance = Chance(seed: seed)
        var stored: UInt64 = 0
        var last = Version.zero
        var wall: UInt64 = 1_000_000
        for _ in 0..<50 {
            var clock = HybridClock(node: 7, wall: wall, storedCeiling: stored)
            for _ in 0..<20 {
                if chance.chance(30) {
                    stored = clock.nextCeiling(wall: wall)
                    clock.ceilingIsStored(stored)
                }
                if chance.chance(20) {
                    _ = clock.receive(Stamp.of(milliseconds: wall + UInt64(chance.below(500))), wall: wall)
                }
                if let version = clock.issue(wall: wall) {
                    #expect(version > last)
                    last = version
                }
                wall = wall + UInt64(chance.below(1_000)) - UInt64(chance.chance(10) ? 5_000 : 0)
            }
        }
        #expect(last > .zero)
    }

    @Test func `a clock that two peers agree to be ahead is suspect`() {
        var health = ClockHealth()
        #expect(!health.isSuspect(now: 0))
        health.observe(peer: 1, theirs: 1000, ours: 5000, now: 0)
        #expect(!health.isSuspect(now: 0))
        health.observe(peer: 2, theirs: 1100, ours: 5000, now: 0)

        #expect(health.isSuspect(now: 0))
        #expect(health.lead(now: 0) == 3900)
        // Nobody has been heard for long: no judgment.
        #expect(!health.isSuspect(now: 20_000))
    }

    @Test func `one peer with a slow clock makes nobody suspect`() {
        var health = ClockHealth()
        health.observe(peer: 1, theirs: 1000, ours: 5000, now: 0)
        health.observe(peer: 2, theirs: 4900, ours: 5000, now: 0)
        health.observe(peer: 3, theirs: 4990, ours: 5000, now: 0)

        #expect(!health.isSuspect(now: 0))
    }

    @Test func `a slow message is no sign of a clock ahead`() {
        var health = ClockHealth()
        for peer in UInt64(1)...2 {
            health.observe(peer: peer, theirs: 5000, ours: 5001, now: 0)
            health.observe(peer: peer, theirs: 5000, ours: 5900, now: 900)
        }
        #expect(!health.isSuspect(now: 900))
    }
}

extension HybridClock {
    fileprivate mutating func issued(_ wall: UInt64) -> Version { issue(wall: wall) ?? .zero }
}
