import ProcessCore

/// A store that fails where a test says so, and is the store it wraps otherwise.
struct FaultyRepository: ProcessRepository {
    enum Operation: Sendable {
        case insert, find, replace, claim, findOverdue, page, counts, cleanup, forget, children, append, chunks
    }

    let inner: any ProcessRepository
    /// The error that an operation throws; nil where it does what it should.
    var fault: @Sendable (Operation) -> ProcessRepositoryError? = { _ in nil }
    /// Ids whose records can't be read.
    var corrupt: Set<String> = []
    /// Ids that the store has something under that is no process, as a Redis may.
    var foreign: Set<String> = []
    var state = RepositoryHealth(.ok, latency: .microseconds(250))

    func now() -> Timestamp { self.inner.now() }

    func insert(_ insertion: ProcessInsertion) async throws(ProcessRepositoryError) -> InsertOutcome {
        try self.check(.insert)
        if self.corrupt.contains(insertion.record.id.text) { return .exists(.corrupt("no revision")) }
        if self.foreign.contains(insertion.record.id.text) { return .exists(.corrupt("something else")) }
        return try await self.inner.insert(insertion)
    }

    func find(_ id: ProcessID) async throws(ProcessRepositoryError) -> ProcessLookup {
        try self.check(.find)
        if self.corrupt.contains(id.text) { return .corrupt("no revision") }
        return try await self.inner.find(id)
    }

    func find(_ ids: [ProcessID]) async throws(ProcessRepositoryError) -> [ProcessLookup] {
        try self.check(.find)
        return zip(ids, try await self.inner.find(ids)).map {
            self.corrupt.contains($0.text) ? .corrupt("no revision") : $1
        }
    }

    func replace(
        _ record: ProcessRecord, over old: ProcessRecord, notBefore instant: Timestamp?
    ) async throws(ProcessRepositoryError) -> ReplaceOutcome {
        try self.check(.replace)
        return try await self.inner.replace(record, over: old, notBefore: instant)
    }

    func claim(_ request: ClaimRequest) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        try self.check(.claim)
        return try await self.inner.claim(request)
    }

    func findOverdue(at instant: Timestamp, limit: Int) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        try self.check(.findOverdue)
        return try await self.inner.findOverdue(at: instant, limit: limit)
    }

    func page(_ query: ProcessQuery) async throws(ProcessRepositoryError) -> ProcessPage {
        try self.check(.page)
        return try await self.inner.page(query)
    }

    func counts() async throws(ProcessRepositoryError) -> ProcessCounts {
        try self.check(.counts)
        return try await self.inner.counts()
    }

    func cleanup(_ request: CleanupRequest) async throws(ProcessRepositoryError) -> CleanupBatch {
        try self.check(.cleanup)
        if request.scope == .corrupt {
            let removed = self.corrupt.sorted().map {
                Tombstone(id: ProcessID(trusted: $0), status: .failed, removedAt: self.now())
            }
            return CleanupBatch(removed: removed, next: nil)
        }
        return try await self.inner.cleanup(request)
    }

    func forgetExpired() async throws(ProcessRepositoryError) -> Bool {
        try self.check(.forget)
        return try await self.inner.forgetExpired()
    }

    func children(
        of id: ProcessID, after cursor: ChildCursor?, limit: Int
    ) async throws(ProcessRepositoryError) -> ChildPage {
        try self.check(.children)
        return try await self.inner.children(of: id, after: cursor, limit: limit)
    }

    func childCounts(of id: ProcessID) async throws(ProcessRepositoryError) -> [ProcessStatus: Int] {
        try self.check(.children)
        return try await self.inner.childCounts(of: id)
    }

    func append(_ append: StreamAppend) async throws(ProcessRepositoryError) -> AppendOutcome {
        try self.check(.append)
        if self.corrupt.contains(append.id.text) { return .refused(.corrupt("no revision")) }
        return try await self.inner.append(append)
    }

    func chunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) async throws(ProcessRepositoryError) -> StreamPage? {
        try self.check(.chunks)
        if self.corrupt.contains(id.text) { return nil }
        return try await self.inner.chunks(of: id, after: index, limit: limit, byteLimit: byteLimit)
    }

    func removeStreams(endedBy instant: Timestamp) async throws(ProcessRepositoryError) -> Bool {
        try self.check(.cleanup)
        return try await self.inner.removeStreams(endedBy: instant)
    }

    func listen(_ listener: @escaping @Sendable (ChangeNotice) -> Void) { self.inner.listen(listener) }

    func health() async -> RepositoryHealth { self.state }

    func close() async { await self.inner.close() }

    private func check(_ operation: Operation) throws(ProcessRepositoryError) {
        if let error = self.fault(operation) { throw error }
    }
}
