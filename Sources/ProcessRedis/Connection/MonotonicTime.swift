internal import Glibc

/// A time of the monotonic clock, in nanoseconds since some moment in the past.
struct MonotonicTime: Comparable {
    let nanoseconds: Int64

    /// The time now.
    static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    static func + (time: Self, nanoseconds: Int64) -> Self {
        MonotonicTime(nanoseconds: time.nanoseconds + nanoseconds)
    }

    static func - (end: Self, start: Self) -> Duration { .nanoseconds(end.nanoseconds - start.nanoseconds) }
}
