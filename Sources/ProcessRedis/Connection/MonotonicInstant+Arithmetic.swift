internal import ProcessCore

extension MonotonicInstant {
    /// The instant so many nanoseconds later.
    static func + (instant: Self, nanoseconds: UInt64) -> Self {
        MonotonicInstant(nanoseconds: instant.nanoseconds + nanoseconds)
    }

    /// The time from one instant to a later one; zero where it is not later.
    static func - (end: Self, start: Self) -> Duration {
        .nanoseconds(Int64(clamping: end.nanoseconds(since: start)))
    }
}
