import Glibc
import ProcessCore
import ProcessHTTP
import Synchronization
import Testing

@testable import ProcessCommands

@Suite("run: a command that runs to its end", .timeLimit(.minutes(3)))
struct RunTests {
    @Test("exit 0 completes with the exit code and the end of the output")
    func success() async throws {
        let fixture = RunFixture()
        let result = try await fixture.run(script: "echo one; echo two >&2")
        #expect(result.status == .exited(0))
        #expect(result.outputText == "one\n")
        #expect(result.errorText == "two\n")
        #expect(result.warnings == [])
        #expect(fixture.tracker.lines.first == "POST /start")
        #expect(fixture.tracker.lines.last == "POST /complete/p-1")
        let body = try #require(fixture.tracker.body(of: "POST /complete/p-1"))
        #expect(body.hasPrefix(#"{"attempt":1,"result":{"exit_code":0,"output_tail":""#))
        #expect(body.contains(#"one\n"#) && body.contains(#"two\n"#))
    }

    @Test("the start names kind, command, lease and worker, and what was asked for besides")
    func start() async throws {
        var fixture = RunFixture()
        _ = try await fixture.run("true", "a b")
        #expect(
            fixture.tracker.body(of: "POST /start")
                == #"{"kind":"true","input":{"command":["true","a b"]},"lease":"60s","worker":"host/1"}"#)
        fixture.options = [
            "--kind=backup", "--id", "n-1", "--lease", "5m", "--timeout", "2h", "--metadata", "a=1", "--metadata",
            "b=x=y",
            "--retain", "forever", "--parent", "p-0",
        ]
        _ = try await fixture.run("true")
        #expect(
            fixture.tracker.body(of: "POST /start")
                == #"{"kind":"backup","id":"n-1","input":{"command":["true"]},"metadata":{"a":"1","b":"x=y"},"#
                + #""lease":"5m","timeout":"2h","retain":"forever","parent_id":"p-0","worker":"host/1"}"#)
    }

    @Test("any other exit code fails with that code, and is handed on", arguments: [Int32(1), 3, 126, 255])
    func failure(code: Int32) async throws {
        let fixture = RunFixture()
        let result = try await fixture.run(script: "echo working; echo 'no space' >&2; exit \(code)")
        #expect(result.status == .exited(code))
        let body = try #require(fixture.tracker.body(of: "POST /fail/p-1"))
        #expect(body.contains(#"{"code":"exit_\#(code)","message":""#))
        #expect(body.contains(#""message":"no space""#) || body.contains(#""message":"working""#))
        #expect(body.contains(#""details":{"exit_code":\#(code),"output_tail":""#))
    }

    @Test("a signal that ends the command is its end, by number and name", arguments: [SIGTERM, SIGKILL, SIGSEGV])
    func killedBySignal(number: Int32) async throws {
        let fixture = RunFixture()
        let result = try await fixture.run(script: "kill -\(number) $$")
        #expect(result.status == .signalled(number))
        let body = try #require(fixture.tracker.body(of: "POST /fail/p-1"))
        #expect(body.contains(#""code":"signal_\#(number)""#))
        #expect(body.contains(#""signal":\#(number),"signal_name":"\#(SignalName.of(number))""#))
    }

    @Test("a command that does not exist is 127, one that can't be executed 126, and neither is left running")
    func notStarted() async throws {
        let fixture = RunFixture()
        let missing = try await fixture.run("/no/such/command")
        #expect(missing.status == .exited(127))
        #expect(missing.warnings.count == 1 && missing.warnings[0].hasPrefix("/no/such/command: "))
        #expect(fixture.tracker.body(of: "POST /fail/p-1")?.contains(#""code":"not_found""#) == true)
        #expect(try await fixture.run("/etc/passwd").status == .exited(126))
        #expect(fixture.tracker.body(of: "POST /fail/p-1")?.contains(#""code":"not_executable""#) == true)
    }

    @Test("the command finds its id and the tracker, and nobody else's id where it is not tracked")
    func environment() async throws {
        let script = #"echo "${PROCESS_ID-none} ${TRACKER_URL-none}""#
        #expect(try await RunFixture().run(script: script).outputText == "p-1 http://tracker.test:8080\n")
        var fixture = RunFixture()
        fixture.tracker = .unreachable
        #expect(try await fixture.run(script: #"echo "${PROCESS_ID-none}""#).outputText == "none\n")
    }

    @Test("no signal is blocked or ignored in the command, save those that were ignored before us")
    func signalMask() async throws {
        var fixture = RunFixture()
        let script = "grep -E '^Sig(Blk|Ign)' /proc/self/status"
        let (blocked, ignored) = try Self.masks(try await fixture.run(script: script).outputText)
        #expect(blocked == 0 && ignored == 0)
        // A signal that is to stay ignored keeps what it does here, which is its default.
        fixture.ignoredSignals = [SIGHUP]
        #expect(try Self.masks(try await fixture.run(script: script).outputText) == (0, 0))
    }

