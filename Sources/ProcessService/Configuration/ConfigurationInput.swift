/// Everything a configuration is made of. Reading it has no effect, and the same input gives the same configuration.
public struct ConfigurationInput: Sendable {
    /// The file named by `--config`, if any.
    public var file: ConfigurationFile?

    /// The environment, all of it.
    public var environment: [String: String]

    /// The flags of the command line that are settings.
    public var flags: ConfigurationFlags

    /// The number of cores there are to use: the default for threads.
    public var processorCount: Int

    /// Gathers what a configuration is made of.
    ///
    /// - Parameters:
    ///   - file: The file named by `--config`, if any.
    ///   - environment: The environment, all of it.
    ///   - flags: The flags of the command line that are settings.
    ///   - processorCount: The number of cores there are to use.
    public init(
        file: ConfigurationFile? = nil, environment: [String: String] = [:], flags: ConfigurationFlags = .init(),
        processorCount: Int
    ) {
        self.file = file
        self.environment = environment
        self.flags = flags
        self.processorCount = processorCount
    }
}

/// Where a value came from. A later case beats an earlier one.
public enum ConfigurationSource: Hashable, Sendable {
    /// Nobody said: the default.
    case none
    /// A line of the file.
    case file(name: String, line: Int)
    /// The environment.
    case environment
    /// The command line.
    case flag

    /// How much the source weighs: a higher one beats a lower one.
    var rank: Int {
        switch self {
        case .none: 0
        case .file: 1
        case .environment: 2
        case .flag: 3
        }
    }
}

extension ConfigurationSource: CustomStringConvertible {
    /// The source as `process-tracker config` names it.
    public var description: String {
        switch self {
        case .none: "default"
        case .file(let name, let line): "\(name):\(line)"
        case .environment: "environment"
        case .flag: "flag"
        }
    }
}
