internal import EventLoop
internal import Glibc
internal import ProcessCore
internal import ProcessService

/// The program `process-tracker`, from its start to its end.
public enum Program {
    /// Does what the command line says, and ends the program.
    public static func run() -> Never {
        StandardDescriptors.fill()
        let arguments = ProgramArguments(self.words())
        // Before any thread is started, because threads inherit what is blocked.
        let signals = CommandLineTool.runsCommand(arguments) ? SignalSource.blocking() : SignalSource()
        let ending = Outcome()
        let loop: EventLoop
        do {
            loop = try EventLoop(name: "commands")
        } catch {
            CommandLineTool.fail("\(error)")
        }
        let context = self.context(loop, signals)
        Task(executorPreference: loop) { ending.set(await CommandLineTool(context).run(arguments)) }
        switch ending.wait() {
        case .exit(let code): exit(code)
        case .signal(let number):
            SignalSource.raise(number)
            exit(128 + number)
        }
    }

    private static func context(_ loop: EventLoop, _ signals: SignalSource) -> CommandContext {
        let environment = ProgramEnvironment.texts()
        let console = Console.standard(environment)
        return CommandContext(
            environment: environment, console: console, clock: SystemWallClock(), version: processTrackerVersion,
            processorCount: ProcessorCount.available, signals: signals, sleep: { try await loop.sleep(for: $0) },
            connect: { HTTPTrackerClient($0, loop: loop) }, serve: { await ServeCommand.run($0, console) },
            check: { path throws(CommandError) in try await CheckCommand.run(path) })
    }

    /// The words as bytes, which they need not be UTF-8.
    private static func words() -> [[UInt8]] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            guard let word = CommandLine.unsafeArgv[index] else { return nil }
            return [UInt8](UnsafeRawBufferPointer(start: word, count: strlen(word)))
        }
    }
}
