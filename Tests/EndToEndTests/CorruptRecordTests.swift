import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// Hashes in Redis that somebody damaged, and hashes that are somebody else's.
    @Suite struct CorruptRecordTests {
        @Test("a corrupt hash is 500 for that id alone; all else goes on, and a forced cleanup removes it")
        func corruptHash() async throws {
            try await RedisServer.with { server in
                let program = try await TrackerProgram(redis: server)
                let client = program.client
                let corrupt = ["p3", "p5", "p6"]
                let ids = (0..<9).map { "p\($0)" }
                for id in ids {
                    #expect(try await client.post("/start", #"{"kind":"k","id":"\#(id)"}"#).status == 202)
                    #expect(try await client.post("/complete/\(id)").status == 200)
                }
                try server.run("HSET", "process:p3", "status", "resting")
                try server.run("HDEL", "process:p5", "kind")
                try server.run("HDEL", "process:p6", "finished_at")

                for id in ids {
                    let answer = try await client.get("/status/\(id)")
                    if corrupt.contains(id) {
                        #expect(answer.status == 500 && answer.code == "corrupt_record", "\(answer)")
                    } else {
                        #expect(answer.status == 200, "\(answer)")
                    }
                }
                let report = try await client.post("/retain/p3", #"{"retain":"1h"}"#)
                #expect(report.status == 500 && report.code == "corrupt_record", "\(report)")
                let listed = try await client.allProcesses().compactMap { $0["process_id"].string }
                #expect(Set(listed) == Set(ids).subtracting(corrupt))
                #expect(try await client.get("/stats").status == 200)
                #expect(try await client.post("/start", #"{"kind":"k","id":"new"}"#).status == 202)
                #expect(await program.log.line(with: "p3") != nil)

                let cleaned = try await client.delete("/cleanup?older_than=0")
                #expect(cleaned.status == 200 && cleaned.json["removed"].int == 6, "\(cleaned)")
                #expect(try await client.get("/status/p3").status == 500)
                #expect(try server.run("HGET", "process:p3", "status").text == "resting")

                #expect(try await client.delete("/cleanup?corrupt=true").status == 400)
                let forced = try await client.delete("/cleanup?corrupt=true&force=true")
                #expect(forced.status == 200 && forced.json["removed"].int == 3, "\(forced)")
                for id in corrupt {
                    #expect([404, 410].contains(try await client.get("/status/\(id)").status))
                    #expect(try server.run("EXISTS", "process:\(id)").integer == 0)
                }
                #expect(try await client.get("/status/new").status == 200)
                #expect(try await client.get("/stats").json["total"].int == 1)
                try RedisSurvey(server).expectWhole()
            }
        }

        @Test("hashes of others under our names are never listed, changed or removed")
        func foreignHash() async throws {
            try await RedisServer.with { server in
                let program = try await TrackerProgram(redis: server)
                let client = program.client
                let fields = ["colour", "red", "status", "completed"]
                let redis = try server.connect()
                try redis.run(["HSET", "process:theirs"] + fields)
                try redis.run("SET", "process_other", "theirs")
                #expect(try await client.post("/start", #"{"kind":"k","id":"ours"}"#).status == 202)
                #expect(try await client.post("/complete/ours").status == 200)

                let seen = try await client.get("/status/theirs")
                #expect([404, 500].contains(seen.status), "\(seen)")
                for target in ["/complete/theirs", "/progress/theirs", "/cancel/theirs?force=true"] {
                    let answer = try await client.post(target)
                    #expect([404, 500].contains(answer.status), "\(target): \(answer)")
                }
                let start = try await client.post("/start", #"{"kind":"k","id":"theirs"}"#)
                #expect(start.status >= 400, "\(start)")
                #expect(try await client.allProcesses().map { $0["process_id"].string } == ["ours"])
                #expect(try await client.delete("/cleanup?older_than=0").json["removed"].int == 1)
                #expect(try await client.delete("/cleanup?corrupt=true&force=true").status == 200)

                #expect(try redis.run("HGETALL", "process:theirs").texts == fields)
                #expect(try redis.run("GET", "process_other").text == "theirs")
            }
        }
    }
}
