internal import CLibevent
internal import Glibc

/// What can happen to a file descriptor that an ``EventLoop`` watches.
public struct DescriptorEvents: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// There is something to read, or the other side has finished writing.
    public static let readable = DescriptorEvents(rawValue: 1)
    /// There is room to write.
    public static let writable = DescriptorEvents(rawValue: 2)

    fileprivate var libeventFlags: Int32 {
        (self.contains(.readable) ? EV_READ : 0) | (self.contains(.writable) ? EV_WRITE : 0)
    }

    fileprivate init(libeventFlags: Int16) {
        let flags = Int32(libeventFlags)
        self = []
        if flags & EV_READ != 0 { self.insert(.readable) }
        if flags & EV_WRITE != 0 { self.insert(.writable) }
    }
}

extension EventLoop {
    /// Runs a closure on this loop once a time has passed; never before it, and usually a few milliseconds after it.
    ///
    /// May be called from any thread. When the loop ends first, the closure does not run.
    ///
    /// - Parameters:
    ///   - delay: How long to wait. Zero or less: as soon as the loop comes to it.
    ///   - body: What to do then.
    /// - Returns: A handle to call it off.
    @discardableResult
    public func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) -> EventRegistration {
        self.startTimer(after: delay) { outcome in
            if case .fired = outcome { body() }
        }
    }

    /// Waits, without holding up the loop; never less than the time given.
    ///
    /// - Parameter duration: How long to wait.
    /// - Throws: `CancellationError` when the task is cancelled meanwhile, or the loop ends.
    public func sleep(for duration: Duration) async throws(CancellationError) {
        let sleeper = Sleeper()
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard sleeper.begin(continuation) else { return }
                let timer = self.startTimer(after: duration) { outcome in
                    switch outcome {
                    case .fired: sleeper.end(isOver: true)
                    case .loopEnded: sleeper.end(isOver: false)
                    }
                }
                sleeper.attach(timer)
            }
        } onCancel: {
            sleeper.end(isOver: false)
        }
        if !isOver { throw CancellationError() }
    }

    /// Calls a closure on this loop each time the process receives a signal, in place of what the signal would do.
    ///
    /// libevent can do this for one loop of a process at a time: use the same loop for all signals.
    ///
    /// - Parameters:
    ///   - signal: Its number, as `SIGTERM`.
    ///   - body: What to do.
    /// - Returns: A handle; once it is cancelled, the signal does what it did before.
    @discardableResult
    public func onSignal(_ signal: Int32, _ body: @escaping @Sendable () -> Void) -> EventRegistration {
        self.start(
            EventRegistration(loop: self, deadline: nil, isPersistent: true) { _, outcome in
                if case .fired = outcome { body() }
            }, descriptor: signal, events: EV_SIGNAL | EV_PERSIST)
    }

    /// Calls a closure on this loop whenever something happens to a descriptor, as long as it is so (level-triggered).
    ///
    /// Cancel it, on the loop, before closing the descriptor.
    ///
    /// - Parameters:
    ///   - descriptor: A socket, pipe or the like, set to non-blocking. Not a regular file.
    ///   - events: What to look for.
    ///   - body: Receives those of the events that happened.
    /// - Returns: A handle to stop it.
    @discardableResult
    public func watch(
        _ descriptor: Int32, for events: DescriptorEvents, _ body: @escaping @Sendable (DescriptorEvents) -> Void
    ) -> EventRegistration {
        self.start(
            EventRegistration(loop: self, deadline: nil, isPersistent: true) { _, outcome in
                if case .fired(let flags) = outcome { body(DescriptorEvents(libeventFlags: flags)) }
            }, descriptor: descriptor, events: events.libeventFlags | EV_PERSIST)
    }

    /// Calls a closure on this loop, once, when the other side of a connection has closed or reset it. Sees it without
    /// reading, also behind bytes that wait to be read.
    ///
    /// Nothing else may watch the descriptor meanwhile. Cancel it, on the loop, before closing the descriptor.
    ///
    /// - Parameters:
    ///   - socket: A connected stream socket.
    ///   - body: What to do.
    /// - Returns: A handle to stop it.
    public func onDisconnect(of socket: Int32, _ body: @escaping @Sendable () -> Void) -> EventRegistration {
        // libevent reports a reset as readable and writable but not as closed, so closed alone would never fire, and
        // spin. Edge-triggered, as bytes that nobody reads would spin likewise.
        self.start(
            EventRegistration(loop: self, deadline: nil, isPersistent: true) { registration, outcome in
                guard case .fired(let flags) = outcome, Int32(flags) & EV_CLOSED != 0 || hasFailed(socket) else {
                    return
                }
                registration.cancel()
                body()
            }, descriptor: socket, events: EV_READ | EV_CLOSED | EV_ET | EV_PERSIST)
    }

    private func startTimer(
        after delay: Duration, _ handler: @escaping @Sendable (EventRegistration.Outcome) -> Void
    ) -> EventRegistration {
        let (seconds, attoseconds) = delay.components
        // A hundred years are for ever, and do not overflow.
        let nanoseconds =
            seconds >= 3_155_760_000 ? 3_155_760_000_000_000_000 : seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        let deadline = monotonicNanoseconds() + UInt64(max(0, nanoseconds))
        return self.start(
            EventRegistration(loop: self, deadline: deadline, isPersistent: false) { _, outcome in handler(outcome) },
            descriptor: -1, events: 0)
    }

    private func start(_ registration: EventRegistration, descriptor: Int32, events: Int32) -> EventRegistration {
        self.runOrEnqueue { registration.start(descriptor: descriptor, events: events) }
        return registration
    }
}

/// Whether a connection was reset. Asking clears the error, but not the state.
private func hasFailed(_ socket: Int32) -> Bool {
    var error: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0
}

/// Sees to it that a sleeping task is resumed exactly once: by the timer, by its cancellation, or by the loop's end.
private final class Sleeper: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Bool, Never>, EventRegistration?)
        case ended(isOver: Bool)
    }

    private let state = Locked(State.idle)

    /// Returns whether there is anything to wait for: the task may have been cancelled before.
    func begin(_ continuation: CheckedContinuation<Bool, Never>) -> Bool {
        let isOver = self.state.withLock { state -> Bool? in
            if case .ended(let isOver) = state { return isOver }
            state = .waiting(continuation, nil)
            return nil
        }
        guard let isOver else { return true }
        continuation.resume(returning: isOver)
        return false
    }

    func attach(_ timer: EventRegistration) {
        let isWaiting = self.state.withLock { state in
            guard case .waiting(let continuation, _) = state else { return false }
            state = .waiting(continuation, timer)
            return true
        }
        if !isWaiting { timer.cancel() }
    }

    func end(isOver: Bool) {
        let previous = self.state.withLock { state in
            defer { if case .ended = state {} else { state = .ended(isOver: isOver) } }
            return state
        }
        guard case .waiting(let continuation, let timer) = previous else { return }
        timer?.cancel()
        continuation.resume(returning: isOver)
    }
}
