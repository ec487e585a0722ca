import Synchronization

/// What one task waits for, and any number of others set. Setting it before the wait counts; setting it twice is once.
final class ChangeSignal: Sendable {
    private struct State {
        var isSet = false
        var isEnded = false
        var continuation: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Wakes the one who waits, or lets the next wait return at once.
    func set() { self.wake { $0.isSet = true } }

    /// There is no more to wait for: time is up, the task was cancelled, or the service stops. Holds for every later wait.
    func end() { self.wake { $0.isEnded = true } }

    private func wake(_ change: (inout State) -> Void) {
        let continuation = self.state.withLock { state in
            change(&state)
            return state.continuation.take()
        }
        continuation?.resume()
    }

    /// Waits until it is set or ended; by one task at a time.
    ///
    /// - Returns: Whether it was set, which is used up by that; where it was both, being set comes first.
    func wait() async -> Bool {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isReady = self.state.withLock { state in
                if state.isSet || state.isEnded { return true }
                precondition(state.continuation == nil, "two tasks wait for one signal")
                state.continuation = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
        return self.state.withLock { state in
            defer { state.isSet = false }
            return state.isSet
        }
    }
}
