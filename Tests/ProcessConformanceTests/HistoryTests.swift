import Glibc
import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Random histories", .timeLimit(.minutes(5)))
struct HistoryTests {
    /// More of them with `TRACKER_HISTORIES=1000`.
    static let seeds: [UInt64] = {
        let count = getenv("TRACKER_HISTORIES").flatMap { UInt64(String(cString: $0)) } ?? 8
        return Array(1...max(count, 1))
    }()

    @Test(
        "after each of 200 random operations the store is what the model says", arguments: Backend.allCases, Self.seeds)
    func history(backend: Backend, seed: UInt64) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            var history = History(instances: [first, second], clock: clock, seed: seed)
            for _ in 0..<200 {
                let isAsExpected = try await history.step()
                if !isAsExpected { return }
            }
        }
    }
}

/// One history: what is done to the store is done to the model, and both are compared.
private struct History {
    private let instances: [any ProcessRepository]
    private let clock: ManualClock
    private let seed: UInt64
    private var random: SeededGenerator
    private var model = HistoryModel()
    /// What was done so far, for the message of a failure.
    private var log: [String] = []
    private var isAsExpected = true

    private let ids = (0..<24).map { ProcessID(trusted: "p\($0)") }
    private let kinds = ["report", "import"]
    private let queues = ["fast", "slow", "a-queue-with-a-longer-name"]

    init(instances: [any ProcessRepository], clock: ManualClock, seed: UInt64) {
        self.instances = instances
        self.clock = clock
        self.seed = seed
        self.random = SeededGenerator(seed: seed)
    }

    /// Either instance, at random: they are one store.
    private mutating func repository() -> any ProcessRepository { self.random.pick(self.instances) }

