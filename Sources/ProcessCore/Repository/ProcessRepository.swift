/// Where processes are kept: the one thing a ``ProcessManager`` depends on.
///
/// A repository holds data and indexes and keeps promises; it knows no rule of a process's life. Every call may be made
/// from many tasks at once, and every change happens wholly or not at all, its indexes included: whoever reads sees it
/// before or after, never in between. Once a change was answered, a read through any instance on the same store shows
/// it. What is promised beyond that, such as surviving a power loss, each implementation says of itself.
///
/// A change is: read the record, apply a ``ProcessTransition``, ``replace(_:over:notBefore:)`` if it is still the same,
/// else again with what came back. Only ``claim(_:)`` applies a transition by itself, which it is
/// handed as data.
///
/// Every call throws `unavailable` where the store can't be reached in time (a change may or may not have happened
/// then, and the message says which), and `storeFull` where it has no room.
public protocol ProcessRepository: Sendable {
    /// The store's time: what leases and deadlines are judged by. Cheap; makes no round trip.
    func now() -> Timestamp

    /// Keeps a new process, if nothing stands against it, in one atomic step with its idempotency key.
    ///
    /// Of two inserts of one id or one key at once, on whatever instances, one is `inserted` and the other is told so.
    /// Checked in this order: idempotency key, id, tombstone, parent, number of processes.
    ///
    /// - Parameter insertion: The record, in any state, and what is to be checked.
    /// - Returns: What came of it; only after `inserted` anything is there that was not before.
    /// - Throws: `unavailable`, `storeFull`.
    func insert(_ insertion: ProcessInsertion) async throws(ProcessRepositoryError) -> InsertOutcome

    /// Reads one process.
    ///
    /// - Parameter id: Which one.
    /// - Returns: What is known of that id; a record that can't be read is `corrupt`, not an error.
    /// - Throws: `unavailable`.
    func find(_ id: ProcessID) async throws(ProcessRepositoryError) -> ProcessLookup

    /// Reads several processes, each on its own: not one moment's picture of all of them.
    ///
    /// - Parameter ids: Which ones.
    /// - Returns: What is known of each, in the order asked for.
    /// - Throws: `unavailable`.
    func find(_ ids: [ProcessID]) async throws(ProcessRepositoryError) -> [ProcessLookup]

    /// Puts a changed record in the place of the one it was made from.
    ///
    /// - Parameters:
    ///   - record: The whole record as it is to be; id, kind, input, queue and all else that is `let` are as before.
    ///   - old: The record it was made from, which must be in the store now: at this revision, if it was created and last changed
    ///     then. The revision alone does not tell a process from a later one of its id, nor from what became of it in a
    ///     store that was brought back from a backup.
    ///   - instant: Where given, the store refuses as long as its own clock is before it: what ends a lease must not
    ///     rely on an instance's idea of the time.
    /// - Returns: Whether it was replaced; if not, nothing has changed.
    /// - Throws: `unavailable`, `storeFull`.
    func replace(
        _ record: ProcessRecord, over old: ProcessRecord, notBefore instant: Timestamp?
    ) async throws(ProcessRepositoryError) -> ReplaceOutcome

    /// A copy of a process that may be older than what is in the store, without asking the store.
    ///
    /// Enough to make a change from, since ``replace(_:over:notBefore:)`` notices; never to answer from. For stores where
    /// reading costs something.
    ///
    /// - Parameter id: Which one.
    /// - Returns: The copy; `nil` where there is none.
    func recentCopy(of id: ProcessID) -> ProcessRecord?

    /// Hands out due pending processes: by priority (the higher first), then `createdAt`, then id, over all queues named.
    ///
    /// Each is handed to one caller only, changed as the pure function's `claim` says, at the store's time. Never looks
    /// at processes that are not due; delayed ones that have become due are found by an index, at most 100 a call.
    ///
    /// - Parameter request: The queues, how many at the most, with how many bytes of inputs it is full, and who claims.
    /// - Returns: The processes as they are after their claim; none where none is due.
    /// - Throws: `unavailable`, `storeFull`.
    func claim(_ request: ClaimRequest) async throws(ProcessRepositoryError) -> [ProcessRecord]

    /// Finds processes whose lease or deadline has passed, by index, the longest overdue first.
    ///
    /// - Parameters:
    ///   - instant: The time by which it has passed (`leaseExpiresAt` or `deadline` at or before it).
    ///   - limit: How many at the most, 1 or more.
    /// - Returns: The records, each once.
    /// - Throws: `unavailable`.
    func findOverdue(at instant: Timestamp, limit: Int) async throws(ProcessRepositoryError) -> [ProcessRecord]

    /// Pages through processes in the order of (`createdAt`, id).
    ///
    /// A walk from page to page skips and repeats nothing that stayed put, whatever comes and goes meanwhile.
    ///
    /// - Parameter query: The filter, the order, where to go on, and the bounds of a page.
    /// - Returns: A page, which may be short and still have a `next`; records that can't be read are left out.
    /// - Throws: `unavailable`.
    func page(_ query: ProcessQuery) async throws(ProcessRepositoryError) -> ProcessPage

