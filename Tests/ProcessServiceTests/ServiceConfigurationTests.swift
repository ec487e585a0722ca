import ProcessCore
import ProcessRedis
import ProcessSQLite
import ProcessStorage
import Testing

@testable import ProcessService

@Suite("ServiceConfiguration")
struct ServiceConfigurationTests {
    @Test("with nothing said, everything has its default")
    func defaults() throws {
        let configuration = try configuration()
        #expect(configuration.listen == ListenAddress("127.0.0.1:8080"))
        #expect(configuration.hosts.isEmpty)
        #expect(configuration.url == ServiceURL(host: "127.0.0.1", port: 8080))
        #expect(configuration.repository == .sqlite(SQLiteConfiguration(path: "data/processes.db")))
        #expect(configuration.retention == .seconds(24 * 3600))
        #expect(configuration.cleanupInterval == .seconds(3600))
        #expect(configuration.tombstoneTTL == .seconds(7 * 24 * 3600))
        #expect(configuration.idempotencyTTL == .seconds(24 * 3600))
        #expect(configuration.leaseGrace == .seconds(20))
        #expect(configuration.streamTTL == .seconds(3600))
        #expect(configuration.streamMaxChunks == 10000)
        #expect(configuration.streamMaxChunkBytes == 262_144)
        #expect(configuration.maxBodyBytes == 1_048_576)
        #expect(configuration.maxProcesses == nil)
        #expect(configuration.threads == 4)
        #expect(configuration.logLevel == .info)
        #expect(configuration.logFormat == .auto)
        #expect(configuration.report.entries.allSatisfy { $0.source == "default" })
        let redis = try redisConfiguration([:])
        #expect(redis == RedisConfiguration(endpoint: .tcp(host: "localhost", port: 6379)))
    }

    @Test("a flag beats the environment, which beats the file, which beats the default")
    func precedence() throws {
        let file = "TRACKER_THREADS=1\nTRACKER_MAX_BODY=1KiB\nTRACKER_RETENTION=1h\n"
        let environment = ["TRACKER_THREADS": "2", "TRACKER_MAX_BODY": "2KiB"]
        let configuration = try configuration(file: file, environment, arguments: ["--threads", "3"])
        #expect(configuration.threads == 3)
        #expect(configuration.maxBodyBytes == 2048)
        #expect(configuration.retention == .seconds(3600))
        #expect(configuration.streamTTL == .seconds(3600))
        #expect(configuration.entry("TRACKER_THREADS")?.source == "flag --threads")
        #expect(configuration.entry("TRACKER_MAX_BODY")?.source == "environment")
        #expect(configuration.entry("TRACKER_RETENTION")?.source == "pt.conf:3")
        #expect(configuration.entry("TRACKER_STREAM_TTL")?.source == "default")
    }

    @Test("every key can be set from file, environment and flag, and is shown with where it came from")
    func everyKey() throws {
        let samples: [(key: String, text: String)] = [
            ("TRACKER_LISTEN", "[::1]:9090"), ("TRACKER_HOSTS", "a.example,b.example"),
            ("TRACKER_URL", "http://tracker.example:80"), ("TRACKER_REPOSITORY", "redis"),
            ("TRACKER_SQLITE_PATH", "/var/lib/x.db"), ("TRACKER_FALLBACK", "none"), ("TRACKER_RETENTION", "0"),
            ("TRACKER_CLEANUP_INTERVAL", "0"), ("TRACKER_TOMBSTONE_TTL", "1d"), ("TRACKER_IDEMPOTENCY_TTL", "5m"),
            ("TRACKER_LEASE_GRACE", "1m"), ("TRACKER_STREAM_TTL", "90s"), ("TRACKER_STREAM_MAX_CHUNKS", "5"),
            ("TRACKER_STREAM_MAX_CHUNK", "1kB"),
            ("TRACKER_MAX_BODY", "1GiB"), ("TRACKER_MAX_PROCESSES", "1000000"), ("TRACKER_THREADS", "8"),
            ("TRACKER_LOG_LEVEL", "debug"), ("TRACKER_LOG_FORMAT", "json"), ("REDIS_URL", "redis://cache/3"),
            ("REDIS_HOST", "cache"), ("REDIS_PORT", "6380"), ("REDIS_DB", "3"), ("REDIS_USERNAME", "ada"),
            ("REDIS_PASSWORD", "hunter2"), ("REDIS_SOCKET_TIMEOUT", "0.5"), ("REDIS_KEY_PREFIX", "app:"),
            ("REDIS_MAX_CONNECTIONS", "10"), ("REDIS_STATE_TTL", "60"), ("ENABLE_REDIS_PERSISTENCE", "true"),
            ("USE_REDIS_STATE", "false"),
        ]
        #expect(samples.map(\.key) == ServiceSettings.all.map(\.key))
        let environment = Dictionary(uniqueKeysWithValues: samples.map { ($0.key, $0.text) })
        let file = samples.map { "\($0.key)=\($0.text)\n" }.joined()
        for (place, configuration) in [
            ("environment", try configuration(environment)), ("pt.conf:", try configuration(file: file)),
        ] {
            for (key, text) in samples {
                let entry = try #require(configuration.entry(key))
                #expect(entry.value == (key == "REDIS_PASSWORD" ? "<redacted>" : text))
                #expect(entry.source.hasPrefix(place))
            }
        }
        for setting in ServiceSettings.all {
            guard let flag = setting.flag, setting.key != "REDIS_USERNAME" else { continue }
            let text = try #require(environment[setting.key])
            let entry = try #require(try configuration(arguments: ["\(flag)=\(text)"]).entry(setting.key))
            #expect(entry == .init(key: setting.key, value: text, source: "flag \(flag)"))
        }
        let hasNoFlag = ServiceSettings.all.filter { $0.flag == nil }.map(\.key)
        #expect(hasNoFlag == ["REDIS_PASSWORD", "REDIS_STATE_TTL", "ENABLE_REDIS_PERSISTENCE", "USE_REDIS_STATE"])
    }

