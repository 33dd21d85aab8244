// The background: sealing and merging, idle TEMPORARY indexes, second tries of scans.
//
//   lane:        publish ─► planMerge ─► task ─┐                   ┌─► install, publish
//   maintenance:                               └─► task.run() ─────┘
//
// One thread, so that merging never takes more than one core from queries and writes.

import Platform
import SearchIndex
import SearchModel
import Storage

final class Maintenance: Sendable {
    private struct State {
        var tasks: [(index: LiveIndex, task: MergeTask)] = []
        var rescans: [(at: UInt64, scan: IndexScan)] = []
        var isStopping = false
    }

    private enum Next {
        case merge(LiveIndex, MergeTask)
        case stop
    }

    private let state = Monitor(State())
    private let thread = Monitor<OwnThread?>(nil)
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
        if !index.isDropped { task.run() }
        engine.store?.onLane {
            index.writer.install(task)
            index.writer.publish()
            guard !index.isDropped else { return }
            // One merge may make the next one due.
            let isQuiet = index.isQuiet(at: MonotonicClock.nanoseconds, after: Self.quiet)
            if let next = index.writer.planMerge(isQuiet: isQuiet) { engine.maintenance.queue(next, for: index) }
        }
    }

    /// What time alone brings about.
    private func look(_ engine: SearchEngine, _ now: UInt64) {
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
