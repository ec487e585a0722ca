internal import ProcessCore

/// `run`: runs a command and tracks it.
struct RunCommand: Sendable {
    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) -> CommandLineTool.Ending {
        let signals = self.context.signals
        let environment = RunEnvironment(
            startSignals: { receive throws(CommandError) in try signals.start(receive) },
            sharesGroup: signals.sharesGroup, ignoredSignals: signals.ignored, sleep: self.context.sleep,
            warn: self.context.console.warn, worker: WorkerName.ours,
            idempotencyKey: "run-\(ProcessID.uuidV7(at: self.context.clock.now()))")
        let session = RunSession(
            options: try RunOptions(arguments), api: try self.context.tracker(arguments), environment: environment)
        switch try await session.run() {
        case .exited(let code): return .exit(code)
        case .signalled(let number): return .signal(number)
        }
    }
}
