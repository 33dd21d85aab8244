// Threads for the queries that would hold up an event loop.

import Platform

/// A fixed number of threads behind a bounded queue.
package final class WorkerPool: Sendable {
    private struct State {
        /// Jobs from `head` on are waiting.
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var isStopping = false
        var isRunning = false

        var waiting: Int { jobs.count - head }

        /// What a thread does next; `nil`: wait.
        mutating func next() -> Next? {
            guard head < jobs.count else { return isStopping ? .end : nil }
            let job = jobs[head]
            head += 1
            if head >= 256 || head == jobs.count {
                jobs.removeFirst(head)
                head = 0
            }
            return .run(job)
        }
    }

    private enum Next {
        case run(@Sendable () -> Void)
        case end
    }

    private let state = Monitor(State())
    private let name: String
    private let threadCount: Int
    private let queueLimit: Int
    private let threads = Monitor<[OwnThread]>([])

    /// Threads start with the first job.
    ///
    /// - Parameter queueLimit: jobs that may wait; one more is refused.
    package init(name: String = "search", threads: Int, queueLimit: Int) {
        self.name = name
        threadCount = max(1, threads)
        self.queueLimit = queueLimit
    }

    /// Queues a job; false when the queue is full or the pool is ending.
    package func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        let (isQueued, isFirst) = state.change { state in
            guard !state.isStopping, state.waiting < queueLimit else { return (false, false) }
            state.jobs.append(job)
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        if isFirst { start() }
        return isQueued
    }

    private func start() {
        let state = state
        threads.withLock { threads in
            for number in 0..<threadCount {
                threads.append(
                    OwnThread("\(name)-\(number)") {
                        while case .run(let job)? = state.wait({ $0.next() }) { job() }
                    })
            }
        }
    }

    /// Finishes what is queued, then ends the threads. To be called from none of them.
    package func stop() {
        state.change { $0.isStopping = true }
        let ended = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in ended { thread.join() }
    }
}
