public import ProcessCore

/// Keeps processes in one SQLite file.
///
/// An acknowledged write is on the disk (`synchronous=FULL`): it survives `kill -9` and a power loss. All writes go
/// through one thread, which puts everything that waits into one transaction. Single records are read at once, on the
/// thread of the caller, from the page cache as a rule; longer reads have a thread of their own, so that an event loop never waits
/// for one. Several repositories may share a file, in one operating-system process or in many on one machine: nothing that
/// another one may change is answered from memory.
public final class SQLiteProcessRepository: ProcessRepository {
    private typealias Read = @Sendable (StoreReader) -> Void

    private let clock: @Sendable () -> Timestamp
    private let writes: StoreThread<PendingWrite>
    private let reads: StoreThread<Read>
    let pool: ReaderPool
    let statistics: SharedWriteStatistics
    let files: StoreFiles
    let listeners = ChangeListeners()
    private let copies = RecentCopies()
    private let foreignChanges = ForeignChanges()
    private let foreignChangeInterval: Duration
    let longLockWait: Duration

    /// So many single records are read at once on the caller's thread; more of them are a longer read.
    private static let mostPointReads = 16

    /// Opens the store, and makes it where there is none: the file with mode 0600, its folder with 0700.
    ///
    /// A file that is not ours, of a newer version, damaged or not writable is refused and stays as it is, byte for byte.
    /// One of an older version is brought to this program's version, and older programs refuse it from then on.
    ///
    /// - Parameters:
    ///   - configuration: Where the file is, and how long a lock of another process is waited for.
    ///   - now: The time leases, deadlines and lifetimes are judged by.
    ///   - onUnreadable: Told of each record that can't be read, once, with what is wrong with it; from any thread.
    ///   - onFault: Told of what is wrong with the file as a whole while it is open, once; from any thread.
    /// - Returns: The open repository.
    /// - Throws: `refused`, naming path and reason; `unavailable` where another process does not let go of the file;
    ///   `storeFull`.
    public static func open(
        _ configuration: SQLiteConfiguration, now: @escaping @Sendable () -> Timestamp,
        onUnreadable: (@Sendable (ProcessID, String) -> Void)? = nil, onFault: (@Sendable (String) -> Void)? = nil
    ) throws(ProcessRepositoryError) -> SQLiteProcessRepository {
        var options = SQLiteStoreOptions()
        options.busyTimeout = configuration.busyTimeout
        return try SQLiteProcessRepository(
            path: configuration.path, options: options, now: now, onUnreadable: onUnreadable, onFault: onFault)
    }

    init(
        path: String, options: SQLiteStoreOptions, now: @escaping @Sendable () -> Timestamp,
        onUnreadable: (@Sendable (ProcessID, String) -> Void)? = nil, onFault: (@Sendable (String) -> Void)? = nil
    ) throws(ProcessRepositoryError) {
        let file = SQLiteStoreFile(path: path, schema: options.schema, busyTimeout: options.busyTimeout)
        let unreadableRows = UnreadableRows(onUnreadable)
        let statistics = SharedWriteStatistics()
        let writer: StoreWriter
        let reader: StoreReader
        do {
            writer = try StoreWriter(
                try file.openForWriting(maximumPages: options.maximumPages), options: options,
                unreadableRows: unreadableRows, now: now)
            reader = try StoreReader(try file.openForReading(), unreadableRows: unreadableRows)
        } catch let error as SQLiteError {
            throw file.refusal(of: error)
        } catch let error as ProcessRepositoryError {
            throw error
        } catch {
            throw file.refusal("can't be opened: \(error)")
        }
        self.clock = now
        self.foreignChangeInterval = options.foreignChangeInterval
        self.longLockWait = options.longLockWait
        self.statistics = statistics
        let files = StoreFiles(path, of: writer.connection, onFault: onFault)
        self.files = files
        self.pool = ReaderPool(file, files: files, unreadableRows: unreadableRows)
        self.reads = try StoreThread("sqlite-reader", with: reader) { reader, queue in
            while let reads = queue.takeAll() { for read in reads { read(reader) } }
        }
        self.writes = try StoreThread("sqlite-writer", with: writer) { writer, queue in
            GroupCommitter(writer, files: files, statistics: statistics).run(queue)
        }
    }

    /// How the writes went so far.
    var writeStatistics: WriteStatistics { self.statistics.current }

