/// One batch of a cleanup.
public struct CleanupRequest: Hashable, Sendable {
    /// What may go.
    public enum Scope: Hashable, Sendable {
        /// Finished processes of these statuses whose own `retain` has passed, and those without one that finished at or
        /// before `finishedBy`.
        case expired(finishedBy: Timestamp, at: Timestamp, statuses: Set<ProcessStatus> = ProcessStatus.finished)
        /// Finished processes of these statuses that finished at or before `by`, and unfinished ones of these statuses that
        /// were created at or before it; those with a `retain` of their own only with `includingRetained`.
        case older(by: Timestamp, statuses: Set<ProcessStatus>, includingRetained: Bool)
        /// Records of ours that can't be read.
        case corrupt
    }

    /// Where a batch ended; only the store that made it reads it.
    public struct Cursor: Hashable, Sendable {
        /// Which of the store's indexes it stopped in.
        public var index: Int
        /// The score it stopped at, in milliseconds.
        public var score: Int64
        /// The id it stopped at.
        public var id: String

        /// Takes the three parts.
        public init(index: Int, score: Int64, id: String) {
            self.index = index
            self.score = score
            self.id = id
        }
    }

    /// How many candidates a batch looks at, where nothing else is said: others may have to wait for it, so it takes less
    /// than a system lets one thread run before it lets another one, on every store.
    public static let standardLimit = 25

    /// What may go.
    public var scope: Scope
    /// Where the batch before ended.
    public var after: Cursor?
    /// How many candidates to look at, 1 or more: so long everybody else waits for the store.
    public var limit: Int
    /// Whether to count only, and remove nothing.
    public var isDryRun: Bool
    /// How long removed ids are remembered.
    public var tombstoneLifetime: Duration

    /// How many removed ids are remembered at the most; the oldest are dropped.
    public static let maximumTombstones = 1_000_000

    /// Takes the parts.
    public init(
        _ scope: Scope, after: Cursor? = nil, limit: Int = CleanupRequest.standardLimit, isDryRun: Bool = false,
        tombstoneLifetime: Duration = .seconds(7 * 86_400)
    ) {
        self.scope = scope
        self.after = after
        self.limit = limit
        self.isDryRun = isDryRun
        self.tombstoneLifetime = tombstoneLifetime
    }
}

extension CleanupRequest.Scope {
    /// Whether a record may go, its children aside.
    ///
    /// - Parameter record: The record as it is now.
    /// - Returns: Whether the scope holds it.
    public func includes(_ record: ProcessRecord) -> Bool {
        switch self {
        case .expired(let finishedBy, let now, let statuses):
            guard record.status.isFinished, statuses.contains(record.status), let finishedAt = record.finishedAt else {
                return false
            }
            switch record.retain {
            case .forever: return false
            case .after: return record.expiresAt.map { $0 <= now } ?? false
            case nil: return finishedAt <= finishedBy
            }
        case .older(let instant, let statuses, let includingRetained):
            guard statuses.contains(record.status) else { return false }
            guard record.retain == nil || includingRetained else { return false }
            return (record.finishedAt ?? record.createdAt) <= instant
        case .corrupt:
            return false
        }
    }
}

/// What one batch of a cleanup did.
public struct CleanupBatch: Hashable, Sendable {
    /// What was removed; in a dry run, what would be.
    public var removed: [Tombstone]
    /// Where the next batch goes on; `nil` where there is no more.
    public var next: CleanupRequest.Cursor?

    /// Takes both parts.
    public init(removed: [Tombstone], next: CleanupRequest.Cursor?) {
        self.removed = removed
        self.next = next
    }
}
