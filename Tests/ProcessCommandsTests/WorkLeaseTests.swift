import Glibc
import ProcessHTTP
import Synchronization
import Testing

@testable import ProcessCommands

@Suite("work: for how long it tries to keep and to report a process", .timeLimit(.minutes(3)))
struct WorkLeaseTests {
    private static let job = FakeQueue.Job("j-1", #""lease":"10s""#)

    /// A worker with the times it has in use, on a clock that skips what it waits for.
    private static func fixture(_ clock: SkippingClock, _ answer: @escaping FakeQueue.Answer) -> WorkFixture {
        var fixture = WorkFixture(Self.job, answer: answer)
        fixture.timing = WorkTiming()
        fixture.clock = clock
        return fixture
    }

    /// The times of what a test looks at.
    private final class Times: Sendable {
        private let times = Mutex<[Duration]>([])
        var all: [Duration] { self.times.withLock { $0 } }
        func add(_ time: Duration) { self.times.withLock { $0.append(time) } }
    }

    @Test("a report is taken by a tracker that is back a second before the lease passes", arguments: 0..<20)
    func backInTime(round: Int) async throws {
        let (clock, tries) = (SkippingClock(), Times())
        let fixture = Self.fixture(clock) { call, queue throws(TrackerClientError) in
            guard call.line == "POST /complete/j-1" else { return nil }
            clock.skip()
            if tries.all.isEmpty { queue.signals.send(SIGTERM) }
            tries.add(clock.passed)
            if clock.passed < .seconds(9) { throw TrackerClientError("connection refused") }
            return nil
        }
        let result = try await fixture.work("exec true")
        #expect(result.outcomes.map(\.ending) == [.completed], "\(tries.all)")
    }

    @Test("a report is tried until just after the lease has passed, ever closer together, and not without end")
    func lastTry() async throws {
        let (clock, tries) = (SkippingClock(), Times())
        let fixture = Self.fixture(clock) { call, queue throws(TrackerClientError) in
            guard call.line == "POST /complete/j-1" else { return nil }
            clock.skip()
            if tries.all.isEmpty { queue.signals.send(SIGTERM) }
            tries.add(clock.passed)
            throw TrackerClientError("connection refused")
        }
        let result = try await fixture.work("exec true")
        #expect(result.outcomes.map(\.ending) == [.unreported("connection refused")])
        let last = try #require(tries.all.last)
        #expect(last >= .seconds(10) && last <= .milliseconds(10_250), "\(tries.all)")
        #expect(tries.all.count < 20)
    }

    @Test("a heartbeat of which nobody knows whether it arrived may have renewed the lease")
    func lostHeartbeat() async throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/seen"
        let (clock, heartbeats, tries) = (SkippingClock(), Times(), Times())
        clock.skip()
        let fixture = Self.fixture(clock) { call, queue throws(TrackerClientError) in
            if call.line == "POST /progress/j-1" {
                if heartbeats.all.isEmpty { close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)) }
                heartbeats.add(clock.passed)
                throw TrackerClientError("the connection was lost", wasPossiblySent: true)
            }
            guard call.line == "POST /complete/j-1" else { return nil }
            if tries.all.isEmpty { queue.signals.send(SIGTERM) }
            tries.add(clock.passed)
            throw TrackerClientError("connection refused")
        }
        _ = try await fixture.work("until [ -e \(path) ]; do sleep 0.01; done")
        let heartbeat = try #require(heartbeats.all.last)
        #expect((try #require(tries.all.last)) >= heartbeat + .seconds(10))
    }

    @Test("heartbeats that fail are tried ever closer together while the lease lasts")
    func heartbeatsInTime() async throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/seen"
        let (clock, heartbeats) = (SkippingClock(), Times())
        clock.skip()
        let fixture = Self.fixture(clock) { call, _ throws(TrackerClientError) in
            guard call.line == "POST /progress/j-1" else { return nil }
            heartbeats.add(clock.passed)
            guard clock.passed >= .seconds(12) else { throw TrackerClientError("connection refused") }
            close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
            return nil
        }
        _ = try await fixture.work("until [ -e \(path) ]; do sleep 0.01; done")
        #expect(heartbeats.all.contains { $0 > .milliseconds(9400) && $0 < .seconds(10) }, "\(heartbeats.all)")
    }
}
