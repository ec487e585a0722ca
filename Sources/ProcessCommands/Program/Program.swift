internal import EventLoop
internal import Glibc
internal import ProcessCore
internal import ProcessService

/// The program `process-tracker`, from its start to its end.
public enum Program {
    /// Does what the command line says, and ends the program.
    public static func run() -> Never {
        StandardDescriptors.fill()
        let arguments = ProgramArguments(Self.words())
        if arguments.texts == [SurvivorGuard.word] {
            SurvivorGuard.ignoreSignals()
            SurvivorGuard.serve(STDIN_FILENO)
            exit(0)
        }
        // Before any thread is started, because threads inherit what is blocked.
        let signals = CommandLineTool.takesSignals(arguments) ? SignalSource.blocking() : SignalSource()
        switch Self.run(arguments, signals) {
        case .exit(let code): exit(code)
        case .signal(let number): SignalSource.end(by: number)
        }
    }

    private static func run(_ arguments: ProgramArguments, _ signals: SignalSource) -> CommandLineTool.Ending {
        let environment = ProgramEnvironment.texts()
        let console = Console.standard(environment)
        let loop = CommandLoop()
        let tool = CommandLineTool(
            CommandContext(
                environment: environment, console: console, clock: SystemWallClock(), version: processTrackerVersion,
                processorCount: ProcessorCount.available, signals: signals,
                guardCommand: SurvivorGuard.ownCommand,
                sleep: { try await loop.get().sleep(for: $0) },
                connect: { url, say throws(CommandError) in HTTPTrackerClient(url, loop: try loop.get(), say: say) },
                serve: { await ServeCommand.run($0, console) },
                check: { path throws(CommandError) in try await CheckCommand.run(path) }))
        let outcome = Outcome<CommandLineTool.Ending>()
        do throws(CommandError) {
            // The service has loops of its own; everything else has one.
            let executor = CommandLineTool.serves(arguments) ? nil : try loop.get()
            Task(executorPreference: executor) { outcome.set(await tool.run(arguments)) }
        } catch {
            console.warn(error.message)
            return .exit(error.code.rawValue)
        }
        return outcome.wait()
    }

    /// The words as bytes, as which they came.
    ///
    /// The system's word, since Swift finds them beside the environment: where a preloaded library has moved that, there are
    /// none, and `list` would be `serve`.
    private static func words() -> [[UInt8]] {
        if let words = self.wordsOfSystem() { return words }
        return (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            guard let word = CommandLine.unsafeArgv[index] else { return nil }
            return [UInt8](UnsafeRawBufferPointer(start: word, count: strlen(word)))
        }
    }

    private static func wordsOfSystem() -> [[UInt8]]? {
        let file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        // Each word ends in a zero byte, the last one too.
        guard bytes.last == 0 else { return nil }
        return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).dropFirst().map(Array.init)
    }
}
