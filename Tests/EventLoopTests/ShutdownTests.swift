import EventLoop
import Testing

@Suite("The end of a loop", .timeLimit(.minutes(3)))
struct ShutdownTests {
    @Test("what was queued before the end runs, with all it queues in turn")
    func drains() async throws {
        let log = Log()
        let loop = try EventLoop()
        loop.execute {
            log.append("first")
            loop.execute {
                log.append("second")
                loop.execute { log.append("third") }
            }
        }
        await loop.shutdown()
        #expect(log.lines == ["first", "second", "third"])
    }

    @Test("a sleeping task is told, and a timer does not fire")
    func timersEnd() async throws {
        let log = Log()
        let loop = try EventLoop()
        loop.schedule(after: .seconds(3600)) { log.append("fired") }
        let sleeping = Task { try await loop.sleep(for: .seconds(3600)) }
        await loop.shutdown()
        await #expect(throws: CancellationError.self) { try await sleeping.value }
        #expect(log.lines == [])
    }

    @Test("a task that comes too late still runs, as if it were on the loop, and sleeping ends at once")
    func lateTasks() async throws {
        let loop = try EventLoop()
        await loop.shutdown()
        await loop.shutdown()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask(executorPreference: loop) {
                    await Task.yield()
                    return loop.isCurrent
                }
            }
            for await isOnLoop in group { #expect(isOnLoop) }
        }
        await #expect(throws: CancellationError.self) { try await loop.sleep(for: .seconds(3600)) }
    }

    @Test("a loop may be told to end by a task that runs on it, and by several at once")
    func endedFromWithin() async throws {
        let loop = try EventLoop()
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask(executorPreference: loop) { await loop.shutdown() }
            }
        }
        #expect(!loop.isCurrent)
    }

    @Test("a loop that has ended is freed")
    func freed() async throws {
        weak var weakLoop: EventLoop?
        do {
            let loop = try EventLoop()
            weakLoop = loop
            await loop.shutdown()
        }
        // The thread lets go of the loop right after it has said that it ended.
        while weakLoop != nil { await Task.yield() }
        #expect(weakLoop == nil)
    }
}