    /// How many writes were handed to the writer so far.
    var acceptedWrites: Int { self.writes.acceptedCount }

    /// The time of the clock that the repository was opened with.
    public func now() -> Timestamp { self.clock() }

    // MARK: Writes

    /// See ``ProcessRepository/insert(_:)``.
    public func insert(_ insertion: ProcessInsertion) async throws(ProcessRepositoryError) -> InsertOutcome {
        let outcome = try await self.write(length: insertion.record.payloadBytes) { writer throws(SQLiteError) in
            try writer.insert(insertion)
        }
        if outcome == .inserted {
            self.copies.keep(insertion.record)
            self.listeners.tell(ChangeNotice(insertion.record, at: self.now()))
        }
        return outcome
    }

    /// See ``ProcessRepository/replace(_:over:notBefore:)``.
    public func replace(
        _ record: ProcessRecord, over old: ProcessRecord, notBefore instant: Timestamp?
    ) async throws(ProcessRepositoryError) -> ReplaceOutcome {
        let outcome = try await self.write(length: record.payloadBytes) { writer throws(SQLiteError) in
            try writer.replace(record, over: old, notBefore: instant)
        }
        if outcome == .replaced {
            self.copies.keep(record)
            self.listeners.tell(ChangeNotice(record, at: self.now()))
        }
        return outcome
    }

    /// See ``ProcessRepository/recentCopy(of:)``. What this instance started, handed out or changed last.
    public func recentCopy(of id: ProcessID) -> ProcessRecord? { self.copies[id] }

