import ProcessTestSupport
import Synchronization
import Testing

extension BuiltProgram {
    /// What the program says to Redis, and that it takes no harm from what Redis denies.
    @Suite struct RedisTrafficTests {
        @Test("a plain start is one MULTI…EXEC, one with an idempotency key one EVALSHA")
        func roundTrips() async throws {
            try await RedisServer.with { server in
                // The cleanup at the start is scripts, too, and may come between.
                let program = try await TrackerProgram(redis: server, ["TRACKER_CLEANUP_INTERVAL": "0"])
                // The scripts are loaded with the first that needs one.
                let first = ["Idempotency-Key": "first"]
                #expect(try await program.client.post("/start", #"{"kind":"k"}"#, headers: first).status == 202)

                let monitor = try RedisMonitor(server)
                #expect(try await program.client.post("/start", #"{"kind":"k","input":1}"#).status == 202)
                let plain = try monitor.commands()
                #expect(plain.count { $0 == "MULTI" } == 1 && plain.count { $0 == "EXEC" } == 1, "\(plain)")
                #expect(plain.count { $0 == "PUBLISH" } == 1, "\(plain)")
                #expect(!plain.contains { $0.hasPrefix("EVAL") }, "\(plain)")
                let transaction = plain.drop { $0 != "MULTI" }.prefix { $0 != "EXEC" }.dropFirst()
                #expect(transaction.contains("HSET") && transaction.contains("SADD") && transaction.contains("ZADD"))

                let second = ["Idempotency-Key": "second"]
                #expect(try await program.client.post("/start", #"{"kind":"k"}"#, headers: second).status == 202)
                let keyed = try monitor.commands()
                #expect(keyed.count { $0 == "EVALSHA" } == 1, "\(keyed)")
                #expect(!keyed.contains("MULTI") && !keyed.contains("EVAL"), "\(keyed)")

                let id = try #require(try await program.client.allProcesses().first?["process_id"].string)
                _ = try monitor.commands()
                #expect(try await program.client.get("/status/\(id)").status == 200)
                let status = try monitor.commands()
                #expect(status.count { ["HGETALL", "HMGET", "EVALSHA"].contains($0) } == 1, "\(status)")
            }
        }

        @Test("under a mixed load there is no KEYS and no SCAN")
        func noScans() async throws {
            try await RedisServer.with { server in
                let program = try await TrackerProgram(redis: server)
                let monitor = try RedisMonitor(server)
                await CrashLoad().run(on: program.address, round: 0, limit: 300)
                for target in [
                    "/processes", "/processes?status=running&kind=load", "/processes?metadata.id=0.1.2", "/stats",
                    "/status?id=0.1.1&id=0.1.2", "/metrics", "/health",
                ] {
                    #expect(try await program.client.get(target).status == 200, "\(target)")
                }
                for target in ["", "?older_than=0&force=true", "?corrupt=true&force=true"] {
                    #expect(try await program.client.delete("/cleanup\(target)").status == 200, "\(target)")
                }
                let commands = try monitor.commands()
                #expect(commands.count > 500)
                let scans = commands.filter { ["KEYS", "SCAN", "SSCAN", "HSCAN", "ZSCAN"].contains($0) }
                #expect(scans.isEmpty, "\(Set(scans))")
            }
        }

        @Test("SCRIPT FLUSH under load loses nothing and refuses nothing")
        func scriptFlush() async throws {
            try await RedisServer.with { server in
                let program = try await TrackerProgram(redis: server)
                let load = CrashLoad()
                let done = Atomic<Bool>(false)
                async let flushes = onThread {
                    guard let redis = try? server.connect() else { return 0 }
                    var count = 0
                    // As often as Redis does it: each answer is followed by the next.
                    while !done.load(ordering: .relaxed), (try? redis.run("SCRIPT", "FLUSH", "SYNC")) != nil {
                        count += 1
                    }
                    return count
                }
                await load.run(on: program.address, round: 0, limit: 600)
                done.store(true, ordering: .relaxed)
                #expect(await flushes > 10)
                #expect(load.count >= 600)
                try await load.verify(program.client)
                try RedisSurvey(server).expectWhole()
            }
        }

        @Test("the right to PUBLISH taken away under load: nothing acknowledged is lost, nothing is half-written")
        func publishDenied() async throws {
            try await RedisServer.with { server in
                try server.run("ACL", "SETUSER", "tracker", "on", ">secret", "~*", "&*", "+@all")
                let program = try await TrackerProgram(
                    redis: server, ["REDIS_USERNAME": "tracker", "REDIS_PASSWORD": "secret"])
                let load = CrashLoad()
                let deny: @Sendable () -> Void = {
                    _ = try? server.run("ACL", "SETUSER", "tracker", "-publish")
                }
                await load.run(on: program.address, round: 0, limit: 400, event: (150, deny))
                #expect(load.count >= 400)
                try RedisSurvey(server).expectWhole()
                try await load.verify(program.client)
                let started = try await program.client.post("/start", #"{"kind":"quiet","id":"quiet"}"#)
                #expect(started.status == 202, "\(started)")
                #expect(try await program.client.post("/complete/quiet").status == 200)

                try server.run("ACL", "SETUSER", "tracker", "+publish")
                await load.run(on: program.address, round: 1, limit: 100)
                try await load.verify(program.client)
                try RedisSurvey(server).expectWhole()
            }
        }
    }
}

/// Listens to what clients say to a Redis.
private struct RedisMonitor {
    private let server: RedisServer
    private let client: RedisTestClient

    init(_ server: RedisServer) throws {
        self.server = server
        self.client = try server.connect()
        try self.client.run("MONITOR")
    }

    /// The commands since the last call, or the beginning; those that scripts run are left out.
    func commands() throws -> [String] {
        try self.server.run("ECHO", "that was all")
        var commands: [String] = []
        while let line = try self.client.receive().text, !line.contains("\"that was all\"") {
            guard !line.contains(" lua] ") else { continue }
            let words = line.split(separator: "\"", omittingEmptySubsequences: false)
            if words.count > 1 { commands.append(words[1].uppercased()) }
        }
        return commands
    }
}
