// The door: parameters and a snapshot in, ranked hits out.
//
//   tree ─► Plan (clauses, statistics) ─► per segment: nodes ─► per slice: bounds, wide unions
//        ─► per window: words of matches ─► count │ scores of the units that may win ─► top k

import SearchIndex
import SearchModel

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

package enum Executor {
    /// Estimated cost in nanoseconds: up to 100,000 runs on the event loop, more on a worker.
    package static func estimate(_ parameters: SearchParameters, on snapshot: IndexSnapshot) -> Int {
        guard let search = try? PreparedSearch(parameters, on: snapshot) else {
            return 0  // It will fail at once.
        }
        return search.estimatedNanoseconds
    }

    package static func run(
        _ parameters: SearchParameters, on snapshot: IndexSnapshot
    ) throws(ExecutionError) -> SearchOutcome {
        try PreparedSearch(parameters, on: snapshot).run()
    }
}

/// A search whose plan is made: ask what it costs, then run it here or elsewhere.
package struct PreparedSearch {
    let plan: Plan

    package init(_ parameters: SearchParameters, on snapshot: IndexSnapshot) throws(ExecutionError) {
        plan = try Plan(parameters, on: snapshot)
    }

    /// The expanded query had more terms than it may have.
    package var expansionsTruncated: Bool { plan.expansionsTruncated }

    package var estimatedNanoseconds: Int { CostEstimate.nanoseconds(plan) }

    package func run() -> SearchOutcome {
        let arena = ScratchPool.take()
        defer { ScratchPool.give(arena) }
        return SearchRun(plan, arena).run()
    }
}

/// Time as deadlines are given.
enum MonotonicClock {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
