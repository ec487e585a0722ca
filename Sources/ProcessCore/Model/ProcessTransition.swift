/// One attempt to change a process: the pure function that decides every transition, and no store decides any.
///
/// ``apply(to:)`` reads nothing but its arguments, so of the same record and the same transition the same comes out.
public struct ProcessTransition: Hashable, Sendable {
    /// What is to happen.
    public var change: ProcessChange
    /// Which attempt the reporting worker was given, where it says so.
    public var attempt: Int?
    /// What the caller believes the process to be (`If-Match`).
    public var precondition: Precondition?
    /// The store's time.
    public var now: Timestamp
    /// A number in 0..<1 that places a wait within its jitter.
    public var random: Double

    /// What the caller believes the process to be.
    public enum Precondition: Hashable, Sendable {
        /// It exists, whatever its revision.
        case exists
        /// Its revision is one of these.
        case revision(in: [Int64])
    }

    /// What came of a transition that was not refused.
    public enum Outcome: Hashable, Sendable {
        /// The process after the change, one revision further.
        case changed(ProcessRecord)
        /// It was so already: the same outcome of the same attempt again, or nothing that has passed.
        case unchanged(ProcessRecord)

        /// The process as it is now.
        public var record: ProcessRecord {
            switch self {
            case .changed(let record), .unchanged(let record): record
            }
        }
    }

    /// Why a transition is refused; nothing has changed then. In the order in which they are judged.
    public enum Refusal: Error, Hashable, Sendable {
        /// The process was claimed, so a report must name its attempt.
        case missingAttempt
        /// The precondition does not hold.
        case preconditionFailed
        /// The report is of another attempt than the current one, or that attempt was given up on.
        case staleAttempt
        /// The process has ended another way.
        case alreadyFinished
        /// The process's state does not allow it; the text says why.
        case invalidTransition(String)
    }

    /// Takes the change and what surrounds it.
    public init(
        _ change: ProcessChange, attempt: Int? = nil, precondition: Precondition? = nil, at now: Timestamp,
        random: Double = 0.5
    ) {
        self.change = change
        self.attempt = attempt
        self.precondition = precondition
        self.now = now
        self.random = random
    }

    /// Decides what becomes of a process.
    ///
    /// - Parameter record: The process as it is now; it stays as it is.
    /// - Returns: The process after the change, or as it was where the same had already happened.
    /// - Throws: A ``Refusal``, in the order of its cases.
    public func apply(to record: ProcessRecord) throws(Refusal) -> Outcome {
        if self.change.isReport, self.attempt == nil, record.wasClaimed { throw .missingAttempt }
        if self.repeatsOutcome(of: record) { return .unchanged(record) }
        if case .revision(let revisions) = self.precondition, !revisions.contains(record.revision) {
            throw .preconditionFailed
        }
        if let attempt = self.attempt, self.change.isReport,
            attempt != record.attempt || record.status == .pending
        {
            throw .staleAttempt
        }
        var next = record
        next.revision += 1
        next.updatedAt = self.now
        switch self.change {
        case .progress(let report):
            try self.requireRunning(record)
            next.take(report, at: self.now)
        case .complete(let result):
            try self.requireRunning(record)
            next.heartbeatAt = self.now
            next.result = result
            next.failure = nil
            next.finish(.completed, at: self.now)
        case .fail(let failure, let mayRetry):
            try self.requireRunning(record)
            next.heartbeatAt = self.now
            next.end(with: failure, mayRetry: mayRetry, at: self.now, random: self.random)
        case .confirmCancelled:
            try self.requireRunning(record)
            guard record.cancelRequested else {
                throw .invalidTransition("no cancel was requested; ask for one first, or report a failure")
            }
            next.heartbeatAt = self.now
            next.finish(.cancelled, at: self.now)
        case .cancel(let reason, let force):
            if record.status.isFinished { throw .alreadyFinished }
            if !record.cancelRequested {
                next.cancelRequested = true
                next.cancelReason = reason
            }
            if force || record.status == .pending { next.finish(.cancelled, at: self.now) }
        case .retry:
            try next.retry(at: self.now)
        case .retain(let retain):
            next.retain = retain
        case .claim(let claim):
            guard record.isDue(at: self.now) else { throw .invalidTransition("the process is not due in a queue") }
            next.claimedLease = record.lease == nil ? claim.lease : nil
            next.failure = nil
            next.run(worker: claim.worker, at: self.now)
        case .expire:
            guard let failure = record.overdue(at: self.now) else { return .unchanged(record) }
            next.end(
                with: failure, mayRetry: record.status == .running, at: self.now, random: self.random)
        }
        return .changed(next)
    }

    /// A report needs a running process; what it gets otherwise depends on what the process is.
    private func requireRunning(_ record: ProcessRecord) throws(Refusal) {
        if record.status.isFinished { throw .alreadyFinished }
        if record.status == .pending {
            throw .invalidTransition("the process waits in its queue and no worker has claimed it")
        }
    }

    /// Whether the process already is what this change would make it, through the same attempt: a report whose answer
    /// was lost is sent again, and must find the same answer.
    private func repeatsOutcome(of record: ProcessRecord) -> Bool {
        if self.change.isReport, let attempt = self.attempt, attempt != record.attempt { return false }
        switch self.change {
        case .complete(let result):
            return record.status == .completed && record.result == result
        case .fail(let failure, _):
            switch record.status {
            case .failed, .cancelled: return record.failure == failure
            case .pending: return record.wasClaimed && record.failure == failure
            case .running, .completed: return false
            }
        case .confirmCancelled:
            return record.status == .cancelled
        case .cancel(_, let force):
            return record.status == .cancelled || record.status == .running && record.cancelRequested && !force
        case .retain(let retain):
            return record.retain == retain
        case .progress, .retry, .claim, .expire:
            return false
        }
    }
}
