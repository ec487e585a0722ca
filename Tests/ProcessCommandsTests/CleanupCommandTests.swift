import ProcessCore
import ProcessHTTP
import Testing

@testable import ProcessCommands

@Suite("cleanup")
struct CleanupCommandTests {
    private static func fixture(removed: Int = 3) -> ToolFixture {
        ToolFixture(
            tracker: FakeTracker { call throws(TrackerClientError) in
                let isDryRun = call.line.contains("dry_run=true")
                return FakeTracker.json(
                    #"{"removed":\#(removed),"remaining":1,"dry_run":\#(isDryRun),"elapsed_ms":5}"#)
            })
    }

    @Test("without a terminal it needs --yes or --dry-run, and asks the tracker nothing before")
    func unattended() async {
        let fixture = Self.fixture()
        let refused = await fixture.run("cleanup")
        #expect(refused.ending == .exit(2))
        #expect(fixture.tracker.lines == [])
        let done = await fixture.run("cleanup", "--yes", "--older-than", "7d", "--status", "failed,completed")
        #expect(done.output == "removed 3 finished processes in 5ms; 1 finished one stays\n")
        #expect(
            fixture.tracker.lines == ["DELETE /cleanup?older_than=7d&status=failed%2Ccompleted&dry_run=false&within=1s"]
        )
        let counted = await fixture.run("cleanup", "--dry-run")
        #expect(counted.output == "would remove 3 finished processes; 1 finished one stays\n")
        #expect(fixture.tracker.lines.last == "DELETE /cleanup?dry_run=true&within=1s")
    }

