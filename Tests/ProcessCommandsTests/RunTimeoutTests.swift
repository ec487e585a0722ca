import Glibc
import ProcessCore
import ProcessHTTP
import Synchronization
import Testing

@testable import ProcessCommands

@Suite("run: --timeout", .timeLimit(.minutes(3)))
struct RunTimeoutTests {
    /// A tracker that calls the process timed out as soon as it hears of its end.
    private static var first: FakeTracker {
        FakeTracker { call throws(TrackerClientError) in
            switch call.line {
            case "POST /complete/p-1", "POST /fail/p-1":
                FakeTracker.problem(.conflict, "already_finished", "It has failed.")
            case "GET /status/p-1":
                FakeTracker.json(
                    #"{"process_id":"p-1","kind":"t","attempt":1,"created_at":"2026-11-08T10:00:00Z","status":"failed","#
                        + #""error":{"code":"timed_out","message":"m"}}"#)
            default: try FakeTracker.standard(call)
            }
        }
    }

    private static let sentence = "this ran longer than --timeout allows (20ms): ending the command"

    /// A run with a time that is over soon, and a tracker that says nothing by itself.
    private static func fixture(_ tracker: FakeTracker = FakeTracker()) -> RunFixture {
        var fixture = RunFixture()
        fixture.tracker = tracker
        fixture.options = ["--timeout", "20ms"]
        fixture.timing.longestHeartbeatInterval = .seconds(1000)
        return fixture
    }

    @Test("a command whose time is over is ended, and reported in the tracker's own words")
    func timeUp() async throws {
        let fixture = Self.fixture()
        let result = try await fixture.run("sleep", "1000")
        #expect(result.status == .exited(124))
        #expect(result.warnings == [Self.sentence])
        #expect(
            fixture.tracker.body(of: "POST /fail/p-1")
                == #"{"attempt":1,"error":{"code":"timed_out","message":"attempt 1 ran for longer than 20ms"}}"#)
    }

    @Test("what the command returns then does not count, and one that does not listen is ended by SIGKILL")
    func timeUpInSpite() async throws {
        let fixture = Self.fixture()
        let polite = try await fixture.run(script: "trap 'exit 0' TERM; while :; do sleep 0.01; done")
        #expect(polite.status == .exited(124))
        #expect(fixture.tracker.lines.last == "POST /fail/p-1")
        let deaf = try await fixture.run(script: "trap '' TERM; while :; do sleep 0.01; done")
        #expect(deaf.status == .exited(124))
    }

    @Test("where the tracker was first, that is said once, and is no reason for a warning")
    func timeUpTold() async throws {
        let result = try await Self.fixture(Self.first).run("sleep", "1000")
        #expect(result.status == .exited(124))
        #expect(result.warnings == [Self.sentence])
    }

    @Test("a time is kept without a tracker, too")
    func untracked() async throws {
        let result = try await Self.fixture(.unreachable).run("sleep", "1000")
        #expect(result.status == .exited(124))
        #expect(result.warnings.last == Self.sentence)
    }

    @Test(
        "a command that ended by itself while the tracker called it timed out has not simply succeeded",
        arguments: [(Int32(0), Int32(124)), (3, 3)])
    func endedByItself(code: Int32, status: Int32) async throws {
        var fixture = Self.fixture(Self.first)
        fixture.options = ["--timeout", "1h"]
        let result = try await fixture.run(script: "exit \(code)")
        #expect(result.status == .exited(status))
        #expect(
            result.warnings == [
                "the tracker had called this timed out (it ran longer than --timeout allows) before it heard of its end"
            ])
    }

    @Test("the words are the tracker's, which so takes a report that comes second as a repetition of what it knows")
    func sameWords() throws {
        let (start, end) = (Timestamp(milliseconds: 1_000), Timestamp(milliseconds: 91_000))
        let running = ProcessRecord(
            id: ProcessID(trusted: "p-1"), kind: "t", status: .running, revision: 1, createdAt: start, startedAt: start,
            updatedAt: start, attempt: 2, maxAttempts: 2, timeout: .seconds(90), deadline: end)
        guard case .changed(let ended) = try ProcessTransition(.expire, at: end).apply(to: running) else {
            Issue.record("not timed out")
            return
        }
        let failure = TimeOut.failure(attempt: 2, after: end - start)
        #expect(ended.failure == failure)
        #expect(
            try ProcessTransition(.fail(failure, mayRetry: true), attempt: 2, at: end).apply(to: ended)
                == .unchanged(ended))
    }
}
