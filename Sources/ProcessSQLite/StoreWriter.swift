internal import ProcessCore

/// The writes of a store on the one connection that makes them; used by the writer's thread alone.
///
/// Each method is called inside a transaction, decides by what it reads there, and then writes wholly; where it throws,
/// its caller rolls the transaction back.
final class StoreWriter {
    let reader: StoreReader
    let options: SQLiteStoreOptions
    let now: @Sendable () -> Timestamp
    /// Begins a transaction, for which it may wait for another instance.
    let begin: SQLiteStatement
    /// Keeps a transaction.
    let commit: SQLiteStatement
    private let insertProcess: SQLiteStatement
    private let insertLargeInput: SQLiteStatement
    private let processExists: SQLiteStatement
    private let findKey: SQLiteStatement
    private let keepKey: SQLiteStatement
    private let current: SQLiteStatement
    let changeCount: SQLiteStatement
    /// What the transaction that is open changes of the counts.
    var countChanges = CountChanges()
    /// By the groups of columns that they set.
    private var updates: [ColumnGroups: SQLiteStatement] = [:]

    var connection: SQLiteConnection { self.reader.connection }

    init(
        _ connection: SQLiteConnection, options: SQLiteStoreOptions, unreadableRows: UnreadableRows,
        now: @escaping @Sendable () -> Timestamp
    ) throws(SQLiteError) {
        self.reader = try StoreReader(connection, unreadableRows: unreadableRows)
        self.begin = try SQLiteStatement("BEGIN IMMEDIATE", on: connection)
        self.commit = try SQLiteStatement("COMMIT", on: connection)
        self.options = options
        self.now = now
        let columns = ProcessColumn.allCases.map(\.name).joined(separator: ", ")
        let parameters = ProcessColumn.allCases.map { "?\($0.parameter)" }.joined(separator: ", ")
        self.insertProcess = try SQLiteStatement(
            "INSERT INTO processes (\(columns)) VALUES (\(parameters)) ON CONFLICT (id) DO NOTHING", on: connection)
        self.insertLargeInput = try SQLiteStatement("INSERT INTO large_inputs VALUES (?1, ?2)", on: connection)
        self.processExists = try SQLiteStatement("SELECT 1 FROM processes WHERE id = ?1", on: connection)
        self.findKey = try SQLiteStatement(
            "SELECT fingerprint, process_id FROM idempotency_keys WHERE key = ?1 AND expires_at > ?2", on: connection)
        self.keepKey = try SQLiteStatement(
            "INSERT OR REPLACE INTO idempotency_keys VALUES (?1, ?2, ?3, ?4)", on: connection)
        self.current = try SQLiteStatement(
            """
            SELECT row, revision, status, is_delayed, run_after, lease_expires_at, deadline, finished_at, expires_at,
                retain
            FROM processes WHERE id = ?1
            """, on: connection)
        self.changeCount = try SQLiteStatement(
            "INSERT INTO counts VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET number = number + excluded.number",
            on: connection)
    }

    // MARK: Insert

    /// Keeps a new process, if nothing stands against it.
    func insert(_ insertion: ProcessInsertion) throws(SQLiteError) -> InsertOutcome {
        let record = insertion.record
        let now = self.now()
        if let idempotency = insertion.idempotency,
            let outcome = try self.earlierOutcome(of: idempotency, at: now)
        {
            return outcome
        }
        if !insertion.hasGeneratedID {
            switch try self.reader.lookup(record.id, at: now) {
            case .missing: break
            case .removed(let tombstone): return .removed(tombstone)
            case .found(let record): return .exists(.found(record))
            case .corrupt(let reason): return .exists(.corrupt(reason))
            }
        }
        if insertion.requiresParent, let parentID = record.parentID, try !self.exists(parentID) {
            return .parentMissing
        }
        if let maximumCount = insertion.maximumCount, try self.processCount() >= maximumCount { return .full }

        self.insertProcess.bindConstants(of: record)
        self.insertProcess.bindVariables(of: record, at: now)
        try self.insertProcess.run()
        guard self.connection.changes == 1 else { return .exists(try self.reader.lookup(record.id, at: now)) }
        if let input = record.input, input.count > SQLiteStatement.largestInlineInput {
            self.insertLargeInput.bind(self.connection.lastInsertedRow, at: 1)
            input.withUnsafeBytes { self.insertLargeInput.bind($0, at: 2) }
            try self.insertLargeInput.run()
        }
        self.countChanges.add(1, status: record.status.rawValue, kind: record.kind, queue: record.queue)
        if let idempotency = insertion.idempotency {
            self.keepKey.bind(idempotency.key, at: 1)
            self.keepKey.bind(idempotency.fingerprint, at: 2)
            self.keepKey.bind(record.id.text, at: 3)
            self.keepKey.bind((now + idempotency.lifetime).milliseconds, at: 4)
            try self.keepKey.run()
        }
        return .inserted
    }

    /// What a start under the same key that came before means for this one; `nil` where there was none.
    private func earlierOutcome(
        of idempotency: ProcessInsertion.Idempotency, at now: Timestamp
    ) throws(SQLiteError) -> InsertOutcome? {
        self.findKey.bind(idempotency.key, at: 1)
        self.findKey.bind(now.milliseconds, at: 2)
        guard try self.findKey.step() else { return nil }
        let fingerprint = self.findKey.text(at: 0)
        let id = ProcessID(trusted: self.findKey.text(at: 1) ?? "")
        self.findKey.reset()
        guard fingerprint == idempotency.fingerprint else { return .idempotencyMismatch }
        return .replayed(try self.reader.lookup(id, at: now))
    }

