// What was seen lately, by push or by merge: the tail of a co-owner's feed mostly names writes that have already come.

/// A set of fingerprints of the last minute: open addressing, 8 bytes each, two generations.
package struct RecentFingerprints: Sendable {
    /// A fingerprint is known at least this long, at most twice as long; milliseconds.
    package static let window: UInt64 = 60_000

    private var current = Table()
    private var previous = Table()
    private var currentSince: UInt64 = 0

    package init() {}

    package var count: Int { current.count + previous.count }

    package mutating func insert(_ fingerprint: UInt64, now: UInt64) {
        rotate(now)
        current.insert(fingerprint)
    }

    package mutating func contains(_ fingerprint: UInt64, now: UInt64) -> Bool {
        rotate(now)
        return current.contains(fingerprint) || previous.contains(fingerprint)
    }

    private mutating func rotate(_ now: UInt64) {
        guard now >= currentSince, now - currentSince > Self.window else { return }
        // Nothing for two windows: all of it is old.
        previous = now - currentSince > 2 * Self.window ? Table() : current
        current = Table()
        currentSince = now
    }

    private struct Table: Sendable {
        /// 0 is an empty place.
        private var places: [UInt64] = []
        private(set) var count = 0

        func contains(_ fingerprint: UInt64) -> Bool {
            guard !places.isEmpty else { return false }
            let value = max(fingerprint, 1)
            let mask = places.count - 1
            var i = Int(truncatingIfNeeded: value) & mask
            while places[i] != 0 {
                if places[i] == value { return true }
                i = (i + 1) & mask
            }
            return false
        }

        mutating func insert(_ fingerprint: UInt64) {
            if 4 * (count + 1) > 3 * places.count { grow() }
            put(max(fingerprint, 1))
        }

        private mutating func put(_ value: UInt64) {
            let mask = places.count - 1
            var i = Int(truncatingIfNeeded: value) & mask
            while places[i] != 0 {
                if places[i] == value { return }
                i = (i + 1) & mask
            }
            places[i] = value
            count += 1
        }

        private mutating func grow() {
            let old = places
            places = Array(repeating: 0, count: max(64, 2 * old.count))
            count = 0
            for value in old where value != 0 { put(value) }
        }
    }
}
