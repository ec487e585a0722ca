/// Which processes to list, in which order, from where, and how many.
public struct ProcessQuery: Hashable, Sendable {
    /// The direction of a walk through (`createdAt`, id).
    public enum Order: String, Hashable, Sendable, CaseIterable {
        /// The latest first.
        case newest
        /// The earliest first.
        case oldest
    }

    /// A place in the order of (`createdAt`, id): the last process of a page.
    public struct Cursor: Hashable, Sendable {
        /// Its `createdAt`.
        public var createdAt: Timestamp
        /// Its id.
        public var id: ProcessID

        /// Takes both parts.
        public init(createdAt: Timestamp, id: ProcessID) {
            self.createdAt = createdAt
            self.id = id
        }
    }

    /// Only these statuses; empty is every one.
    public var statuses: Set<ProcessStatus> = []
    /// Only these kinds; empty is every one.
    public var kinds: Set<String> = []
    /// Only these queues; empty is every one, and none.
    public var queues: Set<String> = []
    /// Only those with each of these labels.
    public var metadata: [ProcessMetadata.Entry] = []
    /// Only those created after it; exclusive.
    public var createdAfter: Timestamp?
    /// Only those created before it; exclusive.
    public var createdBefore: Timestamp?
    /// The direction.
    public var order = Order.newest
    /// Only those that come after this place in the order.
    public var after: Cursor?
    /// How many at the most, 1 or more.
    public var limit = 100
    /// How many records may be looked at for one page.
    public var walkLimit = 10_000
    /// A page ends with the record whose payloads reach this many bytes in all.
    public var byteLimit = 4 << 20

    /// Lists everything, the newest first.
    public init() {}

    /// Whether a record passes the filter; says nothing of its place after the cursor.
    ///
    /// - Parameter record: The record to look at.
    /// - Returns: Whether every condition holds.
    public func matches(_ record: ProcessRecord) -> Bool {
        guard self.statuses.isEmpty || self.statuses.contains(record.status) else { return false }
        guard self.kinds.isEmpty || self.kinds.contains(record.kind) else { return false }
        if !self.queues.isEmpty {
            guard let queue = record.queue, self.queues.contains(queue) else { return false }
        }
        if let after = self.createdAfter, record.createdAt <= after { return false }
        if let before = self.createdBefore, record.createdAt >= before { return false }
        return self.metadata.allSatisfy { record.metadata[$0.key] == $0.value }
    }
}

/// A page of a list.
public struct ProcessPage: Hashable, Sendable {
    /// The processes, in the order asked for.
    public var records: [ProcessRecord]
    /// Where the next page begins; `nil` where there is none.
    public var next: ProcessQuery.Cursor?

    /// Takes both parts.
    public init(records: [ProcessRecord], next: ProcessQuery.Cursor?) {
        self.records = records
        self.next = next
    }
}

/// How many processes there are of each sort.
public struct ProcessCounts: Hashable, Sendable {
    /// By status; a status that no process has may be absent.
    public var byStatus: [ProcessStatus: Int]
    /// By kind, finished ones included.
    public var byKind: [String: Int]
    /// Those that wait, by queue: its depth, the delayed ones included.
    public var byQueue: [String: Int]
    /// When the oldest running process was created.
    public var oldestRunning: Timestamp?
    /// When the oldest pending process was created.
    public var oldestPending: Timestamp?
    /// Since when the process of each queue that has been due for the longest has been due: its `runAfter`, else its
    /// `createdAt`; queues in which nothing is due are absent.
    ///
    /// Of each priority the first ``dueSearchLimit`` in the order of claims are looked at, so where more than that were
    /// delayed once, one behind them may have been due for longer.
    public var oldestDue: [String: Timestamp]

    /// How many due processes of one queue and priority are looked at for the one that has been due for the longest.
    public static let dueSearchLimit = 100

    /// Takes the six parts.
    public init(
        byStatus: [ProcessStatus: Int] = [:], byKind: [String: Int] = [:], byQueue: [String: Int] = [:],
        oldestRunning: Timestamp? = nil, oldestPending: Timestamp? = nil, oldestDue: [String: Timestamp] = [:]
    ) {
        self.byStatus = byStatus
        self.byKind = byKind
        self.byQueue = byQueue
        self.oldestRunning = oldestRunning
        self.oldestPending = oldestPending
        self.oldestDue = oldestDue
    }

    /// How many there are in all.
    public var total: Int { self.byStatus.values.reduce(0, +) }
}
