import Synchronization

/// Keeps processes in memory, for tests and for runs whose processes need not outlive the service.
///
/// Nothing survives the service, and no other instance sees it. What is there is bounded by the caller's `maximumCount`
/// and by cleanups; the store itself is never full.
///
/// Look-ups by id share nothing but one of many short locks. Changes, lists and claims share one lock over the indexes,
/// which is held for one change, one batch or one slice of a walk, never for a walk over everything.
public final class InMemoryProcessRepository: ProcessRepository {
    // Lock order: the indexes, then at most one shard. A change holds both; so whoever holds either reads a whole entry.
    let shards = InMemoryShards()
    let indexes = Mutex(InMemoryIndexes())
    let listeners = ChangeListeners()
    private let isClosed = Atomic(false)
    private let clock: @Sendable () -> Timestamp
    private let maximumTombstones: Int

    /// How many passed tombstones and keys one ``forgetExpired()`` removes at the most.
    static let forgetLimit = 1_000

    /// An empty store.
    ///
    /// - Parameters:
    ///   - maximumTombstones: How many removed ids are remembered at the most.
    ///   - now: The time, which leases and deadlines are judged by; must be cheap.
    public init(
        maximumTombstones: Int = CleanupRequest.maximumTombstones, now: @escaping @Sendable () -> Timestamp
    ) {
        self.maximumTombstones = maximumTombstones
        self.clock = now
    }

    /// The time the store was given.
    public func now() -> Timestamp { self.clock() }

    /// See ``ProcessRepository/insert(_:)``.
    public func insert(_ insertion: ProcessInsertion) async throws(ProcessRepositoryError) -> InsertOutcome {
        try self.checkOpen()
        let now = self.clock()
        let outcome = self.indexes.withLock { indexes in self.insert(insertion, into: &indexes, now: now) }
        if outcome == .inserted { self.listeners.tell(ChangeNotice(insertion.record, at: now)) }
        return outcome
    }

    private func insert(
        _ insertion: ProcessInsertion, into indexes: inout InMemoryIndexes, now: Timestamp
    ) -> InsertOutcome {
        let record = insertion.record
        if let idempotency = insertion.idempotency, let known = indexes.memories.key(idempotency.key, now: now) {
            guard known.fingerprint == idempotency.fingerprint else { return .idempotencyMismatch }
            return .replayed(self.lookup(known.id).ofProcess(createdAt: known.createdAt))
        }
        switch self.lookup(record.id) {
        case .missing: break
        case .removed(let tombstone): return .removed(tombstone)
        case let taken: return .exists(taken)
        }
        if insertion.requiresParent, let parent = record.parentID,
            !self.shards[parent].contents.withLock({ $0.entries[parent] != nil })
        {
            return .parentMissing
        }
        if let maximum = insertion.maximumCount, indexes.created.count >= maximum { return .full }

        let entry = indexes.pack(record)
        let passed = self.shards[record.id].contents.withLock { shard in
            shard.entries[record.id] = entry
            return shard.tombstones.isEmpty ? nil : shard.tombstones.removeValue(forKey: record.id)
        }
        if let passed { indexes.memories.forget(passed) }
        indexes.add(entry, now: now)
        if let idempotency = insertion.idempotency {
            indexes.memories.remember(InMemoryKey(idempotency, of: record, now: now))
        }
        return .inserted
    }

    /// See ``ProcessRepository/find(_:)-(ProcessID)``.
    public func find(_ id: ProcessID) async throws(ProcessRepositoryError) -> ProcessLookup {
        try self.checkOpen()
        return self.lookup(id)
    }

    /// See ``ProcessRepository/find(_:)-([ProcessID])``.
    public func find(_ ids: [ProcessID]) async throws(ProcessRepositoryError) -> [ProcessLookup] {
        try self.checkOpen()
        return ids.map { self.lookup($0) }
    }

