/// Counts what a ``ProcessManager`` does in the service's metrics.
public struct MetricsObserver: ProcessObserver {
    private let cleanupRemoved: Counter
    private let stale: Counter
    private let finished: Counter
    private let retried: Counter
    private let failed: Counter
    private let cancelled: Counter

    /// Counts into these metrics.
    public init(_ metrics: TrackerMetrics) {
        self.cleanupRemoved = metrics.cleanupRemoved
        self.stale = metrics.lateReports.with("stale_attempt")
        self.finished = metrics.lateReports.with("already_finished")
        self.retried = metrics.leasesExpired.with("retried")
        self.failed = metrics.leasesExpired.with("failed")
        self.cancelled = metrics.leasesExpired.with("cancelled")
    }

    /// Starts are counted by their route.
    public func didStart(_ record: ProcessRecord) {}

    /// Counts nothing yet.
    public func didClaim(_ records: [ProcessRecord]) {}

    /// Counts what time has ended.
    public func didChange(_ old: ProcessRecord, to new: ProcessRecord, by change: ProcessChange) {
        guard case .expire = change else { return }
        switch new.status {
        case .pending, .running, .completed: self.retried.increment()
        case .failed: self.failed.increment()
        case .cancelled: self.cancelled.increment()
        }
    }

    /// Counts reports that came too late.
    public func didRefuse(_ refusal: ProcessTransition.Refusal, _ record: ProcessRecord) {
        switch refusal {
        case .staleAttempt: self.stale.increment()
        case .alreadyFinished: self.finished.increment()
        case .missingAttempt, .preconditionFailed, .invalidTransition: break
        }
    }

    /// Counts what a cleanup removed.
    public func didClean(_ report: CleanupReport) {
        self.cleanupRemoved.increment(by: UInt64(report.removed))
    }
}
