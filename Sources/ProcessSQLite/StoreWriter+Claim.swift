internal import ProcessCore

extension StoreWriter {
    /// Hands out due pending processes, changed as the pure function says.
    func claim(_ request: ClaimRequest) throws(SQLiteError) -> [ProcessRecord] {
        let now = self.now()
        let queues = Set(request.queues)
        try self.promote(queues, at: now)

        var due: [ProcessRecord] = []
        for queue in queues { due += try self.due(queue, for: request, at: now) }
        due.sort { left, right in
            if left.priority != right.priority { return left.priority > right.priority }
            if left.createdAt != right.createdAt { return left.createdAt < right.createdAt }
            return left.id < right.id
        }
        var claimed: [ProcessRecord] = []
        var bytes = 0
        for record in due where !request.isFull(claimed.count, bytes: bytes) {
            // What is due can be claimed, so the function refuses nothing here.
            guard
                case .changed(let next)? = try? ProcessTransition(.claim(request.claim), at: now).apply(to: record),
                try self.update(next, over: record, at: now)
            else { continue }
            claimed.append(next)
            bytes += next.inputBytes
        }
        return claimed
    }

    /// Moves delayed processes that have become due to the index that claims look at.
    private func promote(_ queues: Set<String>, at now: Timestamp) throws(SQLiteError) {
        var rows: [Int64] = []
        let delayed = try self.reader.statement(
            """
            SELECT row FROM processes INDEXED BY processes_delayed
            WHERE status = 'pending' AND is_delayed = 1 AND queue = ?1 AND run_after <= ?2
            ORDER BY run_after LIMIT ?3
            """)
        for queue in queues where rows.count < ClaimRequest.promotionLimit {
            delayed.bind(queue, at: 1)
            delayed.bind(now.milliseconds, at: 2)
            delayed.bind(ClaimRequest.promotionLimit - rows.count, at: 3)
            while try delayed.step() { rows.append(delayed.integer(at: 0)) }
        }
        guard !rows.isEmpty else { return }
        let promotion = try self.reader.statement("UPDATE processes SET is_delayed = 0 WHERE row = ?1")
        for row in rows {
            promotion.bind(row, at: 1)
            try promotion.run()
        }
    }

    private static let claimable = """
        SELECT \(ProcessColumn.selection) FROM processes p INDEXED BY processes_claimable
        WHERE status = 'pending' AND is_delayed = 0 AND queue = ?1 ORDER BY priority DESC, created_at, id
        """

    /// The first due processes of one queue, as many as the claim could take of it.
    private func due(_ queue: String, for request: ClaimRequest, at now: Timestamp) throws(SQLiteError)
        -> [ProcessRecord]
    {
        let rows = try self.reader.statement(Self.claimable)
        rows.bind(queue, at: 1)
        defer { rows.reset() }
        var due: [ProcessRecord] = []
        var bytes = 0
        while !request.isFull(due.count, bytes: bytes), try rows.step() {
            // A clock that was set back makes what was due a moment ago wait again.
            guard let record = self.reader.record(of: rows), record.isDue(at: now) else { continue }
            due.append(record)
            bytes += record.inputBytes
        }
        return due
    }
}
