internal import ProcessCore

/// `work`: takes work from queues and runs a handler for each piece.
struct WorkCommand: Sendable {
    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) -> Int32 {
        let options = try WorkOptions(arguments)
        let api = try self.context.tracker(arguments)
        let path = self.context.environment["PATH"]
        // What is wrong with the call is said before anything is started.
        try HandlerExecutable.check(options.command[0], path: path)
        let (signals, log) = (self.context.signals, WorkLog(console: self.context.console, isJSON: options.isJSON))
        let environment = WorkEnvironment(
            startSignals: { receive throws(CommandError) in try signals.start(receive) },
            ignoredSignals: signals.ignored, path: path, sleep: self.context.sleep, warn: self.context.console.warn,
            log: { if !options.isQuiet { await log.write($0) } }, worker: options.worker ?? WorkerName.ours,
            survivorGuard: self.survivorGuard())
        return try await WorkSession(options: options, api: api, environment: environment).run()
    }

    private func survivorGuard() -> SurvivorGuard? {
        guard let command = self.context.guardCommand else { return nil }
        do throws(SpawnError) {
            return try SurvivorGuard(starting: command)
        } catch {
            self.context.console.warn(
                "warning: no handler is ended should this worker be killed: \(error.reason)")
            return nil
        }
    }
}
