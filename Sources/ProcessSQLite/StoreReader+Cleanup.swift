internal import ProcessCore

/// What a cleanup found that may go.
struct CleanupCandidates: Sendable {
    /// One process that may go, as it was when it was found.
    struct Candidate: Sendable {
        let row: Int64
        let id: ProcessID
        let revision: Int64
        let status: ProcessStatus
    }

    var found: [Candidate] = []
    var next: CleanupRequest.Cursor?
}

extension StoreReader {
    /// One index that holds candidates, up to a score.
    private struct Stretch {
        let index: String
        let score: ProcessColumn
        let condition: String
        let last: Timestamp

        var sql: String {
            """
            SELECT \(ProcessColumn.selection) FROM processes p INDEXED BY \(self.index)
            WHERE \(self.condition) AND (p.\(self.score.name), p.id) > (?1, ?2) AND p.\(self.score.name) <= ?3
            ORDER BY p.\(self.score.name), p.id
            """
        }

        static func finished(by last: Timestamp) -> Stretch {
            Stretch(
                index: "processes_finished", score: .finishedAt,
                condition: "p.finished_at IS NOT NULL AND p.retain IS NULL", last: last)
        }

        static func finishedRetained(by last: Timestamp) -> Stretch {
            Stretch(
                index: "processes_finished_retained", score: .finishedAt,
                condition: "p.finished_at IS NOT NULL AND p.retain IS NOT NULL", last: last)
        }

        static func expiring(by last: Timestamp) -> Stretch {
            Stretch(
                index: "processes_expiring", score: .expiresAt, condition: "p.expires_at IS NOT NULL", last: last)
        }

        static func created(_ status: ProcessStatus, by last: Timestamp) -> Stretch {
            Stretch(
                index: "processes_by_status", score: .createdAt, condition: "p.status = '\(status.rawValue)'",
                last: last)
        }
    }

    /// Looks at the next candidates of a cleanup, `limit` of them at the most.
    ///
    /// - Returns: Those that the scope holds, children aside, and where to go on.
    func candidates(_ request: CleanupRequest) throws(SQLiteError) -> CleanupCandidates {
        try self.inOneMoment { () throws(SQLiteError) in
            if request.scope == .corrupt { return try self.unreadableCandidates(request) }
            var candidates = CleanupCandidates()
            var cursor: CleanupRequest.Cursor?
            var looked = 0
            for (number, stretch) in Self.stretches(of: request.scope).enumerated() {
                let after = request.after.flatMap { $0.index == number ? $0 : nil }
                if let first = request.after?.index, number < first { continue }
                let statement = try self.statement(stretch.sql)
                statement.bind(after?.score ?? .min, at: 1)
                statement.bind(after?.id ?? "", at: 2)
                statement.bind(stretch.last.milliseconds, at: 3)
                defer { statement.reset() }
                while try statement.step() {
                    guard looked < request.limit else {
                        candidates.next = cursor
                        return candidates
                    }
                    looked += 1
                    cursor = CleanupRequest.Cursor(
                        index: number, score: statement.integer(at: stretch.score.place),
                        id: statement.text(at: ProcessColumn.id.place) ?? "")
                    guard let record = self.record(of: statement), request.scope.includes(record) else { continue }
                    candidates.found.append(
                        CleanupCandidates.Candidate(
                            row: ProcessRowReader(statement).row, id: record.id, revision: record.revision,
                            status: record.status))
                }
            }
            return candidates
        }
    }

    /// The indexes to walk: the same for every batch of one cleanup, so that a cursor names one by its place.
    private static func stretches(of scope: CleanupRequest.Scope) -> [Stretch] {
        switch scope {
        case .expired(let finishedBy, let now, _):
            return [.finished(by: finishedBy), .expiring(by: now)]
        case .older(let instant, let statuses, let includingRetained):
            // Unfinished ones first: a parent that has finished can go once its children went.
            var stretches: [Stretch] = []
            for status in [ProcessStatus.pending, .running] where statuses.contains(status) {
                stretches.append(.created(status, by: instant))
            }
            if !statuses.isDisjoint(with: ProcessStatus.finished) {
                stretches.append(.finished(by: instant))
                if includingRetained { stretches.append(.finishedRetained(by: instant)) }
            }
            return stretches
        case .corrupt:
            return []
        }
    }

    /// No index knows what can't be read: this walks the table, `limit` rows a batch.
    private func unreadableCandidates(_ request: CleanupRequest) throws(SQLiteError) -> CleanupCandidates {
        let statement = try self.statement(
            "SELECT \(ProcessColumn.selection) FROM processes p WHERE p.row > ?1 ORDER BY p.row")
        statement.bind(request.after?.score ?? .min, at: 1)
        defer { statement.reset() }
        var candidates = CleanupCandidates()
        var cursor: CleanupRequest.Cursor?
        var looked = 0
        while try statement.step() {
            guard looked < request.limit else {
                candidates.next = cursor
                return candidates
            }
            looked += 1
            let reader = ProcessRowReader(statement)
            cursor = CleanupRequest.Cursor(index: 0, score: reader.row, id: "")
            do {
                _ = try reader.record()
            } catch {
                let status = statement.text(at: ProcessColumn.status.place).flatMap(ProcessStatus.init(rawValue:))
                candidates.found.append(
                    CleanupCandidates.Candidate(
                        row: reader.row, id: error.id,
                        revision: statement.integer(at: ProcessColumn.revision.place), status: status ?? .failed))
            }
        }
        return candidates
    }
}
