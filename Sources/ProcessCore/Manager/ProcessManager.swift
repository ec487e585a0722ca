import Synchronization

/// The use cases: what an application, a worker or an operator can ask for, over any ``ProcessRepository``.
///
/// It holds no process: every answer is the store's, so any number of managers may work on one store. A change reads
/// the record, applies the pure ``ProcessTransition`` and replaces it if nobody was faster, else tries again on what
/// somebody faster left.
public final class ProcessManager: Sendable {
    /// Where the processes are.
    public let repository: any ProcessRepository
    /// How long things stay.
    public let policy: CleanupPolicy
    /// How many processes there may be in all; `nil` is no bound.
    public let maximumCount: Int?
    /// How many chunks of output a process keeps; older ones go.
    public let keptChunks: Int

    /// Who is woken when something changes; its slow timer has to be run beside the manager.
    public let hub: ChangeHub

    /// Those who follow something and read it right now.
    let looks = Turns(ProcessManager.looksAtATime)

    let observer: any ProcessObserver
    private let random: @Sendable () -> Double
    let lastCleanup = Mutex<CleanupReport?>(nil)

    /// A number in 0..<1 from the system's random numbers.
    @Sendable public static func systemRandom() -> Double {
        // The 53 bits that a number of this size has.
        Double(SystemRandomReserve.next() >> 11) * 0x1p-53
    }

    /// Takes what it works with.
    ///
    /// - Parameters:
    ///   - repository: Where the processes are.
    ///   - policy: How long things stay.
    ///   - maximumCount: How many processes there may be in all.
    ///   - keptChunks: How many chunks of output a process keeps.
    ///   - observer: Who is told of what happened, for metrics.
    ///   - hub: Who is woken when something changes; it hears of the repository's changes from now on.
    ///   - random: Gives numbers in 0..<1, which place waits within their jitter.
    public init(
        repository: any ProcessRepository, policy: CleanupPolicy = CleanupPolicy(), maximumCount: Int? = nil,
        keptChunks: Int = StreamAppend.standardKeptChunks, observer: any ProcessObserver = SilentObserver(),
        hub: ChangeHub = ChangeHub(),
        random: @escaping @Sendable () -> Double = ProcessManager.systemRandom
    ) {
        self.repository = repository
        self.policy = policy
        self.maximumCount = maximumCount
        self.keptChunks = keptChunks
        self.observer = observer
        self.hub = hub
        self.random = random
        hub.hear(repository)
    }

    /// What came of a start.
    public enum StartOutcome: Hashable, Sendable {
        /// A process was started.
        case started(ProcessRecord)
        /// The same start came before under its idempotency key; this is its process now.
        case replayed(ProcessRecord)
        /// The id was taken, and the caller wanted the process that is there.
        case existing(ProcessRecord)

        /// The process as it is now.
        public var record: ProcessRecord {
            switch self {
            case .started(let record), .replayed(let record), .existing(let record): record
            }
        }
    }

    /// A caller's idempotency key, and what tells its body from another.
    public struct IdempotencyKey: Hashable, Sendable {
        /// The key, of identifier shape.
        public var key: String
        /// What tells one body from another.
        public var fingerprint: String

        /// Takes both parts.
        public init(key: String, fingerprint: String) {
            self.key = key
            self.fingerprint = fingerprint
        }
    }

    /// Starts a process, or finds the one that the same start began before.
    ///
    /// Of two starts with one id or one idempotency key at once, on whatever instances, one starts a process.
    ///
    /// - Parameters:
    ///   - start: What was asked for.
    ///   - idempotency: The caller's key, where it sent one.
    ///   - returnsExisting: Whether a taken id answers the process that is there.
    /// - Returns: The process, and how it came to be.
    /// - Throws: `exists`, `unusable`, `removed`, `idempotencyMismatch`, `parentMissing`, `full`, `corrupt`, `store`.
    public func start(
        _ start: ProcessStart, idempotency: IdempotencyKey? = nil, returnsExisting: Bool = false
    ) async throws(ProcessError) -> StartOutcome {
        let now = self.repository.now()
        let id = start.id ?? ProcessID.uuidV7(at: now)
        var insertion = ProcessInsertion(
            ProcessRecord(starting: start, as: id, at: now), hasGeneratedID: start.id == nil,
            maximumCount: self.maximumCount)
        insertion.idempotency = idempotency.map {
            .init(key: $0.key, fingerprint: $0.fingerprint, lifetime: self.policy.idempotencyLifetime)
        }
        let outcome: InsertOutcome
        do { outcome = try await self.repository.insert(insertion) } catch { throw .store(error) }
        switch outcome {
        case .inserted:
            self.observer.didStart(insertion.record)
            return .started(insertion.record)
        case .replayed(.found(let record)): return .replayed(record)
        case .replayed(.removed(let tombstone)): throw ProcessError(tombstone)
        case .replayed(.missing): throw .removed(id, nil)
        case .replayed(.corrupt(let reason)): throw .corrupt(id, reason)
        case .idempotencyMismatch: throw .idempotencyMismatch(key: idempotency?.key ?? "")
        case .exists(.found(let record)) where returnsExisting: return .existing(record)
        case .exists(.corrupt(let reason)) where try await self.isForeign(id):
            throw .unusable(id, reason, isOurs: false)
        case .exists(.corrupt(let reason)) where returnsExisting: throw .corrupt(id, reason)
        case .exists(.corrupt(let reason)): throw .unusable(id, reason, isOurs: true)
        case .exists: throw .exists(id)
        case .removed(let tombstone): throw ProcessError(tombstone)
        case .parentMissing: throw .parentMissing(start.parentID ?? id)
        case .full: throw .full(maximum: self.maximumCount ?? 0)
        }
    }

