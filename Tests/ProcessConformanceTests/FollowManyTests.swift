import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@Suite("Many who follow at once", .timeLimit(.minutes(1)))
struct FollowManyTests {
    private static let readers = 200

    /// Whoever comes in waits until it is opened.
    private final class Gate: Sendable {
        private let inside = Mutex<(now: Int, most: Int, isOpen: Bool)>((0, 0, false))

        var most: Int { self.inside.withLock { $0.most } }
        func open() { self.inside.withLock { $0.isOpen = true } }

        func pass() async {
            self.inside.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            while !self.inside.withLock({ $0.isOpen }) { try? await Task.sleep(for: .milliseconds(1)) }
            self.inside.withLock { $0.now -= 1 }
        }
    }

    private final class Store: Sendable {
        let isAway = Atomic(true)
        let attempts = Atomic(0)
        let shown = Atomic(0)
    }

    @Test("a bounded number of them reads at a time, and each is shown the end")
    func bound() async throws {
        let memory = InMemoryProcessRepository(now: { ManualClock.start })
        try await memory.keep(.started("a"))
        let gate = Gate()
        let manager = ProcessManager(repository: InterposedRepository(memory, afterChunks: { _ in await gate.pass() }))
        try await withThrowingTaskGroup { group in
            for _ in 0..<Self.readers {
                group.addTask { await manager.followOutput(of: "a", after: 0) { _ in true } }
            }
            while gate.most < 64 { try await Task.sleep(for: .milliseconds(1)) }
            try await Task.sleep(for: .milliseconds(20))
            #expect(gate.most == 64)
            gate.open()
            _ = try await manager.change("a", .complete(result: "1"))
            try await group.waitForAll()
        }
    }

    @Test("those who take their time to look hold up nobody")
    func slowReaders() async throws {
        let memory = InMemoryProcessRepository(now: { ManualClock.start })
        try await memory.keep(.started("a"))
        let manager = ProcessManager(repository: memory)
        let gate = Gate()
        await withTaskGroup { group in
            for _ in 0..<Self.readers {
                group.addTask {
                    await manager.follow("a") { _ in
                        await gate.pass()
                        return false
                    }
                }
            }
            while gate.most < Self.readers { try? await Task.sleep(for: .milliseconds(1)) }
            gate.open()
        }
        #expect(gate.most == Self.readers)
    }

    @Test("after a store was away for all of them, each is shown what is new")
    func failures() async throws {
        let memory = InMemoryProcessRepository(now: { ManualClock.start })
        try await memory.keep(.started("a"))
        let store = Store()
        let manager = ProcessManager(
            repository: InterposedRepository(
                memory,
                failing: {
                    store.attempts.wrappingAdd(1, ordering: .relaxed)
                    return store.isAway.load(ordering: .relaxed) ? ProcessRepositoryError(.unavailable, "away") : nil
                }))
        await withTaskGroup { group in
            for _ in 0..<Self.readers {
                group.addTask {
                    await manager.follow("a") { _ in
                        store.shown.wrappingAdd(1, ordering: .relaxed)
                        return false
                    }
                }
            }
            while store.attempts.load(ordering: .relaxed) < Self.readers {
                try? await Task.sleep(for: .milliseconds(1))
            }
            store.isAway.store(false, ordering: .relaxed)
            manager.hub.take(.missed)
        }
        #expect(store.shown.load(ordering: .relaxed) == Self.readers)
    }
}
