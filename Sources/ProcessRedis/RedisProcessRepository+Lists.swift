public import ProcessCore

extension RedisProcessRepository {
    // MARK: Page

    /// See ``ProcessRepository``. Walks the smallest of the indexes that hold all it looks for: all processes, those of the
    /// statuses, or those of the kinds.
    public func page(_ query: ProcessQuery) async throws(ProcessRepositoryError) -> ProcessPage {
        let indexes = try await self.indexes(for: query)
        var walk = RedisWalk(query: query, indexes: indexes)
        while !walk.isOver {
            for index in walk.indexesToRead {
                let members = try await self.members(
                    of: index.key, order: query.order, after: index.last, from: walk.lowest, to: walk.highest,
                    count: walk.needed)
                walk.take(members, from: index.key)
            }
            let ids = walk.nextIDs()
            walk.take(try await self.hashes(ids, foundIn: indexes))
        }
        return walk.page
    }

    /// The keys of the indexes to walk, without the prefix.
    private func indexes(for query: ProcessQuery) async throws(ProcessRepositoryError) -> [String] {
        let ways = [
            query.statuses.map { RedisKeys.status + $0.rawValue }, query.kinds.map { RedisKeys.kind + $0 },
        ].filter { !$0.isEmpty }.map { $0.sorted() }
        guard ways.count > 1 else { return ways.first ?? [RedisKeys.times] }
        var commands = RedisCommands(capacity: 512)
        for key in ways.joined() {
            commands.begin("ZCARD")
            commands.add(self.keys.prefix, key)
            commands.end()
        }
        return try await self.client.send(commands, .reads, for: "the list") {
            (reply) throws(RedisReply.Surprise) -> [String] in
            var sizes: [Int64] = []
            for way in ways {
                var size: Int64 = 0
                for _ in way { size += try reply.integer() }
                sizes.append(size)
            }
            return zip(ways, sizes).min { $0.1 < $1.1 }?.0 ?? [RedisKeys.times]
        }
    }

    /// Reads the next entries of an index that is ordered by (score, id).
    ///
    /// - Parameters:
    ///   - key: The index, without the prefix.
    ///   - order: From which end.
    ///   - after: The entry read last, which may be gone by now.
    ///   - lowest: The lowest score, as Redis takes it.
    ///   - highest: The highest.
    ///   - count: How many at the most.
    /// - Returns: Fewer only where there are no more.
    /// - Throws: `unavailable`.
    func members(
        of key: String, order: ProcessQuery.Order, after: RedisIndexMember?, from lowest: String, to highest: String,
        count: Int
    ) async throws(ProcessRepositoryError) -> [RedisIndexMember] {
        var members: [RedisIndexMember] = []
        var offset = 0
        let score = after.map { String($0.score) }
        // The entry read last comes again.
        let limit = after == nil ? count : count + 1
        while true {
            var commands = RedisCommands(capacity: 256)
            commands.begin(order == .oldest ? "ZRANGEBYSCORE" : "ZREVRANGEBYSCORE")
            commands.add(self.keys.prefix, key)
            switch order {
            case .oldest:
                commands.add(score ?? lowest)
                commands.add(highest)
            case .newest:
                commands.add(score ?? highest)
                commands.add(lowest)
            }
            commands.add("WITHSCORES")
            commands.add("LIMIT")
            commands.add(offset)
            commands.add(limit)
            commands.end()
            let found = try await self.client.send(commands, .reads, for: "the list") {
                (reply) throws(RedisReply.Surprise) -> [RedisIndexMember] in
                try reply.members()
            }
            // Of those with the score of the entry read last, the ones up to its id have been read too.
            for member in found where members.count < count {
                let isNew = after.map { last in
                    switch order {
                    case .oldest: (member.score, member.id) > (last.score, last.id)
                    case .newest: (member.score, member.id) < (last.score, last.id)
                    }
                }
                if isNew ?? true { members.append(member) }
            }
            if members.count == count || found.count < limit { return members }
            offset += limit
        }
    }

    // MARK: Counts

    /// See ``ProcessRepository``. One round trip, one script.
    public func counts() async throws(ProcessRepositoryError) -> ProcessCounts {
        try await self.run(.counts, .reads) { commands in
            commands.add(ProcessCounts.dueSearchLimit)
        } _: { (reply) throws(RedisReply.Surprise) -> ProcessCounts in
            var counts = ProcessCounts()
            guard try reply.array() == 5 else { throw .unexpected("five lists") }
            for (name, count) in try reply.sizes() {
                if let status = ProcessStatus(rawValue: name) { counts.byStatus[status] = count }
            }
            for (name, count) in try reply.sizes() { counts.byKind[name] = count }
            for (name, count) in try reply.sizes() { counts.byQueue[name] = count }
            guard try reply.array() == 2 else { throw .unexpected("two times") }
            counts.oldestRunning = try reply.optionalDecimal().map { Timestamp(milliseconds: $0) }
            counts.oldestPending = try reply.optionalDecimal().map { Timestamp(milliseconds: $0) }
            for _ in 0..<(try reply.array() / 2) {
                let queue = try reply.string()
                counts.oldestDue[queue] = try reply.optionalDecimal().map { Timestamp(milliseconds: $0) }
            }
            return counts
        }
    }

    // MARK: Health

    /// See ``ProcessRepository``. The round trip is a `PING`; what the server does when its memory is full is asked now and
    /// then, where the user may ask.
    public func health() async -> RepositoryHealth {
        let start = MonotonicInstant.now
        do throws(ProcessRepositoryError) {
            if self.policy.isDue() {
                let policy = self.policy
                try await self.client.send(RedisCommands("INFO", "memory"), .reads, for: "INFO") { reply in
                    policy.take(try? reply.optionalString())
                }
            }
            let pinged = MonotonicInstant.now
            try await self.client.send(RedisCommands("PING"), .reads, for: "PING") {
                (reply) throws(RedisReply.Surprise) in
                try reply.skipSuccess()
            }
            let latency = MonotonicInstant.now - pinged
            if self.client.writeRefusal.current != nil {
                if let refusal = try await RedisProbe(client: self.client, keys: self.keys).findWriteRefusal() {
                    self.client.noteRefusal(refusal)
                    return RepositoryHealth(
                        RedisWriteRefusal.isOfReplica(refusal) ? .down : .degraded,
                        reason: "Redis takes no writes: \(refusal)", latency: latency)
                }
                self.client.writeRefusal.clear()
            }
            guard let policy = self.policy.name, policy != "noeviction" else {
                guard let silence = self.notices.silence else { return RepositoryHealth(.ok, latency: latency) }
                return RepositoryHealth(
                    .degraded, reason: "changes are noticed late, for the channel can't be heard: \(silence)",
                    latency: latency)
            }
            return RepositoryHealth(
                .degraded, reason: "maxmemory-policy is \(policy): Redis may drop what must be kept; set noeviction",
                latency: latency)
        } catch {
            return RepositoryHealth(.down, reason: error.message, latency: MonotonicInstant.now - start)
        }
    }
}

extension RedisReply {
    /// Reads a list of names and numbers.
    fileprivate mutating func sizes() throws(Surprise) -> [(String, Int)] {
        var sizes: [(String, Int)] = []
        for _ in 0..<(try self.array() / 2) {
            let name = try self.string()
            sizes.append((name, Int(try self.integer())))
        }
        return sizes
    }
}
