public import ProcessCore

extension RedisProcessRepository {
    // MARK: Children

    /// See ``ProcessRepository``. One round trip; by status, then `createdAt`, then id.
    public func children(
        of id: ProcessID, after cursor: ChildCursor?, limit: Int
    ) async throws(ProcessRepositoryError) -> ChildPage {
        let members = try await self.members(
            of: RedisKeys.children + id.text, order: .oldest,
            after: cursor.map { RedisIndexMember(id: $0.id, score: $0.score) }, from: "-inf", to: "+inf",
            count: limit + 1)
        let shown = members.prefix(limit)
        let children = shown.compactMap { member in
            RedisChildScore.status(of: member.score).map { ChildPage.Child(id: member.id, status: $0) }
        }
        let next = members.count > limit ? shown.last.map { ChildCursor(score: $0.score, id: $0.id) } : nil
        return ChildPage(children: children, next: next)
    }

    /// See ``ProcessRepository``. One round trip that counts a range for each status.
    public func childCounts(of id: ProcessID) async throws(ProcessRepositoryError) -> [ProcessStatus: Int] {
        let statuses = RedisChildScore.statuses
        var commands = RedisCommands(capacity: 512)
        // In one transaction: a child that changes between two of the counts would be counted twice, or not at all.
        commands.append("MULTI", [])
        for status in statuses {
            let first = RedisChildScore.first(of: status)
            commands.begin("ZCOUNT")
            commands.add(self.keys.prefix, RedisKeys.children + id.text)
            commands.add(first)
            commands.add("(\(first + RedisQueueScore.timeLimit)")
            commands.end()
        }
        commands.append("EXEC", [])
        return try await self.client.send(commands, .reads, for: "the count of children") {
            (reply) throws(RedisReply.Surprise) -> [ProcessStatus: Int] in
            for _ in 0...statuses.count { try reply.skipSuccess() }
            guard try reply.array() == statuses.count else { throw .unexpected("a count for each status") }
            var counts: [ProcessStatus: Int] = [:]
            for status in statuses { counts[status] = Int(try reply.integer()) }
            return counts
        }
    }
}
