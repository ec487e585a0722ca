internal import ProcessCore

/// What the writes of one transaction change of the counts, put together and written once, at its end.
struct CountChanges {
    /// What is counted.
    enum Key: Hashable {
        case status(String)
        case kind(String)
        /// The pending ones of a queue.
        case queue(String)
        case tombstones

        /// What stands in the table.
        var columns: (sort: String, name: String) {
            switch self {
            case .status(let name): ("status", name)
            case .kind(let name): ("kind", name)
            case .queue(let name): ("queue", name)
            case .tombstones: ("tombstones", "")
            }
        }
    }

    private(set) var changes: [Key: Int] = [:]

    /// Counts up, or down.
    mutating func add(_ number: Int, _ key: Key) { self.changes[key, default: 0] += number }

    /// Counts a process that is new, or with -1 one that is gone.
    ///
    /// The status is the text in the row, which may be none of ours.
    mutating func add(_ number: Int, status: String, kind: String, queue: String?) {
        self.add(number, .status(status))
        self.add(number, .kind(kind))
        self.addWaiting(number, status: status, queue: queue)
    }

    /// Counts a process that changed its status.
    mutating func move(from old: String, to new: String, queue: String?) {
        guard old != new else { return }
        self.add(-1, .status(old))
        self.add(1, .status(new))
        self.addWaiting(-1, status: old, queue: queue)
        self.addWaiting(1, status: new, queue: queue)
    }

    private mutating func addWaiting(_ number: Int, status: String, queue: String?) {
        if let queue, status == ProcessStatus.pending.rawValue { self.add(number, .queue(queue)) }
    }

    /// Takes what was put together, and begins anew.
    mutating func takeAll() -> [Key: Int] {
        defer { self.changes.removeAll(keepingCapacity: true) }
        return self.changes
    }
}

extension StoreWriter {
    /// Ends the writes of a transaction that is about to be committed.
    func finishTransaction() throws(SQLiteError) {
        for (key, number) in self.countChanges.takeAll() where number != 0 {
            let (sort, name) = key.columns
            self.changeCount.bind(sort, at: 1)
            self.changeCount.bind(name, at: 2)
            self.changeCount.bind(number, at: 3)
            try self.changeCount.run()
        }
    }

    /// Forgets the writes of a transaction that was undone.
    func discardTransaction() { _ = self.countChanges.takeAll() }

    /// How many processes there are, those included that this transaction inserted.
    func processCount() throws(SQLiteError) -> Int {
        let statement = try self.reader.statement("SELECT sum(number) FROM counts WHERE sort = 'status'")
        defer { statement.reset() }
        let kept = try statement.step() ? Int(statement.integer(at: 0)) : 0
        return self.countChanges.changes.reduce(kept) { sum, change in
            if case .status = change.key { sum + change.value } else { sum }
        }
    }

    /// How many tombstones there are, those included that this transaction inserted.
    func tombstoneCount() throws(SQLiteError) -> Int {
        let statement = try self.reader.statement("SELECT number FROM counts WHERE sort = 'tombstones'")
        defer { statement.reset() }
        let kept = try statement.step() ? Int(statement.integer(at: 0)) : 0
        return kept + (self.countChanges.changes[.tombstones] ?? 0)
    }

    /// Counts everything anew, for a store that somebody else wrote to. Walks three indexes and the tombstones.
    func recount() throws(SQLiteError) {
        _ = self.countChanges.takeAll()
        try self.connection.execute("DELETE FROM counts; INSERT INTO counts \(Self.countingQuery)")
    }

    /// Sort, name and number of everything that is counted, by looking at all of it.
    static let countingQuery = """
        SELECT 'status', status, count(*) FROM processes GROUP BY status
        UNION ALL SELECT 'kind', kind, count(*) FROM processes GROUP BY kind
        UNION ALL SELECT 'queue', queue, count(*) FROM processes
            WHERE status = 'pending' AND queue IS NOT NULL GROUP BY queue
        UNION ALL SELECT 'tombstones', '', count(*) FROM tombstones
        """
}
