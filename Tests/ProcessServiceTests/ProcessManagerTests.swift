import EventLoop
import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@Suite("ProcessManager", .timeLimit(.minutes(3)))
struct ProcessManagerTests {
    private let clock = ManualClock()

    private func memory() -> InMemoryProcessRepository { InMemoryProcessRepository(now: self.clock.read) }

    @Test("a report that somebody was faster than is applied to what the faster one left")
    func conflictIsRetried() async throws {
        let hasInterfered = Atomic(false)
        let repository = InterposedRepository(self.memory()) { base, record throws(ProcessRepositoryError) in
            guard !hasInterfered.exchange(true, ordering: .relaxed) else { return }
            guard case .found(let current) = try await base.find(record.id) else { return }
            var other = current
            other.revision += 1
            other.cancelRequested = true
            _ = try await base.replace(other, ifRevision: current.revision, notBefore: nil)
        }
        let manager = ProcessManager(repository: repository)
        let started = try await manager.start(ProcessStart(kind: "report")).record
        let reported = try await manager.change(started.id, .progress(ProgressReport(numbers: .fraction(0.5))))
        #expect(reported.revision == 3)
        #expect(reported.cancelRequested, "what the faster one wrote must not be lost")
        #expect(reported.progress?.fraction == 0.5)
    }

