// Time, for timeouts and rates.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Time that only goes forward.
package enum MonotonicClock {
    /// Nanoseconds since some fixed point.
    @inlinable package static var nanoseconds: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    }

    /// Milliseconds since the same point.
    @inlinable package static var milliseconds: UInt64 { nanoseconds / 1_000_000 }
}

/// The time of day.
package enum WallClock {
    /// Milliseconds since 1970.
    package static var milliseconds: Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int(now.tv_sec) * 1000 + Int(now.tv_nsec) / 1_000_000
    }
}
