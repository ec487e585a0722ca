import Synchronization

/// Wakes whoever waits for a change: for one process, or for work in some queues.
///
/// Its rule against lost wake-ups: register first, then read the store, then wait. A change that the read did not show
/// comes after the registration and wakes the wait.
///
/// Of those who wait for work in a queue, each due process wakes one, the longest waiting first, so that a thousand parked
/// workers cost as much as one. Whoever was woken and does not take what it was woken for passes the wake on.
///
/// A slow timer makes up for what no notice tells: delayed processes that become due, and notices that were lost.
///
/// Where nobody has waited for some turns of that timer, the repository is told that its notices are not needed, and when
/// somebody waits again, that they are.
public final class ChangeHub: Sendable {
    let clock: any Clock<Duration>
    private let interval: Duration
    private let lanes = Mutex(ClaimLanes())
    private let watches = Mutex(Watches())
    /// Those registered, of both sorts: while it is 0, a notice is passed over without a lock.
    private let registered = Atomic<Int>(0)
    private let source = Mutex<(any ProcessRepository)?>(nil)
    /// Whether the repository takes its notices for needed.
    private let isHearing = Atomic<Bool>(true)
    /// For how many turns of the slow timer nobody has waited or come to wait.
    private let quietTurns = Atomic<Int>(0)

    /// What of a process somebody waits for.
    enum Interest: Sendable {
        /// Any change of its record.
        case record
        /// Output, and its end.
        case output
    }

    private struct Watch {
        let signal: ChangeSignal
        let interest: Interest
    }

    private struct Watches {
        var byID: [ProcessID: [ObjectIdentifier: Watch]] = [:]
        var feeds: [ObjectIdentifier: ChangeFeed] = [:]
        var isClosed = false
    }

    /// Every so many turns of the slow timer, all watched processes are read again.
    static let turnsBetweenReads = 5

    /// After so many turns in which nobody waited, notices are not needed.
    static let turnsUntilQuiet = 5

    /// Makes a hub without anybody waiting.
    ///
    /// - Parameters:
    ///   - clock: What it waits with.
    ///   - interval: How often queues that somebody waits for are looked at, notice or not.
    public init(clock: any Clock<Duration> = ContinuousClock(), interval: Duration = .seconds(1)) {
        self.clock = clock
        self.interval = interval
    }

    /// Hears of a repository's changes from now on; to be called once.
    func hear(_ repository: any ProcessRepository) {
        self.source.withLock { $0 = repository }
        repository.listen { [weak self] in self?.take($0) }
    }

    /// Takes a notice of a repository. Quick; where nobody waits for what changed, one look-up.
    ///
    /// - Parameter notice: What the repository said.
    public func take(_ notice: ChangeNotice) {
        // A task that is not counted yet has not read the store yet, either, and will find the change there.
        guard self.registered.load(ordering: .sequentiallyConsistent) > 0 else { return }
        switch notice {
        case .changed(let id, _, let status, let queue):
            self.wakeWatches(of: id, notice) { $0 == .record || status.isFinished }
            if let queue { self.wakeClaim(for: queue) }
        case .appended(let id, _):
            // A token of an answer must not have everybody read the record who waits for its end.
            self.wakeWatches(of: id, notice) { $0 == .output }
        case .removed(let id):
            self.wakeWatches(of: id, notice) { _ in true }
        case .missed:
            self.wakeAllWatches()
            self.wakeOneClaimOfEachQueue(remembering: true)
        }
    }

    /// Runs the slow timer until the task is cancelled.
    public func run() async {
        var turn = 0
        while (try? await self.clock.sleep(for: self.interval)) != nil {
            self.wakeOneClaimOfEachQueue(remembering: false)
            turn += 1
            if turn % Self.turnsBetweenReads == 0 { self.wakeAllWatches() }
            self.noticeQuiet()
        }
    }

    /// Ends every wait as if its time were up, now and from now on: the service is about to stop.
    public func close() {
        let signals = self.watches.withLock { watches in
            watches.isClosed = true
            return watches.byID.values.flatMap { $0.values.map(\.signal) } + watches.feeds.values.map(\.signal)
        }
        let tickets = self.lanes.withLock { $0.close() }
        for signal in signals { signal.end() }
        for ticket in tickets { ticket.signal.end() }
    }

    // MARK: Whether notices are needed

    /// To be called when somebody who will wait has been registered.
    private func needNotices() {
        self.quietTurns.store(0, ordering: .relaxed)
        // Where this still shows true, whoever is about to make it false finds the registration.
        guard !self.isHearing.load(ordering: .sequentiallyConsistent) else { return }
        self.source.withLock { source in
            guard !self.isHearing.exchange(true, ordering: .sequentiallyConsistent) else { return }
            source?.needNotices(true)
        }
    }

    private func noticeQuiet() {
        guard self.isHearing.load(ordering: .relaxed), self.isQuiet else { return }
        guard self.quietTurns.wrappingAdd(1, ordering: .relaxed).newValue >= Self.turnsUntilQuiet else { return }
        self.source.withLock { source in
            self.isHearing.store(false, ordering: .sequentiallyConsistent)
            if self.isQuiet {
                source?.needNotices(false)
            } else {
                self.isHearing.store(true, ordering: .sequentiallyConsistent)
            }
        }
    }

    /// Whether nobody waits. A claim that looks into the store has not parked yet.
    private var isQuiet: Bool {
        self.watches.withLock { $0.byID.isEmpty && $0.feeds.isEmpty } && self.lanes.withLock { $0.parkedCount == 0 }
    }

