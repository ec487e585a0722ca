/// Everything the in-memory store finds processes by, other than their id; changes in one critical section.
struct InMemoryIndexes: Sendable {
    /// Finished processes of one status, by when they finished.
    struct Finished: Sendable {
        /// Those that say nothing of how long they are kept.
        var plain = SortedIndex<InMemoryEntry>()
        /// Those with a `retain` of their own.
        var retained = SortedIndex<InMemoryEntry>()
    }

    /// The children of one process.
    struct Family: Sendable {
        /// All of them, by `createdAt`.
        fileprivate(set) var all = SortedIndex<InMemoryEntry>(chunkLimit: 64)
        /// How many there are of each status.
        fileprivate(set) var counts = ByStatus(0)

        /// Whether one of them has not ended.
        var hasUnfinished: Bool { self.counts[.pending] + self.counts[.running] > 0 }
    }

    /// All processes, by `createdAt`.
    private(set) var created = SortedIndex<InMemoryEntry>()
    /// Those of each status, by `createdAt`.
    private(set) var statuses = ByStatus(SortedIndex<InMemoryEntry>())
    /// Those of each kind, by `createdAt`.
    private(set) var kinds: [String: SortedIndex<InMemoryEntry>] = [:]
    /// Those of each queue.
    var queues: [String: InMemoryQueue] = [:]
    /// Those whose lease or deadline may pass, by whichever comes first.
    private(set) var overdue = SortedIndex<InMemoryEntry>()
    /// The finished ones of each status.
    private(set) var finished = ByStatus(Finished())
    /// Those whose own `retain` lets them go, by when it does.
    private(set) var expiring = SortedIndex<InMemoryEntry>()
    /// Those with output that is not removed yet, by a time at which they had not ended, or had just ended.
    private(set) var streams = SortedIndex<InMemoryEntry>()
    /// The children of each parent, which need not be there itself; parents without any are not there.
    private(set) var families: [ProcessID: Family] = [:]
    /// What is remembered of removed processes and of idempotency keys.
    var memories = InMemoryMemories()

    /// Where an entry stands, besides the indexes it never leaves; what differs after a change is moved.
    struct Places: Equatable {
        let status: ProcessStatus
        let finishedAt: Timestamp?
        let isRetained: Bool
        let expiresAt: Timestamp?
        let overdueAt: Timestamp?
        let runAfter: Timestamp?

        init(_ entry: InMemoryEntry) {
            self.status = entry.status
            self.finishedAt = entry.status.isFinished ? entry.finishedAt : nil
            self.isRetained = entry.retain != nil
            self.expiresAt = entry.status.isFinished ? entry.expiresAt : nil
            self.overdueAt = entry.overdueAt
            self.runAfter = entry.status == .pending ? entry.runAfter : nil
        }
    }

    /// Packs a record, sharing the texts that many have in common.
    func pack(_ record: ProcessRecord) -> InMemoryEntry {
        func shared(_ text: String) -> String {
            // Texts of up to 15 bytes need no storage that could be shared.
            guard text.utf8.count > 15, let index = self.kinds.index(forKey: text) else { return text }
            return self.kinds.keys[index]
        }
        func sharedQueue(_ text: String) -> String {
            guard text.utf8.count > 15, let index = self.queues.index(forKey: text) else { return text }
            return self.queues.keys[index]
        }
        return InMemoryEntry(record, kind: shared(record.kind), queue: record.queue.map(sharedQueue))
    }

    /// Puts a new entry in every index that it belongs to.
    mutating func add(_ entry: InMemoryEntry, now: Timestamp) {
        let createdAt = entry.createdAt.milliseconds
        self.created.insert(entry, score: createdAt)
        self.kinds[entry.kind, default: SortedIndex()].insert(entry, score: createdAt)
        if let queue = entry.queue {
            self.queues[queue, default: InMemoryQueue()].all.insert(entry, score: createdAt)
        }
        if let parent = entry.parentID { self.families[parent, default: Family()].all.insert(entry, score: createdAt) }
        self.enter(entry, Places(entry), now: now)
    }

    /// Remembers that a process with output had not ended at a time, or forgets that it has output.
    mutating func noteStream(of entry: InMemoryEntry, unfinishedAt instant: Timestamp?) {
        if let score = entry.streamScore { self.streams.remove(score: score, id: entry.sortID) }
        entry.streamScore = instant?.milliseconds
        if let instant { self.streams.insert(entry, score: instant.milliseconds) }
    }

    /// Takes an entry out of every index.
    mutating func remove(_ entry: InMemoryEntry) {
        let createdAt = entry.createdAt.milliseconds
        self.noteStream(of: entry, unfinishedAt: nil)
        self.leave(entry, Places(entry))
        self.created.remove(score: createdAt, id: entry.sortID)
        self.kinds[entry.kind]?.remove(score: createdAt, id: entry.sortID)
        if self.kinds[entry.kind]?.isEmpty == true { self.kinds[entry.kind] = nil }
        if let queue = entry.queue {
            self.queues[queue]?.all.remove(score: createdAt, id: entry.sortID)
            if self.queues[queue]?.isEmpty == true { self.queues[queue] = nil }
        }
        if let parent = entry.parentID {
            self.families[parent]?.all.remove(score: createdAt, id: entry.sortID)
            if self.families[parent]?.all.isEmpty == true { self.families[parent] = nil }
        }
    }

