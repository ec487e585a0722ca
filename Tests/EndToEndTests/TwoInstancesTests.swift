import Glibc
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// Two programs on one Redis are one tracker.
    @Suite struct TwoInstancesTests {
        @Test("what is started on one instance is polled, reported and completed on the other at once")
        func startedHerePolledThere() async throws {
            try await RedisServer.with { server in
                let one = try await TrackerProgram(redis: server)
                let other = try await TrackerProgram(redis: server)
                for number in 0..<50 {
                    let (here, there) =
                        number.isMultiple(of: 2) ? (one.client, other.client) : (other.client, one.client)
                    let started = try await here.post("/start", #"{"kind":"report","input":{"n":\#(number)}}"#)
                    #expect(started.status == 202)
                    let id = try #require(started.json["process_id"].string)
                    let polled = try await there.get("/status/\(id)")
                    #expect(polled.status == 200 && polled.text == started.text, "\(polled)")
                    let reported = try await there.post("/progress/\(id)", #"{"done":\#(number),"total":100}"#)
                    #expect(try await here.get("/status/\(id)").text == reported.text)
                    let completed = try await here.post("/complete/\(id)", #"{"result":[\#(number), 1.10]}"#)
                    #expect(completed.status == 200 && completed.json["result"].text == "[\(number), 1.10]")
                    #expect(try await there.get("/status/\(id)").text == completed.text)
                    let late = try await there.post("/fail/\(id)", #"{"error":{"code":"late","message":"late"}}"#)
                    #expect(late.status == 409 && late.code == "already_finished", "\(late)")
                }
                let stats = try await one.client.get("/stats").json["by_status"].text
                #expect(try await other.client.get("/stats").json["by_status"].text == stats)
                #expect(try await one.client.allProcesses("&status=completed").count == 50)
                try RedisSurvey(server).expectWhole()
            }
        }

        @Test("one idempotency key, sent to two instances at once, starts one process")
        func idempotencyKey() async throws {
            try await RedisServer.with { server in
                let one = try await TrackerProgram(redis: server)
                let other = try await TrackerProgram(redis: server)
                for number in 0..<20 {
                    let headers = ["Idempotency-Key": "\"order-\(number)\""]
                    async let first = one.client.post("/start", #"{"kind":"order"}"#, headers: headers)
                    async let second = other.client.post("/start", #"{"kind":"order"}"#, headers: headers)
                    let answers = try await [first, second]
                    #expect(answers.map(\.status).sorted() == [200, 202])
                    #expect(answers[0].json["process_id"].text == answers[1].json["process_id"].text)
                }
                #expect(try await one.client.get("/stats").json["total"].int == 20)
            }
        }

        @Test("a cleanup on both instances at once removes each process once")
        func cleanup() async throws {
            try await RedisServer.with { server in
                let one = try await TrackerProgram(redis: server)
                let other = try await TrackerProgram(redis: server)
                let count = 1200
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for part in 0..<8 {
                        group.addTask { () async throws in
                            let client = TrackerConnection(to: one.address)
                            for number in 0..<count / 8 {
                                let id = "c-\(part)-\(number)"
                                #expect(try await client.post("/start", #"{"kind":"c","id":"\#(id)"}"#).status == 202)
                                #expect(try await client.post("/complete/\(id)").status == 200)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await one.client.post("/start", #"{"kind":"c","id":"stays"}"#).status == 202)

                async let first = one.client.delete("/cleanup?older_than=0")
                async let second = other.client.delete("/cleanup?older_than=0")
                let answers = try await [first, second]
                #expect(answers.allSatisfy { $0.status == 200 })
                #expect(answers.compactMap { $0.json["removed"].int }.reduce(0, +) == count, "\(answers)")
                #expect(try await one.client.get("/stats").json["total"].int == 1)
                let removed = try await other.client.get("/status/c-3-7")
                #expect(removed.status == 410 && removed.code == "process_removed", "\(removed)")
                try RedisSurvey(server).expectWhole()
            }
        }

        @Test("leases are ended, each once, though the instance that gave them was killed")
        func leases() async throws {
            try await RedisServer.with { server in
                let one = try await TrackerProgram(redis: server)
                let other = try await TrackerProgram(redis: server)
                let third = try await TrackerProgram(redis: server)
                let events = try server.connect()
                try events.run("SUBSCRIBE", "process_events:0")
                let count = 60
                for number in 0..<count {
                    let started = try await one.client.post(
                        "/start", #"{"kind":"leased","id":"l-\#(number)","lease":"1s"}"#)
                    #expect(started.status == 202, "\(started)")
                }
                #expect(await one.end(by: SIGKILL) == 128 + SIGKILL)
                let ended = await onThread { Self.waitForFailures(count, events) }
                #expect(Set(ended).count == count && ended.count == count, "\(ended)")

                let records = try await RecordSurvey(other.client)
                for (id, record) in records.records {
                    #expect(record["status"]?.string == "failed", "\(id)")
                    #expect(record["error"]?["code"].string == "lease_expired", "\(id)")
                    #expect(record["revision"]?.int == 2, "\(id) was changed more than once")
                }
                try await records.expectCountsOfStats(third.client)
                try RedisSurvey(server).expectWhole()
            }
        }

        /// The ids that are told to have failed, in that order.
        private static func waitForFailures(_ count: Int, _ events: RedisTestClient) -> [String] {
            var failed: [String] = []
            while failed.count < count, let message = try? events.receive().texts.last {
                let parts = message.split(separator: " ")
                if parts.last == "failed", let id = parts.first { failed.append(String(id)) }
            }
            return failed
        }
    }
}
