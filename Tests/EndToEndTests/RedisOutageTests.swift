import Glibc
import ProcessHTTP
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// Redis that goes away and comes back.
    @Suite struct RedisOutageTests {
        @Test("Redis away in mid-run: 503 with Retry-After, then recovery by itself, and nothing acknowledged is lost")
        func midRun() async throws {
            var options = RedisServer.Options()
            options.isPersistent = true
            try await RedisServer.with(options) { server in
                let program = try await TrackerProgram(redis: server)
                let client = program.client
                for number in 0..<20 {
                    #expect(try await client.post("/start", #"{"kind":"k","id":"p\#(number)"}"#).status == 202)
                }
                let before = try await client.get("/status/p7")
                #expect(try await client.get("/health").json["status"].string == "ok")

                server.kill()
                for (target, body) in [
                    ("/start", #"{"kind":"k"}"#), ("/progress/p7", "{}"), ("/complete/p7", "{}"), ("/cancel/p7", "{}"),
                ] {
                    let answer = try await client.post(target, body)
                    #expect(answer.status == 503 && answer.code == "store_unavailable", "\(target): \(answer)")
                    #expect(Int(answer.headers["Retry-After"] ?? "") ?? 0 > 0, "\(target)")
                }
                for target in ["/status/p7", "/processes", "/stats"] {
                    let answer = try await client.get(target)
                    #expect(answer.status == 503 && answer.code == "store_unavailable", "\(target): \(answer)")
                    #expect(answer.headers["Retry-After"] != nil, "\(target)")
                }
                #expect(try await client.delete("/cleanup").status == 503)
                #expect(try await client.get("/health/live").status == 200)
                #expect(try await client.get("/health/ready").status == 503)
                let health = try await client.get("/health")
                #expect(health.status == 200 && health.json["status"].string == "down", "\(health)")
                #expect(health.json["reason"].string?.isEmpty == false, "\(health)")
                #expect(try await client.get("/metrics").status == 200)

                try server.start()
                _ = try await client.ask("/health/ready") { $0.status == 200 }
                _ = try await client.ask("/health") { $0.json["status"].string == "ok" }
                _ = try await client.ask("/status/p7") { $0.status == 200 }
                // One loop's connection may be back before another's.
                #expect(try await client.ask("/status/p7") { $0.status == 200 }.text == before.text)
                let records = try await RecordSurvey(client)
                #expect(Set((0..<20).map { "p\($0)" }).isSubset(of: Set(records.records.keys)))
                #expect(records.records.values.allSatisfy { $0["status"]?.string == "running" })
                let completed = try await client.post("/complete/p7", #"{"result":1}"#)
                #expect(completed.status == 200, "\(completed)")
                #expect(await program.end(by: SIGTERM) == 0)
            }
        }

        @Test("Redis that says nothing any more: 503 when the time is up, then recovery by itself")
        func silence() async throws {
            try await RedisServer.with { server in
                let program = try await TrackerProgram(redis: server, ["REDIS_SOCKET_TIMEOUT": "300ms"])
                let client = program.client
                #expect(try await client.post("/start", #"{"kind":"k","id":"one"}"#).status == 202)
                server.suspend()
                let start = try await client.post("/start", #"{"kind":"k","id":"two"}"#)
                #expect(start.status == 503 && start.code == "store_unavailable", "\(start)")
                #expect(start.headers["Retry-After"] != nil)
                #expect(start.json["detail"].string?.contains("may") == true, "it may have happened: \(start)")
                server.resume()
                #expect(try await client.ask("/status/one") { $0.status != 503 }.status == 200)
                let again = try await client.post("/start", #"{"kind":"k","id":"two","if_exists":"return"}"#)
                #expect([200, 202].contains(again.status), "\(again)")
                #expect(await program.end(by: SIGTERM) == 0)
            }
        }

        @Test(
            "Redis away at the start: SQLite serves, degraded, and the next start moves what it gathered before it is ready"
        )
        func fallbackToSQLite() async throws {
            try await TemporaryDirectory.with { folder in
                try await RedisServer.with { server in
                    server.kill()
                    let environment = [
                        "TRACKER_FALLBACK": "sqlite", "TRACKER_SQLITE_PATH": "\(folder)/processes.db",
                        "TRACKER_LOG_FORMAT": "json",
                    ]
                    let program = try await TrackerProgram(redis: server, environment)
                    let client = program.client
                    #expect(await program.log.line(with: "\"level\":\"warning\"")?.contains("Redis") == true)
                    let health = try await client.get("/health")
                    #expect(health.status == 200 && health.json["status"].string == "degraded", "\(health)")
                    #expect(health.json["reason"].string?.contains("Redis") == true, "\(health)")
                    #expect(health.json["repository"]["type"].string == "sqlite", "\(health)")
                    #expect(try await client.get("/health/ready").status == 200)
                    #expect(try await client.get("/metrics").text.contains("tracker_fallback_active 1\n"))
                    for number in 0..<30 {
                        let body = #"{"kind":"k","id":"p\#(number)","input":[\#(number), 1.10],"queue":null}"#
                        #expect(try await client.post("/start", body).status == 202)
                        if number % 3 == 0 {
                            #expect(
                                try await client.post("/complete/p\(number)", #"{"result":{"a" : 1}}"#).status == 200)
                        }
                    }
                    let before = try await client.get("/processes?order=oldest")
                    #expect(await program.end(by: SIGTERM) == 0)

                    try server.start()
                    try server.run("SELECT", "0")
                    let next = try await TrackerProgram(redis: server, environment)
                    #expect(try await next.client.get("/health").json["status"].string == "ok")
                    #expect(try await next.client.get("/metrics").text.contains("tracker_fallback_active 0\n"))
                    #expect(try await next.client.get("/processes?order=oldest").text == before.text)
                    try RedisSurvey(server).expectWhole()
                    // What went since stays away.
                    #expect(try await next.client.delete("/cleanup?older_than=0").json["removed"].int == 10)
                    #expect(await next.end(by: SIGTERM) == 0)
                    let third = try await TrackerProgram(redis: server, environment)
                    #expect(try await third.client.get("/stats").json["total"].int == 20)
                    #expect(try await third.client.get("/status/p3").status == 410)
                }
            }
        }

        @Test("what was moved belongs to Redis: on the fallback nobody gets it, changes it or starts it again")
        func secondOutage() async throws {
            try await TemporaryDirectory.with { folder in
                var options = RedisServer.Options()
                options.isPersistent = true
                try await RedisServer.with(options) { server in
                    server.kill()
                    let environment = [
                        "TRACKER_FALLBACK": "sqlite", "TRACKER_SQLITE_PATH": "\(folder)/processes.db",
                    ]
                    let first = try await TrackerProgram(redis: server, environment)
                    for body in [#"{"kind":"k","id":"job"}"#, #"{"kind":"k","id":"invoice","queue":"q"}"#] {
                        #expect(try await first.client.post("/start", body).status == 202)
                    }

                    // An instance that is still on the file, while another one moved what it holds.
                    try server.start()
                    let second = try await TrackerProgram(redis: server, environment)
                    let claim = try await second.client.post("/claim", #"{"queues":["q"]}"#)
                    #expect(claim.json["processes"].elements.first?["process_id"].string == "invoice", "\(claim)")
                    #expect(try await second.client.post("/complete/invoice", #"{"attempt":1}"#).status == 200)
                    try await Self.expectOutOfReach(first)
                    #expect(try await first.client.post("/start", #"{"kind":"k","id":"late"}"#).status == 202)
                    #expect(await first.end(by: SIGTERM) == 0)
                    #expect(await second.end(by: SIGTERM) == 0)

                    server.kill()
                    let third = try await TrackerProgram(redis: server, environment)
                    try await Self.expectOutOfReach(third)
                    #expect(try await third.client.post("/complete/late", #"{"result":1}"#).status == 200)
                    #expect(await third.end(by: SIGTERM) == 0)

                    try server.start()
                    let last = try await TrackerProgram(redis: server, environment)
                    #expect(try await last.client.get("/status/invoice").json["status"].string == "completed")
                    #expect(try await last.client.get("/status/late").json["status"].string == "completed")
                    #expect(try await last.client.post("/complete/job", #"{"result":42}"#).status == 200)
                    #expect(try await last.client.get("/stats").json["total"].int == 3)
                    try RedisSurvey(server).expectWhole()
                }
            }
        }

        private static func expectOutOfReach(_ program: TrackerProgram) async throws {
            let answers = [
                try await program.client.get("/status/job"), try await program.client.get("/status/invoice"),
                try await program.client.post("/complete/job", #"{"result":42}"#),
                try await program.client.post("/start", #"{"kind":"k","id":"invoice","if_exists":"return"}"#),
            ]
            for answer in answers {
                #expect(answer.status == 503 && answer.code == "store_unavailable", "\(answer)")
                #expect(answer.headers["Retry-After"] != nil, "\(answer)")
            }
            let claim = try await program.client.post("/claim", #"{"queues":["q"]}"#)
            #expect(claim.json["processes"].elements.isEmpty, "\(claim)")
        }

        @Test("Redis that has no room for what the file holds, or takes no writes: the fallback goes on, and says why")
        func noWrites() async throws {
            try await TemporaryDirectory.with { folder in
                try await RedisServer.with { server in
                    server.kill()
                    let environment = [
                        "TRACKER_FALLBACK": "sqlite", "TRACKER_SQLITE_PATH": "\(folder)/processes.db",
                    ]
                    let program = try await TrackerProgram(redis: server, environment)
                    for number in 0..<9 {
                        let body = #"{"kind":"k","id":"p\#(number)"}"#
                        #expect(try await program.client.post("/start", body).status == 202)
                    }
                    #expect(await program.end(by: SIGTERM) == 0)

                    try server.start()
                    let cases = [
                        (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], "moved"),
                        (
                            ["CONFIG", "SET", "min-replicas-to-write", "1"],
                            ["CONFIG", "SET", "min-replicas-to-write", "0"], "NOREPLICAS"
                        ), (["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"], "replica"),
                    ]
                    for (begin, end, named) in cases {
                        _ = try server.connect().run(begin)
                        let next = try await TrackerProgram(redis: server, environment)
                        let health = try await next.client.get("/health").json
                        #expect(health["status"].string == "degraded", "\(health)")
                        #expect(health["reason"].string?.contains(named) == true, "\(health)")
                        #expect(health["repository"]["type"].string == "sqlite", "\(health)")
                        #expect(try await next.client.post("/complete/p8", "{}").status == 200)
                        #expect(await next.end(by: SIGTERM) == 0)
                        _ = try server.connect().run(end)
                    }
                    let last = try await TrackerProgram(redis: server, environment)
                    #expect(try await last.client.get("/stats").json["total"].int == 9)
                    #expect(try await last.client.get("/status/p8").json["status"].string == "completed")
                }
            }
        }

        @Test("Redis away at the start: memory serves, degraded, where the configuration says so")
        func fallbackToMemory() async throws {
            try await RedisServer.with { server in
                server.kill()
                let program = try await TrackerProgram(redis: server, ["TRACKER_FALLBACK": "memory"])
                let health = try await program.client.get("/health")
                #expect(health.json["status"].string == "degraded", "\(health)")
                #expect(health.json["repository"]["type"].string == "memory", "\(health)")
                #expect(try await program.client.post("/start", #"{"kind":"k"}"#).status == 202)
                #expect(await program.end(by: SIGTERM) == 0)
            }
        }

        @Test("Redis away at the start, and no fallback: exit 1, and a line that says where it was looked for")
        func noFallback() async throws {
            try await RedisServer.with { server in
                server.kill()
                let ending = try await TrackerProgram.run(["serve"], TrackerProgram.environment(server))
                #expect(ending.code == 1 && ending.standardOutput.isEmpty, "\(ending)")
                #expect(ending.lastLine.contains(server.socketPath), "\(ending)")
            }
        }

        @Test("a mistake is no outage: exit 1 naming it, and no fallback takes over")
        func mistakes() async throws {
            try await TemporaryDirectory.with { folder in
                var options = RedisServer.Options()
                options.password = "right"
                try await RedisServer.with(options) { server in
                    let admin = try server.connect()
                    try admin.run("ACL", "SETUSER", "reader", "on", ">secret-1", "~*", "&*", "+@all", "-hset")
                    try admin.run("ACL", "SETUSER", "mute", "on", ">secret-2", "~*", "resetchannels", "+@all")
                    let socket = "unix://\(server.socketPath)"
                    let cases = [
                        (["REDIS_URL": "\(socket)?db=0", "REDIS_PASSWORD": "wrong-one"], "password"),
                        (["REDIS_URL": "\(socket)?db=0"], "password"),
                        (["REDIS_URL": "\(socket)?db=99", "REDIS_PASSWORD": "right"], "99"),
                        (
                            [
                                "REDIS_URL": "\(socket)?db=0", "REDIS_USERNAME": "reader",
                                "REDIS_PASSWORD": "secret-1",
                            ], "HSET"
                        ),
                        (
                            ["REDIS_URL": "\(socket)?db=0", "REDIS_USERNAME": "mute", "REDIS_PASSWORD": "secret-2"],
                            "process_events:0"
                        ),
                    ]
                    for (environment, named) in cases {
                        let more = [
                            "TRACKER_REPOSITORY": "redis", "TRACKER_FALLBACK": "sqlite",
                            "TRACKER_SQLITE_PATH": "\(folder)/processes.db",
                        ]
                        let ending = try await TrackerProgram.run(["serve"], environment.merging(more) { $1 })
                        #expect(ending.code == 1 && ending.standardOutput.isEmpty, "\(named): \(ending)")
                        let line = ending.lastLine
                        #expect(line.lowercased().contains(named.lowercased()), "\(named): \(ending)")
                        for secret in ["right", "wrong-one", "secret-1", "secret-2"] {
                            #expect(!ending.standardError.contains(secret), "\(ending)")
                        }
                        #expect(access("\(folder)/processes.db", F_OK) != 0, "a fallback took over")
                    }
                }
            }
        }
    }
}

extension ChildProgram.Ending {
    /// The last line that it wrote to standard error.
    var lastLine: String { String(self.standardError.split(separator: "\n").last ?? "") }
    /// How many lines it wrote to standard error.
    var errorLines: Int { self.standardError.split(separator: "\n").count }
}
