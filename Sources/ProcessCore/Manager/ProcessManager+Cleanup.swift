internal import Synchronization

extension ProcessManager {
    /// Removes what may go, batch after batch, until there is no more, the time is up, or the task is cancelled.
    ///
    /// After each batch, whoever else runs on the same loop gets some turns.
    ///
    /// - Parameters:
    ///   - options: What may go.
    ///   - budget: How long this call may take; `nil` is as long as it needs. It does at least one batch.
    ///   - place: Where the call before ended, which had the same options; `nil` begins.
    /// - Returns: What was done, and where to go on.
    /// - Throws: `store`; what was removed before stays removed.
    public func cleanup(
        _ options: CleanupOptions, budget: Duration? = nil, after place: CleanupPlace? = nil
    ) async throws(ProcessError) -> CleanupReport {
        let clock = ContinuousClock()
        let begin = clock.now
        func isOver() -> Bool { Task.isCancelled || budget.map { clock.now - begin >= $0 } ?? false }
        let now = self.repository.now()
        var reached = place ?? CleanupPlace(startedAt: now)
        // A place comes from outside: by a time to come, what is to be kept until then would go.
        reached.startedAt = min(reached.startedAt, now)
        var request = CleanupRequest(
            options.scope(self.policy, at: reached.startedAt), after: reached.cursor, isDryRun: options.isDryRun,
            tombstoneLifetime: self.policy.tombstoneLifetime)
        var hasMore = place == nil || request.after != nil
        do {
            while hasMore {
                let batch = try await self.repository.cleanup(request)
                reached.removed += batch.removed.count
                reached.removedFinished += batch.removed.count { $0.status.isFinished }
                request.after = batch.next
                hasMore = batch.next != nil
                if isOver() { break }
                // A store that answers without waiting would otherwise keep the loop from its other requests, each of which
                // takes a few turns.
                for _ in 0..<4 { await Task.yield() }
            }
            if !options.isDryRun {
                while try await self.repository.forgetExpired() {
                    hasMore = hasMore || isOver()
                    if hasMore { break }
                }
                let ended = self.repository.now() - self.policy.streamLifetime
                while try await self.repository.removeStreams(endedBy: ended) {
                    hasMore = hasMore || isOver()
                    if hasMore { break }
                }
            }
            let finished = try await self.repository.counts().byStatus.reduce(0) {
                $1.key.isFinished ? $0 + $1.value : $0
            }
            reached.cursor = request.after
            reached.elapsed += clock.now - begin
            let report = CleanupReport(
                removed: reached.removed, removedByLastCall: reached.removed - (place?.removed ?? 0),
                remaining: max(0, options.isDryRun ? finished - reached.removedFinished : finished),
                isDryRun: options.isDryRun, elapsed: reached.elapsed, startedAt: reached.startedAt,
                finishedAt: self.repository.now(), next: hasMore ? reached : nil)
            if !options.isDryRun {
                self.lastCleanup.withLock { $0 = report }
                self.observer.didClean(report)
            }
            return report
        } catch {
            throw .store(error)
        }
    }
}
