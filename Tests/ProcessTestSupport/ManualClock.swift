public import ProcessCore
import Synchronization

/// A clock that stands still until a test moves it, forwards or backwards.
public final class ManualClock: Sendable {
    private let time: Mutex<Timestamp>

    /// A time of day in 2026, with milliseconds that show where they are lost.
    public static let start = Timestamp(milliseconds: 1_794_132_000_123)

    /// A clock that shows a time.
    public init(_ start: Timestamp = ManualClock.start) {
        self.time = Mutex(start)
    }

    /// What it shows.
    public var now: Timestamp { self.time.withLock { $0 } }

    /// What a repository is handed as its `now`.
    public var read: @Sendable () -> Timestamp {
        { self.now }
    }

    /// Moves it; backwards where the duration is negative.
    public func advance(by duration: Duration) {
        self.time.withLock { $0 = $0 + duration }
    }

    /// Sets it.
    public func set(to instant: Timestamp) {
        self.time.withLock { $0 = instant }
    }
}
