// Reads documents beside the lane: the fields of a query's winners.
//
// All requests that are waiting go into one pipeline; each gets its rows as soon as they are there.

import Platform
import RESP
import Storage

final class Loader: @unchecked Sendable {
    // Sendable: the queue is in a monitor; `threads` is touched by start and stop only.
    typealias Body = @Sendable (Result<LoadedRows, StoreFailure>) -> Void

    private struct Waiting {
        let request: LoadRequest
        let body: Body
    }

    private struct Queue {
        var waiting: [Waiting] = []
        var isStopped = false
    }

    /// Keys of one pipeline: enough to hide the way, few enough for the store to serve others in between.
    private static let keyBound = 512
    private static let queueLimit = 100_000

    private let configuration: HiredisStore.Configuration
    private let status: LinkStatus
    private let queue = Monitor(Queue())
    @exclusivity(unchecked) private var threads: [OwnThread] = []

    init(_ configuration: HiredisStore.Configuration, _ status: LinkStatus) {
        self.configuration = configuration
        self.status = status
    }

    func start() {
        threads = (0..<max(1, configuration.loaderThreads)).map { _ in
            OwnThread("store-load") { [self] in LoaderThread(configuration, status).run(taking: take) }
        }
    }

    func stop() {
        let left = queue.change { queue in
            queue.isStopped = true
            defer { queue.waiting = [] }
            return queue.waiting
        }
        for waiting in left { waiting.body(.failure(StoreFailure(StoreErrors.stopped))) }
        for thread in threads { thread.join() }
        threads = []
    }

    func submit(_ request: LoadRequest, _ body: @escaping Body) {
        let refusal: String? = queue.change { queue in
            if queue.isStopped { return StoreErrors.stopped }
            if queue.waiting.count >= Self.queueLimit { return StoreErrors.queueFull }
            queue.waiting.append(Waiting(request: request, body: body))
            return nil
        }
        if let refusal { body(.failure(StoreFailure(refusal))) }
    }

    /// Some requests that go together; `nil` when the loader has stopped.
    private func take() -> [(LoadRequest, Body)]? {
        queue.wait { queue -> [(LoadRequest, Body)]?? in
            if queue.isStopped { return .some(nil) }
            if queue.waiting.isEmpty { return nil }
            var keys = 0
            var count = 0
            while count < queue.waiting.count,
                count == 0 || keys + queue.waiting[count].request.keys.count <= Self.keyBound
            {
                keys += queue.waiting[count].request.keys.count
                count += 1
            }
            defer { queue.waiting.removeFirst(count) }
            return queue.waiting[..<count].map { ($0.request, $0.body) }
        } ?? nil
    }
}
