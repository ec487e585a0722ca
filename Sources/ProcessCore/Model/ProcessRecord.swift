/// All that is known of one process; what every store holds and every answer shows.
///
/// A value: it changes only by ``ProcessTransition``, and a store that holds it knows none of its rules.
public struct ProcessRecord: Hashable, Sendable {
    /// What it is known by.
    public let id: ProcessID
    /// What sort of work it is, of identifier shape.
    public let kind: String
    /// Where it is in its life.
    public var status: ProcessStatus
    /// Grows by 1 with every change, from 1; the `ETag` of the process.
    public var revision: Int64

    /// How far the work is; `nil` until numbers or a message came.
    public var progress: ProcessProgress?
    /// What the work was started with; JSON `null` is `nil`.
    public let input: JSONText?
    /// What the work gave; JSON `null` is `nil`.
    public var result: JSONText?
    /// Why it failed. While `pending`, why the attempt before failed.
    public var failure: ProcessFailure?
    /// The caller's labels.
    public let metadata: ProcessMetadata

    /// When it was started by its caller.
    public let createdAt: Timestamp
    /// When the current or last attempt began; `nil` while it waits.
    public var startedAt: Timestamp?
    /// When it last changed.
    public var updatedAt: Timestamp
    /// When it reached its end state.
    public var finishedAt: Timestamp?
    /// When its worker last showed that it is alive.
    public var heartbeatAt: Timestamp?
    /// When a number of its progress last changed.
    public var progressAt: Timestamp?
    /// When it will be done if it goes on as it has; computed from the numbers at each report.
    public var estimatedFinishAt: Timestamp?

    /// Where a worker claims it from; `nil` where the caller does the work.
    public let queue: String?
    /// -100…100; the higher one is claimed first.
    public let priority: Int
    /// The time before which it can't be claimed.
    public var runAfter: Timestamp?
    /// Which attempt runs or ran last; 0 until the first claim.
    public var attempt: Int
    /// How many attempts there may be in all.
    public var maxAttempts: Int
    /// The wait between two attempts; `nil` is ``Backoff/standard``.
    public let backoff: Backoff?

    /// Who does the work.
    public var worker: String?
    /// The longest silence while running, as the process was started with.
    public let lease: Duration?
    /// The longest silence of this attempt, where the process names none and its claim did.
    public var claimedLease: Duration?
    /// When the lease passes unless a report comes.
    public var leaseExpiresAt: Timestamp?
    /// The longest run of one attempt.
    public let timeout: Duration?
    /// The longest wait for a worker, from each time it becomes due.
    public let pickupTimeout: Duration?
    /// When the wait for a worker, or the run, has taken too long: whichever comes next.
    public var deadline: Timestamp?

    /// How long it is kept once finished; `nil` is the service's retention as it is then.
    public var retain: Retention?
    /// Whether somebody asked for its end.
    public var cancelRequested: Bool
    /// Why, where that was said.
    public var cancelReason: String?
    /// The process that this one is a part of.
    public let parentID: ProcessID?
    /// The W3C trace context it was started in.
    public let traceparent: String?

    /// Takes every part, as a store reads them back.
    public init(
        id: ProcessID, kind: String, status: ProcessStatus, revision: Int64,
        progress: ProcessProgress? = nil, input: JSONText? = nil, result: JSONText? = nil,
        failure: ProcessFailure? = nil, metadata: ProcessMetadata = ProcessMetadata(),
        createdAt: Timestamp, startedAt: Timestamp? = nil, updatedAt: Timestamp, finishedAt: Timestamp? = nil,
        heartbeatAt: Timestamp? = nil, progressAt: Timestamp? = nil, estimatedFinishAt: Timestamp? = nil,
        queue: String? = nil, priority: Int = 0, runAfter: Timestamp? = nil, attempt: Int, maxAttempts: Int = 1,
        backoff: Backoff? = nil, worker: String? = nil, lease: Duration? = nil, claimedLease: Duration? = nil,
        leaseExpiresAt: Timestamp? = nil, timeout: Duration? = nil, pickupTimeout: Duration? = nil,
        deadline: Timestamp? = nil, retain: Retention? = nil, cancelRequested: Bool = false,
        cancelReason: String? = nil, parentID: ProcessID? = nil, traceparent: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.status = status
        self.revision = revision
        self.progress = progress
        self.input = input
        self.result = result
        self.failure = failure
        self.metadata = metadata
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.updatedAt = updatedAt
        self.finishedAt = finishedAt
        self.heartbeatAt = heartbeatAt
        self.progressAt = progressAt
        self.estimatedFinishAt = estimatedFinishAt
        self.queue = queue
        self.priority = priority
        self.runAfter = runAfter
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.backoff = backoff
        self.worker = worker
        self.lease = lease
        self.claimedLease = claimedLease
        self.leaseExpiresAt = leaseExpiresAt
        self.timeout = timeout
        self.pickupTimeout = pickupTimeout
        self.deadline = deadline
        self.retain = retain
        self.cancelRequested = cancelRequested
        self.cancelReason = cancelReason
        self.parentID = parentID
        self.traceparent = traceparent
    }

    /// The longest silence in force: the process's own, else its claim's.
    public var leaseInForce: Duration? { self.lease ?? self.claimedLease }

    /// When its own `retain` lets it go; `nil` where it has none, keeps it for ever, or has not finished.
    public var expiresAt: Timestamp? {
        guard case .after(let duration) = self.retain, let finishedAt = self.finishedAt else { return nil }
        return finishedAt + duration
    }

    /// Whether a worker may claim it at this time.
    ///
    /// - Parameter now: The store's time.
    /// - Returns: Whether it is pending and its `runAfter` has come.
    public func isDue(at now: Timestamp) -> Bool {
        guard self.status == .pending else { return false }
        guard let runAfter = self.runAfter else { return true }
        return runAfter <= now
    }
}
