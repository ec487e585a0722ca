import ProcessCore
import ProcessTestSupport
import Testing

extension ProcessCounts {
    /// The counts as they should be at a time, by looking at everything.
    init(recounting records: some Sequence<ProcessRecord>, at now: Timestamp) {
        self.init()
        for record in records {
            self.byStatus[record.status, default: 0] += 1
            self.byKind[record.kind, default: 0] += 1
            switch record.status {
            case .pending:
                if let queue = record.queue {
                    self.byQueue[queue, default: 0] += 1
                    if record.isDue(at: now) {
                        let since = max(record.createdAt, record.runAfter ?? record.createdAt)
                        self.oldestDue[queue] = min(self.oldestDue[queue] ?? since, since)
                    }
                }
                self.oldestPending = min(self.oldestPending ?? record.createdAt, record.createdAt)
            case .running: self.oldestRunning = min(self.oldestRunning ?? record.createdAt, record.createdAt)
            case .completed, .failed, .cancelled: break
            }
        }
    }

    /// The same without zeros: what nothing has may be absent, or 0.
    var withoutZeros: ProcessCounts {
        ProcessCounts(
            byStatus: self.byStatus.filter { $0.value != 0 }, byKind: self.byKind.filter { $0.value != 0 },
            byQueue: self.byQueue.filter { $0.value != 0 }, oldestRunning: self.oldestRunning,
            oldestPending: self.oldestPending, oldestDue: self.oldestDue)
    }
}

@Suite("Counting", .timeLimit(.minutes(3)))
struct CountsTests {
    /// Compares the counts that are kept with those of a walk over everything.
    private func expectRecount(
        of repository: any ProcessRepository, after change: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var query = ProcessQuery()
        query.limit = 1000
        let page = try await repository.page(query)
        let counts = try await repository.counts()
        let recounted = ProcessCounts(recounting: page.records, at: repository.now())
        #expect(counts.withoutZeros == recounted, "after \(change)", sourceLocation: sourceLocation)
        #expect(counts.total == page.records.count, "after \(change)", sourceLocation: sourceLocation)
    }

