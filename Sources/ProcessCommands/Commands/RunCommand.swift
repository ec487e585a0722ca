internal import Glibc
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
            warn: self.context.console.warn, worker: Self.worker(),
            idempotencyKey: "run-\(ProcessID.uuidV7(at: self.context.clock.now()))")
        let session = RunSession(
            options: try RunOptions(arguments), api: try self.context.tracker(arguments), environment: environment)
        switch try await session.run() {
        case .exited(let code): return .exit(code)
        case .signalled(let number): return .signal(number)
        }
    }

    /// This machine and this program's number, such as `db1/4711`.
    private static func worker() -> String {
        var system = utsname()
        uname(&system)
        let name = withUnsafeBytes(of: &system.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let host = String(name.filter { IdentifierShape.matches("a\($0)") }.prefix(100))
        return "\(host.isEmpty ? "host" : host)/\(getpid())"
    }
}
