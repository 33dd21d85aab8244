import Platform
import Testing

@testable import SearchEngine

@Suite struct WorkerPoolTests {
    @Test func `jobs beyond the queue are refused`() {
        let pool = WorkerPool(threads: 1, queueLimit: 2)
        let gate = Monitor(false)
        let started = Monitor(false)
        #expect(
            pool.submit {
                started.change { $0 = true }
                _ = gate.wait { $0 ? true : nil }
            })
        _ = started.wait { $0 ? true : nil }

        #expect(pool.submit {})
        #expect(pool.submit {})
        #expect(!pool.submit {})
        gate.change { $0 = true }
        pool.stop()
        #expect(!pool.submit {})
    }

    @Test func `what is queued runs before the pool ends`() {
        let pool = WorkerPool(threads: 2, queueLimit: 1000)
        let count = Monitor(0)
        for _ in 0..<500 { #expect(pool.submit { count.change { $0 += 1 } }) }

        pool.stop()

        #expect(count.withLock { $0 } == 500)
    }
}
