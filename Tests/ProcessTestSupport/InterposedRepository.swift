public import ProcessCore
import Synchronization

/// A repository that a test puts between a manager and a real one, to let things happen at the worst moment.
public struct InterposedRepository: ProcessRepository {
    /// The real one.
    public let base: any ProcessRepository
    private let beforeReplace:
        @Sendable (any ProcessRepository, ProcessRecord) async throws(ProcessRepositoryError) -> Void
    private let afterClaim: @Sendable (any ProcessRepository) async -> Void
    private let afterChunks: @Sendable (any ProcessRepository) async -> Void
    private let failing: @Sendable () -> ProcessRepositoryError?
    private let isSilent: Bool
    private let onNeed: @Sendable (Bool) -> Void

    /// Stands in front of a repository.
    ///
    /// - Parameters:
    ///   - base: The real one.
    ///   - beforeReplace: Happens between a manager's read and its replace.
    ///   - afterClaim: Happens between a claim and what the manager does with it.
    ///   - afterChunks: Happens between a look at output and what the manager does with it.
    ///   - failing: Where it gives an error, every call throws that.
    ///   - isSilent: Whether nobody is told of changes, as if all notices were lost.
    ///   - onNeed: Hears whether notices are needed.
    public init(
        _ base: any ProcessRepository,
        beforeReplace:
            @escaping @Sendable (any ProcessRepository, ProcessRecord) async throws(ProcessRepositoryError) ->
            Void = { _, _ in },
        afterClaim: @escaping @Sendable (any ProcessRepository) async -> Void = { _ in },
        afterChunks: @escaping @Sendable (any ProcessRepository) async -> Void = { _ in },
        failing: @escaping @Sendable () -> ProcessRepositoryError? = { nil },
        isSilent: Bool = false,
        onNeed: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.base = base
        self.failing = failing
        self.isSilent = isSilent
        self.onNeed = onNeed
        self.beforeReplace = beforeReplace
        self.afterClaim = afterClaim
        self.afterChunks = afterChunks
    }

    private func check() throws(ProcessRepositoryError) {
        if let error = self.failing() { throw error }
    }

    /// As the real one.
    public func now() -> Timestamp { self.base.now() }

    /// As the real one.
    public func insert(_ insertion: ProcessInsertion) async throws(ProcessRepositoryError) -> InsertOutcome {
        try self.check()
        return try await self.base.insert(insertion)
    }

    /// As the real one.
    public func find(_ id: ProcessID) async throws(ProcessRepositoryError) -> ProcessLookup {
        try self.check()
        return try await self.base.find(id)
    }

    /// As the real one.
    public func find(_ ids: [ProcessID]) async throws(ProcessRepositoryError) -> [ProcessLookup] {
        try self.check()
        return try await self.base.find(ids)
    }

    /// As the real one, after what the test lets happen before.
    public func replace(
        _ record: ProcessRecord, over old: ProcessRecord, notBefore instant: Timestamp?
    ) async throws(ProcessRepositoryError) -> ReplaceOutcome {
        try self.check()
        try await self.beforeReplace(self.base, record)
        return try await self.base.replace(record, over: old, notBefore: instant)
    }

    /// As the real one.
    public func recentCopy(of id: ProcessID) -> ProcessRecord? { self.base.recentCopy(of: id) }

    /// As the real one; the test lets something happen after it.
    public func claim(_ request: ClaimRequest) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        try self.check()
        let claimed = try await self.base.claim(request)
        await self.afterClaim(self.base)
        return claimed
    }

    /// As the real one.
    public func findOverdue(
        at instant: Timestamp, limit: Int
    ) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        try self.check()
        return try await self.base.findOverdue(at: instant, limit: limit)
    }

    /// As the real one.
    public func page(_ query: ProcessQuery) async throws(ProcessRepositoryError) -> ProcessPage {
        try self.check()
        return try await self.base.page(query)
    }

    /// As the real one.
    public func counts() async throws(ProcessRepositoryError) -> ProcessCounts {
        try self.check()
        return try await self.base.counts()
    }

    /// As the real one.
    public func cleanup(_ request: CleanupRequest) async throws(ProcessRepositoryError) -> CleanupBatch {
        try self.check()
        return try await self.base.cleanup(request)
    }

    /// As the real one.
    public func forgetExpired() async throws(ProcessRepositoryError) -> Bool {
        try self.check()
        return try await self.base.forgetExpired()
    }

    /// As the real one.
    public func children(
        of id: ProcessID, after cursor: ChildCursor?, limit: Int
    ) async throws(ProcessRepositoryError) -> ChildPage {
        try self.check()
        return try await self.base.children(of: id, after: cursor, limit: limit)
    }

    /// As the real one.
    public func childCounts(of id: ProcessID) async throws(ProcessRepositoryError) -> [ProcessStatus: Int] {
        try self.check()
        return try await self.base.childCounts(of: id)
    }

    /// As the real one.
    public func append(_ append: StreamAppend) async throws(ProcessRepositoryError) -> AppendOutcome {
        try self.check()
        return try await self.base.append(append)
    }

    /// As the real one.
    public func chunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) async throws(ProcessRepositoryError) -> StreamPage? {
        try self.check()
        let page = try await self.base.chunks(of: id, after: index, limit: limit, byteLimit: byteLimit)
        await self.afterChunks(self.base)
        return page
    }

    /// As the real one.
    public func removeStreams(endedBy instant: Timestamp) async throws(ProcessRepositoryError) -> Bool {
        try self.check()
        return try await self.base.removeStreams(endedBy: instant)
    }

    /// As the real one, unless the test has it tell nobody.
    public func listen(_ listener: @escaping @Sendable (ChangeNotice) -> Void) {
        if !self.isSilent { self.base.listen(listener) }
    }

    /// Tells the test, and the real one.
    public func needNotices(_ areNeeded: Bool) {
        self.onNeed(areNeeded)
        self.base.needNotices(areNeeded)
    }

    /// As the real one.
    public func health() async -> RepositoryHealth { await self.base.health() }

    /// As the real one.
    public func close() async { await self.base.close() }
}
