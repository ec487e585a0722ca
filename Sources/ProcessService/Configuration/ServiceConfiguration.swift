public import ProcessCore
import ProcessRedis
import ProcessSQLite
public import ProcessStorage

/// All that `serve` has to know, read from flags, environment, file and defaults.
///
/// One pure function makes it: a flag beats an environment variable, which beats a line of the file, which beats the default.
/// An empty value in the environment or in the file is the same as none.
public struct ServiceConfiguration: Sendable {
    /// Address and port to serve on.
    public let listen: ListenAddress

    /// Further `Host` names answered, in lower case.
    public let hosts: [String]

    /// Where the other commands find the service; nil where it takes a free port and nobody said which.
    public let url: ServiceURL?

    /// Where processes are kept.
    public let repository: RepositoryConfiguration

    /// How long finished processes stay; zero: until the next pass.
    public let retention: Duration

    /// How often the timer looks for processes that may go; nil where there is no timer.
    public let cleanupInterval: Duration?

    /// How long a removed process is remembered.
    public let tombstoneTTL: Duration

    /// How long an idempotency key is remembered.
    public let idempotencyTTL: Duration

    /// How long what ran out while nobody watched is left to its worker's report.
    public let leaseGrace: Duration

    /// How long streamed output stays after the end of its process.
    public let streamTTL: Duration

    /// How many chunks of streamed output a process keeps.
    public let streamMaxChunks: Int

    /// The largest chunk of streamed output, in bytes.
    public let streamMaxChunkBytes: Int

    /// The largest request body, in bytes.
    public let maxBodyBytes: Int

    /// How many processes there may be; nil for no bound.
    public let maxProcesses: Int?

    /// How many event loops serve requests.
    public let threads: Int

    /// The lowest level logged.
    public let logLevel: LogLevel

    /// The form of log lines.
    public let logFormat: LogFormat

    /// What is in force and where it came from, with secrets masked.
    public let report: ConfigurationReport

    /// Reads a configuration.
    ///
    /// - Parameter input: File, environment, flags, and the number of cores.
    /// - Throws: `ConfigurationError` naming the key, flag or line to blame.
    public init(_ input: ConfigurationInput) throws(ConfigurationError) {
        let assignments = try ConfigurationAssignments(input)
        let values = try assignments.parse(ServiceSettings.all)
        guard let listen = values.listen else { preconditionFailure("TRACKER_LISTEN has a default") }
        let redis = try RedisSettings(values, assignments)
        var report = ConfigurationReport(assignments)

        self.listen = listen
        self.hosts = values.hosts
        self.url = values.url ?? ServiceURL(listen)
        if values.url == nil { report.set("TRACKER_URL", to: self.url?.description ?? "", because: nil) }

        var kind = values.repository
        if assignments.source(of: "TRACKER_REPOSITORY") == .none,
            let key = [
                ("ENABLE_REDIS_PERSISTENCE", values.redisPersistenceEnabled),
                ("USE_REDIS_STATE", values.redisStateUsed),
            ]
            .first(where: { $0.1 })?.0
        {
            kind = .redis
            report.set("TRACKER_REPOSITORY", to: kind.rawValue, because: key)
        }
        self.repository = Self.repository(kind, values, redis.configuration)
        redis.show(in: &report)

        if let ttl = values.redisStateTTL, assignments.source(of: "TRACKER_RETENTION") == .none {
            self.retention = ttl
            report.set("TRACKER_RETENTION", to: ttl.text, because: "REDIS_STATE_TTL")
        } else {
            self.retention = values.retention
        }
        self.cleanupInterval = values.cleanupInterval == .zero ? nil : values.cleanupInterval
        self.tombstoneTTL = values.tombstoneTTL
        self.idempotencyTTL = values.idempotencyTTL
        self.leaseGrace = values.leaseGrace
        self.streamTTL = values.streamTTL
        self.streamMaxChunks = values.streamMaxChunks
        self.streamMaxChunkBytes = values.streamMaxChunkBytes
        self.maxBodyBytes = values.maxBodyBytes
        self.maxProcesses = values.maxProcesses
        self.threads = values.threads ?? max(1, input.processorCount)
        if values.threads == nil { report.set("TRACKER_THREADS", to: "\(self.threads)", because: nil) }
        self.logLevel = values.logLevel
        self.logFormat = values.logFormat
        self.report = report
    }

    private static func repository(
        _ kind: ConfigurationValues.Repository, _ values: ConfigurationValues, _ redis: RedisConfiguration
    ) -> RepositoryConfiguration {
        let sqlite = SQLiteConfiguration(path: values.sqlitePath)
        switch kind {
        case .memory: return .memory
        case .sqlite: return .sqlite(sqlite)
        case .redis:
            let fallback: RepositoryFallback =
                switch values.fallback {
                case .sqlite: .sqlite(sqlite)
                case .memory: .memory
                case .none: .none
                }
            return .redis(redis, fallback: fallback)
        }
    }
}

/// What the commands other than `serve` have to know: where the service is.
///
/// They look at `TRACKER_URL` and `TRACKER_LISTEN` alone. A mistake in a key that only the service reads must not keep
/// someone's work from running.
public struct ClientConfiguration: Sendable {
    /// Where the service is.
    public let url: ServiceURL

    /// Reads where the service is.
    ///
    /// - Parameter input: File, environment and flags.
    /// - Throws: `ConfigurationError` where the key that counts can't be read, or the port is a free one that only the
    ///   service knows.
    public init(_ input: ConfigurationInput) throws(ConfigurationError) {
        let assignments = try ConfigurationAssignments(input, unknownKeysAllowed: true)
        if let url = try assignments.parse([ServiceSettings.setting("TRACKER_URL")]).url {
            self.url = url
            return
        }
        // Looked at only where it counts: a mistake in it is the service's affair otherwise.
        let listen = try assignments.parse([ServiceSettings.setting("TRACKER_LISTEN")]).listen
        guard let url = listen.flatMap({ ServiceURL($0) }) else {
            throw ConfigurationError("TRACKER_URL", "has to be set where TRACKER_LISTEN takes a free port")
        }
        self.url = url
    }
}