    /// How many wait or are about to, for tests.
    var registeredCount: Int { self.registered.load(ordering: .sequentiallyConsistent) }

    /// How many claims are parked, for tests.
    var parkedCount: Int { self.lanes.withLock { $0.parkedCount } }

    /// How many wait at this instance, by what they wait for.
    public struct WaitingCounts: Hashable, Sendable {
        /// For work in some queues: parked claims.
        public var claims = 0
        /// For a change of one process.
        public var changes = 0
        /// For output of one process.
        public var outputs = 0
        /// For a change of any process.
        public var feeds = 0
    }

    /// How many wait here right now; looks at each watch.
    public var waitingCounts: WaitingCounts {
        var counts = WaitingCounts(claims: self.parkedCount)
        self.watches.withLock { watches in
            for watch in watches.byID.values.joined() {
                switch watch.value.interest {
                case .record: counts.changes += 1
                case .output: counts.outputs += 1
                }
            }
            counts.feeds = watches.feeds.count
        }
        return counts
    }

    /// Ends a signal when a time has passed.
    ///
    /// - Returns: The timer, to be cancelled when nobody waits any more.
    func end(_ signal: ChangeSignal, after duration: Duration) -> Task<Void, Never> {
        Task { [clock] in
            try? await clock.sleep(for: duration)
            signal.end()
        }
    }

    // MARK: One process

    /// Registers a wait for changes of one process; to be given back with ``unwatch(_:_:)``.
    func watch(_ id: ProcessID, for interest: Interest = .record) -> ChangeSignal {
        let signal = ChangeSignal()
        self.registered.wrappingAdd(1, ordering: .sequentiallyConsistent)
        let isClosed = self.watches.withLock { watches in
            watches.byID[id, default: [:]][ObjectIdentifier(signal)] = Watch(signal: signal, interest: interest)
            return watches.isClosed
        }
        self.needNotices()
        if isClosed { signal.end() }
        return signal
    }

    /// Ends the registration of a wait.
    func unwatch(_ id: ProcessID, _ signal: ChangeSignal) {
        self.watches.withLock { watches in
            watches.byID[id]?[ObjectIdentifier(signal)] = nil
            if watches.byID[id]?.isEmpty == true { watches.byID[id] = nil }
        }
        self.registered.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    private func wakeWatches(of id: ProcessID, _ notice: ChangeNotice, where isInterested: (Interest) -> Bool) {
        let (watches, feeds) = self.watches.withLock { ($0.byID[id], $0.feeds) }
        if let watches { for watch in watches.values where isInterested(watch.interest) { watch.signal.set() } }
        for feed in feeds.values { feed.add(notice) }
    }

    private func wakeAllWatches() {
        let (watches, feeds) = self.watches.withLock { ($0.byID.values.flatMap(\.values), $0.feeds) }
        for watch in watches { watch.signal.set() }
        for feed in feeds.values { feed.add(.missed) }
    }

    // MARK: All processes

    /// Registers somebody who follows all changes; to be given back with ``unfollow(_:)``.
    func follow() -> ChangeFeed {
        let feed = ChangeFeed()
        self.registered.wrappingAdd(1, ordering: .sequentiallyConsistent)
        let isClosed = self.watches.withLock { watches in
            watches.feeds[ObjectIdentifier(feed)] = feed
            return watches.isClosed
        }
        self.needNotices()
        if isClosed { feed.signal.end() }
        return feed
    }

    /// Ends the registration of a follower.
    func unfollow(_ feed: ChangeFeed) {
        self.watches.withLock { $0.feeds[ObjectIdentifier(feed)] = nil }
        self.registered.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    // MARK: Claims

    /// Registers a claim that is about to look into its queues; to be given back with ``leave(_:)``.
    func enter(_ queues: [String]) -> ClaimTicket {
        self.registered.wrappingAdd(1, ordering: .sequentiallyConsistent)
        return self.lanes.withLock { $0.enter(queues) }
    }

    /// Waits until there may be work; to be called after a claim found none.
    ///
    /// - Returns: Whether to claim again; if not, there is no more to wait for.
    func park(_ ticket: ClaimTicket) async -> Bool {
        let (isParked, isClosed) = self.lanes.withLock { ($0.park(ticket), $0.isClosed) }
        self.needNotices()
        if isClosed { ticket.signal.end() }
        return isParked ? await ticket.signal.wait() : true
    }

    /// Why a claim does not wait any more.
    enum Departure {
        /// It took something from these queues; where it took as much as it wanted, there may be more.
        case found(queues: Set<String>, mayBeMore: Bool)
        /// It takes nothing: its time is up, or its client has gone.
        case gone
        /// The store failed. Others that are woken now would fail too, and hear of it from the slow timer soon enough.
        case failed
    }

    /// Ends the registration of a claim, and wakes others for what it leaves.
    func leave(_ ticket: ClaimTicket, _ departure: Departure) {
        let woken = self.lanes.withLock { $0.leave(ticket, departure) }
        self.registered.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        for ticket in woken { ticket.signal.set() }
    }

    private func wakeClaim(for queue: String) {
        self.lanes.withLock { $0.wake(queue, remembering: true) }?.signal.set()
    }

    private func wakeOneClaimOfEachQueue(remembering: Bool) {
        for ticket in self.lanes.withLock({ $0.wakeOneOfEach(remembering: remembering) }) { ticket.signal.set() }
    }
}
