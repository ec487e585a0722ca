import Glibc
import ProcessCore
import ProcessHTTP
import Testing

@testable import ProcessCommands

@Suite("list --follow", .timeLimit(.minutes(3)))
struct ListFollowTests {
    private static func data(_ id: String, _ revision: Int, _ status: String, _ changes: String = "") -> String {
        """
        {"process_id":"\(id)","kind":"report","status":"\(status)","created_at":"2026-11-08T10:00:00.000Z",\
        "updated_at":"2026-11-08T10:04:58.000Z","attempt":1,"max_attempts":1\(changes),"revision":\(revision)}
        """
    }

    private static func event(_ id: String, _ revision: Int, _ status: String, _ changes: String = "") -> String {
        "event: process\ndata: \(Self.data(id, revision, status, changes))\n\n"
    }

    private static let removed = "event: removed\ndata: {\"process_id\":\"p-1\"}\n\n"
    /// What ends a test: otherwise it is followed for ever.
    private static let gone = FakeStream(FakeTracker.problem(.badRequest, "invalid_field", "That will do."))

    private static func fixture(_ streams: FakeStream...) -> ToolFixture {
        ToolFixture(
            tracker: FakeTracker(streams: streams + [Self.gone]) { call throws(TrackerClientError) in
                FakeTracker.json(#"{"processes":[\#(Self.data("p-1", 1, "running"))],"next_cursor":null}"#)
            })
    }

    @Test("behind the table there is a line for each change, and none for what the table or a line said already")
    func lines() async {
        let half = #","progress":{"fraction":0.5,"message":"page\u0007"}"#
        let fixture = Self.fixture(
            .events(
                Self.event("p-1", 1, "running"), Self.event("p-1", 2, "running"), Self.event("p-1", 3, "running", half),
                end: .lost),
            .events(
                Self.event("p-1", 3, "running", half), Self.event("p-2", 1, "pending", #","queue":"mail""#),
                Self.event("p-1", 4, "completed"), Self.removed))
        let result = await fixture.run(
            "list", "--follow", "--status", "running,pending", "--kind", "report", "--queue", "mail", "--metadata",
            "a=b")
        #expect(result.ending == .exit(1))
        #expect(
            result.output == #"""
                ID   KIND    STATUS   DONE  CREATED  TOOK  MESSAGE
                p-1  report  running        5m ago
                2026-11-08 10:04:58Z  p-1  report  running      50%  page\u0007
                2026-11-08 10:04:58Z  p-2  report  pending           in queue mail
                2026-11-08 10:04:58Z  p-1  report  completed
                2026-11-08 10:05:00Z  p-1  removed

                """#)
        #expect(result.errors.count == 3)
        let lines = fixture.tracker.lines
        #expect(lines.count == 4)
        let filter = "status=running&status=pending&kind=report&queue=mail&metadata.a=b&fields="
        #expect(lines[0].hasPrefix("GET /processes?\(filter)") && lines[0].hasSuffix("&limit=100"))
        #expect(lines[1].hasPrefix("GET /events?\(filter)") && !lines[1].contains("limit"))
    }

    @Test(
        "on a terminal no line is wider than it, and what happened has the status's colour", arguments: [30, 50, 200])
    func terminal(width: Int) async {
        let message = String(repeating: "long ", count: 50)
        var fixture = Self.fixture(
            .events(Self.event("p-1", 2, "failed", #","error":{"code":"exit_1","message":"\#(message)"}"#)))
        fixture.width = width
        fixture.hasColors = true
        let result = await fixture.run("list", "--follow")
        let line = result.output.split(separator: "\n").last.map(String.init) ?? ""
        #expect(DisplayWidth.of(TerminalText.plain(line)) <= width)
        #expect(line.hasPrefix("10:04:58Z  p-1  report  \u{1B}[31mfaile"))
    }

    @Test("--json is a line for each process and each change, and no array")
    func json() async {
        let fixture = Self.fixture(
            .events(Self.event("p-1", 1, "running"), Self.event("p-1", 2, "running")),
            .events(Self.event("p-1", 2, "running"), Self.event("p-1", 3, "completed"), Self.removed))
        let result = await fixture.run("list", "--follow", "--json")
        #expect(
            result.output
                == [
                    Self.data("p-1", 1, "running"), Self.data("p-1", 2, "running"), Self.data("p-1", 3, "completed"),
                    #"{"process_id":"p-1","removed":true}"#, "",
                ].joined(separator: "\n"))
        #expect(fixture.tracker.lines == ["GET /events", "GET /events", "GET /events"])
    }

    @Test(
        "what can't be followed is wrong use",
        arguments: [["--since", "2h"], ["--before", "2h"], ["--oldest"], ["--limit", "5"]])
    func refused(words: [String]) async {
        let fixture = Self.fixture()
        let result = await fixture.run(["list", "--follow"] + words)
        #expect(result.ending == .exit(2))
        #expect(result.errors.count == 1 && result.errors[0].hasSuffix("leave \(words[0]) out"))
        #expect(fixture.tracker.lines == [])
    }

    @Test("it ends with its reader")
    func readerGone() async {
        var fixture = Self.fixture(.events(end: .silence))
        fixture.isReaderGone = true
        #expect(await fixture.run("list", "--follow").ending == .signal(SIGPIPE))
    }

    @Test("the memory of what was said is bounded, and keeps what is newest")
    func memory() {
        var recent = RecentChanges(capacity: 3)
        var news: [Bool] = []
        for change in ["1", "1", "2", "1"] { news.append(recent.isNew("a", change)) }
        #expect(news == [true, false, true, true])
        for id in ["b", "c", "a", "d", "e", "f", "g", "h", "h", "b"] {
            news.append(recent.isNew(id, "1"))
        }
        #expect(news[4...] == [true, true, false, true, true, true, true, true, false, true])
        recent.forget("h")
        news.append(recent.isNew("h", "1"))
        #expect(news.last == true)
    }
}
