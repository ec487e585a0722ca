import ProcessCore

/// What a repository promises, as plainly as it can be written: dictionaries, and a look at everything each time.
struct HistoryModel {
    private(set) var records: [ProcessID: ProcessRecord] = [:]
    private(set) var tombstones: [ProcessID: Tombstone] = [:]
    private var keys: [String: (fingerprint: String, id: ProcessID, life: Int)] = [:]
    /// How many processes have had an id.
    private var lives: [ProcessID: Int] = [:]

    func lookup(_ id: ProcessID) -> ProcessLookup {
        if let record = self.records[id] { return .found(record) }
        if let tombstone = self.tombstones[id] { return .removed(tombstone) }
        return .missing
    }

    mutating func insert(_ insertion: ProcessInsertion) -> InsertOutcome {
        let record = insertion.record
        if let sent = insertion.idempotency, let known = self.keys[sent.key] {
            guard known.fingerprint == sent.fingerprint else { return .idempotencyMismatch }
            let isOther = self.records[known.id] != nil && self.lives[known.id] != known.life
            return .replayed(isOther ? .missing : self.lookup(known.id))
        }
        switch self.lookup(record.id) {
        case .missing: break
        case .removed(let tombstone): return .removed(tombstone)
        case let taken: return .exists(taken)
        }
        if insertion.requiresParent, let parent = record.parentID, self.records[parent] == nil { return .parentMissing }
        if let maximum = insertion.maximumCount, self.records.count >= maximum { return .full }
        self.records[record.id] = record
        let life = self.lives[record.id, default: 0] + 1
        self.lives[record.id] = life
        if let sent = insertion.idempotency { self.keys[sent.key] = (sent.fingerprint, record.id, life) }
        return .inserted
    }

    mutating func replace(
        _ record: ProcessRecord, ifRevision revision: Int64, notBefore instant: Timestamp?, at now: Timestamp
    ) -> ReplaceOutcome {
        guard let current = self.records[record.id], current.revision == revision else {
            return .conflict(self.lookup(record.id))
        }
        if let instant, now < instant { return .tooEarly }
        self.records[record.id] = record
        return .replaced
    }

    mutating func claim(_ request: ClaimRequest, at now: Timestamp) throws -> [ProcessRecord] {
        let due = self.records.values.filter { record in
            record.isDue(at: now) && request.queues.contains(record.queue ?? "")
        }
        let ordered = due.sorted { left, right in
            if left.priority != right.priority { return left.priority > right.priority }
            return left.createdAt == right.createdAt ? left.id < right.id : left.createdAt < right.createdAt
        }
        return try ordered.prefix(request.limit).map { record in
            let next = try ProcessTransition(.claim(request.claim), at: now).apply(to: record).record
            self.records[record.id] = next
            return next
        }
    }

    /// When the lease or the deadline of a process passes.
    static func overdueAt(_ record: ProcessRecord) -> Timestamp? {
        [record.leaseExpiresAt, record.deadline].compactMap { $0 }.min()
    }

    func overdue(at now: Timestamp) -> [ProcessRecord] {
        self.records.values.filter { record in Self.overdueAt(record).map { $0 <= now } ?? false }
    }

    /// What a cleanup must remove, and what it may remove besides: parents whose children it removes as well.
    func removable(by scope: CleanupRequest.Scope) -> (certain: Set<ProcessID>, possible: Set<ProcessID>) {
        let unfinished = self.records.values.filter { !$0.status.isFinished }
        let held = Set(unfinished.compactMap(\.parentID))
        let heldForGood = Set(unfinished.filter { !scope.includes($0) }.compactMap(\.parentID))
        let included = Set(self.records.values.filter(scope.includes).map(\.id))
        return (included.subtracting(held), included.subtracting(heldForGood))
    }

    mutating func remove(_ id: ProcessID, at now: Timestamp, isRemembered: Bool) {
        guard let record = self.records.removeValue(forKey: id) else { return }
        if isRemembered { self.tombstones[id] = Tombstone(id: id, status: record.status, removedAt: now) }
    }

    func listed(by query: ProcessQuery) -> [ProcessRecord] {
        PageTests.expected(query, of: Array(self.records.values))
    }
}
