/// What the routes show of the program around them, which they know nothing about.
public struct ServiceStatus: Sendable {
    /// The program's version.
    public var version: String
    /// The sort of store that is in use: `memory`, `sqlite`, `redis`.
    public var repositoryType: String
    /// How long the program has been running.
    public var uptime: @Sendable () -> Duration
    /// Why the store in use is not the one that was configured; `nil` where it is.
    public var fallbackReason: @Sendable () -> String?
    /// The metrics in Prometheus' text format.
    public var metrics: @Sendable () async -> [UInt8]

    /// Takes what there is to show.
    ///
    /// - Parameters:
    ///   - version: The program's version.
    ///   - repositoryType: The sort of store that is in use.
    ///   - uptime: How long the program has been running; since this value was made, where nothing is said.
    ///   - fallbackReason: Why the store in use is not the one that was configured.
    ///   - metrics: The metrics in Prometheus' text format.
    public init(
        version: String, repositoryType: String, uptime: (@Sendable () -> Duration)? = nil,
        fallbackReason: @escaping @Sendable () -> String? = { nil },
        metrics: @escaping @Sendable () async -> [UInt8] = { [] }
    ) {
        self.version = version
        self.repositoryType = repositoryType
        let start = ContinuousClock.now
        self.uptime = uptime ?? { start.duration(to: .now) }
        self.fallbackReason = fallbackReason
        self.metrics = metrics
    }
}
