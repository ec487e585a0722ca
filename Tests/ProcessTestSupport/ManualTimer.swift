import Synchronization

/// A clock to sleep by, that stands still until a test moves it: sleeps end when the test says so, and never by themselves.
public final class ManualTimer: Clock {
    /// A point of the clock.
    public struct Instant: InstantProtocol {
        /// How far it is from the start.
        public var offset: Duration

        /// The instant some time later.
        public func advanced(by duration: Duration) -> Instant { Instant(offset: self.offset + duration) }
        /// The time to another one.
        public func duration(to other: Instant) -> Duration { other.offset - self.offset }
        /// Whether one comes before another.
        public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        let end: Instant
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var lastNumber = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var waiters: [Int: (count: Int, continuation: CheckedContinuation<Void, Never>)] = [:]

        mutating func takeSatisfiedWaiters() -> [CheckedContinuation<Void, Never>] {
            let count = self.sleepers.count
            let satisfied = self.waiters.filter { $0.value.count <= count }
            for number in satisfied.keys { self.waiters[number] = nil }
            return satisfied.values.map(\.continuation)
        }
    }

    private let state = Mutex(State())

    /// A clock at its start.
    public init() {}

    /// What it shows.
    public var now: Instant { self.state.withLock { $0.now } }

    /// It shows every instant.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Sleeps until the test has moved the clock there, or the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (result, waiters): (Bool?, [CheckedContinuation<Void, Never>]) = self.state.withLock { state in
                    if state.cancelled.remove(number) != nil { return (false, []) }
                    if deadline <= state.now { return (true, []) }
                    state.sleepers[number] = Sleeper(end: deadline, continuation: continuation)
                    return (nil, state.takeSatisfiedWaiters())
                }
                if let result { continuation.resume(returning: result) }
                for waiter in waiters { waiter.resume() }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(returning: false)
        }
        if !isOver { throw CancellationError() }
    }

    /// Moves the clock, and ends the sleeps that are over by then.
    public func advance(by duration: Duration) {
        let over = self.state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let over = state.sleepers.filter { $0.value.end <= state.now }
            for number in over.keys { state.sleepers[number] = nil }
            return over.values.sorted { $0.end < $1.end }
        }
        for sleeper in over { sleeper.continuation.resume(returning: true) }
    }

    /// Waits until at least so many tasks sleep, or the task is cancelled.
    public func waitForSleepers(_ count: Int) async {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isSatisfied = self.state.withLock { state in
                    if state.cancelled.remove(number) != nil || state.sleepers.count >= count { return true }
                    state.waiters[number] = (count, continuation)
                    return false
                }
                if isSatisfied { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: number)
                if waiter == nil { state.cancelled.insert(number) }
                return waiter
            }
            waiter?.continuation.resume()
        }
    }
}
