public import ProcessCore
public import ProcessService

/// What commands have around them.
public struct CommandContext: Sendable {
    /// The environment.
    var environment: [String: String]
    /// Where they write to.
    var console: Console
    /// Tells the time.
    var clock: any WallClock
    /// The program's version.
    var version: String
    /// How many cores there are.
    var processorCount: Int
    /// How this program stands to signals.
    var signals: SignalSource
    /// What runs ``SurvivorGuard/serve(_:)`` on its standard input; nil where there is nothing of the kind.
    var guardCommand: [[UInt8]]?
    /// Waits, and throws when the task is cancelled.
    var sleep: @Sendable (Duration) async throws -> Void
    /// Reaches the tracker; the closure says something to whoever waits for it.
    var connect: Connect
    /// Serves until it is told to stop, and says with which code to exit.
    var serve: @Sendable (ServiceConfiguration) async -> Int32
    /// Looks through an SQLite file, and says what is wrong with it; nothing where it is whole.
    var check: @Sendable (String) async throws(CommandError) -> [String]

    /// Reaches a tracker; the closure says something to whoever waits for it.
    public typealias Connect =
        @Sendable (ServiceURL, _ say: @escaping @Sendable (String) -> Void) throws(CommandError) -> any TrackerClient

    /// Gathers what commands have around them.
    ///
    /// - Parameters:
    ///   - environment: The environment.
    ///   - console: Where they write to.
    ///   - clock: Tells the time.
    ///   - version: The program's version.
    ///   - processorCount: How many cores there are.
    ///   - signals: How this program stands to signals.
    ///   - guardCommand: What runs the program's guard over handlers; nil for no guard.
    ///   - sleep: Waits, and throws when the task is cancelled.
    ///   - connect: Reaches the tracker.
    ///   - serve: Serves until it is told to stop, and says with which code to exit.
    ///   - check: Looks through an SQLite file, and says what is wrong with it; nothing where it is whole.
    public init(
        environment: [String: String], console: Console, clock: any WallClock, version: String, processorCount: Int,
        signals: SignalSource, guardCommand: [[UInt8]]? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        connect: @escaping Connect,
        serve: @escaping @Sendable (ServiceConfiguration) async -> Int32,
        check: @escaping @Sendable (String) async throws(CommandError) -> [String]
    ) {
        self.environment = environment
        self.console = console
        self.clock = clock
        self.version = version
        self.processorCount = processorCount
        self.signals = signals
        self.guardCommand = guardCommand
        self.sleep = sleep
        self.connect = connect
        self.serve = serve
        self.check = check
    }

    /// The tracker that a call's options, the environment or the file name.
    func tracker(_ arguments: ParsedArguments) throws(CommandError) -> TrackerAPI {
        switch self.address(arguments) {
        case .success(let url): return try self.tracker(at: url, arguments)
        case .failure(let error): throw .usage(error.description)
        }
    }

    /// Where the tracker is.
    func address(_ arguments: ParsedArguments) -> Result<ServiceURL, ConfigurationError> {
        do throws(ConfigurationError) {
            return .success(try ClientConfiguration(self.input(arguments.settings)).url)
        } catch {
            return .failure(error)
        }
    }

    /// The tracker at an address.
    func tracker(at url: ServiceURL, _ arguments: ParsedArguments) throws(CommandError) -> TrackerAPI {
        let (isQuiet, warn) = (arguments.has("--quiet"), self.console.warn)
        return TrackerAPI(client: try self.connect(url) { if !isQuiet { warn($0) } })
    }

    /// The service's configuration.
    func configuration(_ arguments: ParsedArguments) throws(CommandError) -> ServiceConfiguration {
        do throws(ConfigurationError) {
            return try ServiceConfiguration(self.input(arguments.settings))
        } catch {
            throw .usage(error.description)
        }
    }

    private func input(_ flags: ConfigurationFlags) throws(ConfigurationError) -> ConfigurationInput {
        var file: ConfigurationFile?
        if let path = flags.file { file = try ConfigurationFile.read(path) }
        return ConfigurationInput(
            file: file, environment: self.environment, flags: flags, processorCount: self.processorCount)
    }
}
