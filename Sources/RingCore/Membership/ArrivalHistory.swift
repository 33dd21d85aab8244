// How surprising a peer's silence is.

/// The intervals at which a peer was heard, and the phi of accrual failure detection for the time since.
package struct ArrivalHistory: Sendable {
    static let window = 100
    /// Milliseconds. A peer that is heard more often is not suspected sooner.
    static let shortestMean: Double = 1_000
    /// Sounds nearer together than this are one.
    private static let grain: UInt64 = 100
    private static let naturalLogarithmOfTen = 2.302_585_092_994_046

    private var intervals: [UInt64] = []
    private var next = 0
    private var sum: UInt64 = 0
    package private(set) var last: UInt64?

    package init() {}

    package mutating func heard(at now: UInt64) {
        guard let before = last else {
            last = now
            return
        }
        guard now > before else { return }
        last = now
        let interval = now - before
        guard interval >= Self.grain else { return }
        if intervals.count < Self.window {
            intervals.append(interval)
        } else {
            sum -= intervals[next]
            intervals[next] = interval
        }
        sum += interval
        next = (next + 1) % Self.window
    }

    /// 0 for a peer that was never heard, or once.
    package func phi(at now: UInt64) -> Double {
        guard let last, !intervals.isEmpty, now > last else { return 0 }
        let mean = max(Double(sum) / Double(intervals.count), Self.shortestMean)
        return Double(now - last) / (mean * Self.naturalLogarithmOfTen)
    }
}

/// How long a peer's answers take.
struct AnswerTimes: Sendable {
    private var recent: [UInt64] = []
    private var next = 0

    mutating func add(_ milliseconds: UInt64) {
        if recent.count < 64 { recent.append(milliseconds) } else { recent[next] = milliseconds }
        next = (next + 1) % 64
    }

    /// After how many milliseconds an answer is overdue: half a second more than nearly all take. A peer that takes long
    /// for everything is given a second, or the dead would not be out of the traffic in time.
    var overdue: UInt64 { min(1_000, (recent.max() ?? 500) + 500) }
}