    /// Pages through the children of a process, those that have finished included, by index and in an order of the
    /// store's own.
    ///
    /// A walk passes over none and repeats none that stayed as it was; one that came, or changed its status meanwhile, may be
    /// passed over or come twice.
    ///
    /// - Parameters:
    ///   - id: The parent, whether or not it is there itself.
    ///   - cursor: Where the page before ended.
    ///   - limit: How many at the most, 1 or more.
    /// - Returns: A page, empty only at the end.
    /// - Throws: `unavailable`.
    func children(
        of id: ProcessID, after cursor: ChildCursor?, limit: Int
    ) async throws(ProcessRepositoryError) -> ChildPage

    /// Counts the children of a process by status, from counts that are kept or by index alone.
    ///
    /// - Parameter id: The parent.
    /// - Returns: The counts of one moment, of those that are there; a status that no child has may be absent.
    /// - Throws: `unavailable`.
    func childCounts(of id: ProcessID) async throws(ProcessRepositoryError) -> [ProcessStatus: Int]

    /// Counts what is there, from counts that are kept or by index: never by looking at every process.
    ///
    /// - Returns: The counts of one moment.
    /// - Throws: `unavailable`.
    func counts() async throws(ProcessRepositoryError) -> ProcessCounts

    /// Removes one batch of what may go, and remembers each removed id for a while; or only counts it.
    ///
    /// Looks at no more than `limit` candidates, by index. A candidate whose children have not all ended stays, as does one
    /// that changed meanwhile so that the scope no longer holds it. Safe to do on several instances at once: each
    /// process is removed, and reported as removed, once.
    ///
    /// - Parameter request: What may go, where to go on, and whether to remove or only to count.
    /// - Returns: What was removed (or would be), and where to go on; `nil` where there is no more.
    /// - Throws: `unavailable`, `storeFull`.
    func cleanup(_ request: CleanupRequest) async throws(ProcessRepositoryError) -> CleanupBatch

    /// Removes tombstones and idempotency keys whose time has passed, a bounded number a call, where the store does
    /// not do so by itself.
    ///
    /// - Returns: Whether there may be more.
    /// - Throws: `unavailable`, `storeFull`.
    func forgetExpired() async throws(ProcessRepositoryError) -> Bool

    /// Adds to the output of a process that takes it, in one atomic step with looking whether it does.
    ///
    /// Once a process has ended, none of that attempt's output can come after it. Output has indexes without holes, counted
    /// from 1 and on through all attempts; of two appends at once, one comes wholly before the other.
    ///
    /// - Parameter append: The output; chunks beyond its `keptChunks` go, the oldest first.
    /// - Returns: The indexes it got; or why it got none, and nothing has changed.
    /// - Throws: `unavailable`, `storeFull`.
    func append(_ append: StreamAppend) async throws(ProcessRepositoryError) -> AppendOutcome

    /// Reads some of the output of a process.
    ///
    /// - Parameters:
    ///   - id: The process.
    ///   - index: The chunk after which to begin, 0 or more.
    ///   - limit: How many chunks at the most, 1 or more.
    ///   - byteLimit: How long all of them may be, by their `byteCount`; the first one may be longer.
    /// - Returns: The chunks, the last index, and the status; `nil` where there is no process that can be read.
    /// - Throws: `unavailable`.
    func chunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) async throws(ProcessRepositoryError) -> StreamPage?

    /// Removes output of processes that ended long enough ago, or are gone, by index and a bounded amount a call. The
    /// indexes of what was removed are never used again.
    ///
    /// - Parameter instant: The time by which a process must have ended.
    /// - Returns: Whether there may be more.
    /// - Throws: `unavailable`, `storeFull`.
    func removeStreams(endedBy instant: Timestamp) async throws(ProcessRepositoryError) -> Bool

    /// Has somebody hear of every change, through whatever instance it was made, as soon as it can be read.
    ///
    /// To be called before the repository is used, once for each who wants to hear; each hears for as long as the
    /// repository lives. Where the store can't say what other instances changed, `missed` is heard within a second of
    /// it; so it is after a time in which notices could not be heard.
    ///
    /// - Parameter listener: Is told after the change can be read, on any thread, at times twice or out of order, and not
    ///   of every change where a connection was lost; it must be quick and must not call the repository.
    func listen(_ listener: @escaping @Sendable (ChangeNotice) -> Void)

    /// Says whether anybody waits for what listeners hear, where that costs something for each change. It is taken for
    /// needed until this is said.
    ///
    /// While notices are not needed, listeners may hear nothing. Once they are needed again, `missed` is heard if there was
    /// something to miss, and from then on everything. Repeating it is harmless; of several calls the last one holds, so they must not overtake each
    /// other.
    ///
    /// - Parameter areNeeded: Whether anybody waits.
    func needNotices(_ areNeeded: Bool)

    /// Looks whether the store answers, with a round trip that reads nothing of ours.
    ///
    /// - Returns: How it does. Never throws: what it can't say is `down`.
    func health() async -> RepositoryHealth

    /// Writes what is under way and closes every connection. Calls made afterwards throw `unavailable`.
    func close() async
}

extension ProcessRepository {
    /// None: asking the store is as cheap.
    public func recentCopy(of id: ProcessID) -> ProcessRecord? { nil }

    /// Makes no difference: to tell costs nothing.
    public func needNotices(_ areNeeded: Bool) {}
}
