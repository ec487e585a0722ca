internal import Glibc
internal import ProcessCore
internal import ProcessService

/// The program as a function of its words.
public struct CommandLineTool: Sendable {
    private static let parser = ArgumentParser(commands: CommandCatalogue.all, defaultCommand: "serve")

    /// How the program is to end.
    public enum Ending: Equatable, Sendable {
        /// With an exit code.
        case exit(Int32)
        /// By the signal that ended the command it ran.
        case signal(Int32)
    }

    private let context: CommandContext

    /// Makes the program.
    ///
    /// - Parameter context: What commands have around them.
    public init(_ context: CommandContext) {
        self.context = context
    }

    /// Whether the words call for a command that takes signals itself, for which they have to be set up before any thread
    /// starts.
    ///
    /// - Parameter arguments: The words without the program's own name.
    /// - Returns: True for `run` and `work`, which pass signals on, and for `watch` and `cleanup`, which tidy their line up.
    public static func takesSignals(_ arguments: ProgramArguments) -> Bool {
        [CommandCatalogue.run, CommandCatalogue.work, CommandCatalogue.watch, CommandCatalogue.cleanup].contains {
            $0.name == arguments.texts.first
        }
    }

    /// Whether the words call for the service, which has event loops of its own.
    ///
    /// - Parameter arguments: The words without the program's own name.
    /// - Returns: True for `serve`, said or not.
    static func serves(_ arguments: ProgramArguments) -> Bool {
        guard case .command(let parsed) = try? Self.parser.parse(arguments) else { return false }
        return parsed.command.name == CommandCatalogue.serve.name
    }

    /// Does what the words say.
    ///
    /// - Parameter arguments: The words without the program's own name.
    /// - Returns: How to end. What went wrong has been said on standard error.
    public func run(_ arguments: ProgramArguments) async -> Ending {
        do throws(CommandError) {
            switch try Self.parser.parse(arguments) {
            case .help(let command): return try self.help(command)
            case .version: return try self.version()
            case .command(let parsed): return try await self.execute(parsed)
            }
        } catch {
            if error.code == .readerGone { return .signal(SIGPIPE) }
            self.context.console.warn(error.message)
            return .exit(error.code.rawValue)
        }
    }

    private func execute(_ arguments: ParsedArguments) async throws(CommandError) -> Ending {
        let context = self.context
        switch arguments.command.name {
        case CommandCatalogue.serve.name: return .exit(await context.serve(try context.configuration(arguments)))
        case CommandCatalogue.run.name: return try await RunCommand(context).run(arguments)
        case CommandCatalogue.work.name: return .exit(try await WorkCommand(context).run(arguments))
        case CommandCatalogue.status.name: try await StatusCommand(context).run(arguments)
        case CommandCatalogue.watch.name: return .exit(try await WatchCommand(context).run(arguments))
        case CommandCatalogue.tail.name: return .exit(try await TailCommand(context).run(arguments))
        case CommandCatalogue.list.name: try await ListCommand(context).run(arguments)
        case CommandCatalogue.stats.name: try await StatsCommand(context).run(arguments)
        case CommandCatalogue.cleanup.name: try await CleanupCommand(context).run(arguments)
        case CommandCatalogue.check.name: try await self.check(arguments)
        case CommandCatalogue.config.name:
            try context.console.print(try context.configuration(arguments).report.render())
        case CommandCatalogue.version.name: return try self.version()
        case CommandCatalogue.help.name:
            guard let name = arguments.operands.first else { return try self.help(nil) }
            return try self.help(try Self.parser.command(name))
        default: preconditionFailure("the command \(arguments.command.name) is described and not built")
        }
        return .exit(0)
    }

    private func help(_ command: CommandSpecification?) throws(CommandError) -> Ending {
        try self.context.console.print(
            command.map(HelpText.command) ?? HelpText.overview(CommandCatalogue.all, version: self.context.version))
        return .exit(0)
    }

    private func version() throws(CommandError) -> Ending {
        try self.context.console.print("process-tracker \(self.context.version)\n")
        return .exit(0)
    }

    private func check(_ arguments: ParsedArguments) async throws(CommandError) {
        let path: String
        if let given = arguments.operands.first {
            path = given
        } else {
            let report = try self.context.configuration(arguments).report
            path = report.entries.first { $0.key == "TRACKER_SQLITE_PATH" }?.value ?? ""
        }
        let findings = try await self.context.check(path)
        guard findings.isEmpty else {
            for finding in findings { try self.context.console.print("\(DisplayText.escaping(finding))\n") }
            let count = findings.count == 1 ? "1 thing is" : "\(findings.count) things are"
            throw .failed(
                "\(count) wrong with \(DisplayText.escaping(path)); keep a copy, and restore it from a backup")
        }
        try self.context.console.print("\(DisplayText.escaping(path)) is whole\n")
    }
}
