import Glibc
import ProcessHTTP
import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessCommands

@Suite("run: a start without an answer", .timeLimit(.minutes(3)))
struct LateStartTests {
    /// A tracker that takes some starts without an answer, and goes on then.
    private static func losing(
        starts: Int, _ respond: @escaping @Sendable (FakeTracker.Call) -> HTTPResponse? = { _ in nil }
    ) -> FakeTracker {
        let left = Mutex(starts)
        return FakeTracker { call throws(TrackerClientError) in
            let isLost = left.withLock { left in
                guard call.line == "POST /start", left > 0 else { return false }
                left -= 1
                return true
            }
            if isLost { throw TrackerClientError("the connection was lost", wasPossiblySent: true) }
            if let response = respond(call) { return response }
            return try FakeTracker.standard(call)
        }
    }

    @Test("a tracker that says nothing holds the command up for a while only, and its end")
    func silentTracker() async throws {
        var fixture = RunFixture()
        fixture.tracker = .silent
        fixture.timing.startLimit = .milliseconds(20)
        let result = try await fixture.run(script: "echo done")
        #expect(result.status == .exited(0))
        #expect(result.outputText == "done\n")
        #expect(
            result.warnings.first
                == "warning: no tracker answers at http://tracker.test:8080 (no answer within 20ms); the command runs untracked"
        )
        #expect(result.warnings.count == 2)
        #expect(result.warnings.last?.contains("Should the tracker have taken the start all the same") == true)
        #expect(Set(fixture.tracker.lines) == ["POST /start"])
    }

    @Test("one that is answered while the command runs makes it a tracked one")
    func whileRunning() async throws {
        try await TemporaryDirectory.with { folder in
            let mark = "\(folder)/heard"
            var fixture = RunFixture()
            fixture.tracker = Self.losing(starts: 3) { call in
                if call.line == "POST /progress/p-1" { close(creat(mark, 0o600)) }
                return nil
            }
            // It goes on until the tracker has heard of it.
            let result = try await fixture.run(script: "until [ -e \(mark) ]; do sleep 0.01; done")
            #expect(result.status == .exited(0))
            #expect(fixture.tracker.lines.prefix(4) == ["POST /start", "POST /start", "POST /start", "POST /start"])
            #expect(fixture.tracker.lines.last == "POST /complete/p-1")
            #expect(result.warnings.last == "the tracker has answered: tracked as p-1")
        }
    }

    @Test("one that is answered once the command has ended is reported as it ended")
    func atTheEnd() async throws {
        var fixture = RunFixture()
        fixture.timing.startLimit = .seconds(60)
        fixture.tracker = Self.losing(starts: 2)
        let result = try await fixture.run(script: "exit 3")
        #expect(result.status == .exited(3))
        #expect(Set(fixture.tracker.lines.dropLast()).contains("POST /start"))
        #expect(fixture.tracker.body(of: "POST /fail/p-1")?.contains(#""code":"exit_3""#) == true)
    }

    @Test("one that is refused in the end leaves the command untracked, without another word")
    func refused() async throws {
        var fixture = RunFixture()
        fixture.tracker = Self.losing(starts: 2) { _ in
            FakeTracker.problem(.conflict, "process_exists", "It is there.")
        }
        let result = try await fixture.run(script: "echo done")
        #expect(result.status == .exited(0))
        #expect(result.outputText == "done\n")
        #expect(result.warnings.count == 1)
        #expect(Set(fixture.tracker.lines) == ["POST /start"])
        #expect(fixture.tracker.lines.count > 2)
    }

    @Test("--require says what may be left in a tracker that did not answer")
    func required() async throws {
        var fixture = RunFixture()
        fixture.options = ["--require", "--id", "nightly"]
        fixture.tracker = Self.losing(starts: .max)
        let error = await #expect(throws: CommandError.self) { try await fixture.run("true") }
        #expect(error?.message.contains("Should the tracker have taken the start all the same") == true)
        fixture.tracker = .unreachable
        let other = await #expect(throws: CommandError.self) { try await fixture.run("true") }
        #expect(other?.message.contains("all the same") == false)
    }
}
