// How long to wait before the next attempt.

/// Doubling delays with a random part, so that peers of a node that comes back do not all knock at once.
package struct Backoff: Equatable, Sendable {
    /// Milliseconds.
    package let first: UInt32
    package let limit: UInt32
    private var next: UInt32

    package init(first: UInt32 = 100, limit: UInt32 = 5_000) {
        self.first = max(first, 1)
        self.limit = max(limit, self.first)
        next = self.first
    }

    /// The delay before the next attempt: between half and one and a half times the nominal one.
    ///
    /// - Parameter chance: any number; all its bits should be random.
    package mutating func delay(chance: UInt64) -> UInt32 {
        let nominal = next
        next = min(limit, nominal.multipliedReportingOverflow(by: 2).overflow ? limit : nominal * 2)
        return nominal / 2 + UInt32(chance % (UInt64(nominal) + 1))
    }

    /// An attempt succeeded.
    package mutating func reset() { next = first }
}
