/// How long things stay: pure rules, read by whoever cleans up.
public struct CleanupPolicy: Hashable, Sendable {
    /// How long a finished process without a `retain` of its own is kept.
    public var retention: Duration
    /// How long a removed id answers that it was removed.
    public var tombstoneLifetime: Duration
    /// How long an idempotency key is remembered.
    public var idempotencyLifetime: Duration
    /// How long the output of a process is kept once it has ended, if the process is kept that long.
    public var streamLifetime: Duration

    /// Takes the four durations; a day, a week, a day and an hour by default.
    public init(
        retention: Duration = .seconds(86_400), tombstoneLifetime: Duration = .seconds(7 * 86_400),
        idempotencyLifetime: Duration = .seconds(86_400), streamLifetime: Duration = .seconds(3600)
    ) {
        self.retention = retention
        self.tombstoneLifetime = tombstoneLifetime
        self.idempotencyLifetime = idempotencyLifetime
        self.streamLifetime = streamLifetime
    }

    /// When a record may go: by its own `retain`, else by the retention as it is now.
    ///
    /// - Parameter record: The record to look at.
    /// - Returns: The time, or `nil` where it has not finished or is kept for ever.
    public func expiry(of record: ProcessRecord) -> Timestamp? {
        switch record.retain {
        case .forever: nil
        case .after: record.expiresAt
        case nil: record.finishedAt.map { $0 + self.retention }
        }
    }
}

/// What somebody wants cleaned up.
public struct CleanupOptions: Hashable, Sendable {
    /// What has ended longer ago than this; `nil` is what the timer removes.
    public var olderThan: Duration?
    /// Only these statuses.
    public var statuses: Set<ProcessStatus> = ProcessStatus.finished
    /// Whether what has a `retain` of its own goes too; allows unfinished ones.
    public var force = false
    /// Whether to count only.
    public var isDryRun = false
    /// Whether records that can't be read are what is to go, and nothing else.
    public var corrupt = false

    /// What the timer removes.
    public init() {}

    /// What a batch may remove.
    ///
    /// - Parameters:
    ///   - policy: How long things stay.
    ///   - now: The store's time.
    /// - Returns: The scope of each batch of this cleanup.
    public func scope(_ policy: CleanupPolicy, at now: Timestamp) -> CleanupRequest.Scope {
        if self.corrupt { return .corrupt }
        if let olderThan = self.olderThan {
            return .older(by: now - olderThan, statuses: self.statuses, includingRetained: self.force)
        }
        return .expired(finishedBy: now - policy.retention, at: now, statuses: self.statuses)
    }
}

/// Where a cleanup stands that is done in several calls.
public struct CleanupPlace: Hashable, Sendable {
    /// When the first call began, by the store's time: what may go is judged by it, so that the cleanup has an end.
    public var startedAt: Timestamp
    /// How many were removed so far; in a dry run, would be.
    public var removed = 0
    /// How many of them had finished.
    public var removedFinished = 0
    /// How long all calls took together.
    public var elapsed: Duration = .zero
    /// Where the next batch goes on; nil behind the last one, where only what has expired is left to be forgotten.
    public var cursor: CleanupRequest.Cursor?

    /// The beginning of a cleanup.
    public init(startedAt: Timestamp) {
        self.startedAt = startedAt
    }
}

/// What a cleanup did, all its calls together where they are several.
public struct CleanupReport: Hashable, Sendable {
    /// How many were removed; in a dry run, would be.
    public var removed: Int
    /// How many of them the last call removed.
    public var removedByLastCall: Int
    /// How many finished ones stay.
    public var remaining: Int
    /// Whether nothing was removed but only counted.
    public var isDryRun: Bool
    /// How long it took.
    public var elapsed: Duration
    /// When it began, by the store's time.
    public var startedAt: Timestamp
    /// When its last call ended, by the store's time.
    public var finishedAt: Timestamp
    /// Where the next call goes on; nil where all is done.
    public var next: CleanupPlace?
}
