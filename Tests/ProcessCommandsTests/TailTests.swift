import ProcessCore
import ProcessHTTP
import Testing

@testable import ProcessCommands

@Suite("tail", .timeLimit(.minutes(3)))
struct TailTests {
    private static func chunk(_ index: Int, _ data: String, _ type: String = "content") -> String {
        "event: \(type)\nid: \(index)\ndata: \(data)\n\n"
    }

    private static func end(_ status: String = "completed", _ changes: String = "") -> String {
        """
        event: \(status == "completed" ? "done" : "error")
        data: {"process_id":"p-1","kind":"chat","status":"\(status)","created_at":"2026-11-08T10:00:00Z"\(changes)}


        """
    }

    private static func fixture(_ streams: FakeStream...) -> ToolFixture {
        ToolFixture(tracker: FakeTracker(streams: streams))
    }

    @Test("text is printed as it is, one chunk right behind the other, and nothing is added")
    func text() async {
        let fixture = Self.fixture(
            .events(
                Self.chunk(1, #""Hello, ""#), Self.chunk(2, #""""#) + Self.chunk(3, #""w\u00f6rld\u001b[1m\r\n 2""#),
                Self.end()))
        let result = await fixture.run("tail", "p-1")
        #expect(result.ending == .exit(0))
        #expect(result.output == "Hello, wörld\u{1B}[1m\r\n 2")
        #expect(result.errors == [])
        #expect(fixture.tracker.lines == ["GET /stream/p-1"])
    }

    @Test("other JSON is a line each, with blanks for line breaks between values")
    func values() async {
        let fixture = Self.fixture(
            .events(
                Self.chunk(1, #""a""#), Self.chunk(2, "{\"n\": 1.10,\ndata:  \"x\":null}"), Self.chunk(3, "12"),
                Self.chunk(4, #""\ud800""#), Self.chunk(5, #""b\n""#), Self.chunk(6, "null"), Self.end()))
        let result = await fixture.run("tail", "p-1")
        #expect(result.output == "a\n{\"n\": 1.10,  \"x\":null}\n12\n\"\\ud800\"\nb\nnull\n")
    }

    @Test("on a terminal nothing is shown that it would act upon, and the last line is ended")
    func terminal() async {
        var fixture = Self.fixture(
            .events(
                Self.chunk(1, #""a\u001b[2Jb\r\n\tc\rd\u202e""#), Self.chunk(2, "[\"\u{9B}2J\"]"),
                Self.chunk(3, #""\#(String(repeating: "x", count: 9000))""#), Self.end()))
        fixture.width = 80
        let result = await fixture.run("tail", "p-1")
        #expect(
            result.output == "a\\u001b[2Jb\n\tc\\rd\\u202e\n[\"\\u009b2J\"]\n" + String(repeating: "x", count: 9000)
                + "\n")
    }

    @Test("--type picks chunks, --after begins behind one")
    func choice() async {
        let fixture = Self.fixture(
            .events(
                Self.chunk(6, #""a""#), Self.chunk(7, #""b""#, "thought"), Self.chunk(8, #""c""#, "log"), Self.end()))
        let result = await fixture.run("tail", "p-1", "--type", "content,log", "--after", "5")
        #expect(result.output == "ac")
        #expect(fixture.tracker.lines == ["GET /stream/p-1?after=5"])
    }

    @Test("--json is a line for each chunk, what the tracker itself says included")
    func json() async {
        let fixture = Self.fixture(
            .events(
                "event: gap\nid: 3\ndata: {\"first\":1,\"last\":3}\n\n", Self.chunk(4, "{\"a\":\ndata: 1}", "tool"),
                Self.chunk(5, #"{"attempt":2}"#, "restart"), Self.end()))
        let result = await fixture.run("tail", "p-1", "--json")
        #expect(
            result.output == """
                {"index":3,"type":"gap","data":{"first":1,"last":3}}
                {"index":4,"type":"tool","data":{"a": 1}}
                {"index":5,"type":"restart","data":{"attempt":2}}
                {"index":null,"type":"done","data":\
                {"process_id":"p-1","kind":"chat","status":"completed","created_at":"2026-11-08T10:00:00Z"}}

                """)
        #expect(
            result.errors == [
                "chunks 1 to 3 are missing: the tracker keeps only the newest output",
                "attempt 2 begins; what was printed before is of an earlier one",
            ])
    }

    @Test("a lost connection goes on behind the last chunk, and each is printed once")
    func reconnecting() async {
        let fixture = Self.fixture(
            .events(end: .lost), .events(Self.chunk(3, #""a""#), Self.chunk(4, #""b""#) + "id: 5\ndata:", end: .lost),
            .unreachable, .events(Self.chunk(4, #""b""#), Self.chunk(5, #""c""#), Self.end()))
        let result = await fixture.run("tail", "p-1", "--after", "2")
        #expect(result.ending == .exit(0))
        #expect(result.output == "abc")
        #expect(fixture.tracker.requests.map(\.lastEventID) == [nil, nil, "4", "4"])
        #expect(fixture.tracker.lines.allSatisfy { $0 == "GET /stream/p-1?after=2" })
        #expect(result.errors.count == 4)
    }

    @Test("the exit code says how it ended, and standard error why")
    func ends() async {
        let failure = #","error":{"code":"exit_1","message":"no space\u001b"}"#
        let failed = await Self.fixture(.events(Self.chunk(1, #""a""#), Self.end("failed", failure))).run("tail", "p-1")
        #expect(failed.ending == .exit(1))
        #expect(failed.output == "a")
        #expect(failed.errors == [#"p-1 failed: exit_1: no space\u001b"#])
        let cancelled = await Self.fixture(.events(Self.end("cancelled", #","cancel_reason":"too slow""#)))
            .run("tail", "p-1")
        #expect(cancelled.ending == .exit(3))
        #expect(cancelled.errors == ["p-1 was cancelled: too slow"])
        let removed = await Self.fixture(.events("event: removed\ndata: {\"process_id\":\"p-1\"}\n\n"))
            .run("tail", "p-1")
        #expect(removed.ending == .exit(1))
        #expect(removed.errors == ["the process p-1 was removed"])
        let unknown = FakeStream(FakeTracker.problem(.notFound, "process_not_found", "There is no process p-1."))
        #expect(await Self.fixture(unknown).run("tail", "p-1").ending == .exit(1))
        let odd = await Self.fixture(.events("event: content\nid: 1\ndata: no JSON\n\n")).run("tail", "p-1")
        #expect(odd.ending == .exit(1))
        #expect(odd.errors.count == 1 && odd.errors[0].contains("is no process-tracker"))
    }

    @Test("on a terminal a message begins on a line of its own")
    func messageOnTerminal() async {
        var fixture = Self.fixture(
            .events(Self.chunk(1, #""a""#), end: .lost), .events(Self.chunk(2, #""b""#), Self.end()))
        fixture.width = 80
        let result = await fixture.run("tail", "p-1")
        #expect(result.output == "a\nb\n")
        #expect(result.errors.count == 2)
    }

    @Test("--no-follow prints page after page up to what was there at first, and says what is missing")
    func pages() async {
        let pages = [
            "GET /stream/p-1?after=0&limit=1000":
                #"{"chunks":[{"index":3,"type":"content","data":"a"},{"index":4,"type":"restart","data":{"attempt":2}}],"last":5,"ended":false}"#,
            "GET /stream/p-1?after=4&limit=1000":
                #"{"chunks":[{"index":5,"type":"content","data":"b"}],"last":9,"ended":false}"#,
        ]
        let fixture = ToolFixture(
            tracker: FakeTracker { call throws(TrackerClientError) in FakeTracker.json(pages[call.line] ?? "{}") })
        let result = await fixture.run("tail", "p-1", "--no-follow")
        #expect(result.ending == .exit(0))
        #expect(result.output == "ab")
        #expect(result.errors.count == 2 && result.errors[0].hasPrefix("chunks 1 to 2 are missing"))
        #expect(fixture.tracker.lines.count == 2)
        let json = await fixture.run("tail", "p-1", "--no-follow", "--json")
        #expect(
            json.output == """
                {"index":2,"type":"gap","data":{"first":1,"last":2}}
                {"index":3,"type":"content","data":"a"}
                {"index":4,"type":"restart","data":{"attempt":2}}
                {"index":5,"type":"content","data":"b"}

                """)
        #expect(
            await fixture.run("tail", "p-1", "--no-follow", "--json", "--type", "content").output.contains("gap")
                == false)
    }

    @Test("--no-follow ends where nothing is kept, and says what was there")
    func noPages() async {
        let fixture = ToolFixture(
            tracker: FakeTracker { _ throws(TrackerClientError) in
                FakeTracker.json(#"{"chunks":[],"last":7,"ended":true}"#)
            })
        let result = await fixture.run("tail", "p-1", "--no-follow", "--after", "3")
        #expect(result.ending == .exit(0))
        #expect(result.output == "")
        #expect(result.errors == ["chunks 4 to 7 are missing: the tracker keeps only the newest output"])
        #expect(fixture.tracker.lines.count == 1)
        #expect(await fixture.run("tail", "p-1", "--no-follow", "--after", "7").errors == [])
        let json = await fixture.run("tail", "p-1", "--no-follow", "--after", "3", "--json")
        #expect(json.output == #"{"index":7,"type":"gap","data":{"first":4,"last":7}}"# + "\n")
    }

    @Test(
        "wrong use is said before anything is asked",
        arguments: [["tail"], ["tail", "p-1", "--type", "a b"], ["tail", "p-1", "--after", "-1"]])
    func wrongUse(words: [String]) async {
        let fixture = Self.fixture()
        #expect(await fixture.run(words).ending == .exit(2))
        #expect(fixture.tracker.lines == [])
    }
}
