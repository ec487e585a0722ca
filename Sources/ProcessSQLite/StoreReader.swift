internal import ProcessCore

/// The reads of a store on one connection; used by one thread at a time.
final class StoreReader {
    let connection: SQLiteConnection
    private let unreadableRows: UnreadableRows
    private let byID: SQLiteStatement
    private let byRow: SQLiteStatement
    private let tombstone: SQLiteStatement
    private let unfinishedChild: SQLiteStatement
    private var prepared: [String: SQLiteStatement] = [:]

    /// Statements whose text depends on what is asked for are kept up to this number.
    private static let cacheSize = 64

    init(_ connection: SQLiteConnection, unreadableRows: UnreadableRows) throws(SQLiteError) {
        self.connection = connection
        self.unreadableRows = unreadableRows
        let select = "SELECT \(ProcessColumn.selection) FROM processes p"
        self.byID = try SQLiteStatement("\(select) WHERE p.id = ?1", on: connection)
        self.byRow = try SQLiteStatement("\(select) WHERE p.row = ?1", on: connection)
        self.tombstone = try SQLiteStatement(
            "SELECT status, removed_at FROM tombstones WHERE id = ?1 AND expires_at > ?2", on: connection)
        self.unfinishedChild = try SQLiteStatement(
            """
            SELECT 1 FROM processes INDEXED BY processes_children
            WHERE parent_id = ?1 AND status IN ('pending', 'running') LIMIT 1
            """, on: connection)
    }

    /// What is known of an id.
    ///
    /// - Parameters:
    ///   - id: The id.
    ///   - now: The store's time, by which a tombstone is forgotten.
    /// - Returns: The record, the tombstone, or what is wrong.
    /// - Throws: What SQLite says.
    func lookup(_ id: ProcessID, at now: Timestamp) throws(SQLiteError) -> ProcessLookup {
        self.byID.bind(id.text, at: 1)
        if try self.byID.step() {
            defer { self.byID.reset() }
            do { return .found(try ProcessRowReader(self.byID).record()) } catch { return .corrupt(error.reason) }
        }
        self.tombstone.bind(id.text, at: 1)
        self.tombstone.bind(now.milliseconds, at: 2)
        guard try self.tombstone.step() else { return .missing }
        defer { self.tombstone.reset() }
        // A status that somebody edited says nothing of whether the process was there.
        let text = self.tombstone.text(at: 0)
        let status = text.flatMap(ProcessStatus.init(rawValue:)) ?? .failed
        let removedAt = Timestamp(milliseconds: self.tombstone.integer(at: 1))
        let isMoved = text == SQLiteSchema.movedStatus
        return .removed(Tombstone(id: id, status: status, removedAt: removedAt, isMoved: isMoved))
    }

    /// The record in a row; `nil` where there is none, or none that can be read, which is reported.
    func record(inRow row: Int64) throws(SQLiteError) -> ProcessRecord? {
        self.byRow.bind(row, at: 1)
        guard try self.byRow.step() else { return nil }
        defer { self.byRow.reset() }
        return self.record(of: self.byRow)
    }

    /// The record in the row a query for whole records stands at; `nil` where it can't be read, which is reported.
    func record(of statement: SQLiteStatement) -> ProcessRecord? {
        do {
            return try ProcessRowReader(statement).record()
        } catch {
            self.unreadableRows.report(error)
            return nil
        }
    }

    /// What is wrong with a row; `nil` where it can be read, or is not there.
    func flaw(inRow row: Int64) throws(SQLiteError) -> UnreadableRow? {
        self.byRow.bind(row, at: 1)
        guard try self.byRow.step() else { return nil }
        defer { self.byRow.reset() }
        do {
            _ = try ProcessRowReader(self.byRow).record()
            return nil
        } catch {
            return error
        }
    }

    /// Whether a child of a process has not ended.
    func hasUnfinishedChildren(_ id: ProcessID) throws(SQLiteError) -> Bool {
        self.unfinishedChild.bind(id.text, at: 1)
        guard try self.unfinishedChild.step() else { return false }
        self.unfinishedChild.reset()
        return true
    }

    /// A statement that may have been prepared before; to be stepped to its end, or reset.
    func statement(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        if let statement = self.prepared[sql] { return statement }
        let statement = try SQLiteStatement(sql, on: self.connection)
        if self.prepared.count >= Self.cacheSize { self.prepared.removeAll(keepingCapacity: true) }
        self.prepared[sql] = statement
        return statement
    }

    /// Reads several things of one moment.
    func inOneMoment<Answer>(_ body: () throws(SQLiteError) -> Answer) throws(SQLiteError) -> Answer {
        if self.connection.isInTransaction { return try body() }
        try self.connection.execute("BEGIN")
        do {
            let answer = try body()
            try self.connection.execute("COMMIT")
            return answer
        } catch {
            if self.connection.isInTransaction { try? self.connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// Finds processes whose lease or deadline has passed, the longest overdue first.
    func overdue(at instant: Timestamp, limit: Int) throws(SQLiteError) -> [ProcessRecord] {
        let times = try self.statement(
            """
            SELECT row, lease_expires_at FROM processes INDEXED BY processes_leases WHERE lease_expires_at <= ?1
            UNION ALL SELECT row, deadline FROM processes INDEXED BY processes_deadlines WHERE deadline <= ?1
            ORDER BY 2
            """)
        times.bind(instant.milliseconds, at: 1)
        defer { times.reset() }
        var seen: Set<Int64> = []
        var records: [ProcessRecord] = []
        while records.count < limit, try times.step() {
            let row = times.integer(at: 0)
            guard seen.insert(row).inserted, let record = try self.record(inRow: row) else { continue }
            records.append(record)
        }
        return records
    }
}
