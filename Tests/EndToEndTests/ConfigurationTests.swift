import Glibc
import HTTPTransport
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// What the program does not start with.
    @Suite struct ConfigurationTests {
        @Test(
            "a bad configuration is exit 2 and one line that names the key",
            arguments: [
                (["TRACKER_REPOSITROY": "redis"], ["TRACKER_REPOSITROY", "TRACKER_REPOSITORY"]),
                (["TRACKER_REPOSITORY": "mongo"], ["TRACKER_REPOSITORY", "memory, sqlite, redis"]),
                (["TRACKER_RETENTION": "soon"], ["TRACKER_RETENTION"]),
                (["TRACKER_RETENTION": "-5m"], ["TRACKER_RETENTION"]),
                (["TRACKER_CLEANUP_INTERVAL": "1 hour"], ["TRACKER_CLEANUP_INTERVAL"]),
                (["TRACKER_TOMBSTONE_TTL": "0"], ["TRACKER_TOMBSTONE_TTL"]),
                (["TRACKER_LISTEN": "127.0.0.1:65536"], ["TRACKER_LISTEN"]),
                (["TRACKER_LISTEN": "8080x"], ["TRACKER_LISTEN"]),
                (["TRACKER_MAX_BODY": "much"], ["TRACKER_MAX_BODY"]),
                (["TRACKER_THREADS": "0"], ["TRACKER_THREADS"]),
                (["TRACKER_LOG_LEVEL": "loud"], ["TRACKER_LOG_LEVEL"]),
                (["TRACKER_SQLITE_PATH": ":memory:"], ["TRACKER_SQLITE_PATH"]),
                (["REDIS_PORT": "0", "TRACKER_REPOSITORY": "redis"], ["REDIS_PORT"]),
                (["REDIS_USERNAME": "me", "TRACKER_REPOSITORY": "redis"], ["REDIS_USERNAME", "REDIS_PASSWORD"]),
                (
                    ["REDIS_URL": "rediss://h:1/0", "TRACKER_REPOSITORY": "redis"],
                    ["REDIS_URL", "not in this version"]
                ),
                (["REDIS_URL": "redis+cluster://h:1", "TRACKER_REPOSITORY": "redis"], ["not in this version"]),
                (["REDIS_URL": "redis+sentinel://h:1", "TRACKER_REPOSITORY": "redis"], ["not in this version"]),
                (["REDIS_URL": "http://h:1", "TRACKER_REPOSITORY": "redis"], ["REDIS_URL"]),
                (["USE_REDIS_STATE": "perhaps"], ["USE_REDIS_STATE"]),
            ])
        func badConfiguration(environment: [String: String], named: [String]) async throws {
            let ending = try await TrackerProgram.run(["serve"], environment)
            #expect(ending.code == 2 && ending.standardOutput.isEmpty, "\(ending)")
            #expect(ending.errorLines == 1, "\(ending)")
            for name in named { #expect(ending.standardError.contains(name), "\(ending)") }
        }

        @Test(
            "a bad flag is exit 2 and one line that names it",
            arguments: [
                (["serve", "--retention", "soon"], "--retention"), (["serve", "--retentoin", "1h"], "--retention"),
                (["serve", "--config", "/nowhere/tracker.conf"], "/nowhere/tracker.conf"), (["sevre"], "serve"),
            ])
        func badFlag(words: [String], named: String) async throws {
            let ending = try await TrackerProgram.run(words)
            #expect(ending.code == 2 && ending.standardOutput.isEmpty, "\(ending)")
            #expect(ending.standardError.contains(named), "\(ending)")
        }

        @Test("a port in use is exit 1 and a line that names it, and says how to take another")
        func portInUse() async throws {
            let program = try await TrackerProgram(["TRACKER_REPOSITORY": "memory"])
            let environment = ["TRACKER_REPOSITORY": "memory", "TRACKER_LISTEN": program.address.description]
            let ending = try await TrackerProgram.run(["serve"], environment)
            #expect(ending.code == 1 && ending.standardOutput.isEmpty, "\(ending)")
            #expect(ending.lastLine.contains(program.address.description), "\(ending)")
            #expect(ending.lastLine.contains("--listen"), "\(ending)")
            #expect(try await program.client.get("/health/ready").status == 200)
        }

        @Test("config shows what is in force, and no secret")
        func config() async throws {
            let environment = [
                "TRACKER_RETENTION": "36h", "REDIS_URL": "redis://me:very-secret@h:1/2", "TRACKER_REPOSITORY": "redis",
            ]
            let ending = try await TrackerProgram.run(["config"], environment)
            #expect(ending.code == 0, "\(ending)")
            #expect(ending.standardOutput.contains("36h") && ending.standardOutput.contains("TRACKER_RETENTION"))
            #expect(!ending.standardOutput.contains("very-secret"))
        }
    }
}
