import ProcessHTTP
import Testing

@testable import ProcessCommands

@Suite("run: the last line of output", .timeLimit(.minutes(3)))
struct RunLastLineTests {
    @Test("a line that nobody has heard of yet is told before the end, however the command ends", arguments: [0, 3])
    func beforeTheEnd(code: Int) async throws {
        var fixture = RunFixture()
        fixture.timing.messageInterval = .seconds(1000)
        fixture.timing.longestHeartbeatInterval = .seconds(1000)
        _ = try await fixture.run(script: "echo one; echo two; exit \(code)")
        let end = code == 0 ? "POST /complete/p-1" : "POST /fail/p-1"
        #expect(fixture.tracker.lines == ["POST /start", "POST /progress/p-1", end])
        #expect(fixture.tracker.body(of: "POST /progress/p-1") == #"{"attempt":1,"message":"two"}"#)
    }

    @Test("a report of it that fails, or is never answered, does not harm the end", arguments: [true, false])
    func failing(isAnswered: Bool) async throws {
        var fixture = RunFixture()
        fixture.timing.messageInterval = .seconds(1000)
        fixture.timing.longestHeartbeatInterval = .seconds(1000)
        fixture.timing.lastMessageLimit = .milliseconds(5)
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            guard call.line == "POST /progress/p-1" else { return try FakeTracker.standard(call) }
            if isAnswered { return FakeTracker.problem(.internalServerError, "internal", "No.") }
            throw TrackerClientError("the connection was lost", wasPossiblySent: true)
        }
        let result = try await fixture.run(script: "echo one")
        #expect(result.status == .exited(0))
        #expect(result.warnings == [])
        #expect(fixture.tracker.lines == ["POST /start", "POST /progress/p-1", "POST /complete/p-1"])
    }

    @Test("a line is new once, and again where the report of it failed")
    func memory() {
        let capture = OutputCapture()
        func print(_ text: String) { [UInt8](text.utf8).withUnsafeBytes { capture.record($0, of: .output) } }
        #expect(capture.takeNewLine() == nil)
        print("one\n")
        #expect(capture.takeNewLine() == "one")
        #expect(capture.takeNewLine() == nil)
        capture.putBackLine()
        #expect(capture.takeNewLine() == "one")
        print("two\n")
        #expect(capture.takeNewLine() == "two")
    }
}
