/// An instant: milliseconds since 1970 in UTC, leap seconds left out, as every backend stores it.
public struct Timestamp: Hashable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z, negative before.
    public let milliseconds: Int64

    /// Makes an instant.
    ///
    /// - Parameter milliseconds: Milliseconds since 1970-01-01T00:00:00Z.
    @inlinable
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }
}

extension Timestamp: InstantProtocol {
    /// Whether `left` comes before `right`.
    ///
    /// - Parameters:
    ///   - left: An instant.
    ///   - right: Another.
    /// - Returns: True where it comes before, false where it is the same or comes after.
    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The instant a duration later, or the last there is where that goes beyond it.
    ///
    /// - Parameter duration: How much later; what is finer than a millisecond is cut off.
    /// - Returns: The later instant, the earlier one where `duration` is negative.
    public func advanced(by duration: Duration) -> Timestamp {
        let change = duration.milliseconds
        let (sum, overflows) = self.milliseconds.addingReportingOverflow(change)
        return Timestamp(milliseconds: overflows ? (change < 0 ? .min : .max) : sum)
    }

    /// The time from here to another instant.
    ///
    /// - Parameter other: The other instant.
    /// - Returns: The time between, negative where `other` came before.
    public func duration(to other: Timestamp) -> Duration {
        .milliseconds(other.milliseconds) - .milliseconds(self.milliseconds)
    }

    /// The instant a duration later, or the last there is where that goes beyond it.
    ///
    /// - Parameters:
    ///   - instant: An instant.
    ///   - duration: How much later; what is finer than a millisecond is cut off.
    /// - Returns: The later instant.
    public static func + (instant: Timestamp, duration: Duration) -> Timestamp { instant.advanced(by: duration) }

    /// The instant a duration earlier, or the first there is where that goes beyond it.
    ///
    /// - Parameters:
    ///   - instant: An instant.
    ///   - duration: How much earlier; what is finer than a millisecond is cut off.
    /// - Returns: The earlier instant.
    public static func - (instant: Timestamp, duration: Duration) -> Timestamp {
        let change = duration.milliseconds
        let (difference, overflows) = instant.milliseconds.subtractingReportingOverflow(change)
        return Timestamp(milliseconds: overflows ? (change < 0 ? .max : .min) : difference)
    }

    /// The time between two instants.
    ///
    /// - Parameters:
    ///   - end: The later one.
    ///   - start: The earlier one.
    /// - Returns: The time from `start` to `end`, negative where `end` comes before.
    public static func - (end: Timestamp, start: Timestamp) -> Duration { start.duration(to: end) }

    /// The seconds since this instant; never below 0, for clocks of several instances may differ by a little.
    ///
    /// - Parameter now: The time to which they are counted.
    /// - Returns: Seconds, with milliseconds as their fraction.
    public func age(at now: Timestamp) -> Double {
        Double(max(0, (now - self).milliseconds)) / 1000
    }
}
