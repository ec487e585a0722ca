public import ProcessCore

extension SQLiteProcessRepository {
    /// See ``ProcessRepository/health()``.
    ///
    /// `down` where the file was moved away or replaced, after which nothing is written any more. `degraded` where a part of
    /// it was found damaged, where the last write could not be kept and one that is tried now can't either, and where the
    /// disk did not take the last one: it may take a trial, which needs less. Also where writes have been waiting for the file's
    /// lock: whoever asks is told at once, since a trial would only wait behind them.
    public func health() async -> RepositoryHealth {
        let begin = MonotonicInstant.now
        func health(_ state: RepositoryHealth.State, _ reason: String? = nil) -> RepositoryHealth {
            let latency = MonotonicInstant.now.nanoseconds(since: begin)
            return RepositoryHealth(state, reason: reason, latency: .nanoseconds(Int64(latency)))
        }
        if let loss = self.files.findLoss() { return health(.down, "\(loss): restart the service") }
        do {
            _ = try await self.read { reader throws(SQLiteError) in
                try reader.connection.integer("SELECT count(*) FROM sqlite_schema")
            }
        } catch {
            return health(.down, error.message)
        }
        if let damage = self.files.damage { return health(.degraded, damage) }
        let statistics = self.statistics.current
        if let since = statistics.waitsSince, Duration.nanoseconds(begin.nanoseconds(since: since)) >= self.longLockWait
        {
            let seconds = begin.nanoseconds(since: since) / 1_000_000_000
            return health(.degraded, "another program has held the lock of the store's file for \(seconds) s")
        }
        guard let failure = statistics.failure else { return health(.ok) }
        if failure.isOfDisk { return health(.degraded, failure.message) }
        do {
            try await self.write(length: 0, isTrial: true) { writer throws(SQLiteError) in try writer.tryWriting() }
            return health(.ok)
        } catch {
            return health(.degraded, error.message)
        }
    }
}
