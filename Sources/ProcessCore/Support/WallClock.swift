import Glibc

/// Tells what time it is. Injected wherever time decides something, so that a test can set it.
public protocol WallClock: Sendable {
    /// The time now, UTC, in milliseconds.
    ///
    /// It may jump, also backwards, when the machine's clock is set. For lengths of time use `MonotonicInstant`.
    func now() -> Timestamp
}

/// The machine's clock.
public struct SystemWallClock: WallClock {
    /// The machine's clock.
    public init() {}

    /// The machine's time now.
    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// A point of a clock that never jumps nor runs backwards, for latencies.
///
/// It says nothing about the time of day, and compares with instants of the same process alone.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Nanoseconds since an arbitrary start.
    public let nanoseconds: UInt64

    /// Makes an instant; for tests, mostly.
    ///
    /// - Parameter nanoseconds: Nanoseconds since an arbitrary start.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The instant now. It costs some 20 ns: no system call is made.
    public static var now: MonotonicInstant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// Measures the time from an earlier instant to this one.
    ///
    /// - Parameter earlier: Where to count from.
    /// - Returns: Nanoseconds; 0 where `earlier` is not earlier.
    public func nanoseconds(since earlier: MonotonicInstant) -> UInt64 {
        self.nanoseconds > earlier.nanoseconds ? self.nanoseconds - earlier.nanoseconds : 0
    }

    /// Whether one instant comes before another.
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
