// How fast a merge runs beside queries.

import Glibc
import Platform

/// Keeps the calling thread to a quarter of a core while somebody else needs the processor. Not thread-safe.
///
///     work 1 ms │ rest 3 ms │ work 1 ms │ ...      nobody there: work on
final class MergePace {
    private let isInTheWay: () -> Bool
    private var calls = 0
    private var worked = ThreadClock.nanoseconds
    private var seen = MonotonicClock.nanoseconds

    private static let slice: UInt64 = 1_000_000
    /// Nanoseconds of rest for one of work.
    private static let restPerWork: UInt64 = 3

    /// - Parameter isInTheWay: whether queries go on. Asked once per slice of work.
    init(isInTheWay: @escaping () -> Bool) { self.isInTheWay = isInTheWay }

    /// Called between small pieces of work, often. True now and then: time to ask whether to go on.
    func rest() -> Bool {
        calls &+= 1
        guard calls & 15 == 0 else { return false }
        let work = ThreadClock.nanoseconds &- worked
        guard work >= Self.slice else { return true }
        if isInTheWay() {
            // What the thread has waited already, for the processor or for memory, is rest, too.
            let waited = max(MonotonicClock.nanoseconds &- seen, work) &- work
            let wanted = min(work &* Self.restPerWork, 100_000_000)
            if wanted > waited { usleep(UInt32((wanted &- waited) / 1000)) }
        }
        worked = ThreadClock.nanoseconds
        seen = MonotonicClock.nanoseconds
        return true
    }
}
