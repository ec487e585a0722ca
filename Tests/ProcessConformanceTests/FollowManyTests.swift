import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessCore

@Suite("Many who follow at once", .timeLimit(.minutes(1)))
struct FollowManyTests {
    private static let readers = 200

    /// Whoever comes in waits until it is opened.
    private final class Gate: Sendable {
        private struct State {
            var isOpen = false
            var inside = 0
            var most = 0
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        private let state = Mutex(State())

        var most: Int { self.state.withLock { $0.most } }

        func open() {
            let waiting = self.state.withLock { state in
                state.isOpen = true
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }

        func pass() async {
            await withCheckedContinuation { continuation in
                let isOpen = self.state.withLock { state in
                    state.inside += 1
                    state.most = max(state.most, state.inside)
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
            self.state.withLock { $0.inside -= 1 }
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
            while manager.looks.waitingCount < Self.readers - 64 || gate.most < 64 { await Task.yield() }
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
            while gate.most < Self.readers { await Task.yield() }
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
            while store.attempts.load(ordering: .relaxed) < Self.readers { await Task.yield() }
            store.isAway.store(false, ordering: .relaxed)
            manager.hub.take(.missed)
        }
        #expect(store.shown.load(ordering: .relaxed) == Self.readers)
    }
}
