import Glibc
import ProcessCore
import ProcessHTTP
import Testing

@testable import ProcessCommands

@Suite("work: what a handler gets, and what it gives", .timeLimit(.minutes(3)))
struct WorkTests {
    @Test(
        "what it prints is the result: JSON byte for byte, other text as a string, nothing as null",
        arguments: [
            (#"{"b": 1.10,"a":12345678901234567890123}"#, #"{"b": 1.10,"a":12345678901234567890123}"#),
            (#"\n 42 \n"#, "42"), (#""a""#, #""a""#), ("null", "null"), ("", "null"), (#"\n \n"#, "null"),
            (#"two words\n"#, #""two words""#), (#"one\ntwo\n\n"#, #""one\ntwo\n""#), ("{broken", #""{broken""#),
            (#"\377ok"#, "\"\u{FFFD}ok\""),
        ])
    func results(printed: String, result: String) async throws {
        let fixture = WorkFixture(.init())
        let worked = try await fixture.work("printf '\(printed)'")
        #expect(worked.code == 0)
        #expect(worked.warnings == [])
        #expect(fixture.queue.tracker.body(of: "POST /complete/j-1") == #"{"attempt":2,"result":\#(result)}"#)
        #expect(worked.outcomes.map(\.ending) == [.completed])
    }

    @Test("a large result arrives whole")
    func largeResult() async throws {
        let fixture = WorkFixture(.init())
        _ = try await fixture.work("head -c 1000000 /dev/zero | tr '\\0' x")
        let body = try #require(fixture.queue.tracker.body(of: "POST /complete/j-1"))
        #expect(body == #"{"attempt":2,"result":""# + String(repeating: "x", count: 1_000_000) + #""}"#)
    }

    @Test("the input comes on standard input, byte for byte; null where there is none")
    func input() async throws {
        let fixture = WorkFixture(.init("j-1", input: #"{"a": 1.10, "b":[ ]}"#), .init("j-2"))
        _ = try await fixture.work("cat")
        let tracker = fixture.queue.tracker
        #expect(tracker.body(of: "POST /complete/j-1") == #"{"attempt":2,"result":{"a": 1.10, "b":[ ]}}"#)
        #expect(tracker.body(of: "POST /complete/j-2") == #"{"attempt":2,"result":null}"#)
        let bytes = WorkFixture(.init("j-1", input: #"{"a": 1.10, "b":[ ]}"#))
        _ = try await bytes.work("wc -c")
        #expect(bytes.queue.tracker.body(of: "POST /complete/j-1") == #"{"attempt":2,"result":20}"#)
    }

    @Test("an input that fills the pipe many times is read whole, or not at all")
    func largeInput() async throws {
        let input = "\"" + String(repeating: "y", count: 3_000_000) + "\""
        let fixture = WorkFixture(.init("j-1", input: input))
        _ = try await fixture.work("wc -c")
        #expect(fixture.queue.tracker.body(of: "POST /complete/j-1") == #"{"attempt":2,"result":3000002}"#)
        let unread = WorkFixture(.init("j-1", input: input))
        _ = try await unread.work("exec <&-; echo 7")
        #expect(unread.queue.tracker.body(of: "POST /complete/j-1") == #"{"attempt":2,"result":7}"#)
    }

    @Test("the environment names the process, the queue and the tracker")
    func environment() async throws {
        let traced = FakeQueue.Job("j-2", #""traceparent":"00-4bf9-00""#)
        let fixture = WorkFixture(.init(), traced)
        let names = ["ID", "ATTEMPT", "MAX_ATTEMPTS", "KIND", "QUEUE"].map { "$PROCESS_\($0)" }.joined(separator: " ")
        _ = try await fixture.work("echo \"\(names) $TRACKER_URL ${TRACEPARENT-none}\"")
        let tracker = fixture.queue.tracker
        #expect(
            tracker.body(of: "POST /complete/j-1")
                == #"{"attempt":2,"result":"j-1 2 3 test default http://tracker.test:8080 none"}"#)
        #expect(
            tracker.body(of: "POST /complete/j-2")
                == #"{"attempt":2,"result":"j-2 2 3 test default http://tracker.test:8080 00-4bf9-00"}"#)
    }

    @Test("any other exit code is a failure with the last line of standard error, which may be tried again")
    func failure() async throws {
        let fixture = WorkFixture(.init())
        let result = try await fixture.work("echo working >&2; echo '::progress 0.5' >&2; echo 'no space' >&2; exit 3")
        #expect(result.code == 0)
        #expect(
            fixture.queue.tracker.body(of: "POST /fail/j-1")
                == #"{"attempt":2,"error":{"code":"exit_3","message":"no space","details":{"exit_code":3,"#
                + #""stderr_tail":"working\nno space\n"}}}"#)
        guard case .failed(let failure, willRetry: true) = result.outcomes.first?.ending else {
            Issue.record("\(result.outcomes)")
            return
        }
        #expect(failure.code == "exit_3")
    }

    @Test("exit code 65 says that trying again is of no use")
    func hopeless() async throws {
        let fixture = WorkFixture(.init())
        _ = try await fixture.work("exit 65")
        #expect(
            fixture.queue.tracker.body(of: "POST /fail/j-1")
                == #"{"attempt":2,"error":{"code":"exit_65","message":"the handler returned 65","#
                + #""details":{"exit_code":65}},"retry":false}"#)
    }

    @Test("a signal that ends the handler is a failure by number and name", arguments: [SIGSEGV, SIGKILL])
    func signal(number: Int32) async throws {
        let fixture = WorkFixture(.init())
        _ = try await fixture.work("kill -\(number) $$")
        let body = try #require(fixture.queue.tracker.body(of: "POST /fail/j-1"))
        #expect(body.contains(#""code":"signal_\#(number)""#))
        #expect(body.contains(#""details":{"signal":\#(number),"signal_name":"\#(SignalName.of(number))"}"#))
    }

    @Test("progress is reported, the last of it always, and other lines are passed on as they are")
    func progress() async throws {
        let fixture = WorkFixture(.init())
        let result = try await fixture.work(
            "echo one >&2; echo '::progress 0.25 first' >&2; printf '::progress 3/4 third\\n\\033[1mtwo' >&2")
        #expect(result.errors == "one\n\u{1B}[1mtwo")
        let tracker = fixture.queue.tracker
        // On a slow machine a heartbeat may follow it.
        let reports = tracker.requests.filter { $0.line == "POST /progress/j-1" && $0.body != #"{"attempt":2}"# }
        #expect(reports.last?.body == #"{"attempt":2,"done":3,"total":4,"message":"third"}"#)
        let lines = tracker.lines
        let last = try #require(lines.lastIndex(of: "POST /progress/j-1"))
        #expect(last < (try #require(lines.firstIndex(of: "POST /complete/j-1"))))
    }

    @Test("progress that the tracker does not like costs a warning, and nothing else")
    func refusedProgress() async throws {
        let fixture = WorkFixture(.init()) { call, _ throws(TrackerClientError) in
            call.body.contains("fraction") ? FakeTracker.problem(.badRequest, "invalid_field", "No.") : nil
        }
        let result = try await fixture.work("echo '::progress 0.5' >&2; echo 1")
        #expect(result.outcomes.map(\.ending) == [.completed])
    }

    @Test("where several handlers run, each line says whose it is")
    func prefix() async throws {
        var fixture = WorkFixture(.init("j-1"), .init("j-2"))
        fixture.options += ["--concurrency", "2"]
        let result = try await fixture.work("echo 'hello there' >&2; printf unended >&2")
        #expect(
            result.errors.split(separator: "\n").sorted() == [
                "[j-1] hello there", "[j-1] unended", "[j-2] hello there", "[j-2] unended",
            ])
    }

    @Test("a flood of errors holds nothing up, and its end is reported")
    func flood() async throws {
        let fixture = WorkFixture(.init())
        let result = try await fixture.work(
            "yes 0123456789abcde | head -c 5000000 >&2; echo >&2; echo last >&2; exit 1")
        #expect(result.errors.utf8.count == 5_000_006)
        let body = try #require(fixture.queue.tracker.body(of: "POST /fail/j-1"))
        #expect(body.contains(#""message":"last""#) && body.utf8.count < 6000)
    }

    @Test("what a handler left behind holds up nothing, and its own output is the result")
    func leftBehind() async throws {
        let fixture = WorkFixture(.init())
        _ = try await fixture.work("sleep 1000 & echo $!")
        let body = try #require(fixture.queue.tracker.body(of: "POST /complete/j-1"))
        let number = try #require(pid_t(body.filter(\.isNumber).dropFirst()))
        kill(number, SIGKILL)
    }

    @Test("a result that the tracker refuses is a failure that is not tried again", arguments: [413, 400])
    func refusedResult(status: Int) async throws {
        let fixture = WorkFixture(.init()) { call, _ throws(TrackerClientError) in
            guard call.line.hasPrefix("POST /complete") else { return nil }
            return FakeTracker.problem(HTTPStatus(code: status), "refused", "It is too much.")
        }
        _ = try await fixture.work("echo 1")
        let body = try #require(fixture.queue.tracker.body(of: "POST /fail/j-1"))
        #expect(body.contains(status == 413 ? #""code":"result_too_large""# : #""code":"result_refused""#))
        #expect(body.contains(#""message":"It is too much (refused)""#) && body.hasSuffix(#""retry":false}"#))
    }

    @Test("a handler is ended once it has printed more than any result may have")
    func endlessOutput() async throws {
        let folder = try ScratchFolder()
        let fixture = WorkFixture(.init())
        let result = try await fixture.work("head -c 17000000 /dev/zero; sleep 3; touch \(folder.path)/finished")
        let body = try #require(fixture.queue.tracker.body(of: "POST /fail/j-1"))
        #expect(body.contains(#""code":"result_too_large""#) && body.hasSuffix(#""retry":false}"#), "\(body)")
        #expect(access("\(folder.path)/finished", F_OK) != 0)
        #expect(result.outcomes.count == 1)
    }

    @Test("several run at the same time, and one claim asks for as many as there are free")
    func concurrency() async throws {
        let folder = try ScratchFolder()
        var fixture = WorkFixture(.init("j-1"), .init("j-2"), .init("j-3"))
        fixture.options = ["--queue", "a,b", "--queue=c", "--concurrency", "3", "--lease", "30s"]
        // None of them ends before all of them run.
        let result = try await fixture.work(
            "touch \(folder.path)/$PROCESS_ID; until [ $(ls \(folder.path) | wc -l) = 3 ]; do sleep 0.01; done")
        #expect(result.outcomes.map(\.ending) == [.completed, .completed, .completed])
        let first = try #require(fixture.queue.tracker.requests.first)
        #expect(first.line == "POST /claim")
        #expect(first.prefer == "wait=20")
        #expect(first.body == #"{"queues":["a","b","c"],"worker":"host/1","limit":3,"lease":"30s"}"#)
    }

    @Test("with one slot, one process at a time is claimed")
    func oneSlot() async throws {
        let fixture = WorkFixture(.init("j-1"), .init("j-2"))
        let result = try await fixture.work("true")
        #expect(result.outcomes.map(\.process.id) == ["j-1", "j-2"])
        let lines = fixture.queue.tracker.lines
        let second = try #require(lines.dropFirst().firstIndex(of: "POST /claim"))
        #expect(lines.firstIndex(of: "POST /complete/j-1")! < second)
    }
}
