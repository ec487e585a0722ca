import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Notices of changes", .timeLimit(.minutes(3)))
struct NoticeTests {
    /// Listens to an instance, and waits until it misses nothing any more.
    private func listen(_ backend: Backend, _ repository: any ProcessRepository) async -> NoticeLog {
        let log = NoticeLog(repository)
        switch backend {
        case .memory: break
        case .sqlite, .redis:
            await log.wait { $0 == .missed }
            log.clear()
        }
        return log
    }

    /// Waits until an instance was told of a change, or that it may have missed it.
    private func expectTold(
        _ log: NoticeLog, of id: ProcessID, _ revision: Int64, _ status: ProcessStatus, dueQueue: String? = nil
    ) async {
        let told = ChangeNotice.changed(id, revision: revision, status: status, dueQueue: dueQueue)
        await log.wait { $0 == told || $0 == .missed }
        // One that may have been missed says nothing of the next one.
        log.clear()
    }

    @Test("a change through one instance is heard by both, and can be read by then", arguments: Backend.allCases)
    func changes(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            let (here, there) = (await listen(backend, first), await listen(backend, second))
            try await first.keep(.queued("a", in: "q"))
            await expectTold(here, of: "a", 1, .pending, dueQueue: "q")
            await expectTold(there, of: "a", 1, .pending, dueQueue: "q")
            #expect(try await second.record("a").revision == 1)

            let claimed = try await second.claim(ClaimRequest(queues: ["q"]))
            #expect(claimed.map(\.id) == ["a"])
            await expectTold(there, of: "a", 2, .running)
            await expectTold(here, of: "a", 2, .running)
            #expect(try await first.record("a").status == .running)

            try await first.change("a", by: .complete(result: "1"))
            await expectTold(there, of: "a", 3, .completed)
            #expect(try await second.record("a").result == "1")
        }
    }

    @Test("what changed while notices were not needed is made up for once they are", arguments: Backend.allCases)
    func notNeeded(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let there = await listen(backend, second)
            for id in ["a", "b", "c"] as [ProcessID] {
                second.needNotices(false)
                try await first.keep(.started(id))
                second.needNotices(true)
                await expectTold(there, of: id, 1, .running)
                try await first.change(id, by: .complete(result: "1"))
                await expectTold(there, of: id, 2, .completed)
            }
        }
    }

    @Test("a removal is heard by both", arguments: Backend.allCases)
    func removal(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let (here, there) = (await listen(backend, first), await listen(backend, second))
            try await first.keep(.finished("a"))
            await expectTold(there, of: "a", 2, .completed)
            await expectTold(here, of: "a", 2, .completed)
            try await second.removeEverythingFinished()
            for log in [here, there] { await log.wait { $0 == .removed("a") || $0 == .missed } }
            guard case .removed = try await first.find("a") else {
                Issue.record("it should be removed")
                return
            }
        }
    }

    @Test(
        "what an instance changed itself is told exactly, the queue only where it is due", arguments: Backend.allCases)
    func due(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let log = await listen(backend, repository)
            try await repository.keep(
                .queued("now", in: "q"), .queued("later", in: "q", runAfter: clock.now + .seconds(60)), .started("own"))
            func told(_ id: ProcessID, _ revision: Int64, _ status: ProcessStatus, _ queue: String?) async {
                await log.wait { $0 == .changed(id, revision: revision, status: status, dueQueue: queue) }
            }
            await told("now", 1, .pending, "q")
            await told("later", 1, .pending, nil)
            await told("own", 1, .running, nil)
            try await repository.change("own", by: .progress(ProgressReport(numbers: .fraction(0.5))))
            await told("own", 2, .running, nil)
            _ = try await repository.claim(ClaimRequest(queues: ["q"]))
            await told("now", 2, .running, nil)
            try await repository.change("now", by: .cancel(reason: nil, force: true))
            try await repository.change("now", by: .retry)
            await told("now", 4, .pending, "q")
        }
    }

    @Test("what changes nothing is told to nobody", arguments: Backend.allCases)
    func refused(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let log = await listen(backend, repository)
            let record = ProcessRecord.started("a")
            try await repository.keep(record)
            await log.wait { $0 == .changed("a", revision: 1, status: .running, dueQueue: nil) }
            let next = try record.changed(by: .complete(result: nil), at: clock.now)
            #expect(try await repository.insert(ProcessInsertion(record)) == .exists(.found(record)))
            #expect(
                try await repository.replace(next, ifRevision: 7, notBefore: nil) == .conflict(.found(record)))
            #expect(
                try await repository.replace(next, ifRevision: 1, notBefore: clock.now + .seconds(1)) == .tooEarly)
            #expect(try await repository.claim(ClaimRequest(queues: ["q"])).isEmpty)
            _ = try await repository.cleanup(
                CleanupRequest(.older(by: clock.now, statuses: [.running], includingRetained: true), isDryRun: true))
            try await repository.keep(.started("b"))
            await log.wait { $0 == .changed("b", revision: 1, status: .running, dueQueue: nil) }
            #expect(log.notices.count { $0 != .missed } == 2)
        }
    }
}
