import EventLoop

/// Runs a test on a loop of its own, which has ended afterwards.
func withEventLoop<Result: Sendable>(
    _ body: @Sendable (EventLoop) async throws -> Result
) async throws -> Result {
    let loop = try EventLoop(name: "test-loop")
    do {
        let result = try await body(loop)
        await loop.shutdown()
        return result
    } catch {
        await loop.shutdown()
        throw error
    }
}

/// An actor whose state lives on a loop.
actor LoopActor {
    let loop: EventLoop
    private(set) var count = 0

    init(loop: EventLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        self.loop.asUnownedSerialExecutor()
    }

    func increment() -> Bool {
        self.count += 1
        return self.loop.isCurrent
    }

    func incrementAcrossSuspension() async -> Bool {
        await Task.yield()
        self.count += 1
        return self.loop.isCurrent
    }

    nonisolated func countAssumingIsolation() -> Int {
        self.assumeIsolated { $0.count }
    }
}
