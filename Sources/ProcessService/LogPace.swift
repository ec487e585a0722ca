internal import Synchronization

/// Lets one line into the log in a minute, however often and by how many threads its cause is met.
final class LogPace: Sendable {
    private static let pause: Duration = .seconds(60)

    private let now: @Sendable () -> ContinuousClock.Instant
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    /// Takes the time that the pauses are counted by.
    init(now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.now = now
    }

    /// Whether a line is due; it is taken to be written then.
    func isDue() -> Bool {
        let now = self.now()
        return self.last.withLock { last in
            if let last, now - last < Self.pause { return false }
            last = now
            return true
        }
    }
}
