import Glibc
import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessCommands

@Suite("run: what the tracker hears and says", .timeLimit(.minutes(3)))
struct RunTrackingTests {
    @Test("the last line of output is the progress message, and is sent again only when it has changed")
    func messages() async throws {
        let switches = SignalSwitch()
        var fixture = RunFixture()
        fixture.signals = switches
        let seen = Collected()
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            if call.line == "POST /progress/p-1" {
                seen.errors.withLock { $0.append(call.body) }
                let count = seen.errors.withLock { $0.count }
                if count == 4 { switches.send(SIGTERM) }
            }
            return try FakeTracker.standard(call)
        }
        _ = try await fixture.run(script: #"printf 'one\n\033[1mtwo\033[0m\t10%%\r\n\n'; exec sleep 1000"#)
        let bodies = seen.errors.withLock { $0 }
        #expect(bodies.filter { $0 == #"{"attempt":1,"message":"two 10%"}"# }.count == 1)
        #expect(bodies.filter { $0 == #"{"attempt":1}"# }.count >= 2)
    }

    @Test("a cancel request ends the command by SIGTERM, and is confirmed")
    func cancel() async throws {
        var fixture = RunFixture()
        fixture.tracker = Self.cancelling()
        let result = try await fixture.run(script: "echo ready; exec sleep 1000")
        #expect(result.status == .signalled(SIGTERM))
        #expect(fixture.tracker.lines.last == "POST /cancelled/p-1")
        #expect(fixture.tracker.body(of: "POST /cancelled/p-1") == #"{"attempt":1}"#)
    }

    @Test("a command that cleans up on SIGTERM is given the time for it")
    func cancelWithCleanup() async throws {
        var fixture = RunFixture()
        fixture.timing.killDelay = .seconds(30)
        fixture.tracker = Self.cancelling()
        let result = try await fixture.run(
            script: "trap 'echo cleaned; exit 5' TERM; echo ready; while :; do sleep 0.01; done")
        #expect(result.status == .exited(5))
        #expect(result.outputText == "ready\ncleaned\n")
        #expect(fixture.tracker.lines.last == "POST /cancelled/p-1")
    }

    @Test("a command that does not listen to SIGTERM is ended by SIGKILL")
    func cancelByForce() async throws {
        var fixture = RunFixture()
        fixture.tracker = Self.cancelling()
        let result = try await fixture.run(script: "trap '' TERM; echo ready; while :; do sleep 0.01; done")
        #expect(result.status == .signalled(SIGKILL))
        #expect(fixture.tracker.lines.last == "POST /cancelled/p-1")
    }

    @Test("a cancel request reaches what the command started, too")
    func cancelGroup() async throws {
        var fixture = RunFixture()
        fixture.tracker = Self.cancelling()
        let result = try await fixture.run(
            script: "(trap '' TERM; while :; do sleep 0.01; done) & echo $!; echo ready; wait")
        let number = try #require(pid_t(result.outputText.split(separator: "\n")[0]))
        // A killed process ends when it is next given a core. Its new parent may not have taken note of that; then it is a
        // zombie, which is as dead.
        while let state = try? String(decoding: Self.read("/proc/\(number)/stat"), as: UTF8.self),
            !state.contains(") Z "), !state.contains(") X ")
        {
            try Task.checkCancellation()
            await Task.yield()
        }
        #expect(fixture.tracker.lines.last == "POST /cancelled/p-1")
    }

    @Test("a command that ends by itself before SIGTERM reaches it is reported as it ended")
    func cancelTooLate() async throws {
        var fixture = RunFixture()
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            FakeTracker.process(#""cancel_requested":true"#)
        }
        fixture.timing.longestHeartbeatInterval = .seconds(30)
        fixture.timing.messageInterval = .seconds(30)
        let result = try await fixture.run("true")
        #expect(result.status == .exited(0))
        #expect(fixture.tracker.lines == ["POST /start", "POST /complete/p-1"])
    }