    @Test("values arrive in the configuration as what they mean")
    func meanings() throws {
        let configuration = try configuration([
            "TRACKER_LISTEN": "[::]:80", "TRACKER_HOSTS": "A.example, b.example", "TRACKER_REPOSITORY": "memory",
            "TRACKER_RETENTION": "0", "TRACKER_CLEANUP_INTERVAL": "0", "TRACKER_STREAM_TTL": "1.5h",
            "TRACKER_STREAM_MAX_CHUNK": "1kB", "TRACKER_MAX_PROCESSES": "7", "TRACKER_LOG_LEVEL": "ERROR",
            "TRACKER_LOG_FORMAT": "text",
        ])
        #expect(configuration.url == ServiceURL(host: "::1", port: 80))
        #expect(configuration.hosts == ["a.example", "b.example"])
        #expect(configuration.repository == .memory)
        #expect(configuration.retention == .zero)
        #expect(configuration.cleanupInterval == nil)
        #expect(configuration.streamTTL == .seconds(5400))
        #expect(configuration.streamMaxChunkBytes == 1000)
        #expect(configuration.maxProcesses == 7)
        #expect(configuration.logLevel == .error)
        #expect(configuration.logFormat == .text)
    }

    @Test(
        "each fallback is carried with what it needs",
        arguments: [
            ("sqlite", RepositoryFallback.sqlite(SQLiteConfiguration(path: "f.db"))), ("memory", .memory),
            ("none", RepositoryFallback.none),
        ])
    func fallback(text: String, fallback: RepositoryFallback) throws {
        let configuration = try configuration([
            "TRACKER_REPOSITORY": "redis", "TRACKER_FALLBACK": text, "TRACKER_SQLITE_PATH": "f.db",
        ])
        #expect(configuration.redis?.fallback == fallback)
    }

    @Test(
        "the switches of older services choose Redis, but only where TRACKER_REPOSITORY does not say",
        arguments: ["ENABLE_REDIS_PERSISTENCE", "USE_REDIS_STATE"])
    func aliases(key: String) throws {
        for text in ["true", "True", "1", "yes", "on"] {
            let configuration = try configuration([key: text])
            #expect(configuration.redis != nil)
            #expect(
                configuration.entry("TRACKER_REPOSITORY")
                    == .init(key: "TRACKER_REPOSITORY", value: "redis", source: "environment, \(key)"))
        }
        for text in ["false", "0", "no", "off", ""] { #expect(try configuration([key: text]).redis == nil) }
        #expect(try configuration([key: "true", "TRACKER_REPOSITORY": "memory"]).repository == .memory)
        #expect(try configuration([key: "true"], arguments: ["--repository", "sqlite"]).redis == nil)
    }

