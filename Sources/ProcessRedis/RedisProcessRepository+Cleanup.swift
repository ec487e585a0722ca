public import ProcessCore

extension RedisProcessRepository {
    // MARK: Cleanup

    /// See ``ProcessRepository``. One round trip, one script; two more for what can't be read, which only this process can
    /// tell from what can.
    public func cleanup(_ request: CleanupRequest) async throws(ProcessRepositoryError) -> CleanupBatch {
        switch request.scope {
        case .expired(let finishedBy, let now, let statuses):
            let indexes = [(RedisKeys.finished, finishedBy.redisText), (RedisKeys.expires, now.redisText)]
            return try await self.cleanup(
                request, "expired", by: finishedBy, at: now.redisText, statuses: statuses, in: indexes)
        case .older(let instant, let statuses, let includingRetained):
            var indexes: [(String, String)] = []
            if !statuses.isDisjoint(with: ProcessStatus.finished) {
                indexes.append((RedisKeys.finished, instant.redisText))
                // Sorted by when they may go by themselves, which says nothing of when they finished.
                if includingRetained { indexes.append((RedisKeys.expires, "+inf")) }
            }
            for status in ProcessStatus.allCases where !status.isFinished && statuses.contains(status) {
                indexes.append((RedisKeys.status + status.rawValue, instant.redisText))
            }
            return try await self.cleanup(
                request, "older", by: instant, statuses: statuses, includingRetained: includingRetained, in: indexes)
        case .corrupt:
            return try await self.cleanUpCorrupt(request)
        }
    }

    private func cleanup(
        _ request: CleanupRequest, _ mode: StaticString, by finishedBy: Timestamp, at now: String = "",
        statuses: Set<ProcessStatus>, includingRetained: Bool = false, in indexes: [(String, String)]
    ) async throws(ProcessRepositoryError) -> CleanupBatch {
        guard !indexes.isEmpty else { return CleanupBatch(removed: [], next: nil) }
        return try await self.run(.cleanup) { commands in
            commands.add(mode)
            commands.add(request.isDryRun ? "1" : "")
            commands.add(request.limit)
            commands.add(request.tombstoneLifetime.milliseconds)
            commands.add(finishedBy.milliseconds)
            commands.add(now)
            commands.add(statuses.map { " \($0.rawValue) " }.joined())
            commands.add(includingRetained ? "1" : "")
            commands.add(request.after?.index ?? 0)
            commands.add(request.after.map(\.scoreText) ?? "-inf")
            commands.add(request.after?.id ?? "")
            commands.add(self.keys.events)
            for (index, highest) in indexes {
                commands.add(index)
                commands.add(highest)
            }
        } _: { (reply) throws(RedisReply.Surprise) -> CleanupBatch in
            try reply.cleanupBatch()
        }
    }

    /// Walks over all ids, since no index tells what can't be read.
    private func cleanUpCorrupt(_ request: CleanupRequest) async throws(ProcessRepositoryError) -> CleanupBatch {
        let after = request.after.map { RedisIndexMember(id: ProcessID(trusted: $0.id), score: $0.score) }
        let members = try await self.members(
            of: RedisKeys.times, order: .oldest, after: after, from: "-inf", to: "+inf", count: request.limit + 1)
        let candidates = members.prefix(request.limit)
        var corrupt: [(id: ProcessID, revision: String, status: String?)] = []
        for (id, hash) in try await self.hashes(candidates.map(\.id), foundIn: []) {
            if case .corrupt(_, let status, let revision) = hash { corrupt.append((id, revision, status)) }
        }
        var batch = CleanupBatch(removed: [], next: nil)
        if !corrupt.isEmpty {
            let found = corrupt
            batch = try await self.run(.removeCorrupt) { commands in
                commands.add(request.isDryRun ? "1" : "")
                commands.add(request.tombstoneLifetime.milliseconds)
                commands.add(self.keys.events)
                for (id, revision, status) in found {
                    commands.add(id.text)
                    commands.add(revision)
                    commands.add(status ?? "")
                    // Whoever asks for it later is told something that is a status.
                    commands.add((status.flatMap(ProcessStatus.init) ?? .failed).rawValue)
                }
            } _: { (reply) throws(RedisReply.Surprise) -> CleanupBatch in
                try reply.cleanupBatch()
            }
        }
        if members.count > request.limit, let last = candidates.last {
            batch.next = CleanupRequest.Cursor(index: 0, score: last.score, id: last.id.text)
        }
        return batch
    }

    // MARK: Forgetting

    /// See ``ProcessRepository``. Tombstones only: idempotency keys go by their own time in Redis.
    public func forgetExpired() async throws(ProcessRepositoryError) -> Bool {
        let limit = 1000
        return try await self.run(.forgetExpired) { commands in
            commands.add(limit)
        } _: { (reply) throws(RedisReply.Surprise) -> Bool in
            try reply.integer() == limit
        }
    }
}

extension Timestamp {
    /// The time as a score.
    fileprivate var redisText: String { String(self.milliseconds) }
}

extension CleanupRequest.Cursor {
    /// The score as Redis takes it.
    fileprivate var scoreText: String {
        switch self.score {
        case .min: "-inf"
        case .max: "+inf"
        default: String(self.score)
        }
    }
}

extension RedisReply {
    /// Reads what the scripts that remove answer.
    fileprivate mutating func cleanupBatch() throws(Surprise) -> CleanupBatch {
        guard try self.array() == 3 else { throw .unexpected("a batch") }
        var removed: [(ProcessID, ProcessStatus)] = []
        for _ in 0..<(try self.array() / 2) {
            let id = ProcessID(trusted: try self.string())
            guard let status = ProcessStatus(rawValue: try self.string()) else { throw .unexpected("a status") }
            removed.append((id, status))
        }
        let now = Timestamp(milliseconds: try self.decimal())
        var next: CleanupRequest.Cursor?
        if let count = try self.optionalArray(), count == 3 {
            let index = Int(try self.integer())
            let score = try self.score()
            next = CleanupRequest.Cursor(index: index, score: score, id: try self.string())
        }
        return CleanupBatch(
            removed: removed.map { Tombstone(id: $0.0, status: $0.1, removedAt: now) }, next: next)
    }
}
