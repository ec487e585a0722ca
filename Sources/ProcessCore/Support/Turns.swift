import Synchronization

/// Lets so many do something at a time. The others wait for their turn, the longest waiting first.
final class Turns: Sendable {
    private struct State {
        var free: Int
        /// Who waits, by numbers in the order in which they came.
        var waiting: [Int: ChangeSignal] = [:]
        /// The number of the one who comes next, and the lowest that may be waiting.
        var next = 0
        var first = 0
    }

    private let state: Mutex<State>

    /// Takes how many may do it at a time.
    init(_ count: Int) {
        self.state = Mutex(State(free: count))
    }

    /// How many wait, for tests.
    var waitingCount: Int { self.state.withLock { $0.waiting.count } }

    /// Waits for a turn; whoever gets one has to give it back, from whatever task.
    ///
    /// - Returns: Whether it got one; not where the task was cancelled meanwhile.
    func take() async -> Bool {
        let signal = ChangeSignal()
        let number = self.state.withLock { state -> Int? in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            defer { state.next += 1 }
            state.waiting[state.next] = signal
            return state.next
        }
        guard let number else { return true }
        let hasTurn = await withTaskCancellationHandler {
            await signal.wait()
        } onCancel: {
            signal.end()
        }
        if hasTurn { return true }
        // The turn may have come since it was cancelled; then it is the next one's.
        let isWaiting = self.state.withLock { $0.waiting.removeValue(forKey: number) != nil }
        if !isWaiting { self.giveBack() }
        return false
    }

    /// Gives back a turn that was taken.
    func giveBack() {
        let next = self.state.withLock { state -> ChangeSignal? in
            while state.first < state.next {
                defer { state.first += 1 }
                if let signal = state.waiting.removeValue(forKey: state.first) { return signal }
            }
            state.free += 1
            return nil
        }
        next?.set()
    }
}
