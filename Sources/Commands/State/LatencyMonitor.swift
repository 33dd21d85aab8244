// Events that took longer than `latency-monitor-threshold`, for LATENCY.

import Synchronization

package final class LatencyMonitor: Sendable {
    package struct Sample: Equatable, Sendable {
        /// Seconds since 1970.
        package var time: Int
        package var milliseconds: Int
    }

    package struct Event: Sendable {
        package var name: String
        /// Oldest first, at most one a second: the worst of that second.
        package var samples: [Sample]
        package var maximum: Int
    }

    private static let sampleLimit = 160
    private let state = Mutex<[String: Event]>([:])

    package init() {}

    /// - Parameter name: one of the server's own few words, never something a client sent.
    package func add(_ name: String, nanoseconds: UInt64) {
        let sample = Sample(time: Clock.wallMicroseconds() / 1_000_000, milliseconds: Int(nanoseconds / 1_000_000))
        state.withLock {
            var event = $0[name] ?? Event(name: name, samples: [], maximum: 0)
            event.maximum = max(event.maximum, sample.milliseconds)
            if let last = event.samples.last, last.time == sample.time {
                event.samples[event.samples.count - 1].milliseconds = max(last.milliseconds, sample.milliseconds)
            } else {
                event.samples.append(sample)
                if event.samples.count > Self.sampleLimit { event.samples.removeFirst() }
            }
            $0[name] = event
        }
    }

    package func events() -> [Event] { state.withLock { Array($0.values) }.sorted { $0.name < $1.name } }

    package func event(_ name: String) -> Event? { state.withLock { $0[name] } }

    /// Forgets the named events, or all; returns how many there were.
    package func reset(_ names: [String]) -> Int {
        state.withLock { events in
            if names.isEmpty {
                defer { events = [:] }
                return events.count
            }
            return names.count { events.removeValue(forKey: $0) != nil }
        }
    }
}
