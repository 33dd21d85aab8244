// Signals as a stream of events.

import Dispatch
import Foundation

enum Signals {
    /// Signals that reach the process from now on, in order. SIGPIPE is ignored: a write tells of it.
    static func stream(_ numbers: [Int32]) -> AsyncStream<Int32> {
        signal(SIGPIPE, SIG_IGN)
        return AsyncStream { continuation in
            let queue = DispatchQueue(label: "signals")
            let sources = Sources(
                numbers.map { number in
                    signal(number, SIG_IGN)
                    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                    source.setEventHandler { continuation.yield(number) }
                    source.resume()
                    return source
                })
            continuation.onTermination = { _ in sources.cancel() }
        }
    }

    private final class Sources: @unchecked Sendable {
        // Sendable: dispatch sources may be cancelled from any thread, and nothing else is done with them.
        private let all: [any DispatchSourceSignal]

        init(_ all: [any DispatchSourceSignal]) { self.all = all }

        func cancel() { for source in all { source.cancel() } }
    }
}
