import ProcessCore

/// The list of all keys, in the order in which they are shown.
enum ServiceSettings {
    static let all: [Setting] = Self.service + Self.lifetimes + Self.limits + Self.logging + Self.redis + Self.aliases

    /// The setting of a key that is in the list.
    static func setting(_ key: String) -> Setting {
        guard let setting = Self.all.first(where: { $0.key == key }) else { preconditionFailure("no setting \(key)") }
        return setting
    }

    private static let service = [
        Setting(
            "TRACKER_LISTEN", "ADDRESS:PORT", default: "127.0.0.1:8080",
            "Address and port to serve on. Port 0 takes a free one, and the ready line says which.",
            allowed: "an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080"
        ) { (text, values) throws(Rejection) in
            guard let address = ListenAddress(text) else { throw Rejection() }
            values.listen = address
        },
        Setting(
            "TRACKER_HOSTS", "NAMES",
            "Further Host names answered, separated by commas. Others than these, IP addresses, localhost and single "
                + "labels are refused.",
            allowed: "host names without ports, separated by commas"
        ) { (text, values) throws(Rejection) in
            let names = text.lowercased().split(separator: ",", omittingEmptySubsequences: false)
                .map { String(ConfigurationFile.trimmed($0)) }
            guard names.allSatisfy({ HostName.isValid($0) }) else { throw Rejection() }
            values.hosts = names
        },
        Setting(
            "TRACKER_URL", "URL", defaultNote: "from TRACKER_LISTEN",
            "Where the commands other than serve find the service.", allowed: "http://host:port"
        ) { (text, values) throws(Rejection) in values.url = try ServiceURL(parsing: text) },
        Setting(
            "TRACKER_REPOSITORY", "NAME", default: "sqlite", "Where processes are kept: memory, sqlite or redis.",
            allowed: "memory, sqlite, redis"
        ) { (text, values) throws(Rejection) in values.repository = try Self.choice(text) },
        Setting(
            "TRACKER_SQLITE_PATH", "FILE", default: "data/processes.db",
            "The file of the SQLite repository. It is made with its folder, readable by its owner alone.",
            allowed: "the path of a file"
        ) { (text, values) throws(Rejection) in
            if text == ":memory:" { throw Rejection("for a store in memory set TRACKER_REPOSITORY to memory") }
            guard !text.hasSuffix("/") else { throw Rejection() }
            values.sqlitePath = text
        },
        Setting(
            "TRACKER_FALLBACK", "NAME", default: "sqlite",
            "Where to go on when Redis can't be reached at start: sqlite, memory, or none to give up.",
            allowed: "sqlite, memory, none"
        ) { (text, values) throws(Rejection) in values.fallback = try Self.choice(text) },
    ]

    private static let lifetimes = [
        Setting(
            "TRACKER_RETENTION", "DURATION", default: "24h",
            "How long finished processes stay. 0: they go at the next pass.", allowed: "\(Self.durations), or 0"
        ) { (text, values) throws(Rejection) in values.retention = try Self.duration(text, zeroAllowed: true) },
        Setting(
            "TRACKER_CLEANUP_INTERVAL", "DURATION", default: "1h",
            "How often finished processes that may go are looked for. 0: never by itself.",
            allowed: "\(Self.durations), or 0"
        ) { (text, values) throws(Rejection) in values.cleanupInterval = try Self.duration(text, zeroAllowed: true) },
        Setting(
            "TRACKER_TOMBSTONE_TTL", "DURATION", default: "7d",
            "How long a removed process is answered with 410 instead of 404.", allowed: Self.durations
        ) { (text, values) throws(Rejection) in values.tombstoneTTL = try Self.duration(text) },
        Setting(
            "TRACKER_IDEMPOTENCY_TTL", "DURATION", default: "24h", "How long an idempotency key is remembered.",
            allowed: Self.durations
        ) { (text, values) throws(Rejection) in values.idempotencyTTL = try Self.duration(text) },
        Setting(
            "TRACKER_LEASE_GRACE", "DURATION", default: "20s",
            "For how long workers may still report what ran out while this service, or its store, was away.",
            allowed: "\(Self.durations), or 0"
        ) { (text, values) throws(Rejection) in values.leaseGrace = try Self.duration(text, zeroAllowed: true) },
        Setting(
            "TRACKER_STREAM_TTL", "DURATION", default: "1h",
            "How long streamed output stays after the end of its process.", allowed: Self.durations
        ) { (text, values) throws(Rejection) in values.streamTTL = try Self.duration(text) },
    ]

