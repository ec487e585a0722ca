internal import ProcessCore

/// Why the tracker takes no more reports on a command.
enum RunLoss: Equatable, Sendable {
    /// It was cancelled there without waiting for us.
    case cancelled
    /// It ran longer than it was allowed to.
    case timedOut
    /// Anything else, such as a lease that passed while this machine slept; the reason is part of a sentence.
    case other(String)
}

/// Tells the tracker, again and again, that a command is alive and what it printed last.
struct RunReporter: Sendable {
    /// The process.
    let tracking: RunTracking
    /// Where the last line is found.
    let capture: OutputCapture
    /// How long to wait for what.
    let timing: RunTiming
    /// The longest silence.
    let lease: Duration
    /// Waits.
    let sleep: @Sendable (Duration) async throws -> Void
    /// The time that the waits are counted by.
    var now: @Sendable () -> ContinuousClock.Instant = { .now }

    /// Reports until the task is cancelled or the tracker takes no more.
    ///
    /// - Parameter onCancelRequest: Called once, when the tracker says that somebody asked for the command's end.
    /// - Returns: Why the tracker takes no more; nil when the task was cancelled.
    func run(onCancelRequest: @Sendable () -> Void) async -> RunLoss? {
        let heartbeatInterval = self.timing.heartbeatInterval(lease: self.lease)
        let tick = min(heartbeatInterval, self.timing.messageInterval)
        var lastReport = self.now()
        var lastMessageSent: ContinuousClock.Instant?
        var failures = 0
        var isCancelSeen = false
        while true {
            // Up to the very moment: a heartbeat that waits for one more tick is a cancel request seen a second later.
            let untilHeartbeat = max(.zero, lastReport + heartbeatInterval - self.now())
            let pause =
                failures > 0 ? min(heartbeatInterval, tick * (1 << min(failures, 10))) : min(tick, untilHeartbeat)
            guard (try? await self.sleep(pause)) != nil else { return nil }
            let now = self.now()
            var message: String?
            if lastMessageSent.map({ now - $0 >= self.timing.messageInterval }) ?? true {
                message = self.capture.takeNewLine()
            }
            guard message != nil || now - lastReport >= heartbeatInterval else { continue }
            do throws(TrackerFailure) {
                let process = try await self.tracking.heartbeat(message: message)
                failures = 0
                lastReport = now
                if message != nil { lastMessageSent = now }
                if process.cancelRequested && !isCancelSeen {
                    isCancelSeen = true
                    onCancelRequest()
                }
            } catch {
                if message != nil { self.capture.putBackLine() }
                switch error {
                case .refused(let problem) where !problem.isTemporary: return await self.tracking.loss(problem)
                case .refused, .unreachable, .unintelligible: failures += 1
                }
            }
        }
    }
}
