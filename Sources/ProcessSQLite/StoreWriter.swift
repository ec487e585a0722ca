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
            let parent = try self.reader.lookup(parentID, at: now)
            if case .removed(let tombstone) = parent, tombstone.isMoved { return .removed(tombstone) }
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
            self.keepKey.bind(KeyHolder(record).text, at: 3)
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
        let holder = KeyHolder(self.findKey.text(at: 1) ?? "")
        self.findKey.reset()
        guard fingerprint == idempotency.fingerprint else { return .idempotencyMismatch }
        let lookup = try self.reader.lookup(holder.id, at: now)
        return .replayed(holder.createdAt.map(lookup.ofProcess) ?? lookup)
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

        /// The groups in which a change of a process makes a difference.
        static func changed(from old: ProcessRecord, to new: ProcessRecord) -> ColumnGroups {
            var groups: ColumnGroups = []
            if old.status != new.status { groups.insert(.status) }
            // Whether a waiting process is delayed also changes by itself.
            if old.status == .pending || new.status == .pending || old.runAfter != new.runAfter {
                groups.insert(.delay)
            }
            if old.leaseExpiresAt != new.leaseExpiresAt { groups.insert(.lease) }
            if old.deadline != new.deadline { groups.insert(.deadline) }
            if old.finishedAt != new.finishedAt || old.retain != new.retain { groups.insert(.end) }
            return groups
        }

        /// Sets these columns and the others of one process, if it is still what the change was made from.
        var update: String {
            let grouped = Self.groups.filter { self.contains($0.0) }.flatMap(\.1)
            let settings = (grouped + Self.others).map { "\($0.name) = ?\($0.parameter)" }.joined(separator: ", ")
            return """
                UPDATE processes SET \(settings) WHERE id = ?\(ProcessColumn.id.parameter)
                    AND revision = ?\(Self.oldRevision) AND created_at = ?\(ProcessColumn.createdAt.parameter)
                    AND updated_at = ?\(Self.oldUpdatedAt)
                """
        }

        /// The parameters of what a process must have to be changed; no column's.
        static let oldRevision = Int32(ProcessColumn.allCases.count + 1)
        static let oldUpdatedAt = Self.oldRevision + 1
    }

    /// Puts a changed record in the place of the one it was made from.
    func replace(
        _ record: ProcessRecord, over old: ProcessRecord, notBefore instant: Timestamp?
    ) throws(SQLiteError) -> ReplaceOutcome {
        let now = self.now()
        if let instant, now < instant { return .tooEarly }
        guard try self.update(record, over: old, at: now) else {
            return .conflict(try self.reader.lookup(record.id, at: now))
        }
        return .replaced
    }

    /// Writes a changed record over the one that it was made from, if that is there.
    ///
    /// - Returns: Whether it was.
    func update(_ record: ProcessRecord, over old: ProcessRecord, at now: Timestamp) throws(SQLiteError) -> Bool {
        let groups = ColumnGroups.changed(from: old, to: record)
        let update: SQLiteStatement
        if let prepared = self.updates[groups] {
            update = prepared
        } else {
            update = try SQLiteStatement(groups.update, on: self.connection)
            self.updates[groups] = update
        }
        update.bindVariables(of: record, at: now)
        update.bind(record.id.text, at: ProcessColumn.id.parameter)
        update.bind(old.createdAt.milliseconds, at: ProcessColumn.createdAt.parameter)
        update.bind(old.revision, at: ColumnGroups.oldRevision)
        update.bind(old.updatedAt.milliseconds, at: ColumnGroups.oldUpdatedAt)
        try update.run()
        guard self.connection.changes == 1 else { return false }
        self.countChanges.move(from: old.status.rawValue, to: record.status.rawValue, queue: record.queue)
        return true
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
