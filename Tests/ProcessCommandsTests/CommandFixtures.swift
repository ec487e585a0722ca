import ProcessCore
import ProcessService
import Synchronization

@testable import ProcessCommands

/// Runs the program in this process, and collects what it says.
struct ToolFixture: Sendable {
    static let now = Timestamp(rfc3339: "2026-11-08T10:05:00Z")!

    /// What came of a call.
    struct Result: Sendable {
        var ending: CommandLineTool.Ending
        var output: String
        var errors: [String]
    }

    var tracker = FakeTracker()
    var environment: [String: String] = [:]
    var width: Int?
    var hasColors = false
    var hasUnicode = true
    var answer: String?
    var isAtTerminal = false
    var canRedraw = false
    /// Whether nobody reads the output any more.
    var isReaderGone = false
    /// Waits: not at all, where a test does not say otherwise.
    var sleep: @Sendable (Duration) async throws -> Void = { _ in await Task.yield() }

    func run(_ words: String...) async -> Result { await self.run(words) }

    func run(_ words: [String]) async -> Result {
        let written = Collected()
        let (answer, tracker, isReaderGone) = (self.answer, self.tracker, self.isReaderGone)
        let ask: @Sendable (String) -> String? = { written.ask($0, answer) }
        let console = Console(
            write: { bytes throws(CommandError) in
                if isReaderGone { throw CommandError(.readerGone, "nobody reads") }
                written.write(bytes)
            },
            warn: { written.warn($0) },
            ask: self.isAtTerminal ? ask : nil,
            width: self.width, hasColors: self.hasColors, hasUnicode: self.hasUnicode, canRedraw: self.canRedraw)
        let context = CommandContext(
            environment: self.environment, console: console, clock: FixedClock(), version: "0.1.0", processorCount: 2,
            signals: SignalSource(), sleep: self.sleep,
            connect: { _, _ throws(CommandError) in tracker }, serve: { $0.url == nil ? 7 : 0 },
            check: { path throws(CommandError) in path.hasSuffix(".broken") ? ["a is\u{1B} odd", "b is odd"] : [] })
        let ending = await CommandLineTool(context).run(ProgramArguments(words.map { [UInt8]($0.utf8) }))
        return Result(
            ending: ending, output: String(decoding: written.output.withLock { $0 }, as: UTF8.self),
            errors: written.errors.withLock { $0 })
    }

    private struct FixedClock: WallClock {
        func now() -> Timestamp { ToolFixture.now }
    }
}

/// What a command wrote.
final class Collected: Sendable {
    let output = Mutex<[UInt8]>([])
    let errors = Mutex<[String]>([])

    func write(_ bytes: [UInt8]) { self.output.withLock { $0 += bytes } }

    func warn(_ line: String) { self.errors.withLock { $0.append(line) } }

    func ask(_ question: String, _ answer: String?) -> String? {
        self.errors.withLock { $0.append(question) }
        return answer
    }
}

/// Waits until the task is cancelled, as somebody does whose time never comes.
@Sendable func waitForCancellation() async throws {
    let (silence, continuation) = AsyncStream.makeStream(of: Never.self)
    for await _ in silence {}
    continuation.finish()
    throw CancellationError()
}
