import ProcessCore
import ProcessRedis
import Testing

@testable import ProcessService

@Suite("Configuration of Redis")
struct RedisConfigurationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var url: String
        var endpoint: RedisEndpoint
        var username: String? = nil
        var password: String? = nil
        var database = 0
        var testDescription: String { self.url }
    }

    @Test(
        "a URL says endpoint, user, password and database, percent-decoded",
        arguments: [
            Case(url: "redis://", endpoint: .tcp(host: "localhost", port: 6379)),
            Case(url: "redis://cache", endpoint: .tcp(host: "cache", port: 6379)),
            Case(url: "REDIS://cache:6380/", endpoint: .tcp(host: "cache", port: 6380)),
            Case(url: "redis://:6380/2", endpoint: .tcp(host: "localhost", port: 6380), database: 2),
            Case(url: "redis://10.0.0.1/7", endpoint: .tcp(host: "10.0.0.1", port: 6379), database: 7),
            Case(url: "redis://[::1]:6380/7", endpoint: .tcp(host: "::1", port: 6380), database: 7),
            Case(url: "redis://h?db=4", endpoint: .tcp(host: "h", port: 6379), database: 4),
            Case(url: "redis://h/4?db=4", endpoint: .tcp(host: "h", port: 6379), database: 4),
            Case(url: "redis://:pw@h", endpoint: .tcp(host: "h", port: 6379), password: "pw"),
            Case(url: "redis://:@h", endpoint: .tcp(host: "h", port: 6379)),
            Case(url: "redis://ada:pw@h", endpoint: .tcp(host: "h", port: 6379), username: "ada", password: "pw"),
            Case(
                url: "redis://a%40b:p%2F%3a%3F%23%25w@h", endpoint: .tcp(host: "h", port: 6379), username: "a@b",
                password: "p/:?#%w"),
            Case(url: "redis://:p:q@r@h", endpoint: .tcp(host: "h", port: 6379), password: "p:q@r"),
            Case(
                url: "redis://h?username=ada&password=p%20w", endpoint: .tcp(host: "h", port: 6379), username: "ada",
                password: "p w"),
            Case(url: "unix:///run/redis.sock", endpoint: .unixSocket(path: "/run/redis.sock")),
            Case(url: "unix:///run/a%20b@c.sock?db=5", endpoint: .unixSocket(path: "/run/a b@c.sock"), database: 5),
            Case(url: "unix://:pw@/run/r.sock", endpoint: .unixSocket(path: "/run/r.sock"), password: "pw"),
            Case(
                url: "unix://ada@/r.sock?password=pw", endpoint: .unixSocket(path: "/r.sock"), username: "ada",
                password: "pw"),
        ])
    func urls(example: Case) throws {
        let redis = try redisConfiguration(["REDIS_URL": example.url])
        #expect(redis.endpoint == example.endpoint)
        #expect(redis.username == example.username)
        #expect(redis.password?.exposed == example.password)
        #expect(redis.database == example.database)
    }

    @Test(
        "a URL that can't be used is refused without showing a piece of it",
        arguments: [
            "hunter2", "cache:6379", "//hunter2@h", "redis:hunter2@h", "http://u:hunter2@h", "redis://u:hunter2@h:x",
            "redis://u:hunter2@h:0", "redis://u:hunter2@h:65536", "redis://u:hunter2@h/x", "redis://u:hunter2@h/-1",
            "redis://u:hunter2@h/2147483648", "redis://u:hunter2@h/1/2", "redis://u:hunter2/x@h",
            "redis://u:hunter2#x@h",
            "redis://u:hunter2%@h", "redis://u:hunter2%zz@h", "redis://u:hunter2%ff@h", "redis://u:hunter2%00@h",
            "redis://u:hunter2@[::1", "redis://u:hunter2@h/1?db=2", "redis://u:hunter2@h?timeout=5",
            "redis://u:hunter2@h?db", "redis://u:hunter2@h?password=hunter3", "redis://u:hunter2@h?username=v",
            "unix://u:hunter2@", "unix://u:hunter2@/", "unix://hunter2/run/r.sock", "rediss://u:hunter2@h",
            "redis+sentinel://u:hunter2@h", "redis+cluster://u:hunter2@h", "valkey://u:hunter2@h", "redis:// h:hunter2",
        ])
    func unusableURLs(url: String) throws {
        for key in ["environment", "file", "flag"] {
            let line = try #require(
                key == "file"
                    ? configurationError(file: "REDIS_URL=\(url)")
                    : key == "flag"
                        ? configurationError(arguments: ["--redis-url", url]) : configurationError(["REDIS_URL": url]))
            #expect(line.contains(key == "flag" ? "--redis-url: " : "REDIS_URL: "))
            #expect(line.contains("allowed: redis://[user:password@]host:port/db or unix:///path?db=n"))
            #expect(!line.contains("hunter"))
        }
    }

    @Test("schemes that come later say so", arguments: ["rediss", "redis+sentinel", "redis+cluster"])
    func laterSchemes(scheme: String) {
        #expect(
            configurationError(["REDIS_URL": "\(scheme)://h"])?
                .hasPrefix("REDIS_URL: \(scheme):// is not in this version; allowed: ") == true)
    }

    @Test("the single keys say all that a URL can say")
    func singleKeys() throws {
        let redis = try redisConfiguration([
            "REDIS_HOST": "cache.example", "REDIS_PORT": "6380", "REDIS_DB": "3", "REDIS_USERNAME": "ada",
            "REDIS_PASSWORD": "hunter2", "REDIS_SOCKET_TIMEOUT": "1.5", "REDIS_KEY_PREFIX": "{app}:",
            "REDIS_MAX_CONNECTIONS": "7",
        ])
        #expect(
            redis
                == RedisConfiguration(
                    endpoint: .tcp(host: "cache.example", port: 6380), username: "ada", password: Secret("hunter2"),
                    database: 3, socketTimeout: .milliseconds(1500), keyPrefix: "{app}:", maxConnections: 7))
        #expect(try redisConfiguration(["REDIS_HOST": "/run/r.sock"]).endpoint == .unixSocket(path: "/run/r.sock"))
        #expect(try redisConfiguration(["REDIS_HOST": "::1"]).endpoint == .tcp(host: "::1", port: 6379))
        #expect(try redisConfiguration(["REDIS_HOST": "[::1]"]).endpoint == .tcp(host: "::1", port: 6379))
        #expect(try redisConfiguration(["REDIS_PASSWORD": ""]).password == nil)
    }

    @Test("the single keys say what a URL leaves open")
    func filledIn() throws {
        let redis = try redisConfiguration([
            "REDIS_URL": "redis://cache", "REDIS_PORT": "6380", "REDIS_DB": "3", "REDIS_USERNAME": "ada",
            "REDIS_PASSWORD": "pw", "REDIS_HOST": "cache",
        ])
        #expect(redis.endpoint == .tcp(host: "cache", port: 6380))
        #expect(redis.database == 3)
        #expect(redis.username == "ada")
        #expect(redis.password == Secret("pw"))
    }

    @Test(
        "where a URL and a single key of the same source differ, the key is named",
        arguments: [
            ("redis://cache", "REDIS_HOST", "other"), ("redis://cache:6379", "REDIS_PORT", "6380"),
            ("redis://cache/0", "REDIS_DB", "3"), ("redis://u:hunter2@h", "REDIS_USERNAME", "v"),
            ("redis://u:hunter2@h", "REDIS_PASSWORD", "hunter3"), ("unix:///run/r.sock", "REDIS_PORT", "6379"),
            ("unix:///run/r.sock", "REDIS_HOST", "localhost"),
        ])
    func contradictions(url: String, key: String, text: String) throws {
        let line = try #require(configurationError(["REDIS_URL": url, key: text]))
        #expect(line.hasPrefix("\(key): contradicts REDIS_URL"))
        #expect(!line.contains("hunter"))
        #expect(
            configurationError(file: "REDIS_URL=\(url)\n\(key)=\(text)\n")?
                .hasPrefix("pt.conf:2: \(key): contradicts REDIS_URL") == true)
    }

    @Test("between a URL and a single key of different sources the higher source decides")
    func precedence() throws {
        let file = "TRACKER_REPOSITORY=redis\nREDIS_HOST=file\nREDIS_PORT=1\nREDIS_DB=1\nREDIS_PASSWORD=old\n"
        let higherURL = try #require(
            try configuration(file: file, ["REDIS_URL": "redis://:new@url:2"]).redis?.configuration)
        #expect(higherURL.endpoint == .tcp(host: "url", port: 2))
        #expect(higherURL.password == Secret("new"))
        #expect(higherURL.database == 1)
        let higherKey = try #require(
            try configuration(
                ["TRACKER_REPOSITORY": "redis", "REDIS_URL": "redis://:pw@url:2/5"],
                arguments: ["--redis-host", "flag", "--redis-db=6"]
            ).redis?.configuration)
        #expect(higherKey.endpoint == .tcp(host: "flag", port: 2))
        #expect(higherKey.database == 6)
        let socket = try configuration(file: file, ["REDIS_URL": "unix:///r.sock"])
        #expect(socket.redis?.configuration.endpoint == .unixSocket(path: "/r.sock"))
        #expect(socket.entry("REDIS_PORT")?.value == "")
    }

    @Test(
        "a user without a password is half a credential, and refused",
        arguments: [
            (["REDIS_USERNAME": "ada"], "REDIS_USERNAME"),
            (["REDIS_USERNAME": "ada", "REDIS_PASSWORD": ""], "REDIS_USERNAME"),
            (["REDIS_URL": "redis://ada@h"], "REDIS_URL"), (["REDIS_URL": "redis://ada:@h"], "REDIS_URL"),
            (["REDIS_URL": "redis://h", "REDIS_USERNAME": "ada"], "REDIS_USERNAME"),
        ])
    func halfACredential(environment: [String: String], key: String) {
        #expect(
            configurationError(environment) == "\(key): names a user without a password; set REDIS_PASSWORD too")
    }

    @Test("mistakes count also where Redis is not the repository: the switch may be thrown any day")
    func unusedMistakes() {
        #expect(configurationError(["TRACKER_REPOSITORY": "memory", "REDIS_DB": "x"])?.hasPrefix("REDIS_DB: ") == true)
    }
}
