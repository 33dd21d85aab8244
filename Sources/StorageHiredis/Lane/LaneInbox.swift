// What other threads hand to the lane.

import Platform
import RESP
import Storage

/// A piece of work for the lane.
enum LaneOrder: Sendable {
    case job(Job)
    /// Runs between two bursts.
    case run(@Sendable () -> Void)
    case clientGone(UInt64)
    /// A connection stands; `isFirst` is false after an interruption.
    case linkUp(StoreConnection, generation: Int, isFirst: Bool)
    /// The side of the link that tells of changes broke.
    case linkDown(generation: Int, reason: String)
    /// Change messages of the store, in its order.
    case changes([StoreChange], generation: Int)
    /// A side connection has answered `sideCount` items of a job; its changes are told before this fence.
    case sideDone(Job, fence: Int?)
    case startScan(KeyspaceScan)
    case cancelScan(Int)
    case stop
}

/// What the store tells of changes that did not come through the lane.
enum StoreChange: Sendable {
    case key([UInt8])
    case flush
    /// All changes of the script runs up to this number have been told.
    case fence(Int)
}

/// The bounded queue before the lane.
final class LaneInbox: Sendable {
    private struct State {
        var pending: [LaneOrder] = []
        /// Bytes of all batches that are not yet completed.
        var bytes = 0
        var batches = 0
        var isStopped = false
    }

    private let state = Monitor(State())
    private let byteLimit: Int
    private let batchLimit: Int

    init(byteLimit: Int, batchLimit: Int) {
        self.byteLimit = byteLimit
        self.batchLimit = batchLimit
    }

    /// Takes a batch; answers it at once when the queue is full or the lane has stopped.
    func submit(_ batch: StoreBatch) {
        let job = Job(batch)
        let refusal: String? = state.change { state in
            if state.isStopped { return StoreErrors.stopped }
            // One batch always has room, however large it is.
            if state.batches > 0, state.batches >= batchLimit || state.bytes + batch.byteCount > byteLimit {
                return StoreErrors.queueFull
            }
            state.batches += 1
            state.bytes += batch.byteCount
            state.pending.append(.job(job))
            return nil
        }
        if let refusal {
            job.failRest(refusal)
            job.complete()
        }
    }

    func send(_ order: LaneOrder) { state.change { $0.pending.append(order) } }

    /// All that has come in since; waits for something at most so many milliseconds (`nil`: without end).
    func take(waiting milliseconds: Int?) -> [LaneOrder] {
        let taken: [LaneOrder]? = state.wait(milliseconds: milliseconds) { state in
            if state.pending.isEmpty { return nil }
            defer { state.pending = [] }
            return state.pending
        }
        return taken ?? []
    }

    /// Makes room for further batches.
    func completed(_ job: Job) {
        state.withLock { state in
            state.batches -= 1
            state.bytes -= job.batch.byteCount
        }
    }

    func stop() {
        state.change { state in
            state.isStopped = true
            state.pending.append(.stop)
        }
    }
}
