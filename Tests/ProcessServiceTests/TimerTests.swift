import ProcessCore
import ProcessService
import ProcessTestSupport
import Synchronization
import Testing

@Suite("The service's timers", .timeLimit(.minutes(3)))
struct TimerTests {
    private let clock = ManualClock()
    private let turns = TurnClock()
    private let log = LogCapture()
    private let metrics = TrackerMetrics(version: "test")

    @Test("the cleanup runs at the start and after each interval")
    func cleanupRuns() async throws {
        let manager = ProcessManager(
            repository: InMemoryProcessRepository(now: self.clock.read), policy: CleanupPolicy(retention: .seconds(60)))
        func finishOne() async throws -> ProcessID {
            let id = try await manager.start(ProcessStart(kind: "report")).record.id
            try await manager.change(id, .complete(result: nil))
            return id
        }
        let first = try await finishOne()
        self.clock.advance(by: .seconds(61))
        let service = CleanupService(
            manager: manager, interval: .seconds(3600), clock: self.turns, metrics: self.metrics,
            logger: self.log.logger())
        let running = Task { await service.run() }
        await self.turns.untilSleep(1)
        await Self.expectRemoved(first, manager)

        let second = try await finishOne()
        self.clock.advance(by: .seconds(61))
        self.turns.wake()
        await self.turns.untilSleep(2)
        await Self.expectRemoved(second, manager)
        #expect(self.turns.requested == [.seconds(3600), .seconds(3600)])
        running.cancel()
        await running.value
    }

    @Test("a cleanup that fails is logged and counted, and the next one runs")
    func cleanupFails() async throws {
        let isFailing = Atomic(true)
        let repository = InterposedRepository(
            InMemoryProcessRepository(now: self.clock.read),
            failing: { isFailing.load(ordering: .relaxed) ? ProcessRepositoryError(.unavailable, "away") : nil })
        let service = CleanupService(
            manager: ProcessManager(repository: repository), interval: .seconds(1), clock: self.turns,
            metrics: self.metrics, logger: self.log.logger())
        let running = Task { await service.run() }
        await self.turns.untilSleep(1)
        #expect(self.log.messages == ["Cleanup failed"])
        isFailing.store(false, ordering: .relaxed)
        self.turns.wake()
        await self.turns.untilSleep(2)
        #expect(self.log.messages == ["Cleanup failed", "Cleanup finished"])
        #expect(self.metrics.cleanupRuns.with("failed").value == 1)
        #expect(self.metrics.cleanupRuns.with("done").value == 1)
        running.cancel()
        await running.value
    }

    @Test("a lease that passed is ended within one turn, with no worker alive")
    func leaseEnds() async throws {
        let manager = ProcessManager(repository: InMemoryProcessRepository(now: self.clock.read))
        var start = ProcessStart(kind: "report")
        start.lease = .seconds(60)
        let id = try await manager.start(start).record.id
        let service = LeaseService(manager: manager, clock: self.turns, logger: self.log.logger())
        let running = Task { await service.run() }
        await self.turns.untilSleep(1)
        #expect(try await manager.find(id).status == .running)
        self.clock.advance(by: .seconds(60))
        self.turns.wake()
        await self.turns.untilSleep(2)
        let record = try await manager.find(id)
        #expect(record.status == .failed)
        #expect(record.failure?.code == "lease_expired")
        #expect(self.turns.requested.allSatisfy { $0 <= .seconds(1) }, "what has passed is noticed within a second")
        running.cancel()
        await running.value
    }

    @Test("a store that is away is complained of once, and its return is told")
    func leaseServiceIsPatient() async throws {
        let isFailing = Atomic(true)
        let repository = InterposedRepository(
            InMemoryProcessRepository(now: self.clock.read),
            failing: { isFailing.load(ordering: .relaxed) ? ProcessRepositoryError(.unavailable, "away") : nil })
        let service = LeaseService(
            manager: ProcessManager(repository: repository), clock: self.turns, logger: self.log.logger())
        let running = Task { await service.run() }
        for turn in 1...3 {
            await self.turns.untilSleep(turn)
            if turn == 3 { isFailing.store(false, ordering: .relaxed) }
            self.turns.wake()
        }
        await self.turns.untilSleep(4)
        #expect(
            self.log.messages == ["Overdue processes can't be looked for", "Overdue processes are looked for again"])
        running.cancel()
        await running.value
    }

    /// Two processes whose leases passed while nobody watched.
    private func startTwo(_ manager: ProcessManager) async throws -> [ProcessID] {
        var ids: [ProcessID] = []
        for _ in 0..<2 {
            var start = ProcessStart(kind: "report")
            start.lease = .seconds(60)
            ids.append(try await manager.start(start).record.id)
        }
        return ids
    }

    @Test("what passed before the start is left to its worker for a while; who says nothing is ended then")
    func graceAfterStart() async throws {
        let manager = ProcessManager(repository: InMemoryProcessRepository(now: self.clock.read))
        let ids = try await self.startTwo(manager)
        self.clock.advance(by: .seconds(61))
        let service = LeaseService(
            manager: manager, grace: .seconds(30), clock: self.turns, logger: self.log.logger())
        let running = Task { await service.run() }
        await self.turns.untilSleep(1)
        #expect(self.turns.requested == [.seconds(30)])
        try await manager.change(ids[0], .progress(ProgressReport()))
        self.turns.wake()
        await self.turns.untilSleep(2)
        #expect(try await manager.find(ids[0]).status == .running)
        #expect(try await manager.find(ids[1]).failure?.code == "lease_expired")
        // From now on it watches.
        self.clock.advance(by: .seconds(61))
        self.turns.wake()
        await self.turns.untilSleep(3)
        #expect(try await manager.find(ids[0]).failure?.code == "lease_expired")
        #expect(self.turns.requested.dropFirst().allSatisfy { $0 <= .seconds(1) })
        running.cancel()
        await running.value
    }

    @Test("so is what passed while the store was away; without a grace it is ended at once")
    func graceAfterOutage() async throws {
        for grace in [Duration.seconds(30), .zero] {
            let turns = TurnClock()
            let isFailing = Atomic(false)
            let repository = InterposedRepository(
                InMemoryProcessRepository(now: self.clock.read),
                failing: { isFailing.load(ordering: .relaxed) ? ProcessRepositoryError(.unavailable, "away") : nil })
            let manager = ProcessManager(repository: repository)
            let ids = try await self.startTwo(manager)
            let service = LeaseService(manager: manager, grace: grace, clock: turns, logger: self.log.logger())
            let running = Task { await service.run() }
            await turns.untilSleep(1)
            isFailing.store(true, ordering: .relaxed)
            turns.wake()
            await turns.untilSleep(2)
            self.clock.advance(by: .seconds(61))
            isFailing.store(false, ordering: .relaxed)
            turns.wake()
            await turns.untilSleep(3)
            #expect(turns.requested.contains(.seconds(30)) == (grace > .zero))
            #expect(try await manager.find(ids[0]).status == (grace > .zero ? .running : .failed))
            running.cancel()
            await running.value
        }
    }

    private static func expectRemoved(_ id: ProcessID, _ manager: ProcessManager) async {
        await #expect {
            _ = try await manager.find(id)
        } throws: { error in
            if case .removed = error as? ProcessError { true } else { false }
        }
    }
}
