import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Health, time and closing", .timeLimit(.minutes(3)))
struct LifeCycleTests {
    @Test("a store that works says so", arguments: Backend.allCases)
    func healthy(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let health = await repository.health()
            #expect(health.state == .ok, "\(health.reason ?? "")")
            #expect(health.reason == nil)
            #expect(health.latency >= .zero)
        }
    }

    @Test("the store's time is the clock it was given, and goes back with it", arguments: Backend.allCases)
    func time(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            #expect(repository.now() == clock.now)
            clock.advance(by: .milliseconds(1))
            #expect(repository.now() == ManualClock.start + .milliseconds(1))
            clock.advance(by: .seconds(-3600))
            #expect(repository.now() == ManualClock.start + .milliseconds(1) - .seconds(3600))
        }
    }

    @Test("after it was closed every call throws unavailable, and health is down", arguments: Backend.allCases)
    func closed(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let record = ProcessRecord.started("a")
            try await repository.keep(record)
            await repository.close()
            await expectCode(.unavailable) { _ = try await repository.insert(ProcessInsertion(.started("b"))) }
            await expectCode(.unavailable) { _ = try await repository.find("a") }
            await expectCode(.unavailable) { _ = try await repository.find(["a", "b"]) }
            await expectCode(.unavailable) {
                _ = try await repository.replace(record, ifRevision: 1, notBefore: nil)
            }
            await expectCode(.unavailable) { _ = try await repository.claim(ClaimRequest(queues: ["default"])) }
            await expectCode(.unavailable) { _ = try await repository.findOverdue(at: clock.now, limit: 1) }
            await expectCode(.unavailable) { _ = try await repository.page(ProcessQuery()) }
            await expectCode(.unavailable) { _ = try await repository.counts() }
            await expectCode(.unavailable) {
                _ = try await repository.cleanup(CleanupRequest(.corrupt, isDryRun: true))
            }
            await expectCode(.unavailable) { _ = try await repository.forgetExpired() }
            let health = await repository.health()
            #expect(health.state == .down)
            #expect(health.reason != nil)
            #expect(repository.now() == clock.now)
        }
    }

    @Test("closing twice is as good as once", arguments: Backend.allCases)
    func closedTwice(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("a"))
            await repository.close()
            await repository.close()
        }
    }

    @Test("calls under way while it closes end, with an answer or with unavailable", arguments: Backend.allCases)
    func closedMeanwhile(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await withThrowingTaskGroup { group in
                for worker in 0..<8 {
                    group.addTask {
                        for number in 0..<50 {
                            let record = ProcessRecord.started(ProcessID(trusted: "p\(worker)-\(number)"))
                            do {
                                let outcome = try await repository.insert(ProcessInsertion(record))
                                #expect(outcome == .inserted)
                            } catch let error as ProcessRepositoryError {
                                #expect(error.code == .unavailable || error.code == .outcomeUnknown)
                                return
                            }
                        }
                    }
                }
                group.addTask { await repository.close() }
                try await group.waitForAll()
            }
        }
    }
}