    /// Moves an entry that has changed from where it stood to where it belongs.
    mutating func move(_ entry: InMemoryEntry, from before: Places, now: Timestamp) {
        let after = Places(entry)
        guard before != after else { return }
        self.leave(entry, before, unless: after)
        self.enter(entry, after, unless: before, now: now)
    }

    private mutating func enter(
        _ entry: InMemoryEntry, _ places: Places, unless other: Places? = nil, now: Timestamp
    ) {
        if places.status != other?.status {
            self.statuses[places.status].insert(entry, score: entry.createdAt.milliseconds)
            if let parent = entry.parentID { self.families[parent]?.counts[places.status] += 1 }
        }
        if let queue = entry.queue, places.isWaiting, !places.waits(like: other) {
            self.queues[queue]?.add(entry, now: now)
        }
        if let overdueAt = places.overdueAt, overdueAt != other?.overdueAt {
            self.overdue.insert(entry, score: overdueAt.milliseconds)
        }
        if let finishedAt = places.finishedAt, !places.isFinished(like: other) {
            if places.isRetained {
                self.finished[places.status].retained.insert(entry, score: finishedAt.milliseconds)
            } else {
                self.finished[places.status].plain.insert(entry, score: finishedAt.milliseconds)
            }
        }
        if let expiresAt = places.expiresAt, expiresAt != other?.expiresAt {
            self.expiring.insert(entry, score: expiresAt.milliseconds)
        }
    }

    private mutating func leave(_ entry: InMemoryEntry, _ places: Places, unless other: Places? = nil) {
        if places.status != other?.status {
            self.statuses[places.status].remove(score: entry.createdAt.milliseconds, id: entry.sortID)
            if let parent = entry.parentID { self.families[parent]?.counts[places.status] -= 1 }
        }
        if let queue = entry.queue, places.isWaiting, !places.waits(like: other) {
            self.queues[queue]?.remove(entry, runAfter: places.runAfter)
        }
        if let overdueAt = places.overdueAt, overdueAt != other?.overdueAt {
            self.overdue.remove(score: overdueAt.milliseconds, id: entry.sortID)
        }
        if let finishedAt = places.finishedAt, !places.isFinished(like: other) {
            if places.isRetained {
                self.finished[places.status].retained.remove(score: finishedAt.milliseconds, id: entry.sortID)
            } else {
                self.finished[places.status].plain.remove(score: finishedAt.milliseconds, id: entry.sortID)
            }
        }
        if let expiresAt = places.expiresAt, expiresAt != other?.expiresAt {
            self.expiring.remove(score: expiresAt.milliseconds, id: entry.sortID)
        }
    }

    /// The counts of this moment.
    func counts(at now: Timestamp) -> ProcessCounts {
        var counts = ProcessCounts()
        for status in ProcessStatus.allCases where !self.statuses[status].isEmpty {
            counts.byStatus[status] = self.statuses[status].count
        }
        counts.byKind = self.kinds.mapValues(\.count)
        for (name, queue) in self.queues where queue.depth > 0 {
            counts.byQueue[name] = queue.depth
            counts.oldestDue[name] = queue.oldestDue(at: now)
        }
        counts.oldestRunning = self.statuses[.running].first.map { Timestamp(milliseconds: $0.score) }
        counts.oldestPending = self.statuses[.pending].first.map { Timestamp(milliseconds: $0.score) }
        return counts
    }
}

extension InMemoryIndexes.Places {
    fileprivate var isWaiting: Bool { self.status == .pending }

    /// Whether both wait, and for the same time.
    fileprivate func waits(like other: Self?) -> Bool {
        guard let other else { return false }
        return self.isWaiting && other.isWaiting && self.runAfter == other.runAfter
    }

    /// Whether both stand in the same index of finished ones, at the same place.
    fileprivate func isFinished(like other: Self?) -> Bool {
        guard let other else { return false }
        return self.status == other.status && self.finishedAt == other.finishedAt
            && self.isRetained == other.isRetained
    }
}

/// One value for each status.
struct ByStatus<Value> {
    private var values: [5 of Value]

    init(_ value: Value) where Value: Sendable {
        self.values = .init(repeating: value)
    }

    subscript(_ status: ProcessStatus) -> Value {
        get { self.values[Self.place(status)] }
        _modify { yield &self.values[Self.place(status)] }
    }

    private static func place(_ status: ProcessStatus) -> Int {
        switch status {
        case .pending: 0
        case .running: 1
        case .completed: 2
        case .failed: 3
        case .cancelled: 4
        }
    }
}

extension ByStatus: Sendable where Value: Sendable {}
