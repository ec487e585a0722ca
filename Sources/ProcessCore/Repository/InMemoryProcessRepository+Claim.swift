import Synchronization

extension InMemoryProcessRepository {
    /// See ``ProcessRepository/claim(_:)``.
    public func claim(_ request: ClaimRequest) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        try self.checkOpen()
        let claimed = self.indexes.withLock { indexes in
            let now = self.now()
            let queues = Set(request.queues).filter { indexes.queues[$0] != nil }
            self.promoteDelayed(of: queues, in: &indexes, now: now)

            let transition = ProcessTransition(.claim(request.claim), at: now)
            var claimed: [ProcessRecord] = []
            var bytes = 0
            var misplaced = 0
            while !request.isFull(claimed.count, bytes: bytes), let entry = self.head(of: queues, in: indexes) {
                if case .changed(let next)? = try? transition.apply(to: ProcessRecord(entry)) {
                    self.update(entry, to: next, in: &indexes, now: now)
                    claimed.append(next)
                    bytes += next.inputBytes
                } else if misplaced < ClaimRequest.promotionLimit, let queue = entry.queue {
                    // It was due once, and is no longer since the clock was set back.
                    misplaced += 1
                    indexes.queues[queue]?.place(entry, again: now)
                } else {
                    break
                }
            }
            return claimed
        }
        self.listeners.tell(claimed.lazy.map { ChangeNotice($0, at: $0.updatedAt) })
        return claimed
    }

    /// Puts delayed processes that have become due among the due ones, those due first, first.
    private func promoteDelayed(of queues: Set<String>, in indexes: inout InMemoryIndexes, now: Timestamp) {
        for _ in 0..<ClaimRequest.promotionLimit {
            var first: InMemoryEntry?
            for queue in queues {
                guard let entry = indexes.queues[queue]?.delayed.first?.element, let runAfter = entry.runAfter,
                    runAfter <= now
                else { continue }
                if let known = first?.runAfter, known <= runAfter { continue }
                first = entry
            }
            guard let first, let queue = first.queue else { return }
            indexes.queues[queue]?.place(first, again: now)
        }
    }

    /// The one to be handed out next, over several queues.
    private func head(of queues: Set<String>, in indexes: borrowing InMemoryIndexes) -> InMemoryEntry? {
        var first: InMemoryEntry?
        for queue in queues {
            guard let entry = indexes.queues[queue]?.head else { continue }
            if let known = first, !entry.isClaimed(before: known) { continue }
            first = entry
        }
        return first
    }
}

extension InMemoryEntry {
    fileprivate func isClaimed(before other: InMemoryEntry) -> Bool {
        if self.priority != other.priority { return self.priority > other.priority }
        if self.createdAt != other.createdAt { return self.createdAt < other.createdAt }
        return self.sortID < other.sortID
    }
}
