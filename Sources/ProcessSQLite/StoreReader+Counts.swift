internal import ProcessCore

extension StoreReader {
    /// Counts what is there.
    func counts(at now: Timestamp) throws(SQLiteError) -> ProcessCounts {
        try self.inOneMoment { () throws(SQLiteError) in
            var counts = ProcessCounts()
            let numbers = try self.statement("SELECT sort, name, number FROM counts WHERE number > 0")
            while try numbers.step() {
                let name = numbers.text(at: 1) ?? ""
                let number = Int(numbers.integer(at: 2))
                switch numbers.text(at: 0) {
                case "status": if let status = ProcessStatus(rawValue: name) { counts.byStatus[status] = number }
                case "kind": counts.byKind[name] = number
                case "queue": counts.byQueue[name] = number
                default: break
                }
            }
            counts.oldestRunning = try self.oldest(.running)
            counts.oldestPending = try self.oldest(.pending)
            for queue in counts.byQueue.keys { counts.oldestDue[queue] = try self.oldestDue(in: queue, at: now) }
            return counts
        }
    }

    private func oldest(_ status: ProcessStatus) throws(SQLiteError) -> Timestamp? {
        let statement = try self.statement(
            """
            SELECT created_at FROM processes INDEXED BY processes_by_status
            WHERE status = ?1 ORDER BY created_at, id LIMIT 1
            """)
        statement.bind(status.rawValue, at: 1)
        return try self.firstTime(statement)
    }

    /// Since when the one that has been due for the longest has been due; see ``ProcessCounts/oldestDue``.
    private func oldestDue(in queue: String, at now: Timestamp) throws(SQLiteError) -> Timestamp? {
        let delayed = try self.statement(
            """
            SELECT run_after, created_at, run_after FROM processes INDEXED BY processes_delayed
            WHERE status = 'pending' AND is_delayed = 1 AND queue = ?1 ORDER BY run_after LIMIT ?2
            """)
        delayed.bind(queue, at: 1)
        delayed.bind(ProcessCounts.dueSearchLimit, at: 2)
        var oldest = try self.oldestDue(among: delayed, at: now, before: nil)
        var priority = try self.priority(in: queue, below: Int64.max)
        while let level = priority {
            let due = try self.statement(
                """
                SELECT created_at, created_at, run_after FROM processes INDEXED BY processes_claimable
                WHERE status = 'pending' AND is_delayed = 0 AND queue = ?1 AND priority = ?2
                ORDER BY created_at, id LIMIT ?3
                """)
            due.bind(queue, at: 1)
            due.bind(level, at: 2)
            due.bind(ProcessCounts.dueSearchLimit, at: 3)
            oldest = try self.oldestDue(among: due, at: now, before: oldest)
            priority = try self.priority(in: queue, below: level)
        }
        return oldest
    }

    /// The same among some of them, in the order of their first column. That is one of the two times that must have come for
    /// a process to be due, so those behind can't have been due for longer than that.
    private func oldestDue(
        among rows: SQLiteStatement, at now: Timestamp, before known: Timestamp?
    ) throws(SQLiteError) -> Timestamp? {
        defer { rows.reset() }
        var oldest = known
        while try rows.step() {
            if let oldest, rows.integer(at: 0) >= oldest.milliseconds { break }
            let createdAt = Timestamp(milliseconds: rows.integer(at: 1))
            let runAfter = rows.isNull(at: 2) ? nil : Timestamp(milliseconds: rows.integer(at: 2))
            // One that was due may wait again since the clock was set back.
            if let runAfter, runAfter > now { continue }
            let since = max(createdAt, runAfter ?? createdAt)
            oldest = min(oldest ?? since, since)
        }
        return oldest
    }

    /// The next priority that something due in a queue has.
    private func priority(in queue: String, below priority: Int64) throws(SQLiteError) -> Int64? {
        let statement = try self.statement(
            """
            SELECT priority FROM processes INDEXED BY processes_claimable
            WHERE status = 'pending' AND is_delayed = 0 AND queue = ?1 AND priority < ?2 ORDER BY priority DESC LIMIT 1
            """)
        statement.bind(queue, at: 1)
        statement.bind(priority, at: 2)
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return statement.integer(at: 0)
    }

    private func firstTime(_ statement: SQLiteStatement) throws(SQLiteError) -> Timestamp? {
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return Timestamp(milliseconds: statement.integer(at: 0))
    }
}
