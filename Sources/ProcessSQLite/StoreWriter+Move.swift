internal import ProcessCore

extension StoreWriter {
    /// Takes processes out of reach of everybody but the move.
    ///
    /// - Parameters:
    ///   - row: The row after which to begin.
    ///   - limit: How many rows to look at.
    /// - Returns: What was taken. What can't be read stays where it is, as does what has the id of one that moves already.
    /// - Throws: What SQLite says.
    func beginMoving(after row: Int64, limit: Int) throws(SQLiteError) -> MovingBatch {
        let now = self.now()
        try self.partStreamsOfForgotten()
        let rows = try self.reader.statement(
            """
            SELECT row, status, kind, queue, has_large_input FROM processes WHERE row > ?1 ORDER BY row LIMIT ?2
            """)
        rows.bind(row, at: 1)
        rows.bind(limit, at: 2)
        var candidates: [Burial.Row] = []
        while try rows.step() {
            candidates.append(
                Burial.Row(
                    row: rows.integer(at: 0), status: rows.text(at: 1) ?? "", kind: rows.text(at: 2) ?? "",
                    queue: rows.text(at: 3), hasLargeInput: rows.integer(at: 4) != 0))
        }
        let copying = try self.reader.statement(Self.copying)
        let streamMove = try self.reader.statement(
            "UPDATE streams SET process = -?2, unfinished_at = NULL WHERE process = ?1")
        let burial = try Burial(self)
        var batch = MovingBatch(processes: [], next: candidates.count < limit ? nil : candidates.last?.row)
        for candidate in candidates {
            guard let record = try self.reader.record(inRow: candidate.row) else { continue }
            copying.bind(candidate.row, at: 1)
            try copying.run()
            guard self.connection.changes == 1 else { continue }
            let row = self.connection.lastInsertedRow
            streamMove.bind(candidate.row, at: 1)
            streamMove.bind(row, at: 2)
            try streamMove.run()
            // It is remembered for as long as it is not known to be in the other store.
            try burial.bury(candidate, record.id, as: SQLiteSchema.movedStatus, at: now, expiresAt: .max)
            batch.processes.append(try self.reader.movingProcess(record, inRow: row, at: now))
        }
        return batch
    }

    /// Leaves output to be removed whose process somebody deleted from `moving`, as the documentation says how to: its row
    /// there is given to another one.
    private func partStreamsOfForgotten() throws(SQLiteError) {
        try self.reader.statement(
            """
            UPDATE streams SET process = NULL, unfinished_at = \(Self.longAgo)
            WHERE process < 0 AND -process NOT IN (SELECT row FROM moving)
            """
        ).run()
    }

    private static let copying: String = {
        let columns = ProcessColumn.allCases.filter { $0 != .row }
        let names = columns.map(\.name).joined(separator: ", ")
        let values = columns.map { $0 == .hasLargeInput ? "0" : $0.selection }.joined(separator: ", ")
        return "INSERT OR IGNORE INTO moving (\(names)) SELECT \(values) FROM processes p WHERE p.row = ?1"
    }()

    /// Forgets processes that are in the other store, but for their ids.
    ///
    /// - Parameters:
    ///   - ids: Which ones.
    ///   - lifetime: For how long their ids are remembered.
    /// - Throws: What SQLite says.
    func endMoving(_ ids: [ProcessID], rememberedFor lifetime: Duration) throws(SQLiteError) {
        // The chunks are left to be removed bit by bit: there may be a great deal of them.
        let streamParting = try self.reader.statement(
            """
            UPDATE streams SET process = NULL, unfinished_at = \(Self.longAgo)
            WHERE process = (SELECT -row FROM moving WHERE id = ?1)
            """)
        let deletion = try self.reader.statement("DELETE FROM moving WHERE id = ?1")
        let expiry = try self.reader.statement("UPDATE tombstones SET expires_at = ?2 WHERE id = ?1 AND status = ?3")
        let expiresAt = (self.now() + lifetime).milliseconds
        for id in ids {
            streamParting.bind(id.text, at: 1)
            try streamParting.run()
            deletion.bind(id.text, at: 1)
            try deletion.run()
            expiry.bind(id.text, at: 1)
            expiry.bind(expiresAt, at: 2)
            expiry.bind(SQLiteSchema.movedStatus, at: 3)
            try expiry.run()
        }
        try self.dropOldestTombstones()
    }
}

extension StoreReader {
    /// Reads processes that began to move and are not known to have arrived.
    func moving(after row: Int64, limit: Int, at now: Timestamp) throws(SQLiteError) -> MovingBatch {
        let rows = try self.statement(
            "SELECT \(ProcessColumn.selection) FROM moving p WHERE p.row > ?1 ORDER BY p.row LIMIT ?2")
        rows.bind(row, at: 1)
        rows.bind(limit, at: 2)
        var batch = MovingBatch(processes: [], next: nil)
        var count = 0
        while try rows.step() {
            count += 1
            let row = ProcessRowReader(rows).row
            if count == limit { batch.next = row }
            guard let record = self.record(of: rows) else { continue }
            batch.processes.append(try self.movingProcess(record, inRow: row, at: now))
        }
        return batch
    }

    /// What goes with a process in a row of `moving`.
    fileprivate func movingProcess(
        _ record: ProcessRecord, inRow row: Int64, at now: Timestamp
    ) throws(SQLiteError) -> MovingProcess {
        var process = MovingProcess(record)
        let stream = try self.statement("SELECT last, attempt FROM streams WHERE process = -?1")
        stream.bind(row, at: 1)
        if try stream.step() {
            process.output = StreamAppend.Position(last: stream.integer(at: 0), attempt: Int(stream.integer(at: 1)))
            stream.reset()
        }
        let key = try self.statement(
            """
            SELECT key, fingerprint, expires_at FROM idempotency_keys
            WHERE process_id IN (?1, ?2) AND expires_at > ?3 ORDER BY process_id DESC LIMIT 1
            """)
        key.bind(record.id.text, at: 1)
        key.bind(KeyHolder(record).text, at: 2)
        key.bind(now.milliseconds, at: 3)
        if try key.step() {
            process.idempotency = ProcessInsertion.Idempotency(
                key: key.text(at: 0) ?? "", fingerprint: key.text(at: 1) ?? "",
                lifetime: Timestamp(milliseconds: key.integer(at: 2)) - now)
            key.reset()
        }
        return process
    }

    /// Reads some of the output of a process that moves.
    func movingChunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) throws(SQLiteError) -> [StreamChunk] {
        let stream = try self.statement(
            "SELECT stream FROM streams WHERE process = (SELECT -row FROM moving WHERE id = ?1)")
        stream.bind(id.text, at: 1)
        guard try stream.step() else { return [] }
        let number = stream.integer(at: 0)
        stream.reset()
        return try self.chunks(in: number, of: id, after: index, limit: limit, byteLimit: byteLimit)
    }
}