    /// Whether what takes an id is not ours: a look-up passes over that.
    private func isForeign(_ id: ProcessID) async throws(ProcessError) -> Bool {
        do { return try await self.repository.find(id) == .missing } catch { throw .store(error) }
    }

    /// Looks at one process.
    ///
    /// - Parameter id: Which one.
    /// - Returns: The process as it is now.
    /// - Throws: `notFound`, `removed`, `corrupt`, `store`.
    public func find(_ id: ProcessID) async throws(ProcessError) -> ProcessRecord {
        do { return try Self.record(of: try await self.repository.find(id), id) } catch { throw Self.wrap(error) }
    }

    /// Looks at several processes, each on its own.
    ///
    /// - Parameter ids: Which ones.
    /// - Returns: What is known of each, in the order asked for.
    /// - Throws: `store`.
    public func find(_ ids: [ProcessID]) async throws(ProcessError) -> [ProcessLookup] {
        let lookups: [ProcessLookup]
        do { lookups = try await self.repository.find(ids) } catch { throw .store(error) }
        for case .removed(let tombstone) in lookups where tombstone.isMoved { throw ProcessError(tombstone) }
        return lookups
    }

    /// Changes a process, as its rules allow.
    ///
    /// Of two changes at once both happen, one after the other, or the later one is refused by what the earlier one made of the
    /// process; neither is lost unseen.
    ///
    /// - Parameters:
    ///   - id: Which process.
    ///   - change: What is to happen.
    ///   - attempt: Which attempt the reporting worker was given.
    ///   - precondition: What the caller believes the process to be.
    /// - Returns: The process after it.
    /// - Throws: `notFound`, `removed`, `corrupt`, `refused`, `store`.
    @discardableResult
    public func change(
        _ id: ProcessID, _ change: ProcessChange, attempt: Int? = nil,
        precondition: ProcessTransition.Precondition? = nil
    ) async throws(ProcessError) -> ProcessRecord {
        try await self.apply(change, to: id, attempt: attempt, precondition: precondition).record
    }

    /// Changes a process as its rules allow, and says whether that made a difference.
    func apply(
        _ change: ProcessChange, to id: ProcessID, attempt: Int? = nil,
        precondition: ProcessTransition.Precondition? = nil
    ) async throws(ProcessError) -> ProcessTransition.Outcome {
        do {
            let copy = self.repository.recentCopy(of: id)
            var isCurrent = copy == nil
            var record = if let copy { copy } else { try Self.record(of: try await self.repository.find(id), id) }
            while true {
                let transition = ProcessTransition(
                    change, attempt: attempt, precondition: precondition, at: self.repository.now(),
                    random: self.random())
                let outcome = Result { () throws(ProcessTransition.Refusal) in try transition.apply(to: record) }
                guard case .success(.changed(let next)) = outcome else {
                    if isCurrent { return try self.settle(outcome, of: change, record) }
                    // Nobody is refused, or told that nothing changed, because of a copy that may be old.
                    record = try Self.record(of: try await self.repository.find(id), id)
                    isCurrent = true
                    self.lookForLoss(copy, record)
                    continue
                }
                switch try await self.repository.replace(next, over: record, notBefore: nil) {
                case .replaced:
                    self.observer.didChange(record, to: next, by: change)
                    return .changed(next)
                case .conflict(let current):
                    record = try Self.record(of: current, id)
                    if !isCurrent { self.lookForLoss(copy, record) }
                    isCurrent = true
                case .tooEarly: continue
                }
            }
        } catch {
            throw Self.wrap(error)
        }
    }

