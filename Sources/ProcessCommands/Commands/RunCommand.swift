internal import ProcessCore
internal import ProcessHTTP
internal import ProcessService

/// `run`: runs a command and tracks it.
struct RunCommand: Sendable {
    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) -> CommandLineTool.Ending {
        let options = try RunOptions(arguments)
        let signals = self.context.signals
        let environment = RunEnvironment(
            startSignals: { receive throws(CommandError) in try signals.start(receive) },
            sharesGroup: signals.sharesGroup, ignoredSignals: signals.ignored, sleep: self.context.sleep,
            warn: self.context.console.warn, worker: WorkerName.ours,
            idempotencyKey: "run-\(ProcessID.uuidV7(at: self.context.clock.now()))")
        let session = RunSession(
            options: options, api: try self.tracker(arguments, isRequired: options.isRequired), environment: environment
        )
        switch try await session.run() {
        case .exited(let code): return .exit(code)
        case .signalled(let number): return .signal(number)
        }
    }

    /// A mistake in the words of a call is corrected at once. One in the environment of a job that runs at night must not
    /// cost the work.
    private func tracker(_ arguments: ParsedArguments, isRequired: Bool) throws(CommandError) -> TrackerAPI {
        switch self.context.address(arguments) {
        case .success(let url): return try self.context.tracker(at: url, arguments)
        case .failure(let error) where error.isFromEnvironment && !isRequired:
            return TrackerAPI(client: UnknownTracker(reason: error.description))
        case .failure(let error): throw .usage(error.description)
        }
    }

    /// Stands for a tracker whose address can't be read.
    private struct UnknownTracker: TrackerClient {
        let reason: String
        let address = "the address that is set"

        func send(_ request: HTTPRequest) async throws(TrackerClientError) -> HTTPResponse {
            throw TrackerClientError(self.reason)
        }

        func open(_ request: HTTPRequest) async throws(TrackerClientError) -> any TrackerStream {
            throw TrackerClientError(self.reason)
        }
    }
}
