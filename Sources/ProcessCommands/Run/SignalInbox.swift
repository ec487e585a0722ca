internal import Synchronization

/// Keeps signals that arrive before there is a command to pass them on to.
final class SignalInbox: Sendable {
    private enum State {
        case waiting([ReceivedSignal])
        case open(@Sendable (ReceivedSignal) -> Void)
    }

    private let state = Mutex(State.waiting([]))
    private let arrivals: AsyncStream<Void>
    private let arrival: AsyncStream<Void>.Continuation

    init() {
        (self.arrivals, self.arrival) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes a signal in.
    func receive(_ signal: ReceivedSignal) {
        let handler = self.state.withLock { state -> (@Sendable (ReceivedSignal) -> Void)? in
            switch state {
            case .open(let handler): return handler
            case .waiting(let signals):
                state = .waiting(signals + [signal])
                return nil
            }
        }
        if let handler { handler(signal) } else { self.arrival.yield() }
    }

    /// Waits for a signal, or for the task to be cancelled. For one task.
    func waitForFirst() async {
        for await _ in self.arrivals { return }
    }

    /// The first signal that arrived, while there was nobody to pass it on to.
    var first: ReceivedSignal? {
        self.state.withLock { state in
            switch state {
            case .open: nil
            case .waiting(let signals): signals.first
            }
        }
    }

    /// Hands over what arrives from now on.
    ///
    /// - Parameter handler: Receives the signals.
    /// - Returns: Those that arrived before.
    func open(_ handler: @escaping @Sendable (ReceivedSignal) -> Void) -> [ReceivedSignal] {
        self.state.withLock { state in
            guard case .waiting(let signals) = state else { return [] }
            state = .open(handler)
            return signals
        }
    }
}
