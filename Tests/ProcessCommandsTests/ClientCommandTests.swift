import ProcessHTTP
import Testing

@testable import ProcessCommands

@Suite("Commands that ask the tracker")
struct ClientCommandTests {
    private static let running = """
        {"process_id":"p-1","kind":"report","status":"running",\
        "progress":{"fraction":0.42,"done":42,"total":100,"message":"page 42\\u001b[31m"},\
        "input":{"n": 12345678901234567890123, "x":1.10},"result":null,"error":null,"metadata":{"tenant":"acme"},\
        "created_at":"2026-11-08T10:00:00.000Z","started_at":"2026-11-08T10:00:00.000Z",\
        "updated_at":"2026-11-08T10:04:58.000Z","finished_at":null,"expires_at":null,"queue":null,"attempt":1,\
        "max_attempts":1,"worker":"host-1","lease":"60s","lease_expires_at":"2026-11-08T10:05:58.000Z",\
        "heartbeat_at":"2026-11-08T10:04:58.000Z","estimated_finish_at":"2026-11-08T10:11:54.000Z",\
        "cancel_requested":false,"something_new":{"a":[1]},"revision":7}
        """
    private static let failed = """
        {"process_id":"p-2","kind":"backup","status":"failed","error":{"code":"exit_1","message":"no space"},\
        "created_at":"2026-11-08T09:00:00Z","started_at":"2026-11-08T09:00:00Z","finished_at":"2026-11-08T09:03:20Z",\
        "attempt":1}
        """

    private static func fixture(_ answer: @escaping @Sendable (FakeTracker.Call) -> HTTPResponse) -> ToolFixture {
        ToolFixture(tracker: FakeTracker { call throws(TrackerClientError) in answer(call) })
    }

