// The order in which writes arrived, as numbers that also tell when.

import Glibc
import SearchModel

/// Hands out arrival stamps: milliseconds of the wall clock above 16 bits of counter, never twice, never backwards.
///
/// Used on the lane's thread only.
struct ArrivalClock {
    private var last: ArrivalStamp = 0

    mutating func next() -> ArrivalStamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        let milliseconds = UInt64(max(0, time.tv_sec)) * 1000 + UInt64(max(0, time.tv_nsec)) / 1_000_000
        return next(milliseconds: milliseconds)
    }

    /// The clock at rest: what `next()` will exceed.
    var current: ArrivalStamp { last }

    mutating func next(milliseconds: UInt64) -> ArrivalStamp {
        last = max(last + 1, milliseconds << 16)
        return last
    }
}
