// The steps that transitions are made of. Each leaves the revision and the time of change to its caller.
extension ProcessRecord {
    /// Whether a worker ever claimed it; without a queue nobody claims, and the caller's reports need no fencing.
    var wasClaimed: Bool { self.queue != nil && self.attempt > 0 }

    /// Begins the next attempt.
    mutating func run(worker: String?, at now: Timestamp) {
        self.status = .running
        self.attempt += 1
        self.worker = worker
        self.startedAt = now
        self.heartbeatAt = now
        self.leaseExpiresAt = self.leaseInForce.map { now + $0 }
        self.deadline = self.timeout.map { now + $0 }
    }

    /// Goes (back) to the queue; nothing of an earlier attempt's run is left but its number and its failure.
    mutating func wait(until runAfter: Timestamp?, at now: Timestamp) {
        self.status = .pending
        self.runAfter = runAfter
        self.deadline = self.pickupTimeout.map { Swift.max(runAfter ?? now, now) + $0 }
        self.clearRun()
    }

    /// Reaches an end state.
    mutating func finish(_ status: ProcessStatus, at now: Timestamp) {
        self.status = status
        self.finishedAt = now
        self.claimedLease = nil
        self.leaseExpiresAt = nil
        self.deadline = nil
        self.estimatedFinishAt = nil
    }

    /// Ends an attempt that did not succeed: another try where that is possible, an end state where it is not.
    mutating func end(with failure: ProcessFailure, mayRetry: Bool, at now: Timestamp, random: Double) {
        self.failure = failure
        if self.cancelRequested {
            self.finish(.cancelled, at: now)
        } else if mayRetry, self.queue != nil, self.attempt < self.maxAttempts {
            let delay = (self.backoff ?? .standard).delay(afterAttempt: self.attempt, random: random)
            self.wait(until: now + delay, at: now)
        } else {
            self.finish(.failed, at: now)
        }
    }

    /// Begins anew what failed or was cancelled, as somebody asked for.
    mutating func retry(at now: Timestamp) throws(ProcessTransition.Refusal) {
        switch self.status {
        case .failed, .cancelled: break
        case .completed:
            throw .invalidTransition("the process has completed; only failed or cancelled ones are retried")
        case .pending, .running: throw .invalidTransition("the process has not finished yet")
        }
        self.result = nil
        self.failure = nil
        self.finishedAt = nil
        self.cancelRequested = false
        self.cancelReason = nil
        self.runAfter = nil
        self.maxAttempts = Swift.max(self.maxAttempts, self.attempt + 1)
        if self.queue == nil {
            let worker = self.worker
            self.clearRun()
            self.run(worker: worker, at: now)
        } else {
            self.wait(until: nil, at: now)
        }
    }

    /// Takes what a worker said of its progress, and that it is alive.
    mutating func take(_ report: ProgressReport, at now: Timestamp) {
        let before = self.progress
        self.progress = report.applied(to: before)
        self.heartbeatAt = now
        self.leaseExpiresAt = self.leaseInForce.map { now + $0 }
        if self.progress?.fraction != before?.fraction || self.progress?.done != before?.done
            || self.progress?.total != before?.total
        {
            self.progressAt = now
        }
        if report.numbers != nil { self.estimatedFinishAt = self.estimateFinish(at: now) }
    }

    /// What has passed by now, as the failure it would be; `nil` where nothing has.
    func overdue(at now: Timestamp) -> ProcessFailure? {
        let leasePassed = self.leaseExpiresAt.flatMap { $0 <= now ? $0 : nil }
        let deadlinePassed = self.deadline.flatMap { $0 <= now ? $0 : nil }
        switch self.status {
        case .pending where deadlinePassed != nil:
            return ProcessFailure(
                code: ProcessFailure.neverClaimedCode,
                message: "no worker claimed it within \(self.pickupTimeout.map(\.text) ?? "its time")")
        case .running:
            if let leasePassed, leasePassed <= deadlinePassed ?? leasePassed {
                return ProcessFailure(
                    code: ProcessFailure.leaseExpiredCode,
                    message: "no report came for \(self.leaseInForce.map(\.text) ?? "longer than its lease")")
            }
            guard deadlinePassed != nil else { return nil }
            return ProcessFailure(
                code: ProcessFailure.timedOutCode,
                message: "attempt \(self.attempt) ran for longer than \(self.timeout.map(\.text) ?? "its timeout")")
        case .pending, .completed, .failed, .cancelled:
            return nil
        }
    }

    /// The end at the pace so far: as much time again as the work has taken, times what is left over what is done.
    private func estimateFinish(at now: Timestamp) -> Timestamp? {
        guard let fraction = self.progress?.fraction, fraction > 0, let startedAt = self.startedAt, now >= startedAt
        else { return nil }
        let left = Double((now - startedAt).milliseconds) * (1 - fraction) / fraction
        // Beyond a century an estimate says nothing.
        guard left < 100 * 365 * 86_400_000 else { return nil }
        return now + .milliseconds(Int64(left.rounded()))
    }

    private mutating func clearRun() {
        self.worker = nil
        self.claimedLease = nil
        self.leaseExpiresAt = nil
        self.startedAt = nil
        self.heartbeatAt = nil
        self.progress = nil
        self.progressAt = nil
        self.estimatedFinishAt = nil
    }
}