    @Test("status is a readable block")
    func status() async {
        let result = await Self.fixture { _ in FakeTracker.json(Self.running) }.run("status", "p-1")
        #expect(result.ending == .exit(0))
        #expect(
            result.output == #"""
                report p-1
                  Status      running
                  Progress    ██████████░░░░░░░░░░░░░░ 42% (42 of 100)
                              page 42\u001b[31m
                  Created     5m ago (2026-11-08 10:00:00Z)
                  Estimated   in 6m 54s (2026-11-08 10:11:54Z)
                  Heartbeat   2s ago; its lease of 60s ends in 58s
                  Worker      host-1
                  Metadata    tenant=acme
                  Input       {"n": 12345678901234567890123, "x":1.10}

                """#)
    }

    @Test("status --json prints the tracker's answer byte for byte")
    func statusJSON() async {
        let result = await Self.fixture { _ in FakeTracker.json(Self.running) }.run("status", "p-1", "--json")
        #expect(result.output == Self.running + "\n")
    }

    @Test("nothing that others sent reaches the terminal raw, and no line is wider than it")
    func narrowStatus() async {
        var fixture = Self.fixture { _ in FakeTracker.json(Self.running) }
        fixture.width = 40
        fixture.hasUnicode = false
        let result = await fixture.run("status", "p-1")
        #expect(!result.output.contains("\u{1B}"))
        for line in result.output.split(separator: "\n") { #expect(DisplayWidth.of(String(line)) <= 40) }
        #expect(result.output.contains(" 42% (42 of 100)"))
    }

    @Test("an id that is unknown, or was removed, is exit 1 with the tracker's reason")
    func missing() async {
        let result = await Self.fixture { _ in
            FakeTracker.problem(.gone, "process_removed", "The process p-1 was removed.")
        }.run("status", "p-1")
        #expect(result.ending == .exit(1))
        #expect(result.errors == ["The process p-1 was removed (process_removed)"])
        #expect(await ToolFixture().run("status", "a b").ending == .exit(2))
    }

    @Test(
        "a tracker that can't be reached: where it was looked for, and how to start one", arguments: ["list", "stats"])
    func unreachable(command: String) async {
        let result = await ToolFixture(tracker: .unreachable).run(command)
        #expect(result.ending == .exit(1))
        #expect(result.errors.count == 1)
        #expect(result.errors[0].hasPrefix("no tracker answers at http://tracker.test:8080: connection refused."))
        #expect(result.errors[0].contains("process-tracker serve"))
    }

    @Test("a tracker that took the request and did not answer in time is not told as one that is not there")
    func noAnswerInTime() async {
        let tracker = FakeTracker { (_) throws(TrackerClientError) in
            throw TrackerClientError("no answer in time", wasPossiblySent: true)
        }
        let result = await ToolFixture(tracker: tracker).run("list")
        #expect(result.ending == .exit(1))
        #expect(
            result.errors == [
                "the tracker at http://tracker.test:8080 took the request and gave no answer: no answer in time. "
                    + "It may be busy: try again, or look at its log"
            ])
    }

    @Test("what answers and is no tracker is told apart")
    func foreign() async {
        let result = await Self.fixture { _ in FakeTracker.json("<html>") }.run("stats")
        #expect(result.ending == .exit(1))
        #expect(result.errors[0].hasPrefix("what answers at http://tracker.test:8080 is no process-tracker"))
    }

    @Test("list is a table")
    func list() async {
        let fixture = Self.fixture { _ in
            FakeTracker.json(#"{"processes":[\#(Self.running),\#(Self.failed)],"next_cursor":null}"#)
        }
        #expect(
            await fixture.run("list").output
                == #"""
                ID   KIND    STATUS   DONE  CREATED    TOOK  MESSAGE
                p-1  report  running   42%  5m ago       5m  page 42\u001b[31m
                p-2  backup  failed         1h 5m ago  3m 20s  exit_1: no space

                """#.replacing("ago       5m", with: "ago         5m").replacing(
                    "CREATED    TOOK", with: "CREATED      TOOK"))
    }

    @Test("list hands its filters on")
    func filters() async {
        let fixture = Self.fixture { _ in FakeTracker.json(#"{"processes":[],"next_cursor":null}"#) }
        let result = await fixture.run(
            "list", "--status", "failed,cancelled", "--kind", "a", "--kind=b", "--queue", "q", "--metadata", "t=x y&z",
            "--since", "2h", "--before", "2026-11-08T10:00:00+01:00", "--oldest", "--limit", "7", "--json")
        #expect(result.output == "[]\n")
        #expect(
            fixture.tracker.lines == [
                "GET /processes?status=failed&status=cancelled&kind=a&kind=b&queue=q&metadata.t=x%20y%26z"
                    + "&created_after=2026-11-08T08%3A05%3A00.000Z&created_before=2026-11-08T09%3A00%3A00.000Z"
                    + "&order=oldest&limit=7"
            ])
    }

    @Test("list goes from page to page up to its limit, and prints one array of what was sent")
    func pages() async {
        let fixture = Self.fixture { call in
            if call.line.contains("cursor=c1") {
                return FakeTracker.json(#"{"processes":[\#(Self.failed)],"next_cursor":"c2"}"#)
            }
            return FakeTracker.json(#"{"processes":[\#(Self.running)],"next_cursor":"c1"}"#)
        }
        let result = await fixture.run("list", "--json", "--limit", "2")
        #expect(result.output == "[\n\(Self.running),\n\(Self.failed)\n]\n")
        #expect(fixture.tracker.lines == ["GET /processes?limit=2", "GET /processes?limit=1&cursor=c1"])
    }

    @Test(
        "list says what is wrong with a filter",
        arguments: [
            ["--status", "runing"], ["--since", "yesterday"], ["--limit", "0"], ["--limit", "x"], ["--metadata", "x"],
            ["--kind", "a b"],
        ])
    func wrongFilter(words: [String]) async {
        let result = await ToolFixture().run(["list"] + words)
        #expect(result.ending == .exit(2))
        #expect(result.errors.count == 1 && result.errors[0].hasPrefix(words[0]))
    }

    @Test("stats are tables, the largest first")
    func stats() async {
        let answer = """
            {"total":12,"by_status":{"pending":0,"running":2,"completed":9,"failed":1,"cancelled":0},\
            "by_kind":{"a":3,"b":9},"by_queue":{"mail":2,"report":12},\
            "queues":{"mail":{"pending":2,"oldest_due_age_s":null},"report":{"pending":12,"oldest_due_age_s":61.5}},\
            "oldest_running_age_s":200.5,"oldest_pending_age_s":null,\
            "last_cleanup":{"removed":4,"finished_at":"2026-11-08T10:00:00.000Z"}}
            """
        let result = await Self.fixture { _ in FakeTracker.json(answer) }.run("stats")
        #expect(
            result.output == """
                STATUS     PROCESSES
                pending            0
                running            2
                completed          9
                failed             1
                cancelled          0
                total             12

                KIND  PROCESSES
                b             9
                a             3

                QUEUE   PROCESSES  LONGEST DUE
                report         12        1m 1s
                mail            2            -

                The oldest running process is 3m 20s old.
                The last cleanup 5m ago removed 4.

                """)
        #expect(await Self.fixture { _ in FakeTracker.json(answer) }.run("stats", "--json").output == answer + "\n")
    }
}

@Suite("Commands that look at settings")
struct SettingsCommandTests {
    @Test("config shows what is in force, with secrets masked")
    func config() async {
        let fixture = ToolFixture(environment: ["REDIS_PASSWORD": "hunter2", "TRACKER_THREADS": "3"])
        let result = await fixture.run("config", "--repository", "memory")
        #expect(result.ending == .exit(0))
        #expect(result.output.contains("TRACKER_REPOSITORY"))
        #expect(!result.output.contains("hunter2"))
    }

    @Test("a wrong setting is exit 2, with the key", arguments: ["config", "serve", "check"])
    func wrong(command: String) async {
        let result = await ToolFixture(environment: ["TRACKER_THREDS": "3"]).run(command)
        #expect(result.ending == .exit(2))
        #expect(result.errors.count == 1 && result.errors[0].contains("TRACKER_THREADS"))
    }

    @Test("serve hands its settings on, and its exit code back")
    func serve() async {
        #expect(await ToolFixture().run("serve").ending == .exit(0))
        #expect(await ToolFixture().run("--listen", "127.0.0.1:0").ending == .exit(7))
    }

    @Test("check looks at the path given, else at the service's file")
    func check() async {
        #expect(await ToolFixture().run("check", "a b.db").output == "a b.db is whole\n")
        #expect(await ToolFixture().run("check").output == "data/processes.db is whole\n")
        #expect(await ToolFixture().run("check", "--sqlite-path", "x.db").output == "x.db is whole\n")
    }

    @Test("check lists what is wrong, and fails")
    func damage() async {
        let result = await ToolFixture().run("check", "x.broken")
        #expect(result.ending == .exit(1))
        #expect(result.output == "a is\\u001b odd\nb is odd\n")
        #expect(result.errors.count == 1 && result.errors[0].hasPrefix("2 things are wrong with x.broken"))
    }

    @Test("a wrong setting of the service does not keep clients from working")
    func clients() async {
        let tracker = FakeTracker { _ throws(TrackerClientError) in
            FakeTracker.json(#"{"processes":[],"next_cursor":null}"#)
        }
        let fixture = ToolFixture(tracker: tracker, environment: ["TRACKER_THREADS": "many"])
        #expect(await fixture.run("list").ending == .exit(0))
        #expect(await fixture.run("list", "--url", "here").ending == .exit(2))
    }

    @Test("a wrong address in the environment costs run a warning, not the work; on the command line it is wrong use")
    func wrongAddressOfRun() async {
        var fixture = ToolFixture(environment: ["TRACKER_URL": "here"])
        // No time passes: the limit of the start must not be over before the mistake is told.
        fixture.sleep = { _ in try await waitForCancellation() }
        let result = await fixture.run("run", "--no-capture", "--", "true")
        #expect(result.ending == .exit(0))
        #expect(
            result.errors == [
                "warning: no tracker answers at the address that is set "
                    + #"(TRACKER_URL: found "here"; allowed: http://host:port); the command runs untracked"#
            ])
        #expect(await fixture.run("run", "--quiet", "--no-capture", "--", "true").errors == [])
        #expect(await fixture.run("run", "--require", "--", "true").ending == .exit(2))
        #expect(await fixture.run("run", "--url", "there", "--", "true").ending == .exit(2))
        #expect(fixture.tracker.lines == [])
    }
}
