// A numeric clause's bounds.

/// A range of numbers, each bound included or not. A NaN bound makes it empty.
package struct ValueRange: Sendable, Equatable {
    package let lower: Double
    package let upper: Double
    package let includesLower: Bool
    package let includesUpper: Bool

    package init(lower: Double, upper: Double, includesLower: Bool = true, includesUpper: Bool = true) {
        self.lower = lower
        self.upper = upper
        self.includesLower = includesLower
        self.includesUpper = includesUpper
    }

    package static let all = ValueRange(lower: -.infinity, upper: .infinity)

    package func contains(_ value: Double) -> Bool {
        (includesLower ? value >= lower : value > lower) && (includesUpper ? value <= upper : value < upper)
    }

    package var isEmpty: Bool { closed == nil }

    /// The same set of doubles with both bounds included; `nil` when no double is in it.
    var closed: (lower: Double, upper: Double)? {
        if (!includesLower && lower == .infinity) || (!includesUpper && upper == -.infinity) { return nil }
        let first = includesLower ? lower : lower.nextUp
        let last = includesUpper ? upper : upper.nextDown
        // False for NaN as well.
        guard first <= last else { return nil }
        return (first, last)
    }
}