    @Test("signals are passed on once each, and the end is reported")
    func signals() async throws {
        let switches = SignalSwitch()
        var fixture = RunFixture()
        fixture.signals = switches
        let sent = Collected()
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            if call.body.contains(#""message":"ready""#) {
                let isFirst = sent.errors.withLock { errors in
                    defer { errors.append("sent") }
                    return errors.isEmpty
                }
                if isFirst { switches.send(SIGINT) }
            }
            return try FakeTracker.standard(call)
        }
        let result = try await fixture.run(
            script: "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.01; done")
        #expect(result.status == .exited(9))
        #expect(result.outputText == "ready\ninterrupted\n")
        #expect(fixture.tracker.body(of: "POST /fail/p-1")?.contains(#""code":"exit_9""#) == true)
    }

    @Test("what a key on the terminal sent has reached the command already, and is not passed on")
    func keys() async throws {
        let switches = SignalSwitch()
        var fixture = RunFixture()
        fixture.signals = switches
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            if call.body.contains(#""message":"ready""#) {
                switches.send(SIGINT, isFromTerminal: true)
                switches.send(SIGUSR1)
            }
            return try FakeTracker.standard(call)
        }
        // The shell sees to the signal with the lower number first, so one that was passed on would show.
        let result = try await fixture.run(
            script: "trap 'echo interrupted' INT; trap 'exit 6' USR1; echo ready; while :; do sleep 0.01; done")
        #expect(result.status == .exited(6))
        #expect(result.outputText == "ready\n")
    }

    @Test("a signal that comes before the command is started keeps it from being started")
    func earlySignal() async throws {
        let switches = SignalSwitch()
        var fixture = RunFixture()
        fixture.signals = switches
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            if call.line == "POST /start" { switches.send(SIGINT, isFromTerminal: true) }
            return try FakeTracker.standard(call)
        }
        let result = try await fixture.run(script: "echo started")
        #expect(result.status == .signalled(SIGINT))
        #expect(result.output == [])
        #expect(fixture.tracker.lines.last == "POST /fail/p-1")
    }

    @Test("a tracker that can't be reached costs one warning, not the work")
    func unreachable() async throws {
        var fixture = RunFixture()
        fixture.tracker = .unreachable
        let result = try await fixture.run(script: "echo done; exit 3")
        #expect(result.status == .exited(3))
        #expect(result.outputText == "done\n")
        #expect(result.warnings.count == 1)
        #expect(result.warnings[0].contains("no tracker answers at http://tracker.test:8080 (connection refused)"))
        fixture.options = ["--quiet"]
        #expect(try await fixture.run(script: "true").warnings == [])
    }

    @Test("--require runs nothing where it can't be tracked")
    func require() async throws {
        var fixture = RunFixture()
        fixture.tracker = .unreachable
        fixture.options = ["--require"]
        await #expect(throws: CommandError.self) { try await fixture.run("touch", "/no/such/folder/file") }
        fixture.tracker = FakeTracker { _ throws(TrackerClientError) in
            FakeTracker.problem(HTTPStatus(code: 507), "store_full", "The store is full.")
        }
        await #expect(throws: CommandError.self) { try await fixture.run("true") }
    }

    @Test("an id that is taken, or was removed, keeps the command from running twice", arguments: [409, 410])
    func takenID(status: Int) async throws {
        var fixture = RunFixture()
        fixture.options = ["--id", "nightly"]
        fixture.tracker = FakeTracker { _ throws(TrackerClientError) in
            FakeTracker.problem(
                HTTPStatus(code: status), status == 409 ? "process_exists" : "process_removed", "It is there.")
        }
        let error = await #expect(throws: CommandError.self) { try await fixture.run("true") }
        #expect(error?.code == .failed)
        #expect(error?.message.hasPrefix("not run: the id nightly ") == true)
    }

    @Test("any other refusal costs a warning, not the work")
    func refusedStart() async throws {
        var fixture = RunFixture()
        fixture.tracker = FakeTracker { _ throws(TrackerClientError) in
            FakeTracker.problem(.notFound, "process_not_found", "There is no process p-0.")
        }
        let result = try await fixture.run(script: "echo done")
        #expect(result.status == .exited(0))
        #expect(result.warnings.count == 1 && result.warnings[0].contains("There is no process p-0"))
    }

    @Test("a tracker that goes away and comes back misses nothing but heartbeats")
    func recovery() async throws {
        let count = Mutex(0)
        let switches = SignalSwitch()
        var fixture = RunFixture()
        fixture.signals = switches
        fixture.timing.lastReportLimit = .seconds(30)
        fixture.timing.lastReportLimitAfterSignal = .seconds(30)
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            if call.line == "POST /start" { return try FakeTracker.standard(call) }
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == 3 { switches.send(SIGTERM) }
            if number < 6 { throw TrackerClientError("connection refused") }
            return try FakeTracker.standard(call)
        }
        let result = try await fixture.run("sleep", "1000")
        #expect(result.status == .signalled(SIGTERM))
        #expect(result.warnings == [])
        #expect(fixture.tracker.lines.last == "POST /fail/p-1")
    }

    @Test("a last report that nobody takes is tried for a while, and costs one warning")
    func lastReportLost() async throws {
        var fixture = RunFixture()
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            if call.line == "POST /complete/p-1" { throw TrackerClientError("connection refused") }
            return try FakeTracker.standard(call)
        }
        let result = try await fixture.run("true")
        #expect(result.status == .exited(0))
        #expect(result.warnings == ["warning: the tracker did not take the end of p-1: connection refused"])
        #expect(fixture.tracker.lines.filter { $0 == "POST /complete/p-1" }.count > 1)
    }

    @Test("a lost lease costs one warning, and the command goes on")
    func lostLease() async throws {
        let switches = SignalSwitch()
        let directory = try TemporaryDirectory.make()
        defer { TemporaryDirectory.remove(directory) }
        let mark = "\(directory)/ready"
        var fixture = RunFixture()
        fixture.signals = switches
        // The command ends once the loss was noticed, and no sooner.
        fixture.onWarning = { switches.send(SIGUSR1) }
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            guard call.line != "POST /start", access(mark, F_OK) == 0 else { return try FakeTracker.standard(call) }
            if call.line == "GET /status/p-1" {
                return FakeTracker.process(
                    #""status_note":0,"error":{"code":"lease_expired"}"#)
            }
            return FakeTracker.problem(.conflict, "already_finished", "It has failed.")
        }
        let result = try await fixture.run(
            script: "trap 'echo on; exit 0' USR1; echo ready; : > '\(mark)'; while :; do sleep 0.01; done")
        #expect(result.status == .exited(0))
        #expect(result.outputText == "ready\non\n")
        #expect(result.warnings.count == 1 && result.warnings[0].contains("It has failed (already_finished)"))
        #expect(!fixture.tracker.lines.contains { $0.hasPrefix("POST /complete") })
    }

    @Test(
        "a process that was cancelled or timed out in the tracker ends the command, and is not reported again",
        arguments: [
            (#""status":"cancelled""#, ProcessCommands.ExitStatus.signalled(SIGTERM)),
            (#""status":"failed","error":{"code":"timed_out","message":"m"}"#, .exited(124)),
        ])
    func endedInTracker(change: String, status: ProcessCommands.ExitStatus) async throws {
        var fixture = RunFixture()
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            switch call.line {
            case "POST /start": return try FakeTracker.standard(call)
            case "GET /status/p-1":
                return FakeTracker.json(
                    #"{"process_id":"p-1","kind":"t","attempt":1,"created_at":"2026-11-08T10:00:00Z",\#(change)}"#)
            default: return FakeTracker.problem(.conflict, "already_finished", "It has ended.")
            }
        }
        let result = try await fixture.run("sleep", "1000")
        #expect(result.status == status)
        #expect(result.warnings.count == 1)
        #expect(fixture.tracker.lines.last == "GET /status/p-1")
    }

    private static func cancelling() -> FakeTracker {
        FakeTracker { call throws(TrackerClientError) in
            // Only once the command has set itself up, so that the test is about what it does then.
            FakeTracker.process(call.body.contains(#""message":"ready""#) ? #""cancel_requested":true"# : "")
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandError(.failed, "gone") }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        return Array(buffer[..<max(0, Glibc.read(descriptor, &buffer, 4096))])
    }
}
