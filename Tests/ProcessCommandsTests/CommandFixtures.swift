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

    func run(_ words: String...) async -> Result { await self.run(words) }

    func run(_ words: [String]) async -> Result {
        let written = Collected()
        let (answer, tracker) = (self.answer, self.tracker)
        let ask: @Sendable (String) -> String? = { written.ask($0, answer) }
        let console = Console(
            write: { written.write($0) },
            warn: { written.warn($0) },
            ask: self.isAtTerminal ? ask : nil,
            width: self.width, hasColors: self.hasColors, hasUnicode: self.hasUnicode)
        let context = CommandContext(
            environment: self.environment, console: console, clock: FixedClock(), version: "0.1.0", processorCount: 2,
            signals: SignalSource(), sleep: { try await Task.sleep(for: $0) },
            connect: { _ throws(CommandError) in tracker }, serve: { $0.url == nil ? 7 : 0 },
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
