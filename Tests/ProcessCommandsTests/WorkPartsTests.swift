import Glibc
import ProcessCore
import Synchronization
import Testing

@testable import ProcessCommands

@Suite("work: its parts", .timeLimit(.minutes(3)))
struct WorkPartsTests {
    @Test(
        "a handler that can't be run is wrong use, before anything is claimed",
        arguments: [
            ("/no/such/handler", "there is no such file"), ("no-such-handler", "there is no such program along PATH"),
            ("/etc/passwd", "it is not executable; make it so with chmod +x"), ("/usr/bin", "it is a folder"),
        ])
    func handler(name: String, reason: String) async {
        var fixture = ToolFixture()
        fixture.environment = ["PATH": "/usr/bin:/bin"]
        let result = await fixture.run("work", "--queue", "default", "--", name)
        #expect(result.ending == .exit(2))
        #expect(result.errors == [#"cannot run the handler "\#(name)": \#(reason)"#])
        #expect(fixture.tracker.lines == [])
    }

    @Test("a script without a first line that says what runs it, or with a wrong one, is wrong use, too")
    func script() throws {
        let folder = try ScratchFolder()
        let bare = try folder.write("bare", "echo 1\n")
        let wrong = try folder.write("wrong", "#! /no/such/shell -e\necho 1\n")
        let good = try folder.write("good", "#!/bin/sh\necho 1\n")
        let first = #expect(throws: CommandError.self) {
            try HandlerExecutable.check([UInt8](bare.utf8), path: nil)
        }
        #expect(first?.message.hasSuffix("does not say what runs it, such as #!/bin/sh") == true)
        let second = #expect(throws: CommandError.self) {
            try HandlerExecutable.check([UInt8](wrong.utf8), path: nil)
        }
        #expect(second?.message.hasSuffix(#"its first line names "/no/such/shell", which can't be executed"#) == true)
        try HandlerExecutable.check([UInt8](good.utf8), path: nil)
        try HandlerExecutable.check([UInt8]("good".utf8), path: "/no/such/folder:\(folder.path)")
        try HandlerExecutable.check([UInt8]("sh".utf8), path: nil)
    }

    @Test("a handler that is gone later fails its process, and ends the worker rather than fail all there is")
    func handlerGone() async throws {
        let folder = try ScratchFolder()
        let handler = try folder.write("handler", "#!/bin/sh\n")
        let fixture = WorkFixture(.init("j-1"), .init("j-2")) { call, _ throws(TrackerClientError) in
            if call.line == "POST /claim" { unlink(handler) }
            return nil
        }
        let error = await #expect(throws: CommandError.self) { try await fixture.work([handler]) }
        #expect(error?.message.hasPrefix("cannot run the handler \(handler): ") == true)
        #expect(fixture.queue.tracker.body(of: "POST /fail/j-1")?.contains(#""code":"not_found""#) == true)
        #expect(fixture.queue.claims == 1)
    }

    @Test(
        "wrong options are said to be",
        arguments: [
            (["--", "true"], "work needs to know where to take work from: --queue NAME; usage: "),
            (["--queue", "a b", "--", "true"], "--queue must be 1 to 128 letters"),
            (["--queue", "a,", "--", "true"], "--queue must be 1 to 128 letters"),
            (
                ["--queue", "a", "--concurrency", "0", "--", "true"],
                "--concurrency must be a whole number from 1 to 256"
            ),
            (["--queue", "a", "--lease", "0", "--", "true"], "--lease must be at least 1ms"),
            (["--queue", "a", "--worker", "a b", "--", "true"], "--worker must be 1 to 128 letters"),
            (["--queue", "a"], "no command to run was given"),
        ])
    func options(words: [String], message: String) async {
        let result = await ToolFixture().run(["work"] + words)
        #expect(result.ending == .exit(2))
        #expect(result.errors.count == 1 && result.errors[0].hasPrefix(message), "\(result.errors)")
    }

    @Test("progress is a share, or units of a total, with or without a message")
    func progressLines() {
        func read(_ line: String) -> ProgressReport? { ProgressLine.read([UInt8](line.utf8)) }
        #expect(read("::progress 0.4 a b \r\n") == ProgressReport(numbers: .fraction(0.4), message: "a b"))
        #expect(read("::progress 1") == ProgressReport(numbers: .fraction(1)))
        #expect(read("::progress  42/100\tx") == ProgressReport(numbers: .units(done: 42, total: 100), message: "x"))
        #expect(read("::progress 1.5/2\n") == ProgressReport(numbers: .units(done: 1.5, total: 2)))
        let others = [
            "::progress", "::progress ", "::progress x", "::progress 1.1", "::progress -1", "::progress nan",
            "::progress 1/", "::progress /2", "::progress 1/2/3", "::progress 1e3/1e4", "::progress0.4",
            " ::progress 0.4",
            "::progress 0x1",
        ]
        for line in others { #expect(read(line) == nil, "\(line)") }
    }

    @Test("lines may come in any pieces, and one that is too long is passed on unended")
    func lines() {
        func take(_ errors: HandlerErrors, _ text: String) -> String {
            [UInt8](text.utf8).withUnsafeBytes { String(decoding: errors.receive($0), as: UTF8.self) }
        }
        let errors = HandlerErrors()
        #expect(take(errors, "on") == "")
        #expect(take(errors, "e\ntwo\n::prog") == "one\ntwo\n")
        #expect(take(errors, "ress 0.5 half\n::progress 0.6\n") == "")
        #expect(errors.takeProgress() == ProgressReport(numbers: .fraction(0.6), message: "half"))
        #expect(errors.takeProgress() == nil)
        #expect(errors.lastLine == "two")
        #expect(errors.tail == "one\ntwo\n")
        let long = String(repeating: "x", count: 70_000)
        #expect(take(errors, long) == long)
        #expect(take(errors, "::progress 0.7\n") == "::progress 0.7\n")
        #expect(take(errors, "::progress 0.8") == "")
        #expect(errors.end() == [])
        #expect(errors.takeProgress()?.numbers == .fraction(0.8))
    }

    @Test("progress that could not be sent is kept, unless there is newer")
    func putBack() {
        let errors = HandlerErrors()
        errors.putBack(ProgressReport(numbers: .fraction(0.1), message: "a"))
        #expect(errors.takeProgress() == ProgressReport(numbers: .fraction(0.1), message: "a"))
        _ = [UInt8]("::progress 0.2\n".utf8).withUnsafeBytes { errors.receive($0) }
        errors.putBack(ProgressReport(numbers: .fraction(0.1), message: "a"))
        #expect(errors.takeProgress() == ProgressReport(numbers: .fraction(0.2), message: "a"))
    }

    @Test("output beyond what is kept is noticed")
    func limit() {
        var output = HandlerOutput()
        let chunk = [UInt8](repeating: 0x78, count: HandlerOutput.limit)
        chunk.withUnsafeBytes { output.append($0) }
        #expect(!output.isCut)
        [UInt8]("y".utf8).withUnsafeBytes { output.append($0) }
        #expect(output.isCut && output.bytes.count == HandlerOutput.limit)
        let report = HandlerReport(.exited(0), stoppedFor: nil, output, HandlerErrors())
        guard case .failed(let failure) = report else {
            Issue.record("\(report)")
            return
        }
        #expect(failure.code == "result_too_large" && !failure.mayRetry)
    }

    @Test("each finished process is one line, for people or for programs")
    func log() async throws {
        let job = FakeQueue.Job("j-1").text
        let process = try ProcessView.read([UInt8](job.utf8))
        let failure = HandlerFailure(code: "exit_2", message: "a\u{1B}b", status: .exited(2))
        let written = Collected()
        let console = Console(
            write: { written.write($0) }, warn: { _ in }, ask: nil, width: nil, hasColors: false, hasUnicode: true)
        let outcomes = [
            HandlerOutcome(process: process, ending: .completed, duration: .milliseconds(1200)),
            HandlerOutcome(process: process, ending: .failed(failure, willRetry: true), duration: .milliseconds(5)),
            HandlerOutcome(process: process, ending: .lost("gone"), duration: .zero),
        ]
        for outcome in outcomes {
            await WorkLog(console: console, isJSON: false).write(outcome)
            await WorkLog(console: console, isJSON: true).write(outcome)
        }
        let start = #"{"process_id":"j-1","kind":"test","queue":"default","attempt":2,"max_attempts":3,"#
        #expect(
            String(decoding: written.output.withLock { $0 }, as: UTF8.self) == """
                completed   test  j-1  attempt 2 of 3  1s
                \(start)"outcome":"completed","duration_ms":1200}
                failed      test  j-1  attempt 2 of 3  5ms  exit_2: a\\u001bb; it will be tried again
                \(start)"outcome":"failed","will_retry":true,"duration_ms":5,\
                "error":{"code":"exit_2","message":"a\\u001bb"}}
                lost        test  j-1  attempt 2 of 3  0ms  gone
                \(start)"outcome":"lost","duration_ms":0,"error":{"message":"gone"}}

                """)
    }

    @Test("the guard ends what runs when the worker is gone, and only that")
    func survivors() throws {
        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        let plan = ChildProcess.Plan(command: ["sleep", "1000"].map { [UInt8]($0.utf8) }, ownGroup: true)
        let (running, finished) = (try ChildProcess(starting: plan), try ChildProcess(starting: plan))
        for var number in [running.number, finished.number, -finished.number] {
            #expect(send(ends[0], &number, MemoryLayout<pid_t>.size, 0) == MemoryLayout<pid_t>.size)
        }
        close(ends[0])
        SurvivorGuard.serve(ends[1])
        close(ends[1])
        #expect(running.reap() == .signalled(SIGKILL))
        finished.signal(SIGTERM)
        #expect(finished.reap() == .signalled(SIGTERM))
    }
}
