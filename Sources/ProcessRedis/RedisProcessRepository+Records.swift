public import ProcessCore

extension RedisProcessRepository {
    // MARK: Insert

    /// See ``ProcessRepository``. One round trip: a pipelined `MULTI` … `EXEC` where nothing is to be checked, else a script.
    public func insert(_ insertion: ProcessInsertion) async throws(ProcessRepositoryError) -> InsertOutcome {
        let checksParent = insertion.requiresParent && insertion.record.parentID != nil
        let isPlain =
            insertion.hasGeneratedID && insertion.idempotency == nil && insertion.maximumCount == nil && !checksParent
        let outcome: InsertOutcome =
            if isPlain, try await self.insertPlainly(insertion.record) { .inserted } else {
                try await self.insertChecked(insertion)
            }
        if outcome == .inserted { self.copies.keep(insertion.record) }
        return outcome
    }

    /// Inserts a record that nothing stands against.
    ///
    /// - Returns: Whether it was inserted; if not, something was in the way that the script can name or do without, and nothing
    ///   is left of it.
    private func insertPlainly(_ record: ProcessRecord) async throws(ProcessRepositoryError) -> Bool {
        let id = record.id.text
        var commands = RedisCommands(capacity: 1536 + (record.input?.count ?? 0))
        commands.begin("MULTI")
        commands.end()
        commands.begin("HSET")
        commands.add(self.keys.process, id)
        commands.addFields(of: record)
        commands.end()
        commands.begin("SADD")
        commands.add(self.keys.ids)
        commands.add(id)
        commands.end()
        commands.begin("SADD")
        commands.add(self.keys.prefix, RedisKeys.kinds)
        commands.add(record.kind)
        commands.end()
        if let queue = record.waitingQueue {
            commands.begin("SADD")
            commands.add(self.keys.prefix, RedisKeys.queues)
            commands.add(queue)
            commands.end()
        }
        for entry in record.fixedIndexEntries + record.mutableIndexEntries {
            commands.begin("ZADD")
            commands.add(self.keys.prefix, entry.key)
            commands.add(score: entry.score)
            commands.add(id)
            commands.end()
        }
        commands.begin("PUBLISH")
        commands.add(self.keys.events)
        commands.add(record.eventText(at: self.now()))
        commands.end()
        commands.begin("EXEC")
        commands.end()
        let queued = commands.replyCount - 2
        let outcome = try await self.client.send(commands, .writes, for: "the insert") {
            (reply) throws(RedisReply.Surprise) -> PlainInsert in
            try reply.skipSuccess()
            // A command that is refused here makes EXEC refuse all of them. The last one is the message, which the script
            // can do without.
            for place in 1...queued {
                if let error = reply.error {
                    if place == queued, reply.isError("NOPERM") { return .undone }
                    throw .error(error)
                }
                reply.skip()
            }
            var failure: String?
            for _ in 0..<(try reply.array()) {
                failure = failure ?? reply.error
                reply.skip()
            }
            return failure.map(PlainInsert.halfDone) ?? .done
        }
        if case .halfDone(let failure) = outcome { try await self.takeBack(record, because: failure) }
        if case .done = outcome { return true }
        return false
    }

    /// What came of a plain insert.
    private enum PlainInsert {
        case done
        case undone
        /// A command failed, and `EXEC` undoes none of the others.
        case halfDone(String)
    }