    /// See ``ProcessRepository/replace(_:over:notBefore:)``.
    public func replace(
        _ record: ProcessRecord, over old: ProcessRecord, notBefore instant: Timestamp?
    ) async throws(ProcessRepositoryError) -> ReplaceOutcome {
        try self.checkOpen()
        let outcome = self.indexes.withLock { indexes -> ReplaceOutcome in
            let now = self.clock()
            if let instant, now < instant { return .tooEarly }
            let entry = self.shards[record.id].contents.withLock { $0.entries[record.id] }
            guard let entry, entry.revision == old.revision, entry.createdAt == old.createdAt,
                entry.state.updatedAt == old.updatedAt
            else {
                return .conflict(self.lookup(record.id))
            }
            self.update(entry, to: record, in: &indexes, now: now)
            return .replaced
        }
        if outcome == .replaced { self.listeners.tell(ChangeNotice(record, at: self.clock())) }
        return outcome
    }

    /// See ``ProcessRepository/findOverdue(at:limit:)``.
    public func findOverdue(
        at instant: Timestamp, limit: Int
    ) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        try self.checkOpen()
        return self.indexes.withLock { indexes in
            var records: [ProcessRecord] = []
            let end = indexes.overdue.position(after: instant.milliseconds)
            var position = indexes.overdue.start
            while position != end, records.count < limit {
                records.append(ProcessRecord(indexes.overdue[position].element))
                position = indexes.overdue.position(after: position)
            }
            return records
        }
    }

    /// See ``ProcessRepository/counts()``.
    public func counts() async throws(ProcessRepositoryError) -> ProcessCounts {
        try self.checkOpen()
        return self.indexes.withLock { $0.counts(at: self.now()) }
    }

    /// See ``ProcessRepository/forgetExpired()``.
    public func forgetExpired() async throws(ProcessRepositoryError) -> Bool {
        try self.checkOpen()
        return self.indexes.withLock { indexes in
            let now = self.clock()
            for _ in 0..<Self.forgetLimit {
                if let oldest = indexes.memories.oldestTombstone, oldest.expiresAt <= now {
                    self.forget(oldest, in: &indexes)
                } else if !indexes.memories.forgetKey(now: now) {
                    return false
                }
            }
            return true
        }
    }

    /// See ``ProcessRepository/listen(_:)``.
    public func listen(_ listener: @escaping @Sendable (ChangeNotice) -> Void) { self.listeners.add(listener) }

    /// See ``ProcessRepository/health()``.
    public func health() async -> RepositoryHealth {
        self.isClosed.load(ordering: .acquiring)
            ? RepositoryHealth(.down, reason: Self.closedMessage, latency: .zero)
            : RepositoryHealth(.ok, latency: .zero)
    }

    /// See ``ProcessRepository/close()``.
    public func close() async {
        self.isClosed.store(true, ordering: .releasing)
    }

    private static let closedMessage = "the in-memory store is closed; nothing has changed"

    func checkOpen() throws(ProcessRepositoryError) {
        if self.isClosed.load(ordering: .acquiring) {
            throw ProcessRepositoryError(.unavailable, Self.closedMessage)
        }
    }

    func lookup(_ id: ProcessID) -> ProcessLookup {
        self.shards[id].lookup(id, now: self.clock)
    }

    // MARK: Changes of one entry, under the index lock

    /// Gives an entry the content of a record, and moves it to where that belongs.
    func update(_ entry: InMemoryEntry, to record: ProcessRecord, in indexes: inout InMemoryIndexes, now: Timestamp) {
        let before = InMemoryIndexes.Places(entry)
        self.shards[entry.id].contents.withLock { _ in entry.update(from: record) }
        indexes.move(entry, from: before, now: now)
    }

    /// Removes an entry, and remembers its id where there is a tombstone.
    func remove(_ entry: InMemoryEntry, as tombstone: InMemoryTombstone?, in indexes: inout InMemoryIndexes) {
        indexes.remove(entry)
        self.shards[entry.id].contents.withLock { shard in
            shard.entries[entry.id] = nil
            if let tombstone { shard.tombstones[entry.id] = tombstone }
        }
        guard let tombstone else { return }
        indexes.memories.remember(tombstone)
        while indexes.memories.tombstoneCount > self.maximumTombstones, let oldest = indexes.memories.oldestTombstone {
            self.forget(oldest, in: &indexes)
        }
    }

    private func forget(_ tombstone: InMemoryTombstone, in indexes: inout InMemoryIndexes) {
        indexes.memories.forget(tombstone)
        let id = tombstone.tombstone.id
        self.shards[id].contents.withLock { shard in
            if shard.tombstones[id] === tombstone { shard.tombstones[id] = nil }
        }
    }
}
