import ProcessCore
import Testing

@testable import ProcessCommands

@Suite("The line that watch shows")
struct WatchLineTests {
    private static func line(_ changes: String, status: String = "running") throws -> WatchLine {
        let text = """
            {"process_id":"p-1","kind":"report","status":"\(status)","created_at":"2026-11-08T10:00:00Z",\(changes)}
            """
        return WatchLine(try ProcessView.read([UInt8](text.utf8)), now: ToolFixture.now)
    }

    private static func console(hasColors: Bool = false, hasUnicode: Bool = true) -> Console {
        Console(write: { _ in }, warn: { _ in }, ask: nil, width: 80, hasColors: hasColors, hasUnicode: hasUnicode)
    }

    private static let full = #"""
        "progress":{"fraction":0.42,"done":42,"total":100,"message":"rendering page 42 of the report, 印刷中\u0007"},
        "started_at":"2026-11-08T10:04:00Z","estimated_finish_at":"2026-11-08T10:06:23Z","attempt":2,"max_attempts":3
        """#

    @Test("the narrower the terminal, the less is shown, the least important first")
    func widths() throws {
        let line = try Self.line(Self.full)
        let expected: [(Int, String)] = [
            (
                200,
                #"running  ██████████░░░░░░░░░░░░░░ 42%  42 of 100  for 1m  about 1m 23s left  attempt 2 of 3  rendering page 42 of the report, 印刷中\u0007"#
            ),
            (
                110,
                "running  ██████████░░░░░░░░░░░░░░ 42%  42 of 100  for 1m  about 1m 23s left  attempt 2 of 3  rendering page 4…"
            ),
            (
                100,
                "running  ██████████░░░░░░░░░░░░░░ 42%  for 1m  about 1m 23s left  attempt 2 of 3  rendering page 42…"
            ),
            (84, "running  ██████████░░░░░░░░░░░░░░ 42%  for 1m  about 1m 23s left  rendering page 42…"),
            (70, "running  ████░░░░░░ 42%  for 1m  about 1m 23s left  rendering page 42…"),
            (50, "running  ████░░░░░░ 42%  for 1m  rendering page 4…"),
            (40, "running  ████░░░░░░ 42%  for 1m"), (25, "running  42%  for 1m"), (15, "running  42%"), (6, "runni…"),
        ]
        for (width, text) in expected { #expect(line.live(width: width, on: Self.console()) == text) }
    }

    @Test("it is never wider than the terminal, in whatever signs and colours", arguments: 1...130)
    func fits(width: Int) throws {
        for console in [Self.console(), Self.console(hasUnicode: false)] {
            #expect(DisplayWidth.of(try Self.line(Self.full).live(width: width, on: console)) <= width)
        }
        let colored = try Self.line(Self.full).live(width: width, on: Self.console(hasColors: true))
        let plain = try Self.line(Self.full).live(width: width, on: Self.console())
        #expect(TerminalText.plain(colored) == plain)
    }

    @Test("without signs beyond ASCII there are none")
    func ascii() throws {
        let line = try Self.line(#""progress":{"fraction":0.5},"started_at":"2026-11-08T10:04:59.5Z""#)
        #expect(
            line.live(width: 80, on: Self.console(hasUnicode: false)) == "running  ############------------ 50%  for 0s"
        )
    }

    @Test("each state says what is known in it")
    func states() throws {
        func show(_ status: String, _ changes: String) throws -> String {
            try Self.line(changes, status: status).live(width: 200, on: Self.console())
        }
        #expect(
            try show("pending", #""queue":"mail","attempt":0,"max_attempts":3"#) == "pending  for 5m  in queue mail")
        #expect(
            try show("pending", #""queue":"mail","attempt":1,"max_attempts":3,"error":{"code":"a","message":"b"}"#)
                == "pending  for 5m  attempt 1 of 3  last error: a: b")
        #expect(
            try show("running", #""progress":{"done":12},"started_at":"2026-11-08T10:00:00Z","cancel_requested":true"#)
                == "cancelling  12 done  for 5m")
        #expect(
            try show("running", #""started_at":"2026-11-08T10:00:00Z","estimated_finish_at":"2026-11-08T10:04:00Z""#)
                == "running  for 5m  any moment")
        #expect(
            try show(
                "cancelled",
                #""started_at":"2026-11-08T10:00:00Z","finished_at":"2026-11-08T10:00:09Z","cancel_reason":"too slow""#)
                == "cancelled  after 9s  too slow")
        #expect(try show("cancelled", #""finished_at":"2026-11-08T10:00:09Z""#) == "cancelled")
    }
}