    /// See ``ProcessRepository/claim(_:)``.
    public func claim(_ request: ClaimRequest) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        let claimed = try await self.write(length: 0) { writer throws(SQLiteError) in try writer.claim(request) }
        for record in claimed { self.copies.keep(record) }
        self.listeners.tell(claimed.lazy.map { ChangeNotice($0, at: $0.updatedAt) })
        return claimed
    }

    /// See ``ProcessRepository/cleanup(_:)``.
    ///
    /// Candidates are looked for outside of the transaction that removes them, which looks at each of them again. The last
    /// batch of what is corrupt counts everything anew.
    public func cleanup(_ request: CleanupRequest) async throws(ProcessRepositoryError) -> CleanupBatch {
        let now = self.now()
        let (candidates, dryRun) = try await self.read { reader throws(SQLiteError) in
            let candidates = try reader.candidates(request)
            guard request.isDryRun else { return (candidates, [Tombstone]()) }
            var removable: [Tombstone] = []
            for candidate in candidates.found {
                if request.scope != .corrupt, try reader.hasUnfinishedChildren(candidate.id) { continue }
                removable.append(Tombstone(id: candidate.id, status: candidate.status, removedAt: now))
            }
            return (candidates, removable)
        }
        if request.isDryRun { return CleanupBatch(removed: dryRun, next: candidates.next) }
        // Who wrote what can't be read did not keep the counts either.
        let needsRecount = request.scope == .corrupt && candidates.next == nil
        if candidates.found.isEmpty, !needsRecount { return CleanupBatch(removed: [], next: candidates.next) }
        let removed = try await self.write(length: 0) { writer throws(SQLiteError) in
            let removed = try writer.remove(candidates.found, request)
            if needsRecount { try writer.recount() }
            return removed
        }
        self.listeners.tell(removed.lazy.map { .removed($0.id) })
        return CleanupBatch(removed: removed, next: candidates.next)
    }

    /// See ``ProcessRepository/forgetExpired()``.
    ///
    /// Gives pages back to the file system too, where most of the file is unused.
    public func forgetExpired() async throws(ProcessRepositoryError) -> Bool {
        try await self.write(length: 0) { writer throws(SQLiteError) in try writer.forgetExpired() }
    }

    /// Hands a write to the writer's thread, and waits until its transaction is kept.
    ///
    /// A cancelled task waits too: what was handed over will be written, and its caller is told so.
    func write<Answer: Sendable>(
        length: Int, isTrial: Bool = false, _ body: @escaping @Sendable (StoreWriter) throws(SQLiteError) -> Answer
    ) async throws(ProcessRepositoryError) -> Answer {
        let result: Result<Answer, ProcessRepositoryError> = await withCheckedContinuation { continuation in
            let write = PendingWrite(
                length: length,
                perform: { writer throws(SQLiteError) in
                    let answer = try body(writer)
                    return { continuation.resume(returning: .success(answer)) }
                },
                fail: { continuation.resume(returning: .failure($0)) }, isTrial: isTrial)
            if !self.writes.append(write) { continuation.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    // MARK: Reads

    /// See ``ProcessRepository/find(_:)-(ProcessID)``.
    public func find(_ id: ProcessID) async throws(ProcessRepositoryError) -> ProcessLookup {
        let now = self.now()
        return try self.pool.read { reader throws(SQLiteError) in try reader.lookup(id, at: now) }
    }

    /// See ``ProcessRepository/find(_:)-([ProcessID])``.
    public func find(_ ids: [ProcessID]) async throws(ProcessRepositoryError) -> [ProcessLookup] {
        let now = self.now()
        let lookUpAll: @Sendable (StoreReader) throws(SQLiteError) -> [ProcessLookup] = { reader throws(SQLiteError) in
            var lookups: [ProcessLookup] = []
            lookups.reserveCapacity(ids.count)
            for id in ids { lookups.append(try reader.lookup(id, at: now)) }
            return lookups
        }
        return ids.count <= Self.mostPointReads ? try self.pool.read(lookUpAll) : try await self.read(lookUpAll)
    }

    /// See ``ProcessRepository/findOverdue(at:limit:)``.
    public func findOverdue(
        at instant: Timestamp, limit: Int
    ) async throws(ProcessRepositoryError) -> [ProcessRecord] {
        try await self.read { reader throws(SQLiteError) in try reader.overdue(at: instant, limit: limit) }
    }

    /// See ``ProcessRepository/page(_:)``.
    public func page(_ query: ProcessQuery) async throws(ProcessRepositoryError) -> ProcessPage {
        try await self.read { reader throws(SQLiteError) in try reader.page(query) }
    }

    /// See ``ProcessRepository/counts()``.
    public func counts() async throws(ProcessRepositoryError) -> ProcessCounts {
        try await self.read { [now = self.now()] reader throws(SQLiteError) in try reader.counts(at: now) }
    }

    /// See ``ProcessRepository/children(of:after:limit:)``.
    public func children(
        of id: ProcessID, after cursor: ChildCursor?, limit: Int
    ) async throws(ProcessRepositoryError) -> ChildPage {
        try await self.read { reader throws(SQLiteError) in try reader.children(of: id, after: cursor, limit: limit) }
    }

    /// See ``ProcessRepository/childCounts(of:)``. Looks at one index entry for each child.
    public func childCounts(of id: ProcessID) async throws(ProcessRepositoryError) -> [ProcessStatus: Int] {
        try await self.read { reader throws(SQLiteError) in try reader.childCounts(of: id) }
    }

    /// Reads on the reader's thread.
    func read<Answer: Sendable>(
        _ body: @escaping @Sendable (StoreReader) throws(SQLiteError) -> Answer
    ) async throws(ProcessRepositoryError) -> Answer {
        let result: Result<Answer, ProcessRepositoryError> = await withCheckedContinuation { continuation in
            let read: Read = { [files = self.files] reader in
                let result = Result { () throws(SQLiteError) in try body(reader) }
                if case .failure(let error) = result { files.note(error) }
                continuation.resume(returning: result.mapError { $0.repositoryError("reading from the store") })
            }
            if !self.reads.append(read) { continuation.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    // MARK: Its own life

    /// See ``ProcessRepository/listen(_:)``.
    ///
    /// SQLite tells nobody of another process's writes; whether there were any is looked up twice a second.
    public func listen(_ listener: @escaping @Sendable (ChangeNotice) -> Void) {
        self.listeners.add(listener)
        let listeners = self.listeners
        self.foreignChanges.watch(every: self.foreignChangeInterval) { [weak self] in
            // The writer's connection alone tells others' writes from its own.
            try? await self?.write(length: 0) { writer throws(SQLiteError) in try writer.foreignVersion() }
        } _: {
            listeners.tell(.missed)
        }
    }

    /// See ``ProcessRepository/close()``.
    public func close() async {
        self.foreignChanges.end()
        await self.reads.close()
        self.pool.close()
        // The last connection to close copies the write-ahead log into the file, for which it must be able to write.
        await self.writes.close()
    }
}
