internal import ProcessCore

extension StoreWriter {
    /// How many memories of each sort one call forgets.
    private static let forgettingLimit = 1000
    /// How many pages one call gives back to the file system.
    private static let vacuumLimit = 256

    /// Removes those candidates that still may go, and remembers their ids for a while.
    ///
    /// - Returns: What was removed.
    func remove(
        _ candidates: [CleanupCandidates.Candidate], _ request: CleanupRequest
    ) throws(SQLiteError) -> [Tombstone] {
        let now = self.now()
        let current = try self.reader.statement(
            "SELECT id, revision, status, kind, queue, has_large_input FROM processes WHERE row = ?1")
        let burial = try Burial(self)
        var removed: [Tombstone] = []
        for candidate in candidates {
            current.bind(candidate.row, at: 1)
            guard try current.step() else { continue }
            let isSame = current.text(at: 0) == candidate.id.text
            let isUnchanged = current.integer(at: 1) == candidate.revision
            let (status, kind, queue) = (current.text(at: 2) ?? "", current.text(at: 3) ?? "", current.text(at: 4))
            let hasLargeInput = current.integer(at: 5) != 0
            current.reset()
            guard isSame, try self.mayGo(candidate, isUnchanged: isUnchanged, request.scope) else { continue }

            try burial.bury(
                Burial.Row(row: candidate.row, status: status, kind: kind, queue: queue, hasLargeInput: hasLargeInput),
                candidate.id, as: candidate.status.rawValue, at: now,
                expiresAt: (now + request.tombstoneLifetime).milliseconds)
            removed.append(Tombstone(id: candidate.id, status: candidate.status, removedAt: now))
        }
        if !removed.isEmpty { try self.dropOldestTombstones() }
        return removed
    }

    private func mayGo(
        _ candidate: CleanupCandidates.Candidate, isUnchanged: Bool, _ scope: CleanupRequest.Scope
    ) throws(SQLiteError) -> Bool {
        if scope == .corrupt { return try self.reader.flaw(inRow: candidate.row) != nil }
        if !isUnchanged {
            // It may have ended another way meanwhile; its tombstone has to say how, so it is left to the next cleanup.
            guard let record = try self.reader.record(inRow: candidate.row), scope.includes(record),
                record.status == candidate.status
            else { return false }
        }
        return try !self.reader.hasUnfinishedChildren(candidate.id)
    }

    func dropOldestTombstones() throws(SQLiteError) {
        let number = try self.tombstoneCount()
        guard number > self.options.maximumTombstones else { return }
        let dropping = try self.reader.statement(
            """
            DELETE FROM tombstones WHERE id IN
                (SELECT id FROM tombstones INDEXED BY tombstones_by_age ORDER BY removed_at LIMIT ?1)
            """)
        dropping.bind(number - self.options.maximumTombstones, at: 1)
        try dropping.run()
        self.countChanges.add(-self.connection.changes, .tombstones)
    }

    /// Removes tombstones and idempotency keys whose time has passed, and gives unused pages back.
    ///
    /// - Returns: Whether there may be more.
    func forgetExpired() throws(SQLiteError) -> Bool {
        let now = self.now()
        var mayHaveMore = false
        for (table, key) in [("tombstones", "id"), ("idempotency_keys", "key")] {
            let forgetting = try self.reader.statement(
                """
                DELETE FROM \(table) WHERE \(key) IN
                    (SELECT \(key) FROM \(table) INDEXED BY \(table)_by_expiry WHERE expires_at <= ?1
                    ORDER BY expires_at LIMIT ?2)
                """)
            forgetting.bind(now.milliseconds, at: 1)
            forgetting.bind(Self.forgettingLimit, at: 2)
            try forgetting.run()
            if table == "tombstones" { self.countChanges.add(-self.connection.changes, .tombstones) }
            if self.connection.changes >= Self.forgettingLimit { mayHaveMore = true }
        }
        try self.connection.execute("DELETE FROM counts WHERE number = 0 AND sort IN ('kind', 'queue')")
        // Most free pages are soon used again; only a file that is mostly air shrinks.
        let free = try self.connection.integer("PRAGMA freelist_count")
        if free > 1000, try free > self.connection.integer("PRAGMA page_count") / 2 {
            try self.connection.execute("PRAGMA incremental_vacuum(\(Self.vacuumLimit))")
            // A file that somebody rebuilt may have lost the pages' back references, and then none can be given back.
            if try self.connection.integer("PRAGMA freelist_count") < free { mayHaveMore = true }
        }
        return mayHaveMore
    }
}
