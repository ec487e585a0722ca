public import ProcessCore

extension SQLiteProcessRepository {
    /// Looks through a whole store for damage; reads all of it, and so takes its time. Blocks the calling thread.
    ///
    /// The store may be in use meanwhile: what is looked at is its state of one moment. Nothing is changed, and nothing is
    /// left beside a file that nobody has open.
    ///
    /// - Parameter path: The path of the file.
    /// - Returns: What was found, one sentence each, at most some hundred; empty where the store is sound.
    /// - Throws: `refused` where the file is no store of ours or so damaged that it can't be looked through;
    ///   `unavailable`.
    public static func check(path: String) throws(ProcessRepositoryError) -> [String] {
        let file = SQLiteStoreFile(path: path, schema: .current, busyTimeout: .seconds(5))
        let version = try file.examine(forWriting: false)
        guard version == SQLiteSchema.current.version else {
            throw file.refusal("is of version \(version): start the service once to bring it to this program's version")
        }
        // Without a log the file is the whole truth, and can be read without the files that SQLite makes to share it: they
        // would have the rights of a backup that is write-protected, and could not be made in a folder that is.
        if let state = file.stateAtRest {
            let findings = Result { () throws(ProcessRepositoryError) in try file.findings(.immutable) }
            // Nothing keeps a service from opening it meanwhile, so what was read only holds if nobody has.
            if file.stateAtRest == state { return try findings.get() }
        }
        return try file.findings(.readOnly)
    }
}

extension SQLiteStoreFile {
    fileprivate func findings(_ mode: SQLiteConnection.Mode) throws(ProcessRepositoryError) -> [String] {
        do {
            let reader = try StoreReader(try self.openForReading(mode), unreadableRows: UnreadableRows(nil))
            // The connection ends with the check, and its transaction with it.
            try reader.connection.execute("BEGIN")
            return try StoreCheck(reader: reader).findings()
        } catch {
            throw self.refusal(of: error)
        }
    }
}

/// The parts of a check, each of which says what it found.
private struct StoreCheck {
    let reader: StoreReader

    private static let mostFindings = 100

    /// Pages and indexes, as SQLite knows them, then what only we know of our tables.
    func findings() throws(SQLiteError) -> [String] {
        var findings: [String] = []
        for part in [self.wrongPages, self.wrongCounts, self.wrongDerivations, self.unreadableRows] {
            do {
                findings += try part()
            } catch {
                guard SQLiteCondition(error) == .damaged else { throw error }
                findings.append(error.message)
            }
        }
        return findings
    }

    private func wrongPages() throws(SQLiteError) -> [String] {
        // The quick check leaves out whether indexes hold what their table holds, and every query here relies on that.
        try self.texts("PRAGMA integrity_check(\(Self.mostFindings))").filter { $0 != "ok" }
    }

    private func texts(_ sql: String) throws(SQLiteError) -> [String] {
        let statement = try SQLiteStatement(sql, on: self.reader.connection)
        var texts: [String] = []
        while texts.count < Self.mostFindings, try statement.step() { texts.append(statement.text(at: 0) ?? "") }
        return texts
    }

    private func wrongCounts() throws(SQLiteError) -> [String] {
        try self.texts(
            """
            WITH counted (sort, name, number) AS (
                \(StoreWriter.countingQuery)
            ), kept AS (SELECT * FROM counts WHERE sort IN ('status', 'kind', 'queue', 'tombstones'))
            SELECT 'the count of ' || sort || ' ' || name || ' is ' || coalesce(kept.number, 0) || ', and there are '
                || coalesce(counted.number, 0)
            FROM counted FULL JOIN kept USING (sort, name)
            WHERE coalesce(kept.number, 0) <> coalesce(counted.number, 0)
            """)
    }

    private func wrongDerivations() throws(SQLiteError) -> [String] {
        try self.texts(
            """
            SELECT 'process ' || id || ': expires_at does not follow from finished_at and retain' FROM processes
            WHERE expires_at IS NOT iif(typeof(retain) = 'integer', finished_at + retain, NULL)
            UNION ALL
            SELECT 'process ' || id || ' is delayed, and ' || iif(run_after IS NULL, 'by no time', 'does not wait')
            FROM processes WHERE is_delayed AND (run_after IS NULL OR status <> 'pending')
            UNION ALL
            SELECT 'process ' || id || ' has lost its input' FROM processes
            WHERE has_large_input AND row NOT IN (SELECT row FROM large_inputs)
            UNION ALL
            SELECT 'an input of ' || length(input) || ' characters belongs to no process' FROM large_inputs
            WHERE row NOT IN (SELECT row FROM processes WHERE has_large_input)
            UNION ALL
            SELECT 'stream ' || stream || ' belongs to no process' FROM streams
            WHERE process IS NOT NULL AND process NOT IN (SELECT row FROM processes UNION ALL SELECT -row FROM moving)
            UNION ALL
            SELECT 'stream ' || stream || ' has chunks beyond its last one, or none of it is known' FROM stream_chunks
            GROUP BY stream
            HAVING max(idx) > coalesce((SELECT s.last FROM streams s WHERE s.stream = stream_chunks.stream), 0)
            """)
    }

    private func unreadableRows() throws(SQLiteError) -> [String] {
        let rows = try SQLiteStatement(
            """
            SELECT \(ProcessColumn.selection) FROM processes p UNION ALL SELECT \(ProcessColumn.selection) FROM moving p
            """, on: self.reader.connection)
        var findings: [String] = []
        while findings.count < Self.mostFindings, try rows.step() {
            do {
                _ = try ProcessRowReader(rows).record()
            } catch {
                findings.append("process \(error.id) can't be read: \(error.reason)")
            }
        }
        return findings
    }
}
