import Synchronization

/// A clock whose sleepers sleep until a test lets them go on: no time passes in a test of a timer.
public final class TurnClock: Clock, Sendable {
    /// Time since the clock was made.
    public struct Instant: InstantProtocol {
        let offset: Duration

        /// Moves an instant.
        public func advanced(by duration: Duration) -> Instant { Instant(offset: self.offset + duration) }

        /// The way from one to another.
        public func duration(to other: Instant) -> Duration { other.offset - self.offset }

        /// Orders by time.
        public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var nextSleeper = 0
        var sleepers: [Int: CheckedContinuation<Void, any Error>] = [:]
        var requested: [Duration] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// A clock at its start.
    public init() {}

    /// What it shows.
    public var now: Instant { self.state.withLock { $0.now } }

    /// It tells any two instants apart.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// How long sleepers wanted to sleep so far, in their order.
    public var requested: [Duration] { self.state.withLock { $0.requested } }

    /// Sleeps until ``wake()``.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = self.state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let ready: [CheckedContinuation<Void, Never>] = self.state.withLock { state in
                    state.requested.append(state.now.duration(to: deadline))
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else {
                        state.sleepers[number] = continuation
                    }
                    let ready = state.watchers.filter { $0.count <= state.requested.count }
                    state.watchers.removeAll { $0.count <= state.requested.count }
                    return ready.map(\.continuation)
                }
                for watcher in ready { watcher.resume() }
            }
        } onCancel: {
            let sleeper = self.state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.resume(throwing: CancellationError())
        }
    }

    /// Waits until somebody has gone to sleep for the n-th time, counted from the clock's start.
    public func untilSleep(_ count: Int) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            self.state.withLock { state in
                if state.requested.count >= count {
                    continuation.resume()
                } else {
                    state.watchers.append((count, continuation))
                }
            }
        }
    }

    /// Lets all who sleep go on.
    public func wake() {
        let sleepers = self.state.withLock { state in
            defer { state.sleepers.removeAll() }
            return Array(state.sleepers.values)
        }
        for sleeper in sleepers { sleeper.resume() }
    }
}
