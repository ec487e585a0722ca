/// One process as the in-memory store keeps it: the same object in its shard and in every index.
///
/// A ``ProcessRecord`` is some 700 bytes, most of them empty optionals. An entry keeps what nearly every process has in
/// its own fields, and what few have in two boxes that are mostly not there.
///
/// `@unchecked Sendable`: `state` is written only while the repository's index lock AND the entry's shard lock are held,
/// and read while either is held, so no read meets a write. `isDelayed` and `streamScore` are used only while the index
/// lock is held, `stream` only while the shard lock is.
final class InMemoryEntry: SortedIndexElement, @unchecked Sendable {
    let id: ProcessID
    let kind: String
    let queue: String?
    let createdAt: Timestamp
    fileprivate let input: JSONText?
    fileprivate let metadata: ProcessMetadata
    fileprivate let options: Options?

    /// Whether it stands among its queue's delayed processes rather than among the due ones.
    var isDelayed = false
    /// Its place among those whose output is to be removed; `nil` where it has none there.
    var streamScore: Int64?
    /// What it has put out.
    var stream: InMemoryStream?
    /// What can change.
    private(set) var state: State

    /// What can change in the course of a process's life.
    struct State: Sendable {
        let status: ProcessStatus
        let revision: Int64
        fileprivate let attempt: Int
        fileprivate let maxAttempts: Int
        let updatedAt: Timestamp
        fileprivate let startedAt: Timestamp?
        fileprivate let finishedAt: Timestamp?
        fileprivate let heartbeatAt: Timestamp?
        fileprivate let leaseExpiresAt: Timestamp?
        fileprivate let deadline: Timestamp?
        fileprivate let worker: String?
        fileprivate let result: JSONText?
        fileprivate let details: Details?

        fileprivate init(_ record: ProcessRecord) {
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
    }

    /// What a process may be started with, and mostly is not.
    fileprivate final class Options: Sendable {
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
    fileprivate final class Details: Sendable {
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
        self.state = State(record)
    }

    /// Takes what can change from a record of the same process; both locks are held.
    func update(from record: ProcessRecord) {
        self.state = State(record)
    }

    // MARK: What the indexes go by

    var sortID: String { self.id.text }
    var priority: Int { self.options?.priority ?? 0 }
    var parentID: ProcessID? { self.options?.parentID }
    var status: ProcessStatus { self.state.status }
    var attempt: Int { self.state.attempt }
    var revision: Int64 { self.state.revision }
    var finishedAt: Timestamp? { self.state.finishedAt }
    var runAfter: Timestamp? { self.state.details?.runAfter }
    var retain: Retention? { self.state.details?.retain }

    /// When its own `retain` lets it go.
    var expiresAt: Timestamp? {
        guard let finishedAt = self.finishedAt, case .after(let duration) = self.retain else { return nil }
        return finishedAt + duration
    }

    /// When its lease or its deadline passes, whichever comes first.
    var overdueAt: Timestamp? {
        guard !self.status.isFinished else { return nil }
        guard let lease = self.state.leaseExpiresAt, let deadline = self.state.deadline else {
            return self.state.leaseExpiresAt ?? self.state.deadline
        }
        return min(lease, deadline)
    }
}

extension ProcessRecord {
    /// Unpacks an entry; one of its locks is held.
    ///
    /// An initializer, since what a function returns of this size is copied, field by field, once more.
    init(_ entry: InMemoryEntry) {
        let options = entry.options
        let details = entry.state.details
        self.init(
            id: entry.id, kind: entry.kind, status: entry.state.status, revision: entry.state.revision,
            progress: details?.progress, input: entry.input, result: entry.state.result, failure: details?.failure,
            metadata: entry.metadata, createdAt: entry.createdAt, startedAt: entry.state.startedAt,
            updatedAt: entry.state.updatedAt, finishedAt: entry.state.finishedAt,
            heartbeatAt: entry.state.heartbeatAt, progressAt: details?.progressAt,
            estimatedFinishAt: details?.estimatedFinishAt, queue: entry.queue, priority: entry.priority,
            runAfter: details?.runAfter, attempt: entry.state.attempt, maxAttempts: entry.state.maxAttempts,
            backoff: options?.backoff, worker: entry.state.worker, lease: options?.lease,
            claimedLease: details?.claimedLease, leaseExpiresAt: entry.state.leaseExpiresAt,
            timeout: options?.timeout, pickupTimeout: options?.pickupTimeout, deadline: entry.state.deadline,
            retain: details?.retain, cancelRequested: details?.cancelRequested ?? false,
            cancelReason: details?.cancelReason, parentID: options?.parentID, traceparent: options?.traceparent)
    }

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