    /// Inserts a record where nothing stands against it.
    ///
    /// - Parameters:
    ///   - insertion: The record, and what is to be checked.
    ///   - output: Where its output has come to, whose chunks are there.
    /// - Returns: What came of it.
    /// - Throws: What Redis refused, or why it did not answer.
    func insertChecked(
        _ insertion: ProcessInsertion, output: StreamAppend.Position? = nil
    ) async throws(ProcessRepositoryError) -> InsertOutcome {
        let record = insertion.record
        var entries = record.fixedIndexEntries + record.mutableIndexEntries
        if output != nil {
            entries.append(RedisIndexEntry(key: RedisKeys.streams, score: self.now().milliseconds))
        }
        return try await self.run(.insert) { commands in
            commands.add(record.id.text)
            commands.add(insertion.hasGeneratedID ? "1" : "")
            commands.add(insertion.idempotency?.key ?? "")
            commands.add(insertion.idempotency?.fingerprint ?? "")
            commands.add(insertion.idempotency?.lifetime.milliseconds ?? 0)
            commands.add(insertion.maximumCount.map(String.init) ?? "")
            commands.add(insertion.requiresParent ? record.parentID?.text ?? "" : "")
            commands.add(record.kind)
            commands.add(record.waitingQueue ?? "")
            commands.add(self.keys.events)
            commands.add(record.eventText(at: self.now()))
            commands.addFields(of: record)
            if let output {
                commands.add("stream_last")
                commands.add(output.last)
                commands.add("stream_attempt")
                commands.add(output.attempt)
            }
            commands.add("")
            self.addEntries(entries, to: &commands)
        } _: { (reply) throws(RedisReply.Surprise) -> InsertOutcome in
            _ = try reply.array()
            switch try reply.string() {
            case "inserted": return .inserted
            case "mismatch": return .idempotencyMismatch
            case "parent": return .parentMissing
            case "full": return .full
            case "removed": return .removed(try reply.tombstone(record.id))
            case "replayed":
                let first = ProcessID(trusted: try reply.string())
                return .replayed(try reply.lookup(first))
            case "exists":
                let lookup = try reply.lookup(record.id)
                // The id is taken all the same, by something that is not ours and must stay as it is.
                guard case .missing = lookup else { return .exists(lookup) }
                return .exists(.corrupt("the key of this id holds something that is not a process"))
            default: throw .unexpected("the outcome of an insert")
            }
        }
    }

    // MARK: Find

    /// See ``ProcessRepository``. One round trip, and one more where there is no such process: it may have been removed.
    public func find(_ id: ProcessID) async throws(ProcessRepositoryError) -> ProcessLookup {
        var commands = RedisCommands(capacity: 256)
        commands.begin("HGETALL")
        commands.add(self.keys.process, id.text)
        commands.end()
        let lookup = try await self.client.send(commands, .reads, for: "the look-up") {
            (reply) throws(RedisReply.Surprise) -> ProcessLookup? in
            let hash = try reply.hash(id)
            return hash.isNotOurs ? nil : hash.lookup
        }
        if let lookup { return lookup }
        return try await self.findTombstones([id])[0]
    }

    /// See ``ProcessRepository``. One round trip, however many.
    public func find(_ ids: [ProcessID]) async throws(ProcessRepositoryError) -> [ProcessLookup] {
        guard !ids.isEmpty else { return [] }
        var commands = RedisCommands(capacity: 192 * ids.count)
        for id in ids {
            commands.begin("HGETALL")
            commands.add(self.keys.process, id.text)
            commands.end()
        }
        self.addTombstones(of: ids, to: &commands)
        let now = self.now()
        return try await self.client.send(commands, .reads, for: "the look-up") {
            (reply) throws(RedisReply.Surprise) -> [ProcessLookup] in
            var hashes: [RedisHash] = []
            for id in ids { hashes.append(try reply.hash(id)) }
            let tombstones = try reply.tombstones(ids, at: now)
            return zip(hashes, tombstones).map { hash, tombstone in
                switch hash {
                case .record, .corrupt: hash.lookup
                case .absent, .foreign: tombstone
                }
            }
        }
    }

    private func findTombstones(_ ids: [ProcessID]) async throws(ProcessRepositoryError) -> [ProcessLookup] {
        var commands = RedisCommands(capacity: 128)
        self.addTombstones(of: ids, to: &commands)
        let now = self.now()
        return try await self.client.send(commands, .reads, for: "the look-up") {
            (reply) throws(RedisReply.Surprise) -> [ProcessLookup] in
            try reply.tombstones(ids, at: now)
        }
    }

    private func addTombstones(of ids: [ProcessID], to commands: inout RedisCommands) {
        commands.begin("HMGET")
        commands.add(self.keys.removed)
        for id in ids { commands.add(id.text) }
        commands.end()
    }

    // MARK: Replace

