internal import ProcessCore

extension StoreWriter {
    /// How many chunks one call removes: enough for a file to shrink faster than it grows, and few enough that chunks of
    /// any size hold up nobody.
    private static let removalLimit = 500
    /// How many streams one call looks at.
    private static let streamLimit = 500
    /// Before every time: the place of what belongs to no process any more.
    static let longAgo = Int64.min

    /// Adds to the output of a process, if it takes it.
    func append(_ append: StreamAppend) throws(SQLiteError) -> AppendOutcome {
        let now = self.now()
        let current = try self.reader.statement(
            """
            SELECT p.row, p.status, p.attempt, p.queue IS NOT NULL, s.stream, s.last, s.attempt, s.unfinished_at IS NULL
            FROM processes p LEFT JOIN streams s ON s.process = p.row WHERE p.id = ?1
            """)
        current.bind(append.id.text, at: 1)
        guard try current.step() else { return .refused(try self.reader.lookup(append.id, at: now)) }
        let row = current.integer(at: 0)
        let status = current.text(at: 1).flatMap(ProcessStatus.init(rawValue:))
        let attempt = Int(current.integer(at: 2))
        let hasQueue = current.integer(at: 3) != 0
        let stream = current.isNull(at: 4) ? nil : current.integer(at: 4)
        let position = stream.map { _ in
            StreamAppend.Position(last: current.integer(at: 5), attempt: Int(current.integer(at: 6)))
        }
        let isBegun = current.integer(at: 7) != 0
        current.reset()
        guard let status, append.isTaken(status: status, attempt: attempt, hasQueue: hasQueue) else {
            return .refused(try self.reader.lookup(append.id, at: now))
        }
        guard let chunks = append.chunks(after: position, attempt: attempt), let last = chunks.last?.index else {
            return .misplaced(next: StreamAppend.firstIndex(after: position, attempt: attempt))
        }
        let target = if let stream { stream } else { try self.insertStream(ofRow: row, attempt: attempt) }
        try self.insert(chunks, into: target)
        try self.update(target, last: last, attempt: attempt, unfinishedAt: isBegun ? now : nil)
        if last > Int64(append.keptChunks) { try self.trim(target, upTo: last - Int64(append.keptChunks)) }
        return .appended((last - Int64(append.output.count) + 1)...last)
    }

    private func insertStream(ofRow row: Int64, attempt: Int) throws(SQLiteError) -> Int64 {
        let insertion = try self.reader.statement("INSERT INTO streams VALUES (NULL, ?1, 0, ?2, NULL)")
        insertion.bind(row, at: 1)
        insertion.bind(attempt, at: 2)
        try insertion.run()
        return self.connection.lastInsertedRow
    }

    private func insert(_ chunks: [StreamChunk], into stream: Int64) throws(SQLiteError) {
        let insertion = try self.reader.statement("INSERT INTO stream_chunks VALUES (?1, ?2, ?3, ?4)")
        for chunk in chunks {
            insertion.bind(stream, at: 1)
            insertion.bind(chunk.index, at: 2)
            insertion.bind(chunk.type, at: 3)
            chunk.data.withUnsafeBytes { insertion.bind($0, at: 4) }
            try insertion.run()
        }
    }

    private func update(
        _ stream: Int64, last: Int64, attempt: Int, unfinishedAt instant: Timestamp?
    ) throws(SQLiteError) {
        let update = try self.reader.statement(
            """
            UPDATE streams SET last = ?2, attempt = ?3\(instant == nil ? "" : ", unfinished_at = ?4") WHERE stream = ?1
            """)
        update.bind(stream, at: 1)
        update.bind(last, at: 2)
        update.bind(attempt, at: 3)
        if let instant { update.bind(instant.milliseconds, at: 4) }
        try update.run()
    }

    private func trim(_ stream: Int64, upTo index: Int64) throws(SQLiteError) {
        let trimming = try self.reader.statement("DELETE FROM stream_chunks WHERE stream = ?1 AND idx <= ?2")
        trimming.bind(stream, at: 1)
        trimming.bind(index, at: 2)
        try trimming.run()
    }

    // MARK: Removal

    private struct Ended {
        let stream: Int64
        let belongsToProcess: Bool
        let finishedAt: Timestamp?
    }

    /// Removes output of processes that ended long enough ago, or are gone.
    ///
    /// - Returns: Whether there may be more.
    func removeStreams(endedBy instant: Timestamp) throws(SQLiteError) -> Bool {
        let candidates = try self.streamCandidates(endedBy: instant)
        let placing = try self.reader.statement("UPDATE streams SET unfinished_at = ?2 WHERE stream = ?1")
        let deletion = try self.reader.statement("DELETE FROM streams WHERE stream = ?1")
        let now = self.now()
        var left = Self.removalLimit
        for candidate in candidates {
            placing.bind(candidate.stream, at: 1)
            if candidate.belongsToProcess, candidate.finishedAt.map({ $0 > instant }) ?? true {
                // Beyond the bound in any case, so that it is not found again at once.
                let seen = candidate.finishedAt ?? max(now, instant + .milliseconds(1))
                placing.bind(seen.milliseconds, at: 2)
                try placing.run()
                continue
            }
            left -= try self.removeChunks(of: candidate.stream, limit: left)
            if left == 0 {
                placing.reset()
                return true
            }
            if candidate.belongsToProcess {
                try placing.run()
            } else {
                placing.reset()
                deletion.bind(candidate.stream, at: 1)
                try deletion.run()
            }
        }
        return candidates.count == Self.streamLimit
    }

    private func streamCandidates(endedBy instant: Timestamp) throws(SQLiteError) -> [Ended] {
        let rows = try self.reader.statement(
            """
            SELECT s.stream, p.row, p.finished_at
            FROM streams s INDEXED BY streams_by_age LEFT JOIN processes p ON p.row = s.process
            WHERE s.unfinished_at <= ?1 ORDER BY s.unfinished_at LIMIT \(Self.streamLimit)
            """)
        rows.bind(instant.milliseconds, at: 1)
        var candidates: [Ended] = []
        while try rows.step() {
            candidates.append(
                Ended(
                    stream: rows.integer(at: 0), belongsToProcess: !rows.isNull(at: 1),
                    finishedAt: rows.isNull(at: 2) ? nil : Timestamp(milliseconds: rows.integer(at: 2))))
        }
        return candidates
    }

    /// - Returns: How many were removed; all of them where that is fewer than the limit.
    private func removeChunks(of stream: Int64, limit: Int) throws(SQLiteError) -> Int {
        let deletion = try self.reader.statement(
            """
            DELETE FROM stream_chunks WHERE stream = ?1
                AND idx < ?2 + (SELECT min(idx) FROM stream_chunks WHERE stream = ?1)
            """)
        deletion.bind(stream, at: 1)
        deletion.bind(limit, at: 2)
        try deletion.run()
        return self.connection.changes
    }
}
