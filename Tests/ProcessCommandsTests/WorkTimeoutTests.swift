import Glibc
import ProcessHTTP
import Testing

@testable import ProcessCommands

@Suite("work: a process whose time is over", .timeLimit(.minutes(3)))
struct WorkTimeoutTests {
    private static let job = FakeQueue.Job(
        "j-1", #""started_at":"2026-11-08T10:00:00.000Z","deadline":"2026-11-08T10:00:00.020Z""#)
    private static let timeOut = HandlerFailure(code: "timed_out", message: "attempt 2 ran for longer than 20ms")

    @Test(
        "a handler whose time is over is ended without a word from the tracker, and reported in the tracker's own words"
    )
    func timeUp() async throws {
        var fixture = WorkFixture(Self.job)
        fixture.timing.longestHeartbeatInterval = .seconds(1000)
        let result = try await fixture.work("exec sleep 1000")
        #expect(
            fixture.queue.tracker.body(of: "POST /fail/j-1")
                == #"{"attempt":2,"error":{"code":"timed_out","message":"attempt 2 ran for longer than 20ms"}}"#)
        #expect(result.warnings == [])
        #expect(result.outcomes.map(\.ending) == [.failed(Self.timeOut, willRetry: true)])
    }

    @Test("one that returns 0 when it is ended as its time is over has not completed")
    func timeUpInSpite() async throws {
        let fixture = WorkFixture(Self.job)
        let result = try await fixture.work("trap 'echo 5; exit 0' TERM; while :; do sleep 0.01; done")
        #expect(result.outcomes.map(\.ending) == [.failed(Self.timeOut, willRetry: true)])
        #expect(!fixture.queue.tracker.lines.contains("POST /complete/j-1"))
    }

    @Test(
        "where the tracker was first, at a heartbeat or at the end, that is no reason for a warning",
        arguments: [("stale_attempt", true), ("already_finished", false)], ["POST /progress/j-1", "POST /fail/j-1"])
    func timeUpTold(refusal: (code: String, willRetry: Bool), line: String) async throws {
        let folder = try ScratchFolder()
        let (ending, refused) = ("\(folder.path)/ending", "\(folder.path)/refused")
        var fixture = WorkFixture(Self.job) { call, _ throws(TrackerClientError) in
            // The report on the end is refused in either case: a handler may end before it has set its trap.
            guard call.line == "POST /fail/j-1" || call.line == line && access(ending, F_OK) == 0 else { return nil }
            close(open(refused, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
            return FakeTracker.problem(.conflict, refusal.code, "It timed out.")
        }
        fixture.timing.killDelay = .seconds(1000)
        // It knows that its time is over, and goes on until the tracker has said so where that is at a heartbeat.
        let wait = line == "POST /fail/j-1" ? "" : "until [ -e \(refused) ]; do sleep 0.01; done; "
        let result = try await fixture.work(
            "trap ': > \(ending); \(wait)exit 1' TERM; while :; do sleep 0.01; done")
        #expect(result.warnings == [])
        #expect(result.code == 0)
        #expect(result.outcomes.map(\.ending) == [.failed(Self.timeOut, willRetry: refusal.willRetry)])
    }
}
