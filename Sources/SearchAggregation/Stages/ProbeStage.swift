// FT.PROFILE: between two steps, to see what passes.

import SearchModel

final class ProbeStage: Stage {
    private(set) var rows = 0
    private(set) var nanoseconds: UInt64 = 0
    private let clock: @Sendable () -> UInt64

    init(_ upstream: Stage, clock: @escaping @Sendable () -> UInt64) {
        self.clock = clock
        super.init(upstream)
    }

    override func next() throws(AggregateFailure) -> Pull {
        let start = clock()
        defer { nanoseconds &+= clock() &- start }
        let pulled = try pull()
        if case .batch(let batch) = pulled { rows += batch.count }
        return pulled
    }
}