    /// See ``ProcessRepository``. One round trip, with what is different alone.
    public func replace(
        _ record: ProcessRecord, over old: ProcessRecord, notBefore instant: Timestamp?
    ) async throws(ProcessRepositoryError) -> ReplaceOutcome {
        let id = record.id
        let outcome = try await self.run(.replace) { commands in
            commands.add(id.text)
            commands.add(old.revision)
            commands.add(old.createdAt.milliseconds)
            commands.add(old.updatedAt.milliseconds)
            commands.add(instant.map { String($0.milliseconds) } ?? "")
            commands.add(self.keys.events)
            commands.add(record.eventText(at: self.now()))
            commands.add(record.waitingQueue ?? "")
            let removed = commands.addChanges(of: record, from: old)
            commands.add("")
            for field in removed { commands.add(field.name) }
            commands.add("")
            let (before, after) = (old.mutableIndexEntries, record.mutableIndexEntries)
            for entry in before where !after.contains(where: { $0.key == entry.key }) { commands.add(entry.key) }
            commands.add("")
            self.addEntries(after.filter { !before.contains($0) }, to: &commands)
        } _: { (reply) throws(RedisReply.Surprise) -> ReplaceOutcome in
            _ = try reply.array()
            switch try reply.string() {
            case "replaced": return .replaced
            case "early": return .tooEarly
            case "conflict": return .conflict(try reply.lookup(id))
            default: throw .unexpected("the outcome of a replace")
            }
        }
        if outcome == .replaced { self.copies.keep(record) }
        return outcome
    }

    /// See ``ProcessRepository``. What this instance started, handed out or changed last.
    public func recentCopy(of id: ProcessID) -> ProcessRecord? { self.copies[id] }

    private func addEntries(_ entries: [RedisIndexEntry], to commands: inout RedisCommands) {
        for entry in entries {
            commands.add(entry.key)
            commands.add(score: entry.score)
        }
    }
}

extension RedisCommands {
    /// Adds a score; what is kept for ever comes after every time.
    fileprivate mutating func add(score: Int64) {
        if score == RedisIndexEntry.never {
            self.add("+inf")
        } else {
            self.add(score)
        }
    }
}

extension ProcessRecord {
    /// The queue it waits in, if it does.
    fileprivate var waitingQueue: String? { self.status == .pending ? self.queue : nil }

    /// What other instances are told of it, and this one too: id, revision, status, and its queue where it is due.
    fileprivate func eventText(at now: Timestamp) -> String {
        let text = "\(self.id.text) \(self.revision) \(self.status.rawValue)"
        guard let queue = self.queue, self.isDue(at: now) else { return text }
        return "\(text) \(queue)"
    }
}

extension RedisReply {
    /// Reads what a script's `lookup` answered.
    mutating func lookup(_ id: ProcessID) throws(Surprise) -> ProcessLookup {
        _ = try self.array()
        switch try self.string() {
        case "found": return try self.hash(id).lookup
        case "removed": return .removed(try self.tombstone(id))
        case "foreign", "missing": return .missing
        default: throw .unexpected("what is known of an id")
        }
    }

    /// Reads the status and the time of a tombstone.
    mutating func tombstone(_ id: ProcessID) throws(Surprise) -> Tombstone {
        guard let status = ProcessStatus(rawValue: try self.string()) else { throw .unexpected("a status") }
        return Tombstone(id: id, status: status, removedAt: Timestamp(milliseconds: try self.decimal()))
    }

    /// Reads the entries of `process_removed` for some ids.
    ///
    /// - Returns: `removed` where the time of an entry has not passed, else `missing`.
    mutating func tombstones(_ ids: [ProcessID], at now: Timestamp) throws(Surprise) -> [ProcessLookup] {
        var lookups: [ProcessLookup] = []
        guard try self.array() == ids.count else { throw .unexpected("an entry for each id") }
        for id in ids {
            let parts = try self.optionalString()?.split(separator: " ") ?? []
            if parts.count == 3, let status = ProcessStatus(rawValue: String(parts[0])),
                let removedAt = Int64(parts[1]), let forgottenAt = Int64(parts[2]), forgottenAt > now.milliseconds
            {
                let removedAt = Timestamp(milliseconds: removedAt)
                lookups.append(.removed(Tombstone(id: id, status: status, removedAt: removedAt)))
            } else {
                lookups.append(.missing)
            }
        }
        return lookups
    }
}
