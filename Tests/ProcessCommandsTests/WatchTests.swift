import Glibc
import ProcessCore
import ProcessHTTP
import Synchronization
import Testing

@testable import ProcessCommands

@Suite("watch", .timeLimit(.minutes(3)))
struct WatchTests {
    private static func data(_ revision: Int, _ status: String, _ changes: String = "") -> String {
        """
        {"process_id":"p-1","kind":"report","status":"\(status)",\
        "created_at":"2026-11-08T10:00:00.000Z","started_at":"2026-11-08T10:00:00.000Z",\
        "updated_at":"2026-11-08T10:04:58.000Z","attempt":1,"max_attempts":1\(changes.isEmpty ? "" : ",")\(changes),\
        "revision":\(revision)}
        """
    }

    private static func event(_ revision: Int, _ status: String, _ changes: String = "") -> String {
        "event: process\nid: \(revision)\ndata: \(Self.data(revision, status, changes))\n\n"
    }

    private static let half = #""progress":{"fraction":0.5,"done":5,"total":10,"message":"page 5\u001b[2J"}"#
    private static let end = #""finished_at":"2026-11-08T10:03:20Z""#
    private static let completed = event(9, "completed", #"\#(end),"result":{"pages":\#ndata: 10}"#)

    private static func fixture(_ streams: FakeStream...) -> ToolFixture {
        ToolFixture(tracker: FakeTracker(streams: streams))
    }

    @Test("away from a terminal there is a line for each change, and none for a heartbeat")
    func lines() async {
        let fixture = Self.fixture(
            .events(
                Self.event(1, "running"), Self.event(2, "running", Self.half), ":\n\n",
                Self.event(3, "running", Self.half + #","heartbeat_at":"2026-11-08T10:05:00Z""#), Self.completed))
        let result = await fixture.run("watch", "p-1")
        #expect(result.ending == .exit(0))
        #expect(
            result.output == #"""
                2026-11-08 10:04:58Z  running
                2026-11-08 10:04:58Z  running      50%  5 of 10  page 5\u001b[2J
                2026-11-08 10:04:58Z  completed

                """#)
        #expect(result.errors == [])
        #expect(fixture.tracker.lines.count == 1)
        #expect(fixture.tracker.lines[0].hasPrefix("GET /events/p-1?fields=process_id%2C"))
        #expect(fixture.tracker.requests[0].lastEventID == nil)
    }

    @Test(
        "the exit code says how it ended, also with --json and --quiet",
        arguments: [ProcessStatus.completed, .failed, .cancelled], [[], ["--json"], ["--quiet"]])
    func exitCodes(status: ProcessStatus, options: [String]) async {
        let fixture = Self.fixture(.events(Self.event(1, "running"), Self.event(2, status.rawValue, Self.end)))
        let result = await fixture.run(["watch", "p-1"] + options)
        let codes: [ProcessStatus: Int32] = [.completed: 0, .failed: 1, .cancelled: 3]
        #expect(result.ending == codes[status].map { .exit($0) })
        #expect(result.errors == [])
        #expect((result.output == "") == (options == ["--quiet"]))
    }

    @Test("on a terminal one line is written over, and the result stands below it in the end")
    func live() async {
        var fixture = Self.fixture(
            .events(Self.event(1, "running"), Self.event(2, "running", Self.half), Self.completed))
        fixture.width = 80
        fixture.canRedraw = true
        fixture.sleep = { _ in try await waitForCancellation() }
        let result = await fixture.run("watch", "p-1")
        #expect(result.ending == .exit(0))
        let erase = "\r\u{1B}[K"
        #expect(
            result.output == """
                report p-1
                \(erase)running  for 5m\
                \(erase)running  ████████████░░░░░░░░░░░░ 50%  5 of 10  for 5m  page 5\\u001b[2J\
                \(erase)completed  after 3m 20s
                  Result  {"pages": 10}

                """)
    }

    @Test("a failure stands below the line, in full")
    func failure() async {
        let message = String(repeating: "no space left ", count: 20)
        var fixture = Self.fixture(
            .events(Self.event(1, "failed", #"\#(Self.end),"error":{"code":"exit_1","message":"\#(message)"}"#)))
        fixture.width = 60
        fixture.hasColors = true
        fixture.canRedraw = true
        fixture.sleep = { _ in try await waitForCancellation() }
        let result = await fixture.run("watch", "p-1")
        #expect(result.ending == .exit(1))
        #expect(result.output.contains("\r\u{1B}[K\u{1B}[31mfailed\u{1B}[0m  after 3m 20s  exit_1: no space left"))
        #expect(result.output.hasSuffix("…\n  Error   exit_1: \(message)\n"))
    }

    @Test("a terminal that can't write over a line gets lines")
    func dumbTerminal() async {
        var fixture = Self.fixture(.events(Self.completed))
        fixture.width = 80
        let result = await fixture.run("watch", "p-1")
        #expect(result.output == "2026-11-08 10:04:58Z  completed\n")
    }

    @Test("--json is a line for each change as it was sent, with blanks for line breaks between values")
    func json() async {
        let fixture = Self.fixture(
            .events(
                Self.event(1, "running", #""input":{"n": 1.10,\#ndata: "a":"x\ny"}"#),
                Self.event(2, "completed", Self.end)))
        let result = await fixture.run("watch", "p-1", "--json")
        #expect(
            result.output == Self.data(1, "running", #""input":{"n": 1.10, "a":"x\ny"}"#) + "\n"
                + Self.data(2, "completed", Self.end) + "\n")
        #expect(fixture.tracker.lines == ["GET /events/p-1"])
    }

    @Test("a lost connection costs a warning, and is made again behind the last event until there is an answer")
    func reconnecting() async {
        let fixture = Self.fixture(
            .events(Self.event(1, "running"), Self.event(4, "running", Self.half), "id: 5\ndata: half", end: .lost),
            .unreachable, .unreachable, .events(Self.completed))
        let result = await fixture.run("watch", "p-1")
        #expect(result.ending == .exit(0))
        #expect(fixture.tracker.requests.map(\.lastEventID) == [nil, "4", "4", "4"])
        #expect(
            result.errors == [
                "warning: no tracker answers at http://tracker.test:8080 (the connection was lost); trying again until it does",
                "the tracker at http://tracker.test:8080 answers again",
            ])
        #expect(result.output.split(separator: "\n").count == 3)
    }

    @Test("a tracker that ends the stream and is there at once is not worth a word")
    func regularEnd() async {
        let fixture = Self.fixture(.events(Self.event(1, "running")), .events(), .events(Self.completed))
        let result = await fixture.run("watch", "p-1")
        #expect(result.ending == .exit(0))
        #expect(result.errors == [])
        #expect(fixture.tracker.requests.map(\.lastEventID) == [nil, "1", "1"])
    }

    @Test("a warning does not tear the line on the terminal apart")
    func warningWhileLive() async {
        var fixture = Self.fixture(.events(Self.event(1, "running"), end: .lost), .events(Self.completed))
        fixture.width = 80
        fixture.canRedraw = true
        fixture.sleep = { if $0 == .seconds(1) { try await waitForCancellation() } }
        let result = await fixture.run("watch", "p-1")
        let erase = "\r\u{1B}[K"
        let line = "\(erase)running  for 5m"
        #expect(
            result.output.hasPrefix("report p-1\n\(line)\(erase)\(line)\(erase)\(line)\(erase)completed"))
        #expect(result.errors.count == 2)
    }

    @Test("a store that is away is waited for, at first, too")
    func storeAway() async {
        let problem = FakeTracker.problem(.serviceUnavailable, "store_unavailable", "The store does not answer.")
        let fixture = Self.fixture(FakeStream(problem), .events(Self.completed))
        let result = await fixture.run("watch", "p-1")
        #expect(result.ending == .exit(0))
        #expect(result.errors.count == 2)
        #expect(result.errors[0].contains("is not ready: The store does not answer (store_unavailable)"))
    }

    @Test("pauses grow from what the tracker asks for, up to 10 s")
    func pauses() async {
        let collected = Collected()
        var fixture = Self.fixture(
            .events(Self.event(1, "running"), end: .lost), .unreachable, .unreachable, .unreachable, .unreachable,
            .events(Self.completed))
        fixture.sleep = { collected.warn("\(Int($0 / .milliseconds(1)))") }
        #expect(await fixture.run("watch", "p-1").ending == .exit(0))
        let pauses = collected.errors.withLock { $0.compactMap(Int.init) }
        #expect(pauses.count == 5)
        for (pause, longest) in zip(pauses, [2000, 4000, 8000, 10_000, 10_000]) {
            #expect((longest / 2...longest).contains(pause))
        }
    }

    @Test("what can't be watched is exit 1 with the reason, at first and later")
    func unwatchable() async {
        let unknown = FakeStream(FakeTracker.problem(.notFound, "process_not_found", "There is no process p-1."))
        let result = await Self.fixture(unknown).run("watch", "p-1")
        #expect(result.ending == .exit(1))
        #expect(result.errors == ["There is no process p-1 (process_not_found)"])

        let gone = FakeStream(FakeTracker.problem(.gone, "process_removed", "The process p-1 was removed."))
        let later = await Self.fixture(.events(Self.event(1, "running"), end: .lost), gone).run("watch", "p-1")
        #expect(later.ending == .exit(1))
        #expect(later.errors.last == "The process p-1 was removed (process_removed)")

        let removed = Self.fixture(
            .events(Self.event(1, "running"), "event: removed\ndata: {\"process_id\":\"p-1\"}\n\n"))
        let told = await removed.run("watch", "p-1")
        #expect(told.ending == .exit(1))
        #expect(told.errors == ["the process p-1 was removed"])
    }

    @Test("where no tracker answers at first, or something else does, that is an error")
    func noTracker() async {
        let nobody = await Self.fixture(.unreachable).run("watch", "p-1")
        #expect(nobody.ending == .exit(1))
        #expect(
            nobody.errors.count == 1 && nobody.errors[0].hasPrefix("no tracker answers at http://tracker.test:8080"))
        let page = await Self.fixture(FakeStream(FakeTracker.json("<html>"))).run("watch", "p-1")
        #expect(page.ending == .exit(1))
        #expect(page.errors.count == 1 && page.errors[0].contains("is no process-tracker"))
        let other = await Self.fixture(FakeStream(HTTPResponse(.notFound))).run("watch", "p-1")
        #expect(other.ending == .exit(1))
    }

    @Test("--timeout gives up with exit 4, and says how it stood", arguments: [[], ["--quiet"]])
    func timeout(options: [String]) async {
        var fixture = Self.fixture(.events(Self.event(1, "running"), end: .silence))
        // The time is over once something was shown; --quiet shows nothing.
        fixture.sleep = { _ in for _ in 1...1000 { await Task.yield() } }
        let result = await fixture.run(["watch", "p-1", "--timeout", "90s"] + options)
        #expect(result.ending == .exit(4))
        #expect(result.errors == (options == [] ? ["gave up after 1m 30s: p-1 is still running"] : []))
    }

    @Test("a reader that goes away ends it as by SIGPIPE, and not as if the process had completed")
    func readerGone() async {
        var fixture = Self.fixture(.events(Self.event(1, "running"), end: .silence))
        fixture.isReaderGone = true
        let result = await fixture.run("watch", "p-1")
        #expect(result.ending == .signal(SIGPIPE))
        #expect(result.errors == [])
    }

    @Test(
        "wrong use is said before anything is asked",
        arguments: [
            ["watch"], ["watch", "a b"], ["watch", "p-1", "--json", "--quiet"], ["watch", "p-1", "--timeout", "x"],
        ])
    func wrongUse(words: [String]) async {
        let fixture = Self.fixture()
        let result = await fixture.run(words)
        #expect(result.ending == .exit(2))
        #expect(result.errors.count == 1)
        #expect(fixture.tracker.lines == [])
    }
}
