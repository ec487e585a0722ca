internal import ProcessCore

/// The names of all keys, in this one place, so that a partition's hash tag can go in front of them.
///
/// What a key is of (an id, a kind, a queue) comes last, and nothing follows it: ids may contain colons.
struct RedisKeys: Sendable {
    /// What every key and channel begins with.
    let prefix: String
    /// `process:<id>`, a hash: the process.
    let process: String
    /// `process_ids`, a set: every id.
    let ids: String
    /// `process_removed`, a hash: id to `<status> <removed at> <forgotten at>`.
    let removed: String
    /// `process_events:<db>`, the channel of changes. Publishing ignores database numbers, hence the suffix.
    let events: String

    init(prefix: String, database: Int) {
        self.prefix = prefix
        self.process = prefix + "process:"
        self.ids = prefix + "process_ids"
        self.removed = prefix + "process_removed"
        self.events = "\(prefix)process_events:\(database)"
    }

    /// `process_times`, a sorted set: every id by `created_at`.
    static let times = "process_times"
    /// `process_status:<status>`, sorted sets: ids by `created_at`.
    static let status = "process_status:"
    /// `process_finished`, a sorted set: what has finished and has no `retain` of its own, by `finished_at`.
    static let finished = "process_finished"
    /// `process_expires`, a sorted set: what has finished and has its own `retain`, by when that has passed.
    static let expires = "process_expires"
    /// `process_leases`, a sorted set: ids by `lease_expires_at`.
    static let leases = "process_leases"
    /// `process_deadlines`, a sorted set: ids by `deadline`.
    static let deadlines = "process_deadlines"
    /// `process_queue:<queue>`, sorted sets: what waits, in the order in which it is handed out; what is delayed is behind.
    static let queue = "process_queue:"
    /// `process_kind:<kind>`, sorted sets: ids by `created_at`.
    static let kind = "process_kind:"
    /// `process_children:<id>`, sorted sets: all children, those of each status behind those of the one before, by
    /// `created_at`.
    static let children = "process_children:"
    /// `process_stream:<id>`, streams: the chunks of output, each under its index.
    static let stream = "process_stream:"
    /// `process_streams`, a sorted set: ids with output, by a time at which they had not ended, or had just ended.
    static let streams = "process_streams"
    /// `process_kinds`, a set: every kind there is a process of.
    static let kinds = "process_kinds"
    /// `process_queues`, a set: every queue in which something has waited.
    static let queues = "process_queues"
    /// `process_tombstones`, a sorted set: removed ids by when they are forgotten.
    static let tombstones = "process_tombstones"
    /// `process_idempotency:<key>`, strings: `<forgotten at> <id>/<created at> <fingerprint>`.
    static let idempotency = "process_idempotency:"
    /// Never there, so that intersections with it are empty.
    static let never = "process_never"

    /// The sorted sets of a fixed name that any process may stand in.
    static let sharedIndexes: [String] =
        [Self.times, Self.finished, Self.expires, Self.leases, Self.deadlines]
        + ProcessStatus.allCases.map { Self.status + $0.rawValue }
}

/// One entry of a sorted set: the key without the prefix, and the score.
struct RedisIndexEntry: Hashable, Sendable {
    var key: String
    var score: Int64

    /// The score of what is kept for ever, which is shown as `inf` and comes after everything else.
    static let never = Int64.max
}

extension ProcessRecord {
    /// Where the process stands because of what never changes.
    var fixedIndexEntries: [RedisIndexEntry] {
        let createdAt = self.createdAt.milliseconds
        return [
            RedisIndexEntry(key: RedisKeys.times, score: createdAt),
            RedisIndexEntry(key: RedisKeys.kind + self.kind, score: createdAt),
        ]
    }

    /// Where the process stands because of how it is now.
    var mutableIndexEntries: [RedisIndexEntry] {
        let createdAt = self.createdAt.milliseconds
        var entries = [RedisIndexEntry(key: RedisKeys.status + self.status.rawValue, score: createdAt)]
        if let leaseExpiresAt = self.leaseExpiresAt {
            entries.append(RedisIndexEntry(key: RedisKeys.leases, score: leaseExpiresAt.milliseconds))
        }
        if let deadline = self.deadline {
            entries.append(RedisIndexEntry(key: RedisKeys.deadlines, score: deadline.milliseconds))
        }
        if self.status.isFinished {
            switch self.retain {
            case nil:
                let finishedAt = self.finishedAt ?? self.updatedAt
                entries.append(RedisIndexEntry(key: RedisKeys.finished, score: finishedAt.milliseconds))
            case .after, .forever:
                let expiresAt = self.expiresAt?.milliseconds ?? RedisIndexEntry.never
                entries.append(RedisIndexEntry(key: RedisKeys.expires, score: expiresAt))
            }
        }
        if let parentID = self.parentID {
            entries.append(RedisIndexEntry(key: RedisKeys.children + parentID.text, score: self.childScore))
        }
        if self.status == .pending, let queue = self.queue {
            entries.append(RedisIndexEntry(key: RedisKeys.queue + queue, score: self.queueScore))
        }
        return entries
    }

    /// The place in the queue: by priority, then by creation, ties by id. What is delayed stands behind all that is due,
    /// by when it becomes due, so that the length of a queue is the size of its set; a claim moves it to its place.
    ///
    /// Exact: all scores are below 2^53. The Lua of the claim computes the same.
    private var queueScore: Int64 {
        if let runAfter = self.runAfter {
            return RedisQueueScore.firstDelayed + min(max(runAfter.milliseconds, 0), RedisQueueScore.timeLimit - 1)
        }
        let createdAt = min(max(self.createdAt.milliseconds, 0), RedisQueueScore.timeLimit - 1)
        return Int64(100 - self.priority) * RedisQueueScore.timeLimit + createdAt
    }
}

extension ProcessRecord {
    /// The place among the children of its parent. The Lua of the claim computes the same.
    fileprivate var childScore: Int64 {
        RedisChildScore.first(of: self.status)
            + min(max(self.createdAt.milliseconds, 0), RedisQueueScore.timeLimit - 1)
    }
}

/// The numbers that scores of children are made of: how many of each status there are is a count of a range.
enum RedisChildScore {
    /// The order of the statuses, those that have not ended first.
    static let statuses: [ProcessStatus] = [.pending, .running, .completed, .failed, .cancelled]

    /// Where the children of a status begin.
    static func first(of status: ProcessStatus) -> Int64 {
        Int64(Self.statuses.firstIndex(of: status) ?? 0) * RedisQueueScore.timeLimit
    }

    /// The status of a child.
    static func status(of score: Int64) -> ProcessStatus? {
        let place = score / RedisQueueScore.timeLimit
        return Self.statuses.indices.contains(Int(place)) ? Self.statuses[Int(place)] : nil
    }

    /// Where those begin that have ended.
    static let firstFinished = Self.first(of: .completed)
}

/// The numbers that scores of a queue are made of.
enum RedisQueueScore {
    /// Milliseconds up to the year 2248.
    static let timeLimit: Int64 = 1 << 43
    /// Where those begin that are not due yet.
    static let firstDelayed: Int64 = 1 << 52
}
