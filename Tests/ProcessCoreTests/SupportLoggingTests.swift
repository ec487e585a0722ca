import Glibc
import Synchronization
import Testing

@testable import ProcessCore

@Suite("Logger")
struct SupportLoggingTests {
    private final class Recorder: LogHandler {
        let entries = Mutex<[LogEntry]>([])
        func write(_ entry: LogEntry) { self.entries.withLock { $0.append(entry) } }
    }

    private struct FixedClock: WallClock {
        func now() -> Timestamp { Timestamp(milliseconds: 1_794_132_000_123) }
    }

    private static func entry(_ message: String = "Cleaned up", _ metadata: LogMetadata = [:]) -> LogEntry {
        LogEntry(time: FixedClock().now(), level: .info, message: message, metadata: metadata)
    }

    @Test("a line below the level is not written, and its metadata is not evaluated")
    func levels() {
        let recorder = Recorder()
        let logger = Logger(handler: recorder, level: .warning)
        var evaluated = 0
        func value() -> String {
            evaluated += 1
            return "x"
        }
        logger.trace("Trace", ["a": "\(value())"])
        logger.debug("Debug", ["a": "\(value())"])
        logger.info("Info", ["a": "\(value())"])
        #expect(evaluated == 0)
        logger.warning("Warning", ["a": "\(value())"])
        logger.error("Error", ["a": "\(value())"])
        #expect(evaluated == 2)
        #expect(recorder.entries.withLock { $0.map(\.message) } == ["Warning", "Error"])
        #expect(LogLevel.allCases.sorted() == [.trace, .debug, .info, .warning, .error])
    }

    @Test("a line carries the logger's metadata, the clock's time, and its own metadata, which wins")
    func metadata() throws {
        let recorder = Recorder()
        let logger = Logger(handler: recorder, metadata: ["request_id": "r1", "a": 1], clock: FixedClock())
        logger.with(["b": true]).info("Done", ["a": 2])
        let entry = try #require(recorder.entries.withLock { $0.first })
        #expect(entry.time == FixedClock().now())
        #expect(entry.metadata.entries.map(\.name) == ["request_id", "a", "b"])
        #expect(entry.metadata.entries.map(\.value) == [.text("r1"), .integer(2), .boolean(true)])
        #expect(logger.metadata["b"] == nil)
    }

    @Test("metadata keeps one value for each name, and nil takes it away")
    func metadataNames() {
        var metadata: LogMetadata = ["a": 1, "a": 2, "b": 3]
        #expect(metadata.entries.map(\.name) == ["a", "b"])
        #expect(metadata["a"] == 2)
        metadata["a"] = nil
        #expect(metadata.entries.map(\.name) == ["b"])
    }

    @Test("a JSON line is one object with time, level, message, pid and flat metadata")
    func jsonLine() {
        let line = JSONLinesLogHandler().line(
            for: Self.entry("Cleaned up", ["removed": .integer(12), "dry": false, "who": "a \"b\"", "time": "t"]))
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"{"time":"2026-11-08T10:00:00.123Z","level":"info","message":"Cleaned up","pid":\#(getpid()),"#
                + #""removed":12,"dry":false,"who":"a \"b\"","time_":"t"}"# + "\n")
    }

    @Test("a text line quotes what could pass for something else")
    func textLine() {
        let line = TextLogHandler().line(
            for: Self.entry("Cleaned up", ["removed": 12, "a": "b c", "b": "", "c": "x=y", "d": #""q"\"#, "e": "é"]))
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"2026-11-08T10:00:00.123Z info    Cleaned up  removed=12 a="b c" b="" c="x=y" d="\"q\"\\" e="é""#
                + "\n")
    }

    @Test(
        "nothing a terminal would act on is written raw, in either format",
        arguments: [
            ("a\nb", #"a\nb"#), ("a\r\tb", #"a\r\tb"#), ("\u{1B}[31m", #"\u001b[31m"#), ("\u{0}", #"\u0000"#),
            ("\u{7F}\u{85}\u{9B}", #"\u007f\u0085\u009b"#), ("\u{2028}\u{2029}", #"\u2028\u2029"#),
            ("a\u{202E}b\u{2066}", #"a\u202eb\u2066"#), ("\u{FEFF}", #"\ufeff"#), ("\u{E0041}", #"\udb40\udc41"#),
        ])
    func escapes(text: String, shown: String) throws {
        for key in [false, true] {
            let metadata: LogMetadata = [key ? text : "k": key ? "v" : "\(text)"]
            let json = JSONLinesLogHandler().line(for: Self.entry("M", metadata))
            let entries = [json, TextLogHandler().line(for: Self.entry("M", metadata))]
            for line in entries.map({ String(decoding: $0, as: UTF8.self) }) {
                #expect(line.contains(shown))
                #expect(line.last == "\n")
                #expect(line.unicodeScalars.dropLast().allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) })
            }
            _ = try JSONObject(parsing: json)
        }
        #expect(DisplayText.escaping(text) == shown)
    }

    @Test("ordinary text, also beyond ASCII, is shown as it is")
    func harmless() {
        #expect(DisplayText.escaping("Grüße, 世界 👍 \"q\" \\") == "Grüße, 世界 👍 \"q\" \\")
    }

    @Test("a long value is cut between characters, and says how long it was")
    func cut() {
        let long = String(repeating: "é", count: 5000)
        let shown = DisplayText.escaping(long)
        #expect(shown == String(repeating: "é", count: 2048) + "… (10000 bytes)")
        #expect(DisplayText.escaping(String(repeating: "x", count: 4096)) == String(repeating: "x", count: 4096))
        #expect(DisplayText.escaping(String(repeating: "x", count: 4097)).hasSuffix("x… (4097 bytes)"))
        let line = JSONLinesLogHandler().line(for: Self.entry("M", ["k": "\(long)"]))
        #expect(line.count < 4400)
    }

    @Test("lines written from many tasks at once arrive whole, each by itself")
    func output() async throws {
        var ends: [Int32] = [0, 0]
        // A socket pair, as it is made close-on-exec in one step: a child of another test that held the writing end open
        // would keep the end from ever being seen.
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        defer { close(reading) }
        let logger = Logger(handler: JSONLinesLogHandler(output: LogOutput(descriptor: writing)))
        #expect(!LogOutput(descriptor: writing).isTerminal)
        let long = String(repeating: "y", count: 1000)
        // 40 lines stay below what a socket holds, so that nobody has to read meanwhile.
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask { logger.info("Line", ["number": .integer(number), "long": "\(long)"]) }
            }
        }
        close(writing)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = read(reading, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        let lines = bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        #expect(lines.count == 40)
        #expect(lines.allSatisfy { $0.hasPrefix(#"{"time":""#) && $0.hasSuffix(#"y"}"#) })
    }

    @Test("a log that can't be written is dropped, and stops nobody")
    func brokenOutput() {
        Logger(handler: TextLogHandler(output: LogOutput(descriptor: -1))).error("Nobody reads this")
    }

    @Test("auto writes JSON lines where nobody reads along on a terminal")
    func autoFormat() {
        #expect(LogFormat.auto.makeHandler(output: LogOutput(descriptor: -1)) is JSONLinesLogHandler)
        #expect(LogFormat.text.makeHandler() is TextLogHandler)
        #expect(LogFormat.json.makeHandler() is JSONLinesLogHandler)
    }
}