    private static func masks(_ text: String) throws -> (blocked: UInt64, ignored: UInt64) {
        let words = text.split(whereSeparator: { $0.isWhitespace }).map(String.init)
        // glibc's posix_spawn leaves one of the two signals ignored that it keeps for itself.
        let own: UInt64 = 1 << 31 | 1 << 32
        return (try #require(UInt64(words[1], radix: 16)) & ~own, try #require(UInt64(words[3], radix: 16)) & ~own)
    }

    @Test("a group of its own, unless the command shares the terminal with us")
    func group() async throws {
        var fixture = RunFixture()
        let script = "ps -o pgid= -p $$ | tr -d ' '"
        let own = try #require(pid_t(try await fixture.run(script: script).outputText.dropLast()))
        #expect(own != getpgrp())
        fixture.sharesGroup = true
        let shared = try #require(pid_t(try await fixture.run(script: script).outputText.dropLast()))
        #expect(shared == getpgrp())
    }
}

@Suite("run: output", .timeLimit(.minutes(3)))
struct RunOutputTests {
    @Test("every byte passes through unchanged, of both streams")
    func binary() async throws {
        let script = "i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %o $i)\"; i=$((i+1)); done"
        let result = try await RunFixture().run(script: "\(script); { \(script); } >&2")
        #expect(result.output == (0...255).map { UInt8($0) })
        #expect(result.errors == (0...255).map { UInt8($0) })
    }

    @Test("a great deal passes through completely, with the end of it reported")
    func large() async throws {
        let fixture = RunFixture()
        let result = try await fixture.run(script: "yes 0123456789abcde | head -c 20000000; echo; echo the end")
        #expect(result.output.count == 20_000_009)
        let body = try #require(fixture.tracker.body(of: "POST /complete/p-1"))
        #expect(body.hasSuffix(#"0123456789abcde\n\nthe end\n"}}"#))
        let report = try #require(try Self.tail(body))
        #expect(report.utf8.count == 4096)
    }

    @Test("where both streams go to one place, what was printed first comes first")
    func merged() async throws {
        var fixture = RunFixture()
        fixture.isMerged = true
        let result = try await fixture.run(
            script: "i=0; while [ $i -lt 200 ]; do echo $i; i=$((i+1)); echo $i >&2; i=$((i+1)); done")
        #expect(result.outputText == (0..<200).map { "\($0)\n" }.joined())
    }

    @Test("a reader that has gone ends the command by SIGPIPE, as without us")
    func brokenPipe() async throws {
        var fixture = RunFixture()
        let pipe = try Pipe()
        close(pipe.reading)
        fixture.output = pipe.writing
        let result = try await fixture.run("yes")
        close(pipe.writing)
        #expect(result.status == .signalled(SIGPIPE))
        #expect(result.warnings == [])
    }

    @Test("output that can't be written is a failure, also where the command did not notice")
    func fullDisk() async throws {
        var fixture = RunFixture()
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        fixture.output = descriptor
        let result = try await fixture.run(script: "echo lost; exit 0")
        close(descriptor)
        #expect(result.status == .exited(1))
        #expect(result.warnings == ["output was lost: No space left on device"])
        #expect(fixture.tracker.body(of: "POST /fail/p-1")?.contains(#""code":"output_lost""#) == true)
    }

    @Test("a slow reader slows the command down, and nothing is lost")
    func backpressure() async throws {
        let pipe = try Pipe()
        let progress = Collected()
        var fixture = RunFixture()
        fixture.output = pipe.writing
        // The command says on its other stream how far it is; as long as nobody reads, that is not far.
        fixture.tracker = FakeTracker { call throws(TrackerClientError) in
            if call.line == "POST /progress/p-1", call.body.contains("stuck") {
                let isFirst = progress.output.withLock { output in
                    defer { output.append(1) }
                    return output.isEmpty
                }
                if isFirst {
                    _ = try? BlockingThread.start {
                        var buffer = [UInt8](repeating: 0, count: 65_536)
                        while true {
                            let count = read(pipe.reading, &buffer, buffer.count)
                            guard count > 0 else { break }
                            progress.output.withLock { $0 += buffer[..<count] }
                            if progress.output.withLock({ $0.count }) > 1_000_000 { break }
                        }
                        close(pipe.reading)
                    }
                }
            }
            return try FakeTracker.standard(call)
        }
        let result = try await fixture.run(script: "echo stuck >&2; head -c 1000000 /dev/zero")
        close(pipe.writing)
        #expect(result.status == .exited(0))
        #expect(progress.output.withLock { $0.count } == 1_000_001)
    }

    @Test("what a command left behind holds up nothing, and what it printed at once is passed on")
    func leftBehind() async throws {
        let result = try await RunFixture().run(script: "(echo late; exec sleep 1000) & echo $!; exit 4")
        #expect(result.status == .exited(4))
        let lines = result.outputText.split(separator: "\n")
        let number = try #require(lines.compactMap { pid_t($0) }.first)
        kill(number, SIGKILL)
        #expect(lines.contains("late"))
    }

    @Test("without capture the command has the streams themselves, and nothing of them is reported")
    func noCapture() async throws {
        var fixture = RunFixture()
        fixture.options = ["--no-capture"]
        let result = try await fixture.run(script: "exit 0")
        #expect(result.status == .exited(0))
        #expect(fixture.tracker.body(of: "POST /complete/p-1") == #"{"attempt":1,"result":{"exit_code":0}}"#)
    }

    static func tail(_ body: String) throws -> String? {
        var fields = try JSONObject(parsing: [UInt8](body.utf8))
        var result = try fields.requireObject("result")
        return try result.takeString("output_tail")
    }
}