    /// Says if the store has gone back behind what this instance was told by it.
    private func lookForLoss(_ copy: ProcessRecord?, _ found: ProcessRecord) {
        guard let copy, copy.createdAt == found.createdAt, copy.revision >= found.revision else { return }
        if copy.revision > found.revision || copy.updatedAt != found.updatedAt {
            self.observer.didFindLoss(of: copy, found: found)
        }
    }

    /// Answers a change that does not happen.
    private func settle(
        _ outcome: Result<ProcessTransition.Outcome, ProcessTransition.Refusal>, of change: ProcessChange,
        _ record: ProcessRecord
    ) throws(ProcessError) -> ProcessTransition.Outcome {
        switch outcome {
        case .success(let unchanged): return unchanged
        case .failure(let refusal):
            if change.isReport { self.observer.didRefuse(refusal, record) }
            throw .refused(refusal, record)
        }
    }

    /// Lists processes.
    ///
    /// - Parameter query: The filter, the order, where to go on, and the bounds of a page.
    /// - Returns: A page.
    /// - Throws: `store`.
    public func list(_ query: ProcessQuery) async throws(ProcessError) -> ProcessPage {
        do { return try await self.repository.page(query) } catch { throw .store(error) }
    }

    /// Counts what is there.
    ///
    /// - Returns: The counts, their time, and this manager's last cleanup.
    /// - Throws: `store`.
    public func statistics() async throws(ProcessError) -> ProcessStatistics {
        do {
            let counts = try await self.repository.counts()
            return ProcessStatistics(
                counts: counts, at: self.repository.now(), lastCleanup: self.lastCleanup.withLock { $0 })
        } catch {
            throw .store(error)
        }
    }

    /// Ends what has passed: leases that ran out, runs and waits that took too long.
    ///
    /// Each is ended by comparing and setting, so a report that came first stands; several instances may do it at once.
    ///
    /// - Parameter batchSize: How many are looked for at a time.
    /// - Returns: How many this call ended, or returned to their queue.
    /// - Throws: `store`, where finding or ending them could not be done; the next pass finds them again.
    @discardableResult
    public func endOverdue(batchSize: Int = 200) async throws(ProcessError) -> Int {
        var ended = 0
        do {
            while !Task.isCancelled {
                let overdue = try await self.repository.findOverdue(at: self.repository.now(), limit: batchSize)
                let endedHere = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for record in overdue { group.addTask { try await self.expire(record) } }
                    return try await group.reduce(into: 0) { if $1 { $0 += 1 } }
                }
                ended += endedHere
                // A whole batch that nobody could end would be found again at once, for ever.
                if overdue.count < batchSize || endedHere == 0 { break }
            }
            return ended
        } catch {
            throw Self.wrap(error)
        }
    }

    /// Whether there is a process whose lease, run or wait for a worker has passed and is to be ended.
    ///
    /// - Throws: `store`.
    public func hasOverdue() async throws(ProcessError) -> Bool {
        do {
            return try await !self.repository.findOverdue(at: self.repository.now(), limit: 1).isEmpty
        } catch {
            throw .store(error)
        }
    }

    /// Ends one process if it still is as it was found.
    private func expire(_ record: ProcessRecord) async throws(ProcessRepositoryError) -> Bool {
        let now = self.repository.now()
        let transition = ProcessTransition(.expire, at: now, random: self.random())
        guard case .changed(let next)? = try? transition.apply(to: record) else { return false }
        let passed = [record.leaseExpiresAt, record.deadline].compactMap { $0 }.filter { $0 <= now }.max()
        guard
            case .replaced = try await self.repository.replace(
                next, over: record, notBefore: passed)
        else { return false }
        self.observer.didChange(record, to: next, by: .expire)
        return true
    }

    static func record(of lookup: ProcessLookup, _ id: ProcessID) throws(ProcessError) -> ProcessRecord {
        switch lookup {
        case .found(let record): return record
        case .removed(let tombstone): throw ProcessError(tombstone)
        case .missing: throw .notFound(id)
        case .corrupt(let reason): throw .corrupt(id, reason)
        }
    }

    static func wrap(_ error: any Error) -> ProcessError {
        switch error {
        case let error as ProcessError: error
        case let error as ProcessRepositoryError: .store(error)
        default: .store(ProcessRepositoryError(.unavailable, "the call was given up", underlying: error))
        }
    }
}
