import Synchronization

/// How far a chaos run is, for those who take part in it.
final class ChaosControl: Sendable {
    private struct State {
        var ended = 0
        var isOver = false
        var waiters: [(count: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private let state = Mutex(State())
    private let calm = Atomic(false)
    private let stopped = Atomic(false)
    private let nextNumber = Atomic(0)
    private let deadline: ContinuousClock.Instant

    /// - Parameter budget: How long processes may be started.
    init(budget: Duration) {
        self.deadline = .now + budget
    }

    /// Whether nobody is to die any more.
    var isCalm: Bool { self.calm.load(ordering: .relaxed) }
    /// Whether nobody is to do anything any more.
    var isStopped: Bool { self.stopped.load(ordering: .relaxed) || Task.isCancelled }
    /// Whether there is no more time to start anything.
    var isLate: Bool { ContinuousClock.now > self.deadline }
    /// Whether even what was started in time should have ended.
    var isOverdue: Bool { ContinuousClock.now > self.deadline + .seconds(20) }
    /// Whether it is of no use to wait for anything any longer.
    var isHopeless: Bool { ContinuousClock.now > self.deadline + .seconds(40) }
    /// How many lives have ended.
    var ended: Int { self.state.withLock { $0.ended } }

    /// The next process to start; `nil` after the last, or where time is up.
    func takeNumber(below count: Int) -> Int? {
        let number = self.nextNumber.wrappingAdd(1, ordering: .relaxed).oldValue
        return number < count && !self.isLate ? number : nil
    }

    /// A life has ended.
    func countEnd() {
        self.state.withLock { state in
            state.ended += 1
            Self.serve(&state)
        }
    }

    /// Waits until so many lives have ended.
    ///
    /// - Returns: False where there are no more to come.
    func reach(_ count: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            self.state.withLock { state in
                state.waiters.append((count, continuation))
                Self.serve(&state)
            }
        }
    }

    /// From now on nobody dies and nothing is disturbed.
    func calmDown() {
        self.calm.store(true, ordering: .relaxed)
        self.state.withLock { state in
            state.isOver = true
            Self.serve(&state)
        }
    }

    func stop() { self.stopped.store(true, ordering: .relaxed) }

    private static func serve(_ state: inout State) {
        state.waiters.removeAll { waiter in
            guard state.ended >= waiter.count || state.isOver else { return false }
            waiter.continuation.resume(returning: state.ended >= waiter.count)
            return true
        }
    }
}
