import ProcessCore
import Testing

@testable import ProcessCommands

@Suite("What is shown on a terminal")
struct TerminalTests {
    private static func console(width: Int?, hasColors: Bool = false, hasUnicode: Bool = true) -> Console {
        Console(
            write: { _ in }, warn: { _ in }, ask: nil, width: width, hasColors: hasColors, hasUnicode: hasUnicode)
    }

    private static let table: TextTable = {
        var table = TextTable(columns: [
            TextTable.Column(title: "ID"), TextTable.Column(title: "N", alignedRight: true),
            TextTable.Column(title: "AGE", isOptional: true),
            TextTable.Column(title: "MESSAGE", isFlexible: true, isOptional: true),
        ])
        table.rows.append([.init("a"), .init("1"), .init("now"), .init("short")])
        table.rows.append([.init("bcd"), .init("100", .red), .init("3m ago"), .init("a message of some length")])
        return table
    }()

    @Test("a table is aligned, and without a terminal nothing is cut")
    func plainTable() {
        #expect(
            Self.table.render(for: Self.console(width: nil)) == """
                ID     N  AGE     MESSAGE
                a      1  now     short
                bcd  100  3m ago  a message of some length

                """)
    }

    @Test("a table is cut to the width: first the flexible column, then the optional ones from the right")
    func fittedTable() {
        #expect(
            Self.table.render(for: Self.console(width: 34)) == """
                ID     N  AGE     MESSAGE
                a      1  now     short
                bcd  100  3m ago  a message of so…

                """)
        #expect(
            Self.table.render(for: Self.console(width: 20)) == """
                ID     N  AGE
                a      1  now
                bcd  100  3m ago

                """)
        #expect(
            Self.table.render(for: Self.console(width: 5)) == """
                ID     N
                a      1
                bcd  100

                """)
    }

    @Test("no line is wider than the terminal, at any width that holds the columns that must be", arguments: 8...60)
    func widths(width: Int) {
        for line in Self.table.render(for: Self.console(width: width)).split(separator: "\n") {
            #expect(DisplayWidth.of(String(line)) <= width)
        }
    }

    @Test("colours stand around the text and not around the blanks; without colours there is no escape")
    func colours() {
        let colored = Self.table.render(for: Self.console(width: 80, hasColors: true))
        #expect(colored.contains("\u{1B}[31m100\u{1B}[0m"))
        #expect(!Self.table.render(for: Self.console(width: 80)).contains("\u{1B}"))
    }

    @Test("NO_COLOR, TERM=dumb and no TERM forbid colours")
    func colourRules() {
        #expect(Console.allowsColors(["TERM": "xterm"]))
        #expect(Console.allowsColors(["TERM": "xterm", "NO_COLOR": ""]))
        #expect(!Console.allowsColors(["TERM": "xterm", "NO_COLOR": "1"]))
        #expect(!Console.allowsColors(["TERM": "dumb"]))
        #expect(!Console.allowsColors([:]))
    }

    @Test("wide characters take two columns, combining ones none")
    func displayWidth() {
        #expect(DisplayWidth.of("日本") == 4)
        #expect(DisplayWidth.of("e\u{301}é") == 2)
        #expect(DisplayWidth.of("🙂") == 2)
        #expect(DisplayWidth.truncated("日本語", to: 5, hasUnicode: true) == "日本…")
        #expect(DisplayWidth.truncated("日本語", to: 6, hasUnicode: true) == "日本語")
        #expect(DisplayWidth.truncated("abcdefgh", to: 6, hasUnicode: false) == "abc...")
    }

    @Test(
        "a length of time is shown in its two largest units",
        arguments: [
            (0, "0ms"), (850, "850ms"), (45_000, "45s"), (200_000, "3m 20s"), (7_500_000, "2h 5m"), (7_200_000, "2h"),
            (522_000_000, "6d 1h"), (3_600_001, "1h"),
        ])
    func durations(milliseconds: Int64, text: String) {
        #expect(TimeText.short(.milliseconds(milliseconds)) == text)
    }

    @Test("a time is shown by its distance, both ways")
    func ages() {
        let now = Timestamp(milliseconds: 1_000_000_000)
        #expect(TimeText.relative(now, now: now) == "now")
        #expect(TimeText.relative(now - .seconds(180), now: now) == "3m ago")
        #expect(TimeText.relative(now + .seconds(61), now: now) == "in 1m 1s")
    }

    @Test("a bar is as full as the fraction; 100% is only what is complete")
    func bars() {
        #expect(ProgressText.bar(0.5, width: 4, hasUnicode: true) == "██░░")
        #expect(ProgressText.bar(0.999, width: 4, hasUnicode: false) == "###-")
        #expect(ProgressText.percent(0.999) == "99%")
        #expect(ProgressText.percent(1) == "100%")
        #expect(ProgressText.percent(-1) == "0%")
    }

    @Test(
        "escape sequences and control characters are left out of what was written for a terminal",
        arguments: [
            ("\u{1B}[1;31mred\u{1B}[0m text", "red text"), ("\u{1B}]0;title\u{07}shown", "shown"),
            ("\u{1B}]8;;http://x\u{1B}\\link", "link"), ("a\u{8}b\tc", "ab c"), ("\u{1B}(Bx", "x"), ("\u{1B}[K", ""),
            ("  both  ", "both"), ("cut\u{1B}[3", "cut"),
        ])
    func plainText(text: String, plain: String) {
        #expect(TerminalText.plain(text) == plain)
    }
}
