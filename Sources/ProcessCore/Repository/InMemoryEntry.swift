/// One process as the in-memory store keeps it: the same object in its shard and in every index.
///
/// A ``ProcessRecord`` is some 700 bytes, most of them empty optionals. An entry keeps what nearly every process has in
/// its own fields, and what few have in two boxes that are mostly not there.
///
/// `@unchecked Sendable`: what is `var` is written only while the repository's index lock AND the entry's shard lock are
/// held, and read while either is held, so no read meets a write. The one exception, `isDelayed`, belongs to the index
/// lock alone.
final class InMemoryEntry: SortedIndexElement, @unchecked Sendable {
    let id: ProcessID
    let kind: String
    let queue: String?
    let createdAt: Timestamp
    private let input: JSONText?
    private let metadata: ProcessMetadata
    private let options: Options?

    private(set) var status: ProcessStatus
    /// Whether it stands among its queue's delayed processes rather than among the due ones.
    var isDelayed = false
    private(set) var revision: Int64
    private var attempt: Int
    private var maxAttempts: Int
    private var updatedAt: Timestamp
    private var startedAt: Timestamp?
    private(set) var finishedAt: Timestamp?
    private var heartbeatAt: Timestamp?
    private var leaseExpiresAt: Timestamp?
    private var deadline: Timestamp?
    private var worker: String?
    private var result: JSONText?
    private var details: Details?

    /// What a process may be started with, and mostly is not.
    private final class Options: Sendable {
        let priority: Int
        let backoff: Backoff?
        let lease: Duration?
        let timeout: Duration?
        let pickupTimeout: Duration?
        let parentID: ProcessID?
        let traceparent: String?

        init(_ record: ProcessRecord) {
            self.priority = record.priority
            self.backoff = record.backoff
            self.lease = record.lease
            self.timeout = record.timeout
            self.pickupTimeout = record.pickupTimeout
            self.parentID = record.parentID
            self.traceparent = record.traceparent
        }
    }

    /// What may come in the course of a process's life, and mostly does not.
    private final class Details: Sendable {
        let progress: ProcessProgress?
        let progressAt: Timestamp?
        let estimatedFinishAt: Timestamp?
        let failure: ProcessFailure?
        let runAfter: Timestamp?
        let claimedLease: Duration?
        let retain: Retention?
        let cancelRequested: Bool
        let cancelReason: String?

        init(_ record: ProcessRecord) {
            self.progress = record.progress
            self.progressAt = record.progressAt
            self.estimatedFinishAt = record.estimatedFinishAt
            self.failure = record.failure
            self.runAfter = record.runAfter
            self.claimedLease = record.claimedLease
            self.retain = record.retain
            self.cancelRequested = record.cancelRequested
            self.cancelReason = record.cancelReason
        }
    }

    /// Packs a record.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - kind: Its kind, as a text that all entries of this kind share.
    ///   - queue: Its queue, likewise.
    init(_ record: ProcessRecord, kind: String, queue: String?) {
        self.id = record.id
        self.kind = kind
        self.queue = queue
        self.createdAt = record.createdAt
        self.input = record.input
        self.metadata = record.metadata
        self.options = record.hasOptions ? Options(record) : nil
        self.status = record.status
        self.revision = record.revision
        self.attempt = record.attempt
        self.maxAttempts = record.maxAttempts
        self.updatedAt = record.updatedAt
        self.startedAt = record.startedAt
        self.finishedAt = record.finishedAt
        self.heartbeatAt = record.heartbeatAt
        self.leaseExpiresAt = record.leaseExpiresAt
        self.deadline = record.deadline
        self.worker = record.worker
        self.result = record.result
        self.details = record.hasDetails ? Details(record) : nil
    }

    /// Takes what can change from a record of the same process; both locks are held.
    func update(from record: ProcessRecord) {
        self.status = record.status
        self.revision = record.revision
        self.attempt = record.attempt
        self.maxAttempts = record.maxAttempts
        self.updatedAt = record.updatedAt
        self.startedAt = record.startedAt
        self.finishedAt = record.finishedAt
        self.heartbeatAt = record.heartbeatAt
        self.leaseExpiresAt = record.leaseExpiresAt
        self.deadline = record.deadline
        self.worker = record.worker
        self.result = record.result
        self.details = record.hasDetails ? Details(record) : nil
    }

    /// The record as it was kept.
    var record: ProcessRecord {
        let options = self.options
        let details = self.details
        return ProcessRecord(
            id: self.id, kind: self.kind, status: self.status, revision: self.revision, progress: details?.progress,
            input: self.input, result: self.result, failure: details?.failure, metadata: self.metadata,
            createdAt: self.createdAt, startedAt: self.startedAt, updatedAt: self.updatedAt,
            finishedAt: self.finishedAt, heartbeatAt: self.heartbeatAt, progressAt: details?.progressAt,
            estimatedFinishAt: details?.estimatedFinishAt, queue: self.queue, priority: self.priority,
            runAfter: details?.runAfter, attempt: self.attempt, maxAttempts: self.maxAttempts,
            backoff: options?.backoff, worker: self.worker, lease: options?.lease,
            claimedLease: details?.claimedLease, leaseExpiresAt: self.leaseExpiresAt, timeout: options?.timeout,
            pickupTimeout: options?.pickupTimeout, deadline: self.deadline, retain: details?.retain,
            cancelRequested: details?.cancelRequested ?? false, cancelReason: details?.cancelReason,
            parentID: options?.parentID, traceparent: options?.traceparent)
    }

    // MARK: What the indexes go by

    var sortID: String { self.id.text }
    var priority: Int { self.options?.priority ?? 0 }
    var parentID: ProcessID? { self.options?.parentID }
    var runAfter: Timestamp? { self.details?.runAfter }
    var retain: Retention? { self.details?.retain }

    /// When its own `retain` lets it go.
    var expiresAt: Timestamp? {
        guard let finishedAt = self.finishedAt, case .after(let duration) = self.retain else { return nil }
        return finishedAt + duration
    }

    /// When its lease or its deadline passes, whichever comes first.
    var overdueAt: Timestamp? {
        guard !self.status.isFinished else { return nil }
        guard let lease = self.leaseExpiresAt, let deadline = self.deadline else {
            return self.leaseExpiresAt ?? self.deadline
        }
        return min(lease, deadline)
    }
}

extension ProcessRecord {
    fileprivate var hasOptions: Bool {
        self.priority != 0 || self.backoff != nil || self.lease != nil || self.timeout != nil
            || self.pickupTimeout != nil || self.parentID != nil || self.traceparent != nil
    }

    fileprivate var hasDetails: Bool {
        self.progress != nil || self.progressAt != nil || self.estimatedFinishAt != nil || self.failure != nil
            || self.runAfter != nil || self.claimedLease != nil || self.retain != nil || self.cancelRequested
            || self.cancelReason != nil
    }
}