    private mutating func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        guard !condition else { return }
        self.isAsExpected = false
        let steps = self.log.enumerated().map { "\($0 + 1). \($1)" }.suffix(40).joined(separator: "\n")
        Issue.record("seed \(self.seed), step \(self.log.count): \(message())\n\(steps)")
    }

    /// Does one thing, and compares everything.
    ///
    /// - Returns: Whether the store is as it should be.
    mutating func step() async throws -> Bool {
        switch self.random.int(0...19) {
        case 0...3: try await self.start()
        case 4...9: try await self.change()
        case 10...11: try await self.claim()
        case 12...13: try await self.expire()
        case 14: try await self.cleanup()
        case 15: try await self.list()
        default: self.moveClock()
        }
        let lookups = try await self.repository().find(self.ids)
        for (id, actual) in zip(self.ids, lookups) {
            let expected = self.model.lookup(id)
            self.expect(actual == expected, "\(id) is \(actual), should be \(expected)")
        }
        let counts = try await self.repository().counts()
        let recounted = ProcessCounts(recounting: self.model.records.values, at: self.clock.now)
        self.expect(counts.withoutZeros == recounted, "counts are \(counts), should be \(recounted)")
        return self.isAsExpected
    }

    // MARK: Operations

    private mutating func moveClock() {
        let milliseconds = self.random.oneIn(5) ? self.random.int(-15_000...0) : self.random.int(0...12_000)
        self.clock.advance(by: .milliseconds(milliseconds))
        self.log.append("the clock moves by \(milliseconds) ms")
    }

    private mutating func seconds(_ range: ClosedRange<Int>, oneIn: Int) -> Duration? {
        self.random.oneIn(oneIn) ? .milliseconds(self.random.int(range) * 1000 + self.random.int(0...999)) : nil
    }

    private mutating func retention() -> Retention? {
        switch self.random.int(0...4) {
        case 0: .forever
        case 1: .after(.seconds(self.random.int(0...30)))
        default: nil
        }
    }

    private mutating func start() async throws {
        var start = ProcessStart(kind: self.random.pick(self.kinds))
        if !self.random.oneIn(4) { start.queue = self.random.pick(self.queues) }
        start.priority = self.random.int(-2...2)
        start.runAfter = self.seconds(0...20, oneIn: 3).map { .delay($0) }
        start.maxAttempts = self.random.int(1...3)
        start.lease = self.seconds(1...20, oneIn: 3)
        start.timeout = self.seconds(1...30, oneIn: 4)
        start.pickupTimeout = self.seconds(1...30, oneIn: 4)
        start.retain = self.retention()
        start.parentID = self.random.oneIn(4) ? self.random.pick(self.ids) : nil
        start.input = self.random.oneIn(2) ? self.random.pick(ExtremeRecords.payloads) : nil
        // Some were begun a while ago, as what moves here from another store was.
        let createdAt = self.clock.now - .milliseconds(self.random.oneIn(4) ? self.random.int(0...9_000) : 0)
        let record = ProcessRecord(starting: start, as: self.random.pick(self.ids), at: createdAt)
        var insertion = ProcessInsertion(record, requiresParent: self.random.oneIn(2))
        if self.random.oneIn(4) {
            insertion.idempotency = ProcessInsertion.Idempotency(
                key: "key-\(self.random.int(0...5))", fingerprint: "body-\(self.random.int(0...1))",
                lifetime: .seconds(30 * 86_400))
        }
        if self.random.oneIn(4) { insertion.maximumCount = self.random.int(0...24) }
        self.log.append(
            "insert \(record.id), queue \(record.queue ?? "none"), parent \(record.parentID?.text ?? "none")")
        let actual = try await self.repository().insert(insertion)
        let expected = self.model.insert(insertion)
        self.expect(actual == expected, "insert gave \(actual), should give \(expected)")
    }

    private mutating func change() async throws {
        let id = self.random.pick(self.ids)
        guard let record = self.model.records[id] else { return }
        let change: ProcessChange =
            switch self.random.int(0...9) {
            case 0...1:
                .progress(
                    ProgressReport(
                        numbers: self.random.oneIn(2) ? .units(done: Double(self.random.int(0...9)), total: 9) : nil,
                        message: self.random.oneIn(2) ? self.random.pick(ExtremeRecords.texts) : nil))
            case 2: .complete(result: self.random.pick(ExtremeRecords.payloads))
            case 3...4: .fail(ProcessFailure(code: "exit_\(self.random.int(1...3))"), mayRetry: !self.random.oneIn(4))
            case 5: .cancel(reason: "because", force: self.random.oneIn(2))
            case 6: .confirmCancelled
            case 7...8: .retry
            default: .retain(self.retention())
            }
        let transition = ProcessTransition(
            change, attempt: change.isReport ? record.attempt : nil, at: self.clock.now,
            random: Double(self.random.int(0...99)) / 100)
        guard case .changed(let next)? = try? transition.apply(to: record) else { return }
        let revision = self.random.oneIn(8) ? record.revision - 1 : record.revision
        let instant = self.random.oneIn(6) ? self.clock.now + .milliseconds(self.random.int(-2...2)) : nil
        // Of a replace that is both too early and late, either may be said.
        let isAmbiguous = revision != record.revision && instant.map { $0 > self.clock.now } ?? false
        self.log.append("\(change) on \(id), revision \(revision)")
        let actual = try await self.repository().replace(next, ifRevision: revision, notBefore: instant)
        let expected = self.model.replace(next, ifRevision: revision, notBefore: instant, at: self.clock.now)
        self.expect(
            actual == expected || isAmbiguous && actual == .tooEarly, "replace gave \(actual), should give \(expected)")
    }

    private mutating func claim() async throws {
        let queues = self.queues.filter { _ in !self.random.oneIn(3) } + (self.random.oneIn(3) ? ["nowhere"] : [])
        let claim = ProcessClaim(
            worker: self.random.oneIn(3) ? nil : "host/\(self.random.int(1...3))",
            lease: .milliseconds(self.random.int(1...20_000)))
        let request = ClaimRequest(queues: queues, limit: self.random.int(1...4), claim: claim)
        self.log.append("claim \(request.limit) of \(queues)")
        let actual = try await self.repository().claim(request)
        let expected = try self.model.claim(request, at: self.clock.now)
        self.expect(actual == expected, "claim gave \(actual), should give \(expected)")
    }

    private mutating func expire() async throws {
        let now = self.clock.now
        let limit = self.random.int(1...10)
        let found = try await self.repository().findOverdue(at: now, limit: limit)
        self.log.append("end what is overdue: \(found.map(\.id.text))")
        let all = self.model.overdue(at: now)
        let times = all.compactMap(HistoryModel.overdueAt).sorted().prefix(limit)
        self.expect(found.compactMap(HistoryModel.overdueAt) == Array(times), "found \(found), overdue are \(all)")
        self.expect(Set(found).isSubset(of: all), "found \(found), overdue are \(all)")
        for record in found {
            let transition = ProcessTransition(.expire, at: now, random: 0.25)
            guard case .changed(let next) = try transition.apply(to: record) else { continue }
            let instant = HistoryModel.overdueAt(record)
            let actual = try await self.repository().replace(next, ifRevision: record.revision, notBefore: instant)
            let expected = self.model.replace(next, ifRevision: record.revision, notBefore: instant, at: now)
            self.expect(actual == expected, "ending \(record.id) gave \(actual), should give \(expected)")
        }
    }

    private mutating func cleanup() async throws {
        let now = self.clock.now
        let statuses = Set(ProcessStatus.allCases.filter { _ in self.random.oneIn(2) })
        let by = now - .milliseconds(self.random.int(-1_000...20_000))
        let scope: CleanupRequest.Scope =
            self.random.oneIn(2)
            ? .expired(finishedBy: by, at: now, statuses: statuses.intersection(ProcessStatus.finished))
            : .older(by: by, statuses: statuses, includingRetained: self.random.oneIn(2))
        let isRemembered = self.random.oneIn(3)
        var request = CleanupRequest(
            scope, limit: self.random.int(1...8), tombstoneLifetime: isRemembered ? .seconds(90 * 86_400) : .zero)
        let (certain, possible) = self.model.removable(by: scope)
        self.log.append("clean up \(scope)")

        request.isDryRun = true
        let counted = Set(try await self.repository().cleanupAll(request).map(\.id))
        self.expect(
            counted.isSuperset(of: certain) && counted.isSubset(of: possible),
            "a dry run named \(counted), should name \(certain)")
        request.isDryRun = false
        let removed = try await self.repository().cleanupAll(request)
        let gone = Set(removed.map(\.id))
        self.expect(gone.count == removed.count, "removed twice: \(removed)")
        self.expect(
            gone.isSuperset(of: certain) && gone.isSubset(of: possible), "removed \(gone), should remove \(certain)")
        for tombstone in removed {
            self.expect(
                tombstone
                    == Tombstone(
                        id: tombstone.id, status: self.model.records[tombstone.id]?.status ?? .pending, removedAt: now),
                "removed as \(tombstone)")
            self.model.remove(tombstone.id, at: now, isRemembered: isRemembered)
        }
        _ = try await self.repository().forgetExpired()
    }

    private mutating func list() async throws {
        var query = ProcessQuery()
        query.order = self.random.pick(ProcessQuery.Order.allCases)
        query.limit = self.random.int(1...30)
        query.walkLimit = self.random.pick([1, 5, 10_000])
        query.byteLimit = self.random.pick([1, 100, 4 << 20])
        if self.random.oneIn(2) { query.statuses = Set(ProcessStatus.allCases.filter { _ in self.random.oneIn(2) }) }
        if self.random.oneIn(3) { query.kinds = [self.random.pick(self.kinds)] }
        if self.random.oneIn(3) { query.queues = Set(self.queues.filter { _ in self.random.oneIn(2) }) }
        if self.random.oneIn(4) { query.createdAfter = self.clock.now - .seconds(self.random.int(0...60)) }
        if self.random.oneIn(4) { query.createdBefore = self.clock.now - .seconds(self.random.int(0...20)) }
        self.log.append("list \(query)")
        let expected = self.model.listed(by: query)
        var listed: [ProcessRecord] = []
        for _ in 0..<200 {
            let page = try await self.repository().page(query)
            listed += page.records
            query.after = page.next
            if page.next == nil { break }
        }
        self.expect(listed == expected, "listed \(listed.map(\.id)), should list \(expected.map(\.id))")
    }
}
