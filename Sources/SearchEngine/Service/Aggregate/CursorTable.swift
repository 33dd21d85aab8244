// Cursors: aggregations that wait to be read on.
//
// Each holds its snapshot, so their number is bounded by index and their sleep by time. Cursors that have slept too
// long go when another one is made, or at FT.CURSOR GC.

import Platform
import SearchModel
import Synchronization

package final class CursorTable: Sendable {
    private struct Entry {
        let run: AggregateRun
        /// Rows of a chunk.
        let count: Int
        let maxIdle: Int
        /// When its sleep ends, in nanoseconds; 0 while it is being read.
        var expires: UInt64
    }

    private struct State {
        var entries: [Int: Entry] = [:]
        /// By index: cursors that are open, whether asleep or being read.
        var open: [ObjectIdentifier: Int] = [:]
        var random = SystemRandomNumberGenerator()
    }

    package enum Failure: Error, Equatable, Sendable {
        case notFound
        case tooMany(limit: Int)
        case indexDropped
    }

    private let state = Mutex(State())

    init() {}

    /// Opens a cursor that is being read at once.
    package func open(
        _ run: AggregateRun, _ options: CursorOptions, limit: Int, longestIdle: Int
    ) throws(Failure) -> Int {
        let now = MonotonicClock.nanoseconds
        let key = ObjectIdentifier(run.search.index)
        // What expired cursors hold is freed outside the lock.
        var expired: [Entry] = []
        let id: Int? = state.withLock { state in
            if state.open[key, default: 0] >= limit {
                expired = Self.collect(&state, now)
                guard state.open[key, default: 0] < limit else { return nil }
            }
            // Positive, and small enough for whoever keeps ids in a double.
            var id = 0
            repeat { id = Int.random(in: 1...0x7FFF_FFFF, using: &state.random) } while state.entries[id] != nil
            state.entries[id] = Entry(
                run: run, count: options.count, maxIdle: min(options.maxIdle ?? longestIdle, longestIdle), expires: 0)
            state.open[key, default: 0] += 1
            return id
        }
        withExtendedLifetime(expired) {}
        guard let id else { throw .tooMany(limit: limit) }
        return id
    }

    /// Takes a sleeping cursor to be read.
    package func take(_ id: Int) throws(Failure) -> (run: AggregateRun, count: Int) {
        let found: (Entry, isDropped: Bool)? = state.withLock { state in
            guard let entry = state.entries[id], entry.expires != 0 else { return nil }
            let isDropped = entry.run.search.index.isDropped
            if isDropped { Self.remove(id, &state) } else { state.entries[id]?.expires = 0 }
            return (entry, isDropped)
        }
        guard let (entry, isDropped) = found else { throw .notFound }
        guard !isDropped else { throw .indexDropped }
        return (entry.run, entry.count)
    }

    /// The chunk is out, more rows are to come.
    package func sleep(_ id: Int) {
        let run: AggregateRun? = state.withLock { state in
            guard let entry = state.entries[id] else { return nil }
            let idle = UInt64(max(1, entry.maxIdle)).multipliedReportingOverflow(by: 1_000_000)
            let (end, overflow) = MonotonicClock.nanoseconds.addingReportingOverflow(
                idle.overflow ? .max : idle.partialValue)
            // Nobody else has the run until this is set.
            entry.run.suspend()
            state.entries[id]?.expires = overflow ? .max : end
            return entry.run
        }
        withExtendedLifetime(run) {}
    }

    /// The cursor has no more rows, or is not wanted any more; false: there is none.
    @discardableResult
    package func close(_ id: Int) -> Bool {
        // What it holds is freed outside the lock.
        let entry: Entry? = state.withLock { state in
            let entry = state.entries[id]
            Self.remove(id, &state)
            return entry
        }
        return entry != nil
    }

    /// Closes cursors that have slept too long.
    ///
    /// - Returns: how many.
    package func collect() -> Int {
        state.withLock { Self.collect(&$0, MonotonicClock.nanoseconds) }.count
    }

    private static func collect(_ state: inout State, _ now: UInt64) -> [Entry] {
        let expired = state.entries.filter { $0.value.expires != 0 && $0.value.expires <= now }
        for id in expired.keys { remove(id, &state) }
        return Array(expired.values)
    }

    private static func remove(_ id: Int, _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: id) else { return }
        let key = ObjectIdentifier(entry.run.search.index)
        let left = (state.open[key] ?? 1) - 1
        state.open[key] = left > 0 ? left : nil
    }

    /// Open cursors: of the node, of an index, and those among them that are asleep.
    package func figures(of index: LiveIndex) -> (total: Int, idle: Int, ofIndex: Int) {
        state.withLock { state in
            (
                state.entries.count, state.entries.values.count { $0.expires != 0 },
                state.open[ObjectIdentifier(index)] ?? 0
            )
        }
    }
}