    @Test("REDIS_STATE_TTL is the retention where TRACKER_RETENTION does not say")
    func stateTTL() throws {
        let configuration1 = try configuration(["REDIS_STATE_TTL": "7200"])
        #expect(configuration1.retention == .seconds(7200))
        #expect(configuration1.entry("TRACKER_RETENTION")?.value == "2h")
        #expect(configuration1.entry("TRACKER_RETENTION")?.source == "environment, REDIS_STATE_TTL")
        let configuration2 = try configuration(file: "TRACKER_RETENTION=5m", ["REDIS_STATE_TTL": "7200"])
        #expect(configuration2.retention == .seconds(300))
    }

    @Test("an empty value in environment or file is the same as none")
    func emptyValues() throws {
        let empty = Dictionary(uniqueKeysWithValues: ServiceSettings.all.map { ($0.key, "") })
        let configuration = try configuration(file: "TRACKER_THREADS=9\nTRACKER_HOSTS=\n", empty)
        #expect(configuration.threads == 9)
        #expect(configuration.entry("TRACKER_LISTEN")?.source == "default")
    }

    @Test("an empty flag takes away what the environment says, where there may be nothing")
    func emptyFlags() throws {
        let environment = ["TRACKER_HOSTS": "a.example", "TRACKER_MAX_PROCESSES": "5", "TRACKER_THREADS": "2"]
        let configuration = try configuration(
            environment, arguments: ["--hosts=", "--max-processes", "", "--threads="])
        #expect(configuration.hosts.isEmpty)
        #expect(configuration.maxProcesses == nil)
        #expect(configuration.threads == 4)
        #expect(configurationError(arguments: ["--listen="])?.hasPrefix("--listen: found \"\"; allowed: an IP") == true)
    }

    @Test("the other variables of an environment are nobody's business, nor are those that Kubernetes makes up")
    func foreignVariables() throws {
        let configuration = try configuration([
            "PATH": "/bin", "REDIS_PASSWORD_FILE": "/x", "tracker_listen": "x", "TRACKER": "x",
            "TRACKER_PORT": "tcp://10.0.0.1:80", "TRACKER_PORT_80_TCP": "tcp://10.0.0.1:80",
            "TRACKER_PORT_80_TCP_ADDR": "10.0.0.1", "TRACKER_SERVICE_HOST": "10.0.0.1", "TRACKER_SERVICE_PORT": "80",
            "TRACKER_SERVICE_PORT_HTTP": "80", "REDIS_PORT": "tcp://10.0.0.2:6379",
        ])
        #expect(configuration.report.entries.allSatisfy { $0.source == "default" })
        #expect(configurationError(["TRACKER_PORT": "8080"])?.hasPrefix("TRACKER_PORT: unknown key") == true)
        #expect(configurationError(["REDIS_PORT": "tcp"])?.hasPrefix("REDIS_PORT: ") == true)
    }

    @Test("the commands that are clients look at the address alone, and a mistake elsewhere does not stop them")
    func client() throws {
        func url(_ environment: [String: String]) throws(ConfigurationError) -> String {
            try ClientConfiguration(ConfigurationInput(environment: environment, processorCount: 1)).url.description
        }
        #expect(try url([:]) == "http://127.0.0.1:8080")
        #expect(
            try url(["TRACKER_LISTEN": "0.0.0.0:99", "TRACKER_RETENTION": "x", "TRACKER_X": "y"])
                == "http://127.0.0.1:99")
        #expect(try url(["TRACKER_LISTEN": "0.0.0.0:99", "TRACKER_URL": "http://h/"]) == "http://h:80")
        #expect(try url(["TRACKER_LISTEN": "here", "TRACKER_URL": "http://h/"]) == "http://h:80")
        #expect(throws: ConfigurationError.self) { try url(["TRACKER_LISTEN": "here"]) }
        #expect(throws: ConfigurationError.self) { try url(["TRACKER_URL": "h"]) }
        #expect(throws: ConfigurationError.self) { try url(["TRACKER_LISTEN": "127.0.0.1:0"]) }
    }

    @Test("the number of cores is read from the affinity mask")
    func processorCount() {
        #expect(ProcessorCount.count(inStatus: "Name:\tx\nCpus_allowed:\tf,ffffffff\n") == 36)
        #expect(ProcessorCount.count(inStatus: "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n") == 1)
        #expect(ProcessorCount.count(inStatus: "Name:\tx\n") == nil)
        #expect(ProcessorCount.available >= 1)
    }
}
