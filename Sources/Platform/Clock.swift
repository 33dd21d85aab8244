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

/// What the calling thread has had of the processor.
package enum ThreadClock {
    /// Nanoseconds since the thread began.
    package static var nanoseconds: UInt64 {
        var used = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used)
        return UInt64(used.tv_sec) &* 1_000_000_000 &+ UInt64(used.tv_nsec)
    }
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