    private static let limits = [
        Setting(
            "TRACKER_STREAM_MAX_CHUNKS", "NUMBER", default: "10000",
            "How many chunks of streamed output a process keeps; older ones are trimmed.",
            allowed: "a whole number of 1 or more"
        ) { (text, values) throws(Rejection) in values.streamMaxChunks = try Self.number(text, in: 1...Int.max) },
        Setting(
            "TRACKER_STREAM_MAX_CHUNK", "SIZE", default: "256KiB",
            "The largest chunk of streamed output; a larger one is refused with 413.",
            allowed: "\(ByteCount.allowed), up to 1GiB"
        ) { (text, values) throws(Rejection) in values.streamMaxChunkBytes = try Self.size(text) },
        Setting(
            "TRACKER_MAX_BODY", "SIZE", default: "1MiB",
            "The largest request body; a larger one is refused with 413, and beyond twice as much read no further.",
            allowed: "\(ByteCount.allowed), up to 1GiB"
        ) { (text, values) throws(Rejection) in values.maxBodyBytes = try Self.size(text) },
        Setting(
            "TRACKER_MAX_PROCESSES", "NUMBER",
            "How many processes there may be; beyond, a new start is refused with 507, and what is there goes on.",
            allowed: "a whole number of 1 or more"
        ) { (text, values) throws(Rejection) in values.maxProcesses = try Self.number(text, in: 1...Int.max) },
        Setting(
            "TRACKER_THREADS", "NUMBER", defaultNote: "the number of cores", "How many event loops serve requests.",
            allowed: "a whole number from 1 to 1024"
        ) { (text, values) throws(Rejection) in values.threads = try Self.number(text, in: 1...1024) },
    ]

    private static let logging = [
        Setting(
            "TRACKER_LOG_LEVEL", "LEVEL", default: "info",
            "The lowest level logged to standard error: trace, debug, info, warning or error.",
            allowed: "trace, debug, info, warning, error"
        ) { (text, values) throws(Rejection) in values.logLevel = try Self.choice(text) },
        Setting(
            "TRACKER_LOG_FORMAT", "FORMAT", default: "auto",
            "The form of log lines: text, json, or auto, which is text on a terminal and json elsewhere.",
            allowed: "auto, text, json"
        ) { (text, values) throws(Rejection) in values.logFormat = try Self.choice(text) },
    ]

