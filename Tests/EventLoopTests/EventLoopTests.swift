import EventLoop
import Synchronization
import Testing

@Suite("EventLoop", .timeLimit(.minutes(3)))
struct EventLoopTests {
    @Test("a task that prefers a loop starts there and comes back after each await")
    func taskStaysOnLoop() async throws {
        try await withEventLoop { loop in
            let places = await Task(executorPreference: loop) {
                var places = [loop.isCurrent]
                await Task.yield()
                places.append(loop.isCurrent)
                await Task.detached {}.value
                places.append(loop.isCurrent)
                return places
            }.value
            #expect(places == [true, true, true])
            #expect(!loop.isCurrent)
        }
    }

    @Test("closures from one thread run in the order they were handed over")
    func orderOfClosures() async throws {
        try await withEventLoop { loop in
            let seen = Locked<[Int]>([])
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                for index in 0..<5000 {
                    loop.execute { seen.withLock { $0.append(index) } }
                }
                loop.execute { continuation.resume() }
            }
            #expect(seen.withLock { $0 } == Array(0..<5000))
        }
    }

    @Test("execute never runs its closure inside the call, runOrEnqueue on the loop does")
    func inlineOrNot() async throws {
        try await withEventLoop { loop in
            let log = Log()
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                loop.execute {
                    loop.execute {
                        log.append("queued")
                        continuation.resume()
                    }
                    loop.runOrEnqueue { log.append("inline") }
                    log.append("end of the first")
                }
            }
            #expect(log.lines == ["inline", "end of the first", "queued"])
        }
    }

    @Test("work that keeps queueing more does not starve timers and descriptors")
    func fairness() async throws {
        try await withEventLoop { loop in
            let isOver = Locked(false)
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                @Sendable func again() {
                    guard isOver.withLock({ !$0 }) else { return continuation.resume() }
                    loop.execute { again() }
                }
                loop.schedule(after: .milliseconds(2)) { isOver.withLock { $0 = true } }
                loop.execute { again() }
            }
            #expect(isOver.withLock { $0 })
        }
    }

    @Test("a task whose pieces take long and that yields in between leaves timers and descriptors their turns")
    func fairnessBetweenLongPieces() async throws {
        try await withEventLoop { loop in
            let isOver = Locked(false)
            let pieces = await Task(executorPreference: loop) {
                loop.schedule(after: .milliseconds(2)) { isOver.withLock { $0 = true } }
                var pieces = 0
                while isOver.withLock({ !$0 }) {
                    let end = ContinuousClock.now + .milliseconds(1)
                    while ContinuousClock.now < end {}
                    pieces += 1
                    await Task.yield()
                }
                return pieces
            }.value
            #expect(pieces < 32)
        }
    }

    @Test("tasks handed over from many threads at once all run")
    func manyThreads() async throws {
        try await withEventLoop { loop in
            let count = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var count = 0
                        for _ in 0..<500 {
                            count += await Task(executorPreference: loop) { loop.isCurrent ? 1 : 0 }.value
                        }
                        return count
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(count == 4000)
        }
    }

    @Test("current is the loop of the calling thread, and nil elsewhere")
    func currentLoop() async throws {
        try await withEventLoop { loop in
            let isSame = await Task(executorPreference: loop) { EventLoop.current === loop }.value
            #expect(isSame)
            #expect(EventLoop.current == nil)
        }
    }
}

@Suite("EventLoopGroup", .timeLimit(.minutes(3)))
struct EventLoopGroupTests {
    @Test("next takes the loops in turn, current stays where the caller is")
    func nextAndCurrent() async throws {
        let group = try await EventLoopGroup(count: 3)
        let first = (0..<6).map { _ in group.next().name }
        #expect(Set(first).count == 3)
        #expect(Array(first[..<3]) == Array(first[3...]))
        let loop = group.loops[1]
        let isSame = await Task(executorPreference: loop) { group.current === loop && group.current === loop }.value
        #expect(isSame)
        await group.shutdown()
    }
}

/// Collects lines, from any thread.
final class Log: Sendable {
    private let storage = Locked<[String]>([])

    var lines: [String] { self.storage.withLock { $0 } }

    func append(_ line: String) {
        self.storage.withLock { $0.append(line) }
    }
}