    private func exists(_ id: ProcessID) throws(SQLiteError) -> Bool {
        self.processExists.bind(id.text, at: 1)
        guard try self.processExists.step() else { return false }
        self.processExists.reset()
        return true
    }

    // MARK: Replace

    /// Columns that stand in indexes of their own, so that a change which leaves them alone leaves those indexes alone.
    struct ColumnGroups: OptionSet, Hashable {
        let rawValue: Int
        static let status = ColumnGroups(rawValue: 1)
        static let delay = ColumnGroups(rawValue: 2)
        static let lease = ColumnGroups(rawValue: 4)
        static let deadline = ColumnGroups(rawValue: 8)
        static let end = ColumnGroups(rawValue: 16)

        private static let groups: [(ColumnGroups, [ProcessColumn])] = [
            (.status, [.status]), (.delay, [.isDelayed, .runAfter]), (.lease, [.leaseExpiresAt]),
            (.deadline, [.deadline]), (.end, [.finishedAt, .expiresAt, .retain]),
        ]

        /// What every change sets; no index holds any of these.
        private static let others: [ProcessColumn] = [
            .revision, .updatedAt, .startedAt, .heartbeatAt, .progressAt, .estimatedFinishAt, .attempt, .maxAttempts,
            .worker, .claimedLease, .cancelRequested, .cancelReason, .hasProgress, .progressFraction, .progressDone,
            .progressTotal, .progressMessage, .errorCode, .errorMessage, .errorDetails, .result,
        ]

        var update: String {
            let grouped = Self.groups.filter { self.contains($0.0) }.flatMap(\.1)
            let settings = (grouped + Self.others).map { "\($0.name) = ?\($0.parameter)" }.joined(separator: ", ")
            return "UPDATE processes SET \(settings) WHERE row = ?\(ProcessColumn.row.parameter)"
        }
    }

    /// Puts a changed record in the place of the one it was made from.
    func replace(
        _ record: ProcessRecord, ifRevision revision: Int64, notBefore instant: Timestamp?
    ) throws(SQLiteError) -> ReplaceOutcome {
        let now = self.now()
        if let instant, now < instant { return .tooEarly }
        guard try self.update(record, ifRevision: revision, at: now) else {
            return .conflict(try self.reader.lookup(record.id, at: now))
        }
        return .replaced
    }

    /// Writes a changed record if it has the revision given.
    ///
    /// - Returns: Whether it had.
    func update(_ record: ProcessRecord, ifRevision revision: Int64, at now: Timestamp) throws(SQLiteError) -> Bool {
        self.current.bind(record.id.text, at: 1)
        guard try self.current.step() else { return false }
        guard self.current.integer(at: 1) == revision else {
            self.current.reset()
            return false
        }
        let row = self.current.integer(at: 0)
        let status = self.current.text(at: 2) ?? ""
        let groups = self.changedGroups(record, at: now)
        self.current.reset()

        let update: SQLiteStatement
        if let prepared = self.updates[groups] {
            update = prepared
        } else {
            update = try SQLiteStatement(groups.update, on: self.connection)
            self.updates[groups] = update
        }
        update.bindVariables(of: record, at: now)
        update.bind(row, at: ProcessColumn.row.parameter)
        try update.run()
        self.countChanges.move(from: status, to: record.status.rawValue, queue: record.queue)
        return true
    }

    /// Compares a record with the row that `current` stands at.
    private func changedGroups(_ record: ProcessRecord, at now: Timestamp) -> ColumnGroups {
        func time(_ index: Int32) -> Timestamp? {
            self.current.isNull(at: index) ? nil : Timestamp(milliseconds: self.current.integer(at: index))
        }
        var groups: ColumnGroups = []
        if self.current.text(at: 2) != record.status.rawValue { groups.insert(.status) }
        if (self.current.integer(at: 3) != 0) != record.isDelayed(at: now) || time(4) != record.runAfter {
            groups.insert(.delay)
        }
        if time(5) != record.leaseExpiresAt { groups.insert(.lease) }
        if time(6) != record.deadline { groups.insert(.deadline) }
        // A duration that changes without an end has no index to change, but still has to be written.
        let retain: Retention? =
            self.current.isNull(at: 9)
            ? nil : self.current.isInteger(at: 9) ? .after(.milliseconds(self.current.integer(at: 9))) : .forever
        if time(7) != record.finishedAt || time(8) != record.expiresAt || retain != record.retain {
            groups.insert(.end)
        }
        return groups
    }
}

extension StoreWriter {
    /// A number that is another one once another connection than this one has written.
    func foreignVersion() throws(SQLiteError) -> Int64 {
        let version = try self.reader.statement("PRAGMA data_version")
        defer { version.reset() }
        return try version.step() ? version.integer(at: 0) : 0
    }

    /// Writes something that means nothing, to see whether writing works again.
    func tryWriting() throws(SQLiteError) {
        try self.connection.execute(
            "INSERT INTO counts VALUES ('probe', '', 1) ON CONFLICT DO UPDATE SET number = number + 1")
    }
}
