/// Counts what a ``ProcessManager`` does in the service's metrics.
public struct MetricsObserver: ProcessObserver {
    private let cleanupRemoved: Counter
    private let stale: Counter
    private let finished: Counter
    private let retried: Counter
    private let failed: Counter
    private let cancelled: Counter
    private let metrics: TrackerMetrics
    private let onLoss: @Sendable (_ known: ProcessRecord, _ found: ProcessRecord) -> Void

    /// Counts into these metrics.
    ///
    /// - Parameters:
    ///   - metrics: Where to.
    ///   - onLoss: Told of each change that the store has lost, too.
    public init(
        _ metrics: TrackerMetrics,
        onLoss: @escaping @Sendable (_ known: ProcessRecord, _ found: ProcessRecord) -> Void = { _, _ in }
    ) {
        self.metrics = metrics
        self.onLoss = onLoss
        self.cleanupRemoved = metrics.cleanupRemoved
        self.stale = metrics.lateReports.with("stale_attempt")
        self.finished = metrics.lateReports.with("already_finished")
        self.retried = metrics.leasesExpired.with("retried")
        self.failed = metrics.leasesExpired.with("failed")
        self.cancelled = metrics.leasesExpired.with("cancelled")
    }

    /// Starts are counted by their route.
    public func didStart(_ record: ProcessRecord) {}

    /// Counts claims, and measures how long the first one of each process was waited for.
    public func didClaim(_ records: [ProcessRecord]) {
        for record in records {
            guard let queue = record.queue else { continue }
            self.metrics.claims.with(queue).increment()
            guard record.attempt == 1, let claimedAt = record.startedAt else { continue }
            let due = max(record.createdAt, record.runAfter ?? record.createdAt)
            self.metrics.queueWait.with(queue).observe(from: due, to: claimedAt)
        }
    }

    /// Counts what time has ended.
    public func didChange(_ old: ProcessRecord, to new: ProcessRecord, by change: ProcessChange) {
        self.measure(old, new)
        guard case .expire = change else { return }
        if let queue = new.queue, old.status == .running { self.metrics.queueLeasesExpired.with(queue).increment() }
        switch new.status {
        case .pending, .running, .completed: self.retried.increment()
        case .failed: self.failed.increment()
        case .cancelled: self.cancelled.increment()
        }
    }

    /// Counts what becomes of work that a worker had.
    private func measure(_ old: ProcessRecord, _ new: ProcessRecord) {
        guard let queue = new.queue else { return }
        if new.status == .pending, old.status != .pending { self.metrics.retries.with(queue).increment() }
        guard old.status == .running, let claimedAt = old.startedAt else { return }
        if new.status.isFinished { self.metrics.queueRun.with(queue).observe(from: claimedAt, to: new.updatedAt) }
    }

    /// Counts reports that came too late.
    public func didRefuse(_ refusal: ProcessTransition.Refusal, _ record: ProcessRecord) {
        switch refusal {
        case .staleAttempt: self.stale.increment()
        case .alreadyFinished: self.finished.increment()
        case .missingAttempt, .preconditionFailed, .invalidTransition: break
        }
    }

    /// Counts what the store has lost.
    public func didFindLoss(of known: ProcessRecord, found: ProcessRecord) {
        self.metrics.lostChanges.increment()
        self.onLoss(known, found)
    }

    /// Counts chunks of output.
    public func didAppend(_ chunkCount: Int) {
        self.metrics.streamChunks.increment(by: UInt64(chunkCount))
    }

    /// Counts output that its process did not take.
    public func didRefuseOutput(_ error: ProcessError) {
        switch error {
        case .refused(.staleAttempt, _): self.metrics.streamRefusals.with("stale_attempt").increment()
        case .refused(.alreadyFinished, _): self.metrics.streamRefusals.with("already_finished").increment()
        case .refused(.invalidTransition, _): self.metrics.streamRefusals.with("invalid_transition").increment()
        case .indexConflict: self.metrics.streamRefusals.with("index_conflict").increment()
        default: break
        }
    }

    /// Counts what a cleanup removed.
    public func didClean(_ report: CleanupReport) {
        self.cleanupRemoved.increment(by: UInt64(report.removedByLastCall))
    }
}

extension Histogram {
    /// Counts the time between two points of the store's clock; none where it was set back.
    fileprivate func observe(from start: Timestamp, to end: Timestamp) {
        self.observe(nanoseconds: UInt64(max(0, (end - start).milliseconds)) * 1_000_000)
    }
}
