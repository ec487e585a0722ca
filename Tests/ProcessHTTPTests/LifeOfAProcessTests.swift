import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Testing

@Suite("The life of a process over HTTP")
struct LifeOfAProcessTests {
    @Test("a process is started, reported on, completed, polled and cleaned up")
    func wholeLife() async throws {
        let service = TestService()
        let started = await service.post("/start", #"{"kind":"report","input":{"customer":42}}"#)
        #expect(started.status == 202)
        let id = try #require(started["process_id"]?.text)
        #expect(started.header("Location") == "/status/\(id)")
        #expect(started.header("ETag") == "\"1\"")
        #expect(started.header("Retry-After") == "1")
        #expect(started["status"] == "running")
        #expect(started["attempt"] == 1)

        service.clock.advance(by: .seconds(42))
        let progress = await service.post("/progress/\(id)", #"{"done":42,"total":100,"message":"page 42"}"#)
        #expect(progress.status == 200)
        #expect(progress["progress"]?["fraction"] == .number("0.42"))
        #expect(progress["progress"]?["message"] == "page 42")
        #expect(progress["estimated_finish_at"] != .null)
        #expect(progress.header("ETag") == "\"2\"")

        let polled = await service.get("/status/\(id)")
        #expect(polled.status == 200)
        #expect(polled.text == progress.text)
        #expect(polled.header("Retry-After") == "30")

        let completed = await service.post("/complete/\(id)", #"{"result":{"pages":100}}"#)
        #expect(completed.status == 200)
        #expect(completed["status"] == "completed")
        #expect(completed["expires_at"]?.text == (service.clock.now + .seconds(86_400)).rfc3339)
        #expect(completed.header("Retry-After") == nil)

        let kept = await service.delete("/cleanup?older_than=1h")
        #expect(kept["removed"] == 0)
        #expect(kept["remaining"] == 1)
        service.clock.advance(by: .seconds(7200))
        let cleaned = await service.delete("/cleanup?older_than=1h")
        #expect(cleaned.status == 200)
        #expect(cleaned.json.names == ["removed", "remaining", "dry_run", "elapsed_ms"])
        #expect(cleaned["removed"] == 1)
        #expect(cleaned["remaining"] == 0)
        #expect(cleaned["dry_run"] == false)

        let gone = await service.get("/status/\(id)")
        gone.expectProblem(.processRemoved)
        #expect(gone["process_status"] == "completed")
        #expect(gone["removed_at"]?.text == service.clock.now.rfc3339)
        await service.get("/status/never-was").expectProblem(.processNotFound)
    }

    @Test("a process shows every member of the contract, in its order")
    func members() async {
        let service = TestService()
        let names = """
            process_id kind status progress input result error metadata created_at started_at updated_at finished_at \
            expires_at queue priority run_after attempt max_attempts backoff worker lease lease_expires_at timeout \
            pickup_timeout deadline heartbeat_at progress_at estimated_finish_at retain cancel_requested cancel_reason \
            parent_id traceparent revision
            """
        #expect(await service.start("a").json.names == names.split(separator: " ").map(String.init))
    }

    @Test("what a start says is what the process shows")
    func echo() async {
        let service = TestService()
        await service.start("parent")
        let body = #"""
            {"kind":"report","id":"child","input":{"b":1.10,"a":12345678901234567890123,"c":"\u0000é"},
             "metadata":{"tenant":"acme","z":"","a":"ü"},"queue":"slow","priority":-7,"run_after":"90s",
             "max_attempts":5,"backoff":{"initial":"2s","factor":1.5,"max":"1m","jitter":0},"lease":"30s",
             "pickup_timeout":"1h","timeout":"2h","retain":"7d","parent_id":"parent","worker":"host/1"}
            """#
        let response = await service.send(
            .post, "/start", body,
            headers: ["Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
        #expect(response.status == 202)
        let json = response.json
        #expect(response.text.contains(#""input":{"b":1.10,"a":12345678901234567890123,"c":"\u0000é"},"#))
        #expect(response.text.contains(#""metadata":{"tenant":"acme","z":"","a":"ü"},"#))
        #expect(response.text.contains(#""backoff":{"initial":"2s","factor":1.5,"max":"60s","jitter":0},"#))
        #expect(json["status"] == "pending")
        #expect(json["queue"] == "slow")
        #expect(json["priority"] == -7)
        #expect(json["run_after"]?.text == (service.clock.now + .seconds(90)).rfc3339)
        #expect(json["deadline"]?.text == (service.clock.now + .seconds(3690)).rfc3339)
        #expect(json["max_attempts"] == 5)
        #expect(json["attempt"] == 0)
        #expect(json["lease"] == "30s")
        #expect(json["timeout"] == "2h")
        #expect(json["pickup_timeout"] == "1h")
        #expect(json["retain"] == "7d")
        #expect(json["parent_id"] == "parent")
        #expect(json["worker"] == "host/1")
        #expect(json["traceparent"] == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        #expect(response.header("Retry-After") == "30")
        #expect(await service.get("/status/child").text == response.text)
    }
}
