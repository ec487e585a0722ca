package import ProcessCore
internal import Synchronization

/// Where a repository's time comes from.
package enum RedisTimeSource: Sendable {
    /// From the server's `TIME`.
    case server
    /// From a test, which then also tells the scripts.
    case manual(@Sendable () -> Timestamp)
}

/// The server's time, known without asking: the monotonic clock plus an offset that is measured again each second.
final class RedisClock: Sendable {
    let source: RedisTimeSource
    /// What is to be added to the monotonic clock, in microseconds.
    private let offset = Atomic<Int64>(0)
    /// When, by the monotonic clock, a measurement was last taken over; 0 is never.
    private let measuredAt = Atomic<UInt64>(0)

    init(_ source: RedisTimeSource) {
        self.source = source
    }

    /// The server's time.
    func now() -> Timestamp {
        switch self.source {
        case .server:
            let microseconds = Int64(MonotonicInstant.now.nanoseconds / 1000) + self.offset.load(ordering: .relaxed)
            return Timestamp(milliseconds: microseconds / 1000)
        case .manual(let now):
            return now()
        }
    }

    /// What scripts get as their second argument: the time where a test sets it, else nothing, and they ask the server.
    var scriptArgument: String {
        switch self.source {
        case .server: ""
        case .manual(let now): String(now().milliseconds)
        }
    }

    /// Takes over an answer to `TIME`.
    ///
    /// An answer may be wrong by half of the time it took. One that took long is passed over as long as the last good one
    /// is not too old: in a minute two clocks drift apart by less.
    ///
    /// - Parameters:
    ///   - sent: When it was asked for.
    ///   - received: When it came.
    ///   - microseconds: What it said, since 1970.
    func take(sent: MonotonicInstant, received: MonotonicInstant, microseconds: Int64) {
        let isDoubtful = received.nanoseconds(since: sent) > 50_000_000
        let last = self.measuredAt.load(ordering: .relaxed)
        if isDoubtful, last != 0, received.nanoseconds - last < 60_000_000_000 { return }
        let middle = Int64(sent.nanoseconds / 2000 + received.nanoseconds / 2000)
        self.offset.store(microseconds - middle, ordering: .relaxed)
        self.measuredAt.store(max(received.nanoseconds, 1), ordering: .relaxed)
    }
}
