import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessCore

@Suite("Claims that wait", .timeLimit(.minutes(3)))
struct ParkedClaimTests {
    private let timer = ManualTimer()

    private func manager(_ repository: any ProcessRepository) -> ProcessManager {
        ProcessManager(repository: repository, hub: ChangeHub(clock: self.timer))
    }

    private func claim(
        _ manager: ProcessManager, _ queues: [String] = ["q"], limit: Int = 1
    ) -> Task<[ProcessID], any Error> {
        Task {
            try await manager.claim(ClaimRequest(queues: queues, limit: limit), waitingUpTo: .seconds(20)).map(\.id)
        }
    }

    @Test("what is there is handed out at once, and nothing without a wait", arguments: Backend.allCases)
    func atOnce(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let manager = manager(repository)
            #expect(try await manager.claim(ClaimRequest(queues: ["q"])).isEmpty)
            try await repository.keep(.queued("a", in: "q"), .queued("b", in: "q"))
            #expect(try await manager.claim(ClaimRequest(queues: ["q"])).map(\.id) == ["a"])
            #expect(try await claim(manager).value == ["b"])
        }
    }

    @Test("a start on any instance ends the wait on any other", arguments: Backend.allCases)
    func startWakes(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let (here, there) = (manager(first), manager(second))
            let waiting = claim(there, ["other", "q"])
            await timer.waitForSleepers(1)
            var start = ProcessStart(kind: "report")
            start.queue = "q"
            let started = try await here.start(start).record.id
            #expect(try await waiting.value == [started])
            #expect(try await first.record(started).attempt == 1)
        }
    }

    @Test("a retry ends the wait, as a start does", arguments: Backend.allCases)
    func retryWakes(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let (here, there) = (manager(first), manager(second))
            try await first.keep(.queued("a", in: "q"))
            _ = try await here.change("a", .cancel(reason: nil, force: true))
            let waiting = claim(there)
            await timer.waitForSleepers(1)
            _ = try await here.change("a", .retry)
            #expect(try await waiting.value == ["a"])
        }
    }

    @Test("time up is an empty answer", arguments: Backend.allCases)
    func timeUp(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let manager = manager(repository)
            let waiting = claim(manager)
            await timer.waitForSleepers(1)
            timer.advance(by: .seconds(20))
            #expect(try await waiting.value.isEmpty)
            try await repository.keep(.queued("a", in: "q"))
            #expect(try await claim(manager).value == ["a"])
        }
    }

    @Test("one that was cancelled takes nothing", arguments: Backend.allCases)
    func cancelled(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let manager = manager(repository)
            let waiting = claim(manager)
            await timer.waitForSleepers(1)
            waiting.cancel()
            #expect(try await waiting.value.isEmpty)
            try await repository.keep(.queued("a", in: "q"))
            #expect(try await repository.record("a").status == .pending)
            let late = claim(manager)
            late.cancel()
            if try await late.value.isEmpty { #expect(try await repository.record("a").status == .pending) }
        }
    }

    @Test("a delayed one is handed out by the slow timer once it is due", arguments: Backend.allCases)
    func delayed(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let manager = manager(repository)
            try await repository.keep(.queued("a", in: "q", runAfter: clock.now + .seconds(3)))
            let hub = manager.hub
            let running = Task { await hub.run() }
            let waiting = claim(manager)
            await timer.waitForSleepers(2)
            // Its time runs before it is parked, and a turn that comes between is not remembered; there is only one here.
            while hub.parkedCount == 0 { await Task.yield() }
            clock.advance(by: .seconds(3))
            timer.advance(by: .seconds(1))
            #expect(try await waiting.value == ["a"])
            running.cancel()
            await running.value
        }
    }

    @Test("many workers on two instances get everything, each process once", arguments: Backend.allCases)
    func crowd(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let managers = [manager(first), manager(second)]
            let count = 200
            let claimed = ClaimedIDs()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<16 {
                    let manager = managers[worker % 2]
                    group.addTask {
                        while claimed.all.count < count {
                            let records = try await manager.claim(
                                ClaimRequest(queues: ["q"], limit: worker % 3 + 1), waitingUpTo: .seconds(60))
                            let isLast = claimed.add(records.map(\.id)) >= count
                            // Nobody waits for more than there is.
                            if isLast { for manager in managers { manager.hub.close() } }
                        }
                    }
                }
                for number in 0..<count {
                    let manager = managers[number / 3 % 2]
                    group.addTask {
                        var start = ProcessStart(kind: "report")
                        start.queue = "q"
                        start.id = ProcessID(trusted: "p\(number)")
                        _ = try await manager.start(start)
                    }
                }
                try await group.waitForAll()
            }
            let ids = claimed.all
            #expect(ids.count == count)
            #expect(Set(ids).count == count, "no process is handed out twice")
        }
    }

    @Test("a store that fails ends the wait with its error")
    func failing() async throws {
        let isFailing = Atomic(false)
        let repository = InterposedRepository(
            InMemoryProcessRepository(now: ManualClock().read),
            failing: { isFailing.load(ordering: .relaxed) ? ProcessRepositoryError(.unavailable, "away") : nil })
        let manager = manager(repository)
        let waiting = claim(manager)
        await timer.waitForSleepers(1)
        isFailing.store(true, ordering: .relaxed)
        manager.hub.take(.missed)
        await #expect(throws: ProcessError.self) { try await waiting.value }
    }

    @Test("what comes while a claim looks and finds nothing is not lost")
    func noLostWakeUp() async throws {
        let clock = ManualClock()
        let memory = InMemoryProcessRepository(now: clock.read)
        let starter = ProcessManager(repository: memory)
        // The process comes after the look and before the claim is parked: the manager's first claim finds nothing.
        let isFirst = Atomic(true)
        let repository = InterposedRepository(
            memory,
            afterClaim: { _ in
                guard isFirst.exchange(false, ordering: .relaxed) else { return }
                var start = ProcessStart(kind: "report")
                start.queue = "q"
                start.id = "late"
                _ = try? await starter.start(start)
            })
        #expect(try await claim(manager(repository)).value == ["late"])
    }

    @Test("one that has gone while it was woken passes the wake on")
    func passesOn() async throws {
        let memory = InMemoryProcessRepository(now: ManualClock().read)
        let manager = manager(memory)
        let first = claim(manager)
        await timer.waitForSleepers(1)
        let second = claim(manager)
        await timer.waitForSleepers(2)
        // The start wakes the first, which may have gone by the time it looks.
        async let started: Void = memory.keep(.queued("a", in: "q"))
        first.cancel()
        try await started
        let taken = try await first.value
        if taken.isEmpty {
            #expect(try await second.value == ["a"])
        } else {
            #expect(taken == ["a"])
            second.cancel()
            #expect(try await second.value.isEmpty)
        }
    }

    @Test("closing the hub ends every wait, now and later")
    func close() async throws {
        let manager = manager(InMemoryProcessRepository(now: ManualClock().read))
        let waiting = claim(manager)
        await timer.waitForSleepers(1)
        manager.hub.close()
        #expect(try await waiting.value.isEmpty)
        #expect(try await claim(manager).value.isEmpty)
    }
}

/// What many tasks have claimed together.
private final class ClaimedIDs: Sendable {
    private let ids = Mutex<[ProcessID]>([])

    var all: [ProcessID] { self.ids.withLock { $0 } }

    /// Adds some, and says how many there are.
    func add(_ more: [ProcessID]) -> Int {
        self.ids.withLock { ids in
            ids += more
            return ids.count
        }
    }
}