    @Test("on a terminal it says what would go, and asks", arguments: ["y", "YES", "n", ""])
    func attended(answer: String) async {
        var fixture = Self.fixture()
        fixture.isAtTerminal = true
        fixture.answer = answer
        let result = await fixture.run("cleanup")
        #expect(result.errors[0] == "This removes 3 finished processes for good; 1 finished one stays. Remove? [y/N] ")
        if answer.lowercased().hasPrefix("y") {
            #expect(result.ending == .exit(0))
            #expect(
                fixture.tracker.lines == [
                    "DELETE /cleanup?dry_run=true&within=1s", "DELETE /cleanup?dry_run=false&within=1s",
                ])
        } else {
            #expect(result.ending == .exit(1))
            #expect(fixture.tracker.lines == ["DELETE /cleanup?dry_run=true&within=1s"])
        }
    }

    @Test("where nothing would go, nobody is asked")
    func nothing() async {
        var fixture = Self.fixture(removed: 0)
        fixture.isAtTerminal = true
        let result = await fixture.run("cleanup")
        #expect(result.ending == .exit(0))
        #expect(result.errors == ["there is nothing to remove; 1 finished one stays"])
    }

    @Test("unfinished work is removed with --force only")
    func force() async {
        let fixture = Self.fixture()
        #expect(await fixture.run("cleanup", "--yes", "--status", "running").ending == .exit(2))
        #expect(await fixture.run("cleanup", "--yes", "--status", "running", "--force").ending == .exit(0))
        #expect(fixture.tracker.lines == ["DELETE /cleanup?status=running&force=true&dry_run=false&within=1s"])
    }

    // MARK: Portions

    /// A tracker with 3,000 to remove, 1,000 in each call; from a cursor on, something else may come of it.
    private static func many(
        at cursor: String? = nil,
        _ other: @escaping @Sendable () throws(TrackerClientError) -> HTTPResponse = { .init(.ok) }
    ) -> ToolFixture {
        ToolFixture(
            tracker: FakeTracker { call throws(TrackerClientError) in
                if let cursor, call.line.contains("dry_run=false"), call.line.hasSuffix("&cursor=\(cursor)") {
                    return try other()
                }
                let isDryRun = call.line.contains("dry_run=true")
                let portion = call.line.hasSuffix("=c1") ? 2 : call.line.hasSuffix("=c2") ? 3 : 1
                let next = portion < 3 ? "\"c\(portion)\"" : "null"
                return FakeTracker.json(
                    #"{"removed":\#(portion * 1000),"remaining":1,"dry_run":\#(isDryRun),"elapsed_ms":\#(portion * 1000),"#
                        + #""next_cursor":\#(next)}"#)
            })
    }

    private static func lines(isDryRun: Bool) -> [String] {
        ["", "&cursor=c1", "&cursor=c2"].map { "DELETE /cleanup?dry_run=\(isDryRun)&within=1s\($0)" }
    }

    @Test("it goes in portions until nothing is left, and says what came of all of them")
    func portions() async {
        let fixture = Self.many()
        let done = await fixture.run("cleanup", "--yes")
        #expect(done.output == "removed 3000 finished processes in 3s; 1 finished one stays\n")
        #expect(done.errors.isEmpty)
        #expect(fixture.tracker.lines == Self.lines(isDryRun: false))
        let counted = await fixture.run("cleanup", "--dry-run")
        #expect(counted.output == "would remove 3000 finished processes; 1 finished one stays\n")
        #expect(fixture.tracker.lines == Self.lines(isDryRun: false) + Self.lines(isDryRun: true))
        let last = #"{"removed":3000,"remaining":1,"dry_run":false,"elapsed_ms":3000,"next_cursor":null}"#
        #expect(await fixture.run("cleanup", "--yes", "--json").output == last + "\n")
    }

    @Test("on a terminal one line shows how far it is, until the result takes its place")
    func progress() async {
        var fixture = Self.many()
        (fixture.width, fixture.canRedraw, fixture.isAtTerminal, fixture.answer) = (70, true, true, "y")
        let erase = "\r\u{1B}[K"
        let counting = "\(erase)counting  1000 so far\(erase)counting  2000 so far\(erase)"
        let result = "removed 3000 finished processes in 3s; 1 finished one stays\n"
        #expect(
            await fixture.run("cleanup").output
                == counting
                + "\(erase)removing  ████████░░░░░░░░░░░░░░░░ 33%  1000 of 3000"
                + "\(erase)removing  ████████████████░░░░░░░░ 66%  2000 of 3000\(erase)" + result)
        #expect(
            await fixture.run("cleanup", "--yes").output
                == "\(erase)removing  1000 so far\(erase)removing  2000 so far\(erase)" + result)
        #expect(await fixture.run("cleanup", "--yes", "--json").output.hasPrefix("{"))
    }

    @Test("where a portion fails, it says how many were removed before, on a line of its own")
    func failure() async {
        var full = Self.many(at: "c2") { FakeTracker.problem(.insufficientStorage, "store_full", "The disk is full.") }
        (full.width, full.canRedraw) = (70, true)
        let refused = await full.run("cleanup", "--yes")
        #expect(refused.ending == .exit(1))
        #expect(
            refused.errors == [
                "The disk is full (store_full). Before that, 2000 finished processes were removed; the same command goes on"
            ])
        #expect(refused.output.hasSuffix("removing  2000 so far\n"))
        let silent = await Self.many(at: "c1") { () throws(TrackerClientError) in
            throw TrackerClientError("no answer in time", wasPossiblySent: true)
        }.run("cleanup", "--yes")
        #expect(silent.ending == .exit(1))
        #expect(silent.output.isEmpty)
        #expect(
            silent.errors == [
                "the tracker at http://tracker.test:8080 took the request and gave no answer: no answer in time. "
                    + "It may be busy: try again, or look at its log. "
                    + "Before that, 1000 finished processes were removed; the same command goes on"
            ])
    }
}

@Suite("What is said of a cleanup that ends early")
struct CleanupViewTests {
    @Test("a signal: nothing before anything was to be removed, then how many were")
    func interruption() {
        let console = Console(write: { _ throws(CommandError) in }, warn: { _ in }, hasColors: false, hasUnicode: true)
        let view = CleanupView(on: console, isShown: true)
        func said() -> String? { view.interruption { "\($0) processes" } }
        view.show(40, of: nil)
        #expect(said() == nil)
        view.beginRemoval()
        #expect(said() == "interrupted: some processes may be removed; the same command goes on")
        view.show(25, of: 40)
        #expect(
            said() == "interrupted: 25 processes were removed, and maybe some more; the same command goes on")
    }
}
