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
        let (seconds, nanoseconds) = readClock(CLOCK_REALTIME)
        return Timestamp(milliseconds: Int64(seconds) * 1000 + Int64(nanoseconds) / 1_000_000)
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
        let (seconds, nanoseconds) = readClock(CLOCK_MONOTONIC)
        return MonotonicInstant(nanoseconds: UInt64(seconds) * 1_000_000_000 + UInt64(nanoseconds))
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

/// Reads a clock of the machine.
///
/// A `timespec` is read as the two words it is, without naming its members: both Glibc and a private module beneath
/// Synchronization declare them, and in a whole-module build the order of the files decides which of the two counts.
private func readClock(_ clock: clockid_t) -> (seconds: Int, nanoseconds: Int) {
    withUnsafeTemporaryAllocation(of: timespec.self, capacity: 1) { time in
        guard let address = time.baseAddress, clock_gettime(clock, address) == 0 else { return (0, 0) }
        let words = UnsafeRawPointer(address)
        return (words.load(as: Int.self), words.load(fromByteOffset: MemoryLayout<Int>.stride, as: Int.self))
    }
}
