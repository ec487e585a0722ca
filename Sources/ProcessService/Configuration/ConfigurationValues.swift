import ProcessCore

/// What the keys say, each by itself, before anything is made of it.
///
/// The values here at first mean nothing: each default is the text in the list of settings, and is read like any other.
struct ConfigurationValues: Sendable {
    enum Repository: String, CaseIterable {
        case memory, sqlite, redis
    }

    enum Fallback: String, CaseIterable {
        case sqlite, memory, none
    }

    var listen: ListenAddress?
    var hosts: [String] = []
    var url: ServiceURL?
    var repository = Repository.sqlite
    var sqlitePath = ""
    var fallback = Fallback.sqlite
    var retention = Duration.zero
    var cleanupInterval = Duration.zero
    var tombstoneTTL = Duration.zero
    var idempotencyTTL = Duration.zero
    var leaseGrace = Duration.zero
    var streamTTL = Duration.zero
    var streamMaxChunks = 0
    var streamMaxChunkBytes = 0
    var maxBodyBytes = 0
    var maxProcesses: Int?
    var threads: Int?
    var logLevel = LogLevel.info
    var logFormat = LogFormat.auto

    var redisURL: RedisURL?
    var redisHost: RedisHost?
    var redisPort: UInt16?
    var redisDatabase: Int?
    var redisUsername: String?
    var redisPassword: Secret?
    var redisSocketTimeout = Duration.zero
    var redisKeyPrefix = ""
    var redisMaxConnections = 0
    var redisStateTTL: Duration?
    var redisPersistenceEnabled = false
    var redisStateUsed = false
}
