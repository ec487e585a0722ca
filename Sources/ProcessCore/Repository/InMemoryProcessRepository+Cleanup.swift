import Synchronization

extension InMemoryProcessRepository {
    /// See ``ProcessRepository/cleanup(_:)``.
    public func cleanup(_ request: CleanupRequest) async throws(ProcessRepositoryError) -> CleanupBatch {
        try self.checkOpen()
        let batch = self.indexes.withLock { indexes in
            let now = self.now()
            let candidates = InMemoryCleanupWalk(request).candidates(in: indexes)
            var removed: [Tombstone] = []
            for entry in candidates.entries {
                guard request.scope.includes(ProcessRecord(entry)),
                    indexes.families[entry.id]?.hasUnfinished != true
                else {
                    continue
                }
                let tombstone = Tombstone(id: entry.id, status: entry.status, removedAt: now)
                removed.append(tombstone)
                if !request.isDryRun {
                    // Without a lifetime there is no memory: a clock that is set back must not bring one up.
                    let isRemembered = request.tombstoneLifetime > .zero
                    let expiresAt = now + request.tombstoneLifetime
                    let memory = isRemembered ? InMemoryTombstone(tombstone, expiresAt: expiresAt) : nil
                    self.remove(entry, as: memory, in: &indexes)
                }
            }
            return CleanupBatch(removed: removed, next: candidates.next)
        }
        if !request.isDryRun { self.listeners.tell(batch.removed.lazy.map { .removed($0.id) }) }
        return batch
    }
}

/// The walk through the indexes that hold what a cleanup may remove.
private struct InMemoryCleanupWalk {
    /// One index, up to and including a score.
    private struct Stretch {
        let index: SortedIndex<InMemoryEntry>
        let last: Int64
    }

    private let request: CleanupRequest

    init(_ request: CleanupRequest) {
        self.request = request
    }

    /// The indexes to walk: the same for every batch of one cleanup, so a cursor names one by its place among them.
    private func stretches(of indexes: borrowing InMemoryIndexes) -> [Stretch] {
        let finished: [ProcessStatus] = [.completed, .failed, .cancelled]
        switch self.request.scope {
        case .expired(let finishedBy, let now, let statuses):
            var stretches: [Stretch] = []
            for status in finished where statuses.contains(status) {
                stretches.append(Stretch(index: indexes.finished[status].plain, last: finishedBy.milliseconds))
            }
            stretches.append(Stretch(index: indexes.expiring, last: now.milliseconds))
            return stretches
        case .older(let instant, let statuses, let includingRetained):
            var stretches: [Stretch] = []
            func add(_ index: SortedIndex<InMemoryEntry>) {
                stretches.append(Stretch(index: index, last: instant.milliseconds))
            }
            // Unfinished ones first: a parent that has finished can go once its children went.
            for status in [ProcessStatus.pending, .running] where statuses.contains(status) {
                add(indexes.statuses[status])
            }
            for status in finished where statuses.contains(status) {
                add(indexes.finished[status].plain)
                if includingRetained { add(indexes.finished[status].retained) }
            }
            return stretches
        case .corrupt:
            return []
        }
    }

    /// The next candidates, as many as the request allows, and where to go on after them.
    func candidates(
        in indexes: borrowing InMemoryIndexes
    ) -> (entries: [InMemoryEntry], next: CleanupRequest.Cursor?) {
        var entries: [InMemoryEntry] = []
        var next: CleanupRequest.Cursor?
        for (number, stretch) in self.stretches(of: indexes).enumerated() {
            let index = stretch.index
            var position = index.start
            if let after = self.request.after {
                guard number >= after.index else { continue }
                if number == after.index { position = index.position(after: after.score, id: after.id) }
            }
            let end = index.position(after: stretch.last)
            while position < end {
                guard entries.count < self.request.limit else { return (entries, next) }
                let item = index[position]
                entries.append(item.element)
                next = CleanupRequest.Cursor(index: number, score: item.score, id: item.element.sortID)
                position = index.position(after: position)
            }
        }
        return (entries, nil)
    }
}
