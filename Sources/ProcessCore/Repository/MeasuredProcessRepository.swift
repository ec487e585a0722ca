/// Measures how long another repository takes for each operation, and counts what fails; changes nothing of it.
public struct MeasuredProcessRepository: ProcessRepository {
    private enum Operation: String, CaseIterable {
        case insert, find, findMany = "find_many", replace, claim, findOverdue = "find_overdue", page, counts, cleanup
        case forgetExpired = "forget_expired", children, childCounts = "child_counts"
        case append, chunks, removeStreams = "remove_streams"
    }

    private let base: any ProcessRepository
    private let errors: MetricFamily<Counter>
    private let durations: InlineArray<15, Histogram>

    /// Wraps a repository.
    ///
    /// - Parameters:
    ///   - base: The repository that does the work.
    ///   - metrics: Where the latencies and errors go.
    public init(_ base: any ProcessRepository, metrics: TrackerMetrics) {
        self.base = base
        self.errors = metrics.storeErrors
        self.durations = InlineArray { metrics.storeOperationDuration.with(Operation.allCases[$0].rawValue) }
    }

    private func measure<Answer>(
        _ operation: Operation, at index: Int,
        _ body: () async throws(ProcessRepositoryError) -> Answer
    ) async throws(ProcessRepositoryError) -> Answer {
        let begin = MonotonicInstant.now
        defer { self.durations[index].observe(nanoseconds: MonotonicInstant.now.nanoseconds(since: begin)) }
        do {
            return try await body()
        } catch {
            self.errors.with(operation.rawValue, error.code.rawValue).increment()
            throw error
        }
    }

    /// As the wrapped repository.
    public func now() -> Timestamp { self.base.now() }

    /// As the wrapped repository.
    public func insert(_ insertion: ProcessInsertion) async throws(ProcessRepositoryError) -> InsertOutcome {
        try await self.measure(.insert, at: 0) { () async throws(ProcessRepositoryError) in
            try await self.base.insert(insertion)
        }
    }

    /// As the wrapped repository.
    public func find(_ id: ProcessID) async throws(ProcessRepositoryError) -> ProcessLookup {
        try await self.measure(.find, at: 1) { () async throws(ProcessRepositoryError) in try await self.base.find(id) }
    }

    /// As the wrapped repository.
    public func find(_ ids: [ProcessID]) async throws(ProcessRepositoryError) -> [ProcessLookup] {
        try await self.measure(.findMany, at: 2) { () async throws(ProcessRepositoryError) in
            try await self.base.find(ids)
        }
    }

    /// As the wrapped repository.
    public func replace(
        _ record: ProcessRecord, over old: ProcessRecord, notBefore instant: Timestamp?
    ) async throws(ProcessRepositoryError) -> ReplaceOutcome {
        try await self.measure(.replace, at: 3) { () async throws(ProcessRepositoryError) in
            try await self.base.replace(record, over: old, notBefore: instant)
        }
    }

    /// As the wrapped repository.
    public func recentCopy(of id: ProcessID) -> ProcessRecord? { self.base.recentCopy(of: id) }

    /// As the wrapped repository.
    public func claim(_ request: ClaimRequest) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        try await self.measure(.claim, at: 4) { () async throws(ProcessRepositoryError) in
            try await self.base.claim(request)
        }
    }

    /// As the wrapped repository.
    public func findOverdue(
        at instant: Timestamp, limit: Int
    ) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        try await self.measure(.findOverdue, at: 5) { () async throws(ProcessRepositoryError) in
            try await self.base.findOverdue(at: instant, limit: limit)
        }
    }

    /// As the wrapped repository.
    public func page(_ query: ProcessQuery) async throws(ProcessRepositoryError) -> ProcessPage {
        try await self.measure(.page, at: 6) { () async throws(ProcessRepositoryError) in
            try await self.base.page(query)
        }
    }

    /// As the wrapped repository.
    public func counts() async throws(ProcessRepositoryError) -> ProcessCounts {
        try await self.measure(.counts, at: 7) { () async throws(ProcessRepositoryError) in try await self.base.counts()
        }
    }

    /// As the wrapped repository.
    public func cleanup(_ request: CleanupRequest) async throws(ProcessRepositoryError) -> CleanupBatch {
        try await self.measure(.cleanup, at: 8) { () async throws(ProcessRepositoryError) in
            try await self.base.cleanup(request)
        }
    }

    /// As the wrapped repository.
    public func forgetExpired() async throws(ProcessRepositoryError) -> Bool {
        try await self.measure(.forgetExpired, at: 9) { () async throws(ProcessRepositoryError) in
            try await self.base.forgetExpired()
        }
    }

    /// As the wrapped repository.
    public func children(
        of id: ProcessID, after cursor: ChildCursor?, limit: Int
    ) async throws(ProcessRepositoryError) -> ChildPage {
        try await self.measure(.children, at: 10) { () async throws(ProcessRepositoryError) in
            try await self.base.children(of: id, after: cursor, limit: limit)
        }
    }

    /// As the wrapped repository.
    public func childCounts(of id: ProcessID) async throws(ProcessRepositoryError) -> [ProcessStatus: Int] {
        try await self.measure(.childCounts, at: 11) { () async throws(ProcessRepositoryError) in
            try await self.base.childCounts(of: id)
        }
    }

    /// As the wrapped repository.
    public func append(_ append: StreamAppend) async throws(ProcessRepositoryError) -> AppendOutcome {
        try await self.measure(.append, at: 12) { () async throws(ProcessRepositoryError) in
            try await self.base.append(append)
        }
    }

    /// As the wrapped repository.
    public func chunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) async throws(ProcessRepositoryError) -> StreamPage? {
        try await self.measure(.chunks, at: 13) { () async throws(ProcessRepositoryError) in
            try await self.base.chunks(of: id, after: index, limit: limit, byteLimit: byteLimit)
        }
    }

    /// As the wrapped repository.
    public func removeStreams(endedBy instant: Timestamp) async throws(ProcessRepositoryError) -> Bool {
        try await self.measure(.removeStreams, at: 14) { () async throws(ProcessRepositoryError) in
            try await self.base.removeStreams(endedBy: instant)
        }
    }

    /// As the wrapped repository.
    public func listen(_ listener: @escaping @Sendable (ChangeNotice) -> Void) { self.base.listen(listener) }

    /// As the wrapped repository.
    public func needNotices(_ areNeeded: Bool) { self.base.needNotices(areNeeded) }

    /// As the wrapped repository; it measures itself.
    public func health() async -> RepositoryHealth { await self.base.health() }

    /// As the wrapped repository.
    public func close() async { await self.base.close() }
}
