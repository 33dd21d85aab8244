// The background: sealing and merging, idle TEMPORARY indexes, second tries of scans.
//
//   lane:        publish ─► planMerge ─► task ─┐                   ┌─► install, publish
//   maintenance:                               └─► task.run() ─────┘
//
// One thread, so that merging never takes more than one core from queries and writes; see ``MergePace`` for less.

import Platform
import SearchIndex
import SearchModel
import Storage

final class Maintenance: Sendable {
    private struct State {
        var tasks: [(index: LiveIndex, task: MergeTask)] = []
        var rescans: [(at: UInt64, scan: IndexScan)] = []
        /// When an index was last merged down: what its parts had is still with the allocator.
        var garbageSince: UInt64?
        var isStopping = false
    }

    private enum Next {
        case merge(LiveIndex, MergeTask)
        case stop
    }

    private let state = Monitor(State())
    private let thread = Monitor<OwnThread?>(nil)
    /// Uses of all indexes when they were last seen to have risen.
    private let activity = Monitor<(uses: Int, time: UInt64)>((0, 0))
    /// Queries count as going on for so long after one, in nanoseconds.
    private static let activityPause: UInt64 = 100_000_000
    /// Memory goes back to the system so long after the last merge, in nanoseconds.
    private static let garbageAge: UInt64 = 300_000_000
    private static let tick = 100
    /// An index without writes for so long is merged down, in nanoseconds.
    private static let quiet: UInt64 = 1_000_000_000

    func start(_ engine: SearchEngine) {
        let thread = OwnThread("search-merge") { [weak engine, self] in run { engine } }
        self.thread.withLock { $0 = thread }
    }

    func stop() {
        state.change { $0.isStopping = true }
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    /// Lane: merges that are due.
    func queue(_ task: MergeTask, for index: LiveIndex) { state.change { $0.tasks.append((index, task)) } }

    /// Lane: the scan failed although the store did not go away; once more, a little later.
    func rescanSoon(_ scan: IndexScan) {
        let at = MonotonicClock.nanoseconds + 1_000_000_000
        state.withLock { $0.rescans.append((at, scan)) }
    }

    // MARK: the thread

    /// - Parameter owner: `nil` once the engine is gone, which ends the thread.
    private func run(_ owner: () -> SearchEngine?) {
        var lastTick = MonotonicClock.nanoseconds
        while true {
            let next: Next? = state.wait(milliseconds: Self.tick) { state in
                if state.isStopping { return .stop }
                guard let first = state.tasks.first else { return nil }
                state.tasks.removeFirst()
                return .merge(first.index, first.task)
            }
            guard let engine = owner() else { return }
            switch next {
            case .stop: return
            case .merge(let index, let task): merge(index, task, engine)
            case nil: break
            }
            let now = MonotonicClock.nanoseconds
            if now &- lastTick >= UInt64(Self.tick) * 1_000_000 {
                lastTick = now
                look(engine, now)
            }
        }
    }

    private func merge(_ index: LiveIndex, _ task: MergeTask, _ engine: SearchEngine) {
        if !index.isDropped {
            let pace = MergePace { [weak engine] in engine.map { self.isSlowingQueries($0) } ?? false }
            task.run { pace.rest() && (index.isDropped || state.withLock { $0.isStopping }) }
        }
        engine.store?.onLane {
            index.writer.install(task)
            index.writer.publish()
            guard !index.isDropped else { return }
            // One merge may make the next one due.
            let isQuiet = index.isQuiet(at: MonotonicClock.nanoseconds, after: Self.quiet)
            if let next = index.writer.planMerge(isQuiet: isQuiet) {
                engine.maintenance.queue(next, for: index)
            } else if isQuiet {
                engine.maintenance.state.withLock { $0.garbageSince = MonotonicClock.nanoseconds }
            }
        }
    }

    /// Whether queries go on that a merge would slow down. With several merges waiting they would suffer more from not
    /// merging.
    private func isSlowingQueries(_ engine: SearchEngine) -> Bool {
        if state.withLock({ $0.tasks.count }) >= 3 { return false }
        let now = MonotonicClock.nanoseconds
        var uses = 0
        for index in engine.catalog.view.indexes { uses &+= index.uses }
        return activity.withLock { seen in
            if uses != seen.uses { seen = (uses, now) }
            return now &- seen.time < Self.activityPause
        }
    }

    /// A little after the last merge: by then everybody has let go of what it replaced.
    private func giveBackMemory(_ now: UInt64) {
        let isDue = state.withLock { state in
            guard let since = state.garbageSince, state.tasks.isEmpty, now > since, now - since >= Self.garbageAge
            else { return false }
            state.garbageSince = nil
            return true
        }
        if isDue { SystemMemory.giveBack() }
    }

    /// What time alone brings about.
    private func look(_ engine: SearchEngine, _ now: UInt64) {
        giveBackMemory(now)
        guard let store = engine.store else { return }
        let due = state.withLock { state in
            let due = state.rescans.filter { $0.at <= now }
            state.rescans.removeAll { $0.at <= now }
            return due
        }
        for (_, scan) in due { store.onLane { engine.ingester.repeatScan(scan) } }
        for index in engine.catalog.view.indexes {
            if index.isExpired(at: now) {
                let name = index.name
                store.onLane { try? engine.dropIndex(name, deletingDocuments: true) { _ in } }
            } else if index.takeQuiet(at: now, after: Self.quiet) {
                store.onLane {
                    guard !index.isDropped else { return }
                    let task = index.writer.planMerge(isQuiet: true)
                    index.writer.publish()
                    if let task { engine.maintenance.queue(task, for: index) }
                }
            }
        }
    }
}