    private static let redis = [
        Setting(
            "REDIS_URL", "URL",
            "Where Redis is, with user, password and database: redis://[user:password@]host:port/db or "
                + "unix:///path?db=n. The other keys say what it leaves open.",
            allowed: RedisURL.allowed, secrecy: .url
        ) { (text, values) throws(Rejection) in values.redisURL = try RedisURL(parsing: text) },
        Setting(
            "REDIS_HOST", "HOST", default: "localhost",
            "The host of Redis: a name, an IP address, or the absolute path of a Unix socket.",
            allowed: "a host name, an IP address, or the absolute path of a Unix socket"
        ) { (text, values) throws(Rejection) in
            guard let host = RedisHost(text) else { throw Rejection() }
            values.redisHost = host
        },
        Setting("REDIS_PORT", "PORT", default: "6379", "The port of Redis.", allowed: "a number from 1 to 65535") {
            (text, values) throws(Rejection) in
            guard let port = PortNumber.parse(text), port != 0 else { throw Rejection() }
            values.redisPort = port
        },
        Setting("REDIS_DB", "NUMBER", default: "0", "The database of Redis.", allowed: "a whole number of 0 or more") {
            (text, values) throws(Rejection) in values.redisDatabase = try Self.number(text, in: RedisURL.databases)
        },
        Setting(
            "REDIS_USERNAME", "NAME", "The ACL user of Redis; needs a password.", allowed: "the name of an ACL user"
        ) { (text, values) throws(Rejection) in values.redisUsername = text },
        Setting(
            "REDIS_PASSWORD", flag: false, "PASSWORD", "The password for Redis. Empty is none.", allowed: "a password",
            secrecy: .secret
        ) { (text, values) throws(Rejection) in values.redisPassword = Secret(text) },
        Setting(
            "REDIS_SOCKET_TIMEOUT", "DURATION", default: "5s",
            "The longest wait for a connection to Redis, and for the replies to one batch of commands.",
            allowed: "a number of seconds, or a duration such as 500ms or 5s, up to 1h"
        ) { (text, values) throws(Rejection) in
            values.redisSocketTimeout = try Self.duration(text)
            if values.redisSocketTimeout > .seconds(3600) { throw Rejection() }
        },
        Setting(
            "REDIS_KEY_PREFIX", "TEXT", "What every key and channel in Redis begins with.",
            allowed: "at most 128 printable ASCII characters without blanks"
        ) { (text, values) throws(Rejection) in
            guard text.utf8.count <= 128, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Rejection()
            }
            values.redisKeyPrefix = text
        },
        Setting(
            "REDIS_MAX_CONNECTIONS", "NUMBER", default: "50", "The bound on all connections to Redis together.",
            allowed: "a whole number from 1 to 65535"
        ) { (text, values) throws(Rejection) in values.redisMaxConnections = try Self.number(text, in: 1...65535) },
    ]

    /// Keys that users of such services have in their environment already.
    private static let aliases = [
        Setting(
            "REDIS_STATE_TTL", flag: false, "SECONDS",
            "In seconds, how long finished processes stay where TRACKER_RETENTION does not say.",
            allowed: "a whole number of seconds from 1 to 3153600000"
        ) { (text, values) throws(Rejection) in
            values.redisStateTTL = .seconds(try Self.number(text, in: 1...3_153_600_000))
        },
        Setting(
            "ENABLE_REDIS_PERSISTENCE", flag: false, "BOOLEAN", default: "false",
            "Where true, Redis is the repository, unless TRACKER_REPOSITORY says something else.",
            allowed: Self.booleans
        ) { (text, values) throws(Rejection) in values.redisPersistenceEnabled = try Self.boolean(text) },
        Setting(
            "USE_REDIS_STATE", flag: false, "BOOLEAN", default: "false", "The same as ENABLE_REDIS_PERSISTENCE.",
            allowed: Self.booleans
        ) { (text, values) throws(Rejection) in values.redisStateUsed = try Self.boolean(text) },
    ]

    private static let durations = "a duration such as 250ms, 30s, 5m, 24h or 7d, up to 36500d"
    private static let booleans = "true, false, 1, 0, yes, no, on, off"

    private static func duration(_ text: String, zeroAllowed: Bool = false) throws(Rejection) -> Duration {
        do { return try Duration(parsing: text, zeroAllowed: zeroAllowed) } catch { throw Rejection() }
    }

    private static func number(_ text: String, in range: ClosedRange<Int>) throws(Rejection) -> Int {
        guard let number = WholeNumber.parse(text), range.contains(number) else { throw Rejection() }
        return number
    }

    private static func size(_ text: String) throws(Rejection) -> Int {
        guard let size = ByteCount.parse(text), (1...(1 << 30)).contains(size) else { throw Rejection() }
        return size
    }

    private static func choice<Choice: RawRepresentable<String>>(_ text: String) throws(Rejection) -> Choice {
        guard let choice = Choice(rawValue: text.lowercased()) else { throw Rejection() }
        return choice
    }

    private static func boolean(_ text: String) throws(Rejection) -> Bool {
        switch text.lowercased() {
        case "true", "1", "yes", "on": true
        case "false", "0", "no", "off": false
        default: throw Rejection()
        }
    }
}
