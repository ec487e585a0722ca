import Synchronization

extension InMemoryProcessRepository {
    /// How many streams one ``removeStreams(endedBy:)`` looks at at the most.
    private static let streamLimit = 100

    /// See ``ProcessRepository/append(_:)``.
    public func append(_ append: StreamAppend) async throws(ProcessRepositoryError) -> AppendOutcome {
        try self.checkOpen()
        let now = self.now()
        let (outcome, begun) = self.shards[append.id].contents.withLock { contents in
            self.append(append, to: contents.entries[append.id])
        }
        guard let outcome else { return .refused(self.lookup(append.id)) }
        if let begun { self.index(begun, now: now) }
        if case .appended(let range) = outcome {
            self.listeners.tell(.appended(append.id, last: range.upperBound))
        }
        return outcome
    }

    /// - Returns: `nil` where the process does not take it; and the process, where it had no output to be removed before.
    private func append(_ append: StreamAppend, to entry: InMemoryEntry?) -> (AppendOutcome?, begun: InMemoryEntry?) {
        guard let entry,
            append.isTaken(status: entry.status, attempt: entry.attempt, hasQueue: entry.queue != nil)
        else { return (nil, nil) }
        let position = entry.stream?.position
        guard let chunks = append.chunks(after: position, attempt: entry.attempt) else {
            return (.misplaced(next: StreamAppend.firstIndex(after: position, attempt: entry.attempt)), nil)
        }
        let stream = entry.stream ?? InMemoryStream(attempt: entry.attempt)
        entry.stream = stream
        let isBegun = stream.count == 0
        stream.append(chunks, attempt: entry.attempt, keeping: append.keptChunks)
        let last = stream.position.last
        return (.appended((last - Int64(append.output.count) + 1)...last), isBegun ? entry : nil)
    }

    /// Puts a process with output among those whose output is to be removed, unless it is gone.
    private func index(_ entry: InMemoryEntry, now: Timestamp) {
        self.indexes.withLock { indexes in
            guard self.shards[entry.id].contents.withLock({ $0.entries[entry.id] === entry }) else { return }
            indexes.noteStream(of: entry, unfinishedAt: now)
        }
    }

    /// See ``ProcessRepository/chunks(of:after:limit:byteLimit:)``.
    public func chunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) async throws(ProcessRepositoryError) -> StreamPage? {
        try self.checkOpen()
        return self.shards[id].contents.withLock { contents in
            guard let entry = contents.entries[id] else { return nil }
            let chunks = entry.stream?.page(after: index, limit: limit, byteLimit: byteLimit)
            return StreamPage(
                chunks: chunks ?? [], last: entry.stream?.position.last ?? 0, status: entry.status)
        }
    }

    /// See ``ProcessRepository/removeStreams(endedBy:)``.
    public func removeStreams(endedBy instant: Timestamp) async throws(ProcessRepositoryError) -> Bool {
        try self.checkOpen()
        // Given up outside of the locks: there may be a great many.
        var removed: [[StreamChunk]] = []
        defer { removed.removeAll() }
        let now = self.now()
        return self.indexes.withLock { indexes in
            for _ in 0..<Self.streamLimit {
                guard let first = indexes.streams.first, first.score <= instant.milliseconds else { return false }
                let entry = first.element
                if let finishedAt = entry.finishedAt, finishedAt <= instant {
                    indexes.noteStream(of: entry, unfinishedAt: nil)
                    let chunks = self.shards[entry.id].contents.withLock { _ in entry.stream?.removeAll() }
                    if let chunks { removed.append(chunks) }
                } else {
                    // Beyond the bound in any case, so that it is not found again at once.
                    let seen = entry.finishedAt ?? max(now, instant + .milliseconds(1))
                    indexes.noteStream(of: entry, unfinishedAt: seen)
                }
            }
            return true
        }
    }
}
