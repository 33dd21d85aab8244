// A merge beside queries.

import Platform
import Testing

@testable import SearchEngine

@Suite struct MergePaceTests {
    /// Works until `isDone`; far beyond what any test machine needs, it gives up.
    private func work(_ pace: MergePace, until isDone: () -> Bool) -> Bool {
        var sum: UInt64 = 0
        for i in 0..<2_000_000 as Range<UInt64> {
            for k in 0..<100 as Range<UInt64> { sum = (sum ^ i) &* (2 &* k &+ 1) }
            if pace.rest() && isDone() { return true }
        }
        return sum == 1
    }

    @Test func `a merge asks now and then whether it is in the way, and goes on`() {
        for isInTheWay in [false, true] {
            var asked = 0
            let pace = MergePace {
                asked += 1
                return isInTheWay
            }
            #expect(work(pace) { asked >= 3 })
        }
    }

    @Test func `the clock of a thread counts its work alone`() {
        let start = ThreadClock.nanoseconds
        let pace = MergePace { false }
        #expect(work(pace) { ThreadClock.nanoseconds > start })
    }
}
