internal import ProcessCore

extension ProcessRoutes {
    /// `DELETE /cleanup`
    func cleanup(_ request: HTTPRequest) async throws(Problem) -> Answer {
        var query = try QueryParameters(request.query)
        let budget = try query.takeDuration("within", zeroAllowed: false)
        let place = try Self.takeCleanupPlace(from: &query)
        let options = try Self.cleanupOptions(from: &query)
        let report: CleanupReport
        do { report = try await self.manager.cleanup(options, budget: budget, after: place) } catch {
            throw Problem(error, effect: .batches)
        }
        return .json { writer in
            writer.beginObject()
            Self.write(report, to: &writer)
            // Who asks for all at once is told nothing of portions.
            if budget != nil || place != nil { writer.member("next_cursor", report.next.map(CleanupCursor.text)) }
            writer.endObject()
        }
    }

    private static func takeCleanupPlace(from query: inout QueryParameters) throws(Problem) -> CleanupPlace? {
        guard let text = try query.take("cursor") else { return nil }
        guard let place = CleanupCursor.place(text) else {
            throw .invalidField("cursor", "must be the next_cursor of a cleanup's answer")
        }
        return place
    }

    private static func cleanupOptions(from query: inout QueryParameters) throws(Problem) -> CleanupOptions {
        var options = CleanupOptions()
        options.olderThan = try query.takeDuration("older_than", zeroAllowed: true)
        let statuses = try Self.takeStatuses(from: &query)
        options.isDryRun = try query.takeFlag("dry_run")
        options.force = try query.takeFlag("force")
        options.corrupt = try query.takeFlag("corrupt")
        try query.expectNoMore()
        if options.corrupt {
            guard options.force else {
                throw .invalidField("corrupt", "needs force=true: what cannot be read is lost for good")
            }
            guard options.olderThan == nil, statuses == nil else {
                throw .invalidField(
                    "corrupt",
                    "must not be sent together with older_than or status: neither can be read of such a record")
            }
        }
        if let statuses {
            options.statuses = Set(statuses)
            if let unfinished = statuses.first(where: { !$0.isFinished }) {
                guard options.force else {
                    throw .invalidField(
                        "status",
                        "can hold \(unfinished.rawValue) only with force=true: such a process has not finished")
                }
                guard options.olderThan != nil else {
                    throw .invalidField(
                        "status",
                        "can hold \(unfinished.rawValue) only with older_than: how long ago such a process was created")
                }
            }
        }
        return options
    }

    /// `GET /stats`
    func statistics(_ request: HTTPRequest) async throws(Problem) -> Answer {
        try Self.expectNoParameters(request)
        let statistics: ProcessStatistics
        do { statistics = try await self.manager.statistics() } catch { throw Problem(error, effect: .none) }
        let counts = statistics.counts
        return .json { writer in
            writer.beginObject()
            writer.member("total", counts.total)
            writer.name("by_status")
            Self.write(counts.byStatus, to: &writer)
            Self.write(counts.byKind, as: "by_kind", to: &writer)
            Self.write(counts.byQueue, as: "by_queue", to: &writer)
            Self.writeQueues(of: statistics, to: &writer)
            writer.member("oldest_running_age_s", counts.oldestRunning?.age(at: statistics.at))
            writer.member("oldest_pending_age_s", counts.oldestPending?.age(at: statistics.at))
            writer.name("last_cleanup")
            if let report = statistics.lastCleanup {
                writer.beginObject()
                Self.write(report, to: &writer)
                writer.member("started_at", report.startedAt)
                writer.member("finished_at", report.finishedAt)
                writer.endObject()
            } else {
                writer.null()
            }
            writer.endObject()
        }
    }

    /// Writes all five counts.
    static func write(_ counts: [ProcessStatus: Int], to writer: inout JSONWriter) {
        writer.beginObject()
        for status in ProcessStatus.allCases {
            writer.name(escaping: status.rawValue)
            writer.value(counts[status] ?? 0)
        }
        writer.endObject()
    }

    private static func write(_ report: CleanupReport, to writer: inout JSONWriter) {
        writer.member("removed", report.removed)
        writer.member("remaining", report.remaining)
        writer.member("dry_run", report.isDryRun)
        writer.member("elapsed_ms", report.elapsed.milliseconds)
    }

    private static func write(_ counts: [String: Int], as name: StaticString, to writer: inout JSONWriter) {
        writer.name(name)
        writer.beginObject()
        for (key, count) in counts.sorted(by: { $0.key < $1.key }) {
            writer.name(escaping: key)
            writer.value(count)
        }
        writer.endObject()
    }

    /// Writes what is known of each queue in which something waits.
    private static func writeQueues(of statistics: ProcessStatistics, to writer: inout JSONWriter) {
        writer.name("queues")
        writer.beginObject()
        for (queue, depth) in statistics.counts.byQueue.sorted(by: { $0.key < $1.key }) {
            writer.name(escaping: queue)
            writer.beginObject()
            writer.member("pending", depth)
            writer.member("oldest_due_age_s", statistics.counts.oldestDue[queue]?.age(at: statistics.at))
            writer.endObject()
        }
        writer.endObject()
    }
}