    @Test("a completion that lost against a cancel by force is refused, and the cancel stands")
    func firstEndWins() async throws {
        let repository = InterposedRepository(self.memory()) { base, record throws(ProcessRepositoryError) in
            guard record.status == .completed else { return }
            _ = try? await ProcessManager(repository: base).change(record.id, .cancel(reason: nil, force: true))
        }
        let manager = ProcessManager(repository: repository)
        let id = try await manager.start(ProcessStart(kind: "report")).record.id
        await #expect {
            try await manager.change(id, .complete(result: nil))
        } throws: { error in
            guard case .refused(.alreadyFinished, let record) = error as? ProcessError else { return false }
            return record.status == .cancelled
        }
        #expect(try await manager.find(id).status == .cancelled)
    }

    @Test("others on the loop of a cleanup get their turn after each batch")
    func cleanupGivesWay() async throws {
        let batches = 20
        let count = batches * CleanupRequest.standardLimit
        let repository = self.memory()
        let manager = ProcessManager(repository: repository)
        for _ in 0..<count {
            let id = try await manager.start(ProcessStart(kind: "report")).record.id
            try await manager.change(id, .complete(result: nil))
        }
        self.clock.advance(by: .seconds(86_401))
        let loop = try EventLoop()
        let seen = await withTaskExecutorPreference(loop) {
            async let report = manager.cleanup(CleanupOptions())
            var seen: Set<Int> = []
            while let left = try? await repository.counts().total, left > 0 {
                seen.insert(left)
                await Task.yield()
            }
            _ = try? await report
            return seen
        }
        await loop.shutdown()
        // Which of the two began is open, and so are the first and the last look.
        #expect(seen.count >= batches - 2)
    }

    @Test("a report that came between finding and ending an overdue process stands")
    func reportBeatsExpiry() async throws {
        let clock = self.clock
        let repository = InterposedRepository(self.memory()) { base, record throws(ProcessRepositoryError) in
            guard record.failure?.code == ProcessFailure.leaseExpiredCode else { return }
            _ = try? await ProcessManager(repository: base).change(record.id, .complete(result: "1"))
        }
        let manager = ProcessManager(repository: repository)
        var start = ProcessStart(kind: "report")
        start.lease = .seconds(60)
        let id = try await manager.start(start).record.id
        clock.advance(by: .seconds(61))
        #expect(try await manager.endOverdue() == 0)
        let record = try await manager.find(id)
        #expect(record.status == .completed)
        #expect(record.result == "1")
    }

    @Test("of 1,000 overdue processes every one is ended once, by two managers at once")
    func overdueByTwo() async throws {
        let repository = self.memory()
        let managers = [ProcessManager(repository: repository), ProcessManager(repository: repository)]
        var start = ProcessStart(kind: "report")
        start.lease = .seconds(1)
        for _ in 0..<1_000 { _ = try await managers[0].start(start) }
        self.clock.advance(by: .seconds(2))
        async let first = managers[0].endOverdue(batchSize: 64)
        async let second = managers[1].endOverdue(batchSize: 64)
        let ended = try await first + second
        // Each stops at a batch in which the other was faster throughout; the next pass takes what is left.
        let rest = try await managers[0].endOverdue()
        #expect(ended + rest == 1_000)
        let counts = try await managers[0].statistics().counts
        #expect(counts.byStatus[.failed] == 1_000)
        #expect(counts.byStatus[.running, default: 0] == 0)
    }

    @Test("a cleanup counts what it would remove exactly as it then removes it")
    func dryRunTellsTheTruth() async throws {
        let manager = ProcessManager(repository: self.memory())
        for index in 0..<700 {
            let id = try await manager.start(ProcessStart(kind: "report")).record.id
            if index % 7 != 0 { try await manager.change(id, .complete(result: nil)) }
        }
        self.clock.advance(by: .seconds(60))
        var options = CleanupOptions()
        options.olderThan = .seconds(30)
        options.isDryRun = true
        let announced = try await manager.cleanup(options)
        options.isDryRun = false
        let done = try await manager.cleanup(options)
        #expect(announced.removed == 600)
        #expect(announced.remaining == 0)
        #expect(done.removed == 600)
        #expect(done.remaining == 0)
        #expect(try await manager.statistics().counts.total == 100)
        #expect(try await manager.statistics().lastCleanup?.removed == 600, "a dry run is no cleanup")
    }

    @Test("the timer's cleanup goes by each process's own time, else by the service's")
    func retention() async throws {
        let manager = ProcessManager(
            repository: self.memory(), policy: CleanupPolicy(retention: .seconds(3600)))
        var ids: [String: ProcessID] = [:]
        for (name, retain) in [
            ("plain", nil), ("short", .after(.seconds(60))), ("long", .after(.seconds(7200))), ("for ever", .forever),
        ] as [(String, Retention?)] {
            var start = ProcessStart(kind: "report")
            start.retain = retain
            let id = try await manager.start(start).record.id
            try await manager.change(id, .complete(result: nil))
            ids[name] = id
        }
        func left() async throws -> Set<String> {
            var left: Set<String> = []
            for (name, id) in ids where (try? await manager.find(id)) != nil { left.insert(name) }
            return left
        }
        self.clock.advance(by: .seconds(61))
        _ = try await manager.cleanup(CleanupOptions())
        #expect(try await left() == ["plain", "long", "for ever"])
        self.clock.advance(by: .seconds(3600))
        _ = try await manager.cleanup(CleanupOptions())
        #expect(try await left() == ["long", "for ever"])
        self.clock.advance(by: .seconds(7200))
        _ = try await manager.cleanup(CleanupOptions())
        #expect(try await left() == ["for ever"])
    }

    @Test("a replay of a start whose process is gone without a trace says removed, and starts nothing")
    func replayOfTheForgotten() async throws {
        let manager = ProcessManager(
            repository: self.memory(),
            policy: CleanupPolicy(tombstoneLifetime: .seconds(1), idempotencyLifetime: .seconds(86_400)))
        let key = ProcessManager.IdempotencyKey(key: "k", fingerprint: "f")
        let id = try await manager.start(ProcessStart(kind: "report"), idempotency: key).record.id
        try await manager.change(id, .complete(result: nil))
        self.clock.advance(by: .seconds(60))
        var options = CleanupOptions()
        options.olderThan = .zero
        _ = try await manager.cleanup(options)
        self.clock.advance(by: .seconds(60))
        _ = try await manager.cleanup(options)
        await #expect {
            _ = try await manager.start(ProcessStart(kind: "report"), idempotency: key)
        } throws: { error in
            if case .removed(_, nil) = error as? ProcessError { true } else { false }
        }
        #expect(try await manager.statistics().counts.total == 0)
    }
}
