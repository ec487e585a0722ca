internal import ProcessCore
internal import Synchronization

/// Since when a process may be ours for one more lease.
final class LeaseRenewal: Sendable {
    private let instant: Mutex<ContinuousClock.Instant>

    /// Takes the time at which the claim was answered.
    init(_ instant: ContinuousClock.Instant) {
        self.instant = Mutex(instant)
    }

    /// When the last request came back that the tracker has taken, or may have: its own count begins no later. One that
    /// gives up by this never does so while the process is still ours.
    var last: ContinuousClock.Instant {
        get { self.instant.withLock { $0 } }
        set { self.instant.withLock { $0 = newValue } }
    }
}

/// Tells the tracker, again and again, that a handler is alive and how far it is.
struct WorkReporter: Sendable {
    /// The process.
    let claimed: ClaimedProcess
    /// Where its progress is found.
    let errors: HandlerErrors
    /// When the lease was renewed.
    let renewal: LeaseRenewal
    /// Takes note of whether the tracker answers.
    let contact: TrackerContact
    /// How long to wait for what.
    let timing: WorkTiming
    /// What time it is.
    let now: @Sendable () -> ContinuousClock.Instant
    /// Waits.
    let sleep: @Sendable (Duration) async throws -> Void
    /// Says something.
    let warn: @Sendable (String) -> Void

    /// Reports until the task is cancelled or the tracker takes no more.
    ///
    /// - Parameter onCancelRequest: Called once, when the tracker says that somebody asked for the handler's end.
    /// - Returns: Why the tracker takes no more; nil when the task was cancelled.
    func run(onCancelRequest: @Sendable () -> Void) async -> TrackerProblem? {
        let heartbeatInterval = self.timing.heartbeatInterval(lease: self.claimed.lease)
        let tick = min(heartbeatInterval, self.timing.progressInterval)
        var lastReport = self.renewal.last
        var lastProgress: ContinuousClock.Instant?
        var failures = 0
        var isCancelSeen = false
        while true {
            // Up to the very moment: a heartbeat that waits for one more tick is a cancel request seen a second later.
            let untilHeartbeat = max(.zero, lastReport + heartbeatInterval - self.now())
            let leaseLeft = self.renewal.last + self.claimed.lease - self.now()
            let pause =
                failures > 0
                ? self.timing.cut(min(heartbeatInterval, tick * (1 << min(failures, 10))), to: leaseLeft)
                : min(tick, untilHeartbeat)
            guard (try? await self.sleep(pause)) != nil else { return nil }
            let now = self.now()
            var report: ProgressReport?
            if lastProgress.map({ now - $0 >= self.timing.progressInterval }) ?? true {
                report = self.errors.takeProgress()
            }
            guard report != nil || failures > 0 || now - lastReport >= heartbeatInterval else { continue }
            do throws(TrackerFailure) {
                let process = try await self.contact.call { () throws(TrackerFailure) in
                    try await self.claimed.progress(report)
                }
                failures = 0
                lastReport = now
                self.renewal.last = self.now()
                if report != nil { lastProgress = now }
                if process.cancelRequested && !isCancelSeen {
                    isCancelSeen = true
                    onCancelRequest()
                }
            } catch {
                if error.mayHaveArrived { self.renewal.last = self.now() }
                if case .refused(let problem) = error, problem.isFinal {
                    if problem.isGivenAway { return problem }
                    // What it does not like is the progress: without that the next report is a mere heartbeat.
                    self.warn("warning: the tracker does not take the progress of \(self.claimed.id): \(error.reason)")
                    lastProgress = now
                } else if let report {
                    self.errors.putBack(report)
                }
                failures += 1
            }
        }
    }
}
