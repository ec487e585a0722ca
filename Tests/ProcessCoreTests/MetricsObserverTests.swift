import Synchronization
import Testing

@testable import ProcessCore

@Suite("What is counted by queue")
struct MetricsObserverTests {
    private let clock = TestClock()
    private let metrics = TrackerMetrics(version: "1")
    private let manager: ProcessManager

    /// A clock that a test moves.
    private final class TestClock: Sendable {
        private let time = Mutex(Timestamp.at(0))

        var now: Timestamp { self.time.withLock { $0 } }

        func advance(by duration: Duration) {
            self.time.withLock { $0 = $0 + duration }
        }
    }

    init() {
        let metrics = self.metrics
        self.manager = ProcessManager(
            repository: InMemoryProcessRepository(now: { [clock] in clock.now }), observer: MetricsObserver(metrics))
    }

    /// Starts a process that is tried twice and whose worker may be silent for 60 s.
    private func start(in queue: String?, _ configure: (inout ProcessStart) -> Void = { _ in }) async throws
        -> ProcessID
    {
        var start = ProcessStart(kind: "report")
        start.queue = queue
        start.maxAttempts = 2
        start.lease = .seconds(60)
        start.backoff = Backoff(initial: .seconds(1), factor: 1, max: .seconds(1), jitter: 0)
        configure(&start)
        return try await self.manager.start(start).record.id
    }

    private func claim(_ queue: String) async throws -> Int {
        try await self.manager.claim(ClaimRequest(queues: [queue], limit: 10)).count
    }

    /// The count and the sum of a histogram of one queue, in milliseconds.
    private func times(_ name: String, _ queue: String) async throws -> [Double?] {
        let exposition = try ParsedExposition(String(decoding: await self.metrics.registry.render(), as: UTF8.self))
        return ["count", "sum"].map { exposition.value("\(name)_\($0)", ["queue": queue]) }
    }

    @Test("each claim is counted, and the wait for the first one is measured from when it was due")
    func claims() async throws {
        _ = try await self.start(in: "q")
        _ = try await self.start(in: "q") { $0.runAfter = .delay(.seconds(4)) }
        self.clock.advance(by: .seconds(6))
        #expect(try await self.claim("q") == 2)
        #expect(self.metrics.claims.with("q").value == 2)
        // One was due for 6 s, the other for 2.
        #expect(try await self.times("tracker_queue_wait_seconds", "q") == [2, 8])
        #expect(self.metrics.retries.with("q").value == 0)
    }

    @Test("an attempt that failed and is tried again is a retry; its end is measured from its last claim")
    func retries() async throws {
        let id = try await self.start(in: "q")
        #expect(try await self.claim("q") == 1)
        self.clock.advance(by: .seconds(5))
        try await self.manager.change(id, .fail(ProcessFailure(code: "c"), mayRetry: true), attempt: 1)
        #expect(self.metrics.retries.with("q").value == 1)
        #expect(try await self.times("tracker_queue_run_seconds", "q") == [nil, nil])
        self.clock.advance(by: .seconds(2))
        #expect(try await self.claim("q") == 1)
        self.clock.advance(by: .seconds(3))
        try await self.manager.change(id, .complete(result: nil), attempt: 2)
        #expect(self.metrics.claims.with("q").value == 2)
        #expect(try await self.times("tracker_queue_run_seconds", "q") == [1, 3])
        #expect(try await self.times("tracker_queue_wait_seconds", "q") == [1, 0])
    }

    @Test("a lease that passed is counted by its queue, whether it is tried again or has failed")
    func leases() async throws {
        _ = try await self.start(in: "q")
        for expired in 1...2 {
            self.clock.advance(by: .seconds(2))
            #expect(try await self.claim("q") == 1)
            self.clock.advance(by: .seconds(60))
            #expect(try await self.manager.endOverdue() == 1)
            #expect(self.metrics.queueLeasesExpired.with("q").value == UInt64(expired))
        }
        #expect(self.metrics.retries.with("q").value == 1)
        #expect(self.metrics.leasesExpired.with("failed").value == 1)
    }

    @Test("who was never claimed in time lost no lease")
    func pickup() async throws {
        _ = try await self.start(in: "q") { $0.pickupTimeout = .seconds(5) }
        self.clock.advance(by: .seconds(5))
        #expect(try await self.manager.endOverdue() == 1)
        #expect(self.metrics.queueLeasesExpired.with("q").value == 0)
        #expect(self.metrics.leasesExpired.with("failed").value == 1)
        #expect(try await self.times("tracker_queue_run_seconds", "q") == [nil, nil])
    }

    @Test("queues are told apart, and what has none counts for none")
    func queues() async throws {
        let own = try await self.start(in: nil)
        let id = try await self.start(in: "a")
        #expect(try await self.claim("b") == 0)
        #expect(try await self.claim("a") == 1)
        for id in [own, id] { try await self.manager.change(id, .complete(result: nil), attempt: 1) }
        let exposition = try ParsedExposition(String(decoding: await self.metrics.registry.render(), as: UTF8.self))
        let queues = exposition.samples.filter { $0.name.hasPrefix("tracker_queue") }.map { $0.labels["queue"] }
        #expect(Set(queues) == ["a"])
    }

    @Test("a clock that was set back makes no time negative")
    func clockSetBack() async throws {
        let id = try await self.start(in: "q")
        self.clock.advance(by: .seconds(-3600))
        #expect(try await self.claim("q") == 1)
        self.clock.advance(by: .seconds(-1))
        try await self.manager.change(id, .complete(result: nil), attempt: 1)
        #expect(try await self.times("tracker_queue_wait_seconds", "q") == [1, 0])
        #expect(try await self.times("tracker_queue_run_seconds", "q") == [1, 0])
    }

    @Test("who waits here is counted by what for, as long as they wait")
    func waiting() async throws {
        let hub = self.manager.hub
        self.metrics.countWaiting(at: hub)
        func counts() async throws -> [Double?] {
            let exposition = try ParsedExposition(String(decoding: await self.metrics.registry.render(), as: UTF8.self))
            return ["work", "change", "output", "any_change"].map { exposition.value("tracker_waiting", ["for": $0]) }
        }
        #expect(try await counts() == [0, 0, 0, 0])
        let a = ProcessID(trusted: "a")
        let signals = [hub.watch(a), hub.watch(a), hub.watch(ProcessID(trusted: "b"))]
        let output = hub.watch(a, for: .output)
        let feed = hub.follow()
        let ticket = hub.enter(["q"])
        // It looks into the store, and does not wait yet.
        #expect(try await counts() == [0, 3, 1, 1])
        let parked = Task { await hub.park(ticket) }
        while hub.parkedCount == 0 { await Task.yield() }
        #expect(try await counts() == [1, 3, 1, 1])
        hub.unwatch(a, signals[0])
        hub.unwatch(a, output)
        hub.unfollow(feed)
        hub.take(.missed)
        #expect(await parked.value)
        #expect(try await counts() == [0, 2, 0, 0])
    }
}
