public import ProcessCore

extension RedisProcessRepository {
    // MARK: Claim

    /// See ``ProcessRepository``. One round trip, one script.
    public func claim(_ request: ClaimRequest) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        guard !request.queues.isEmpty else { return [] }
        let records = try await self.run(.claim) { commands in
            commands.add(request.limit)
            commands.add(request.byteLimit)
            commands.add(ClaimRequest.promotionLimit)
            commands.add(request.claim.worker ?? "")
            commands.add(request.claim.lease.milliseconds)
            commands.add(self.keys.events)
            for queue in Set(request.queues).sorted() { commands.add(queue) }
        } _: { (reply) throws(RedisReply.Surprise) -> [ProcessRecord] in
            _ = try reply.array()
            let transition = ProcessTransition(
                .claim(request.claim), at: Timestamp(milliseconds: try reply.decimal()))
            var records: [ProcessRecord] = []
            for _ in 0..<(try reply.array()) {
                _ = try reply.array()
                let id = ProcessID(trusted: try reply.string())
                // The script handed out what the function allows; what it could not read stays with it until its lease ends.
                guard case .record(let old) = try reply.hash(id),
                    case .changed(let record)? = try? transition.apply(to: old)
                else { continue }
                records.append(record)
            }
            return records
        }
        for record in records { self.copies.keep(record) }
        return records
    }

    // MARK: Overdue

    /// See ``ProcessRepository``. Two round trips: the two indexes, then the records.
    public func findOverdue(
        at instant: Timestamp, limit: Int
    ) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        var records: [ProcessRecord] = []
        var seen: Set<String> = []
        var offset = 0
        // Entries of what can't be read must not hide the others behind them.
        while records.count < limit {
            let (entries, isLast) = try await self.overdueEntries(at: instant, offset: offset, limit: limit)
            let fresh = entries.filter { seen.insert($0.id.text).inserted }
            for (_, hash) in try await self.hashes(fresh.map(\.id), foundIn: []) {
                guard case .record(let record) = hash, records.count < limit else { continue }
                let earliest = [record.leaseExpiresAt, record.deadline].compactMap { $0 }.min()
                if let earliest, earliest <= instant { records.append(record) }
            }
            if isLast { break }
            offset += limit
        }
        return records
    }

    private func overdueEntries(
        at instant: Timestamp, offset: Int, limit: Int
    ) async throws(ProcessRepositoryError) -> (entries: [RedisIndexMember], isLast: Bool) {
        var commands = RedisCommands(capacity: 256)
        for index in [RedisKeys.leases, RedisKeys.deadlines] {
            commands.begin("ZRANGEBYSCORE")
            commands.add(self.keys.prefix, index)
            commands.add("-inf")
            commands.add(instant.milliseconds)
            commands.add("WITHSCORES")
            commands.add("LIMIT")
            commands.add(offset)
            commands.add(limit)
            commands.end()
        }
        return try await self.client.send(commands, .reads, for: "the search for what is overdue") {
            (reply) throws(RedisReply.Surprise) -> (entries: [RedisIndexMember], isLast: Bool) in
            let leases = try reply.members()
            let deadlines = try reply.members()
            let entries = (leases + deadlines).sorted { ($0.score, $0.id) < ($1.score, $1.id) }
            return (entries, leases.count < limit && deadlines.count < limit)
        }
    }

    // MARK: Reading by index

    /// Reads the hashes of ids that an index named, and mends the indexes where there is none.
    ///
    /// - Parameters:
    ///   - ids: Which.
    ///   - indexes: The indexes in which they were found, beyond those with a fixed name.
    /// - Returns: What is under each, in the order asked for.
    /// - Throws: `unavailable`.
    func hashes(
        _ ids: [ProcessID], foundIn indexes: [String]
    ) async throws(ProcessRepositoryError) -> [(id: ProcessID, hash: RedisHash)] {
        guard !ids.isEmpty else { return [] }
        var commands = RedisCommands(capacity: 96 * ids.count)
        for id in ids {
            commands.begin("HGETALL")
            commands.add(self.keys.process, id.text)
            commands.end()
        }
        let hashes = try await self.client.send(commands, .reads, for: "the look-up") {
            (reply) throws(RedisReply.Surprise) -> [(id: ProcessID, hash: RedisHash)] in
            var hashes: [(id: ProcessID, hash: RedisHash)] = []
            for id in ids { hashes.append((id, try reply.hash(id))) }
            return hashes
        }
        let gone = hashes.filter(\.hash.isNotOurs).map(\.id)
        if !gone.isEmpty { try await self.repair(gone, indexes: indexes) }
        return hashes
    }

    /// Takes ids out of the indexes, each only if there still is no process of ours under it.
    private func repair(_ ids: [ProcessID], indexes: [String]) async throws(ProcessRepositoryError) {
        do throws(ProcessRepositoryError) {
            try await self.run(.repair) { commands in
                commands.add(ids.count)
                for id in ids { commands.add(id.text) }
                for index in indexes { commands.add(index) }
            } _: { (reply) throws(RedisReply.Surprise) in
                try reply.skipSuccess()
            }
        } catch {
            // What was asked for has been read; who next comes by tries the repair again. An outage is told all the same.
            if error.code == .unavailable { throw error }
        }
    }
}

/// One entry of an index, as it was read.
struct RedisIndexMember: Sendable {
    let id: ProcessID
    let score: Int64
}

extension RedisReply {
    /// Reads the answer to a range `WITHSCORES`.
    mutating func members() throws(Surprise) -> [RedisIndexMember] {
        var members: [RedisIndexMember] = []
        for _ in 0..<(try self.array() / 2) {
            let id = ProcessID(trusted: try self.string())
            members.append(RedisIndexMember(id: id, score: try self.score()))
        }
        return members
    }

    /// Reads a score: a whole number, or one of the two infinities.
    mutating func score() throws(Surprise) -> Int64 {
        let text = try self.string()
        switch text {
        case "inf": return .max
        case "-inf": return .min
        default:
            // Somebody else's fraction is no reason to fail.
            guard let score = Double(text) else { throw .unexpected("a score") }
            return Int64(exactly: score.rounded(.down)) ?? (score < 0 ? .min : .max)
        }
    }
}

extension RedisHash {
    /// Whether nothing of ours is there.
    var isNotOurs: Bool {
        switch self {
        case .absent, .foreign: true
        case .record, .corrupt: false
        }
    }
}
