import EventLoop
import Glibc
import Testing

@Suite("Timers, signals and descriptors", .timeLimit(.minutes(3)))
struct EventTests {
    @Test("a timer never fires early, also on a loop that is busy", arguments: [0, 1, 3, 10])
    func timerIsNotEarly(milliseconds: Int) async throws {
        try await withEventLoop { loop in
            let isOver = Locked(false)
            @Sendable func keepBusy() {
                if isOver.withLock({ !$0 }) { loop.execute { keepBusy() } }
            }
            loop.execute { keepBusy() }
            let clock = ContinuousClock()
            for index in 0..<15 {
                // The clock that libevent reads ticks every 4 ms: begin at different moments between two ticks.
                let earliest = clock.now + .microseconds(index % 5 * 800)
                while clock.now < earliest {}
                let start = clock.now
                await withCheckedContinuation { continuation in
                    loop.schedule(after: .milliseconds(milliseconds)) { continuation.resume() }
                }
                #expect(clock.now - start >= .milliseconds(milliseconds))
            }
            isOver.withLock { $0 = true }
        }
    }

    @Test("timers fire in the order of their times")
    func timerOrder() async throws {
        try await withEventLoop { loop in
            let log = Log()
            await withCheckedContinuation { continuation in
                loop.execute {
                    loop.schedule(after: .milliseconds(300)) {
                        log.append("300")
                        continuation.resume()
                    }
                    loop.schedule(after: .milliseconds(1)) { log.append("1") }
                    loop.schedule(after: .milliseconds(150)) { log.append("150") }
                }
            }
            #expect(log.lines == ["1", "150", "300"])
        }
    }

    @Test("a timer cancelled on the loop does not fire, and cancelling again is harmless")
    func cancelledTimer() async throws {
        try await withEventLoop { loop in
            let log = Log()
            await withCheckedContinuation { continuation in
                loop.execute {
                    let timer = loop.schedule(after: .zero) { log.append("cancelled") }
                    loop.schedule(after: .milliseconds(5)) {
                        timer.cancel()
                        continuation.resume()
                    }
                    timer.cancel()
                }
            }
            #expect(log.lines == [])
        }
    }

    @Test("sleep ends behind the timers that are due before it, and continues on the caller's executor")
    func sleep() async throws {
        try await withEventLoop { loop in
            let log = Log()
            let isOnLoop = try await Task(executorPreference: loop) {
                loop.schedule(after: .milliseconds(1)) { log.append("timer") }
                try await loop.sleep(for: .milliseconds(2))
                log.append("slept")
                return loop.isCurrent
            }.value
            #expect(isOnLoop)
            #expect(log.lines == ["timer", "slept"])
        }
    }

    @Test("sleep ends with an error when its task is cancelled, before or while it waits")
    func cancelledSleep() async throws {
        try await withEventLoop { loop in
            let task = Task { try await loop.sleep(for: .seconds(3600)) }
            loop.execute { task.cancel() }
            await #expect(throws: CancellationError.self) { try await task.value }

            let late = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await loop.sleep(for: .seconds(3600))
            }
            await #expect(throws: CancellationError.self) { try await late.value }
        }
    }

    @Test("a descriptor is reported readable and writable, and a connection gone behind unread bytes")
    func descriptors() async throws {
        try await withEventLoop { loop in
            let pair = try SocketPair()
            defer { pair.close() }
            let first = await withCheckedContinuation { continuation in
                loop.execute {
                    let handle = Locked<EventRegistration?>(nil)
                    let registration = loop.watch(pair.left, for: .readable) { events in
                        handle.withLock { $0?.cancel() }
                        continuation.resume(returning: events)
                    }
                    handle.withLock { $0 = registration }
                    pair.sendFromRight("x")
                }
            }
            #expect(first == .readable)

            pair.sendFromRight("y")
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                _ = loop.onDisconnect(of: pair.left) { continuation.resume() }
                pair.closeRight()
            }

            let third = await withCheckedContinuation { continuation in
                loop.execute {
                    let handle = Locked<EventRegistration?>(nil)
                    let registration = loop.watch(pair.left, for: [.readable, .writable]) { events in
                        handle.withLock { $0?.cancel() }
                        continuation.resume(returning: events)
                    }
                    handle.withLock { $0 = registration }
                }
            }
            #expect(third == [.readable, .writable])
        }
    }

    @Test("a signal is handed to its closure each time, until it is cancelled")
    func signals() async throws {
        try await withEventLoop { loop in
            let count = Locked(0)
            let registration: EventRegistration = await withCheckedContinuation { continuation in
                let handle = Locked<EventRegistration?>(nil)
                loop.execute {
                    let registration = loop.onSignal(SIGUSR2) {
                        let isSecond = count.withLock { count in
                            count += 1
                            return count == 2
                        }
                        if isSecond {
                            continuation.resume(returning: handle.withLock { $0! })
                        } else {
                            kill(getpid(), SIGUSR2)
                        }
                    }
                    handle.withLock { $0 = registration }
                    kill(getpid(), SIGUSR2)
                }
            }
            registration.cancel()
            #expect(count.withLock { $0 } == 2)
        }
    }
}

/// Two sockets that are connected with each other.
struct SocketPair {
    let left: Int32
    let right: Int32

    init() throws {
        var descriptors: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &descriptors) == 0)
        (self.left, self.right) = (descriptors[0], descriptors[1])
    }

    func sendFromRight(_ text: String) {
        _ = send(self.right, text, text.utf8.count, 0)
    }

    func closeRight() {
        Glibc.close(self.right)
    }

    func close() {
        Glibc.close(self.left)
    }
}
