// Threads for the queries that would hold up an event loop.

import Platform

/// A fixed number of threads behind a bounded queue.
package final class WorkerPool: Sendable {
    private struct State {
        /// Jobs from `head` on are waiting.
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var isStopping = false

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
    private let queueLimit: Int
    private let threads: [OwnThread]

    /// - Parameter queueLimit: jobs that may wait; one more is refused.
    package init(name: String = "search", threads count: Int, queueLimit: Int) {
        self.queueLimit = queueLimit
        let state = state
        threads = (0..<max(1, count)).map { number in
            OwnThread("\(name)-\(number)") {
                while case .run(let job)? = state.wait({ $0.next() }) { job() }
            }
        }
    }

    /// Queues a job; false when the queue is full or the pool is ending.
    package func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        state.change { state in
            guard !state.isStopping, state.waiting < queueLimit else { return false }
            state.jobs.append(job)
            return true
        }
    }

    /// Finishes what is queued, then ends the threads. To be called once, from none of them.
    package func stop() {
        state.change { $0.isStopping = true }
        for thread in threads { thread.join() }
    }
}