    @Test("an empty store counts nothing, and knows no oldest", arguments: Backend.allCases)
    func empty(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let counts = try await repository.counts()
            #expect(counts.withoutZeros == ProcessCounts())
            #expect(counts.total == 0)
        }
    }

    @Test("everything there is, by status, kind and queue", arguments: Backend.allCases)
    func population(backend: Backend) async throws {
        let records = try PageTests.population()
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(records)
            let recounted = ProcessCounts(recounting: records, at: repository.now())
            #expect(try await repository.counts().withoutZeros == recounted)
        }
    }

    @Test("after every sort of change the counts are those of a recount", arguments: Backend.allCases)
    func changes(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(
                .queued("a", in: "x") { start in
                    start.maxAttempts = 2
                    start.lease = .seconds(5)
                },
                .queued("b", in: "y", runAfter: clock.now + .seconds(100)), .queued("c", in: "x"),
                .started("d", kind: "other"), .started("e", at: clock.now - .seconds(9)))
            try await expectRecount(of: repository, after: "inserts")

            #expect(try await repository.claim(ClaimRequest(queues: ["x"])).map(\.id) == ["a"])
            try await expectRecount(of: repository, after: "a claim")
            try await repository.change("a", by: .progress(ProgressReport(numbers: .fraction(0.1))))
            try await expectRecount(of: repository, after: "progress")
            try await repository.change("a", by: .fail(ProcessFailure(code: "c"), mayRetry: true))
            try await expectRecount(of: repository, after: "a failure that is tried again")
            clock.advance(by: .seconds(10))
            #expect(try await repository.claim(ClaimRequest(queues: ["x"], limit: 2)).count == 2)
            try await expectRecount(of: repository, after: "a claim of a delayed one")
            clock.advance(by: .seconds(10))
            try await repository.change("a", by: .expire)
            try await expectRecount(of: repository, after: "a lost lease")
            try await repository.change("c", by: .complete(result: "1"))
            try await repository.change("b", by: .cancel(reason: nil, force: false))
            try await repository.change("d", by: .cancel(reason: nil, force: true))
            try await expectRecount(of: repository, after: "ends")
            try await repository.change("b", by: .retry)
            try await repository.change("d", by: .retry)
            try await expectRecount(of: repository, after: "retries")
            try await repository.change("c", by: .retain(.forever))
            try await expectRecount(of: repository, after: "another retention")
            _ = try await repository.replace(.started("e"), ifRevision: 99, notBefore: nil)
            _ = try await repository.insert(ProcessInsertion(.started("e")))
            try await expectRecount(of: repository, after: "refused changes")
            try await repository.removeEverythingFinished()
            try await expectRecount(of: repository, after: "a cleanup")
            let scope = CleanupRequest.Scope.older(
                by: clock.now, statuses: Set(ProcessStatus.allCases), includingRetained: true)
            try await repository.cleanupAll(CleanupRequest(scope))
            try await expectRecount(of: repository, after: "the removal of everything")
            #expect(try await repository.counts().total == 0)
        }
    }

    @Test(
        "the oldest running and pending ones are those created first, whenever they began to run",
        arguments: Backend.allCases)
    func oldest(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .queued("young", priority: 9, at: start + .seconds(3)), .queued("old", at: start),
                .started("runs", at: start + .seconds(1)))
            var counts = try await repository.counts()
            #expect(counts.oldestPending == start)
            #expect(counts.oldestRunning == start + .seconds(1))

            #expect(try await repository.claim(ClaimRequest(queues: ["default"], limit: 2)).count == 2)
            counts = try await repository.counts()
            #expect(counts.oldestPending == nil)
            #expect(counts.oldestRunning == start)

            try await repository.change("old", by: .complete(result: nil))
            counts = try await repository.counts()
            #expect(counts.oldestRunning == start + .seconds(1))
        }
    }

    @Test(
        "the longest due of each queue is known whatever its priority, by the time it became due",
        arguments: Backend.allCases)
    func oldestDue(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                // An old one that waited on purpose has not been due for long.
                .queued("waited", in: "a", priority: 5, runAfter: start + .seconds(50), at: start - .seconds(900)),
                .queued("high", in: "a", priority: 5, at: start + .seconds(20)),
                .queued("low", in: "a", priority: -100, at: start + .seconds(10)),
                .queued("top", in: "a", priority: 100, at: start + .seconds(30)),
                .queued("later", in: "b", runAfter: start + .seconds(60), at: start),
                .started("runs", at: start - .seconds(99)))
            clock.advance(by: .seconds(40))
            #expect(try await repository.counts().oldestDue == ["a": start + .seconds(10)])

            clock.advance(by: .seconds(20))
            // Nobody has claimed since it became due.
            #expect(try await repository.counts().oldestDue == ["a": start + .seconds(10), "b": start + .seconds(60)])
            let claim = ClaimRequest(queues: ["a"], claim: ProcessClaim())
            #expect(try await repository.claim(claim).map(\.id) == ["top"])
            #expect(try await repository.counts().oldestDue["a"] == start + .seconds(10))
            try await repository.change("low", by: .cancel(reason: nil, force: false))
            #expect(try await repository.counts().oldestDue["a"] == start + .seconds(20))
            try await repository.change("high", by: .cancel(reason: nil, force: false))
            #expect(try await repository.counts().oldestDue["a"] == start + .seconds(50))

            clock.advance(by: .seconds(-15))
            // A clock that was set back makes it wait again.
            #expect(try await repository.counts().oldestDue == [:])
        }
    }

    @Test("of a hundred that were delayed once the longest due is found", arguments: Backend.allCases)
    func manyPromoted(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            // The older, the later they became due.
            let records = (0..<Int64(ProcessCounts.dueSearchLimit)).map { number in
                ProcessRecord.queued(
                    ProcessID(trusted: "p\(number)"), runAfter: start + .milliseconds(1000 - number),
                    at: start - .seconds(1000 - number))
            }
            try await repository.keep(records)
            clock.advance(by: .seconds(2))
            // A claim moves all of them among the due ones; it takes the oldest of them.
            #expect(try await repository.claim(ClaimRequest(queues: ["default"])).map(\.id) == ["p0"])
            let last = Int64(ProcessCounts.dueSearchLimit) - 1
            #expect(try await repository.counts().oldestDue == ["default": start + .milliseconds(1000 - last)])
        }
    }

    @Test("whoever counts while 8 tasks write sees each change wholly or not at all", arguments: Backend.allCases)
    func whole(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            try await withThrowingTaskGroup { group in
                for writer in 0..<8 {
                    group.addTask {
                        for number in 0..<20 {
                            let id = ProcessID(trusted: "p\(writer)-\(number)")
                            try await (writer % 2 == 0 ? first : second).keep(.queued(id))
                            try await first.change(id, by: .cancel(reason: nil, force: false))
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<50 {
                        let counts = try await second.counts()
                        #expect(counts.byKind["report", default: 0] == counts.total)
                        #expect(counts.byQueue["default", default: 0] == counts.byStatus[.pending, default: 0])
                        #expect((counts.oldestPending != nil) == (counts.byStatus[.pending, default: 0] > 0))
                    }
                }
                try await group.waitForAll()
            }
            let counts = try await first.counts()
            #expect(counts.withoutZeros.byStatus == [.cancelled: 160])
        }
    }
}
