import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Testing

@Suite("POST /claim", .timeLimit(.minutes(3)))
struct ClaimTests {
    @Test("hands out due processes with attempt, worker and lease")
    func claim() async throws {
        let service = TestService()
        await service.start("a", #","queue":"q","input":{"n":1}"#)
        await service.start("b", #","queue":"q","priority":5,"lease":"5s""#)
        let response = await service.post(
            "/claim", #"{"queues":["q","q"],"worker":"host-1/2","limit":5,"lease":"30s"}"#)
        #expect(response.status == 200)
        let processes = try #require(response["processes"]?.elements)
        #expect(processes.compactMap { $0["process_id"]?.text } == ["b", "a"])
        #expect(processes[0]["lease"]?.text == "5s")
        #expect(processes[1]["lease"]?.text == "30s")
        for process in processes {
            #expect(process["attempt"] == 1)
            #expect(process["worker"]?.text == "host-1/2")
            #expect(process["status"]?.text == "running")
        }
        #expect(await service.post("/claim", #"{"queues":["q"]}"#)["processes"]?.elements.isEmpty == true)
    }

    @Test(
        "a bad body is a problem that names the field",
        arguments: [
            (#"{"queues":[]}"#, "queues"), (#"{"queues":"q"}"#, "queues"), (#"{"queues":["a b"]}"#, "queues[0]"),
            (#"{"queues":["q","ü"]}"#, "queues[1]"), (#"{"queues":[1]}"#, "queues[0]"),
            (#"{"queues":["q"],"limit":0}"#, "limit"), (#"{"queues":["q"],"limit":1001}"#, "limit"),
            (#"{"queues":["q"],"lease":0}"#, "lease"), (#"{"queues":["q"],"lease":"-5s"}"#, "lease"),
            (#"{"queues":["q"],"worker":""}"#, "worker"), (#"{"queues":["q"],"worker":"a b"}"#, "worker"),
        ])
    func bad(body: String, field: String) async {
        await TestService().post("/claim", body).expectProblem(.invalidField, field: field)
    }

    @Test("without queues, with too many, with an unknown field")
    func shape() async {
        let service = TestService()
        await service.post("/claim", "{}").expectProblem(.missingField, field: "queues")
        await service.post("/claim", #"{"queues":["q"],"queue":"q"}"#).expectProblem(.unknownField, field: "queue")
        let many = (0...100).map { "\"q\($0)\"" }.joined(separator: ",")
        await service.post("/claim", "{\"queues\":[\(many)]}").expectProblem(.invalidField, field: "queues")
        await service.get("/claim").expectProblem(.methodNotAllowed)
    }

    @Test("an unknown queue waits, and answers 200 with an empty list")
    func unknownQueue() async {
        let service = TestService()
        async let waiting = service.post("/claim", #"{"queues":["nobody"]}"#, headers: ["Prefer": "wait=20"])
        await service.timer.waitForSleepers(1)
        service.timer.advance(by: .seconds(20))
        let response = await waiting
        #expect(response.status == 200)
        #expect(response.header("Preference-Applied") == "wait=20")
        #expect(response["processes"]?.elements.isEmpty == true)
    }

    @Test("a start ends the wait")
    func wakes() async throws {
        let service = TestService()
        async let waiting = service.post("/claim", #"{"queues":["q"]}"#, headers: ["Prefer": "wait=20"])
        await service.timer.waitForSleepers(1)
        await service.start("a", #","queue":"q""#)
        let processes = try #require(await waiting["processes"]?.elements)
        #expect(processes.compactMap { $0["process_id"]?.text } == ["a"])
    }

    @Test("a request whose client has gone takes nothing")
    func gone() async throws {
        let service = TestService()
        let waiting = Task {
            await service.post("/claim", #"{"queues":["q"]}"#, headers: ["Prefer": "wait=20"])
        }
        await service.timer.waitForSleepers(1)
        waiting.cancel()
        _ = await waiting.value
        await service.start("a", #","queue":"q""#)
        #expect(await service.get("/status/a")["status"]?.text == "pending")
    }

    @Test("a report of an attempt that there never was is told what the process is at")
    func unknownAttempt() async throws {
        func detail(_ service: TestService) async -> String? {
            await service.post("/progress/a", #"{"attempt":7}"#)["detail"]?.text
        }
        let service = TestService()
        await service.start("a", #","queue":"q","max_attempts":2,"backoff":{"initial":"1s","jitter":0}"#)
        #expect(await detail(service)?.hasSuffix("the process waits for its first attempt") == true)
        await service.post("/claim", #"{"queues":["q"]}"#)
        #expect(await detail(service)?.hasSuffix("the process is at attempt 1") == true)
        await service.post("/fail/a", #"{"attempt":1,"error":{"code":"x"}}"#)
        #expect(await detail(service)?.hasSuffix("the process waits for its next attempt") == true)
        await service.start("b", #","queue":"q""#)
        await service.post("/cancel/b", "{}")
        let cancelled = await service.post("/progress/b", #"{"attempt":7}"#)["detail"]?.text
        #expect(cancelled?.hasSuffix("the process was never claimed") == true)
    }

    @Test("a lost lease brings the work to the next one, and fences off the first")
    func fencing() async throws {
        let service = TestService()
        await service.start("a", #","queue":"q","max_attempts":3,"backoff":{"initial":"1s","jitter":0}"#)
        await service.post("/claim", #"{"queues":["q"],"worker":"first","lease":"10s"}"#)
        service.clock.advance(by: .seconds(10))
        #expect(try await service.manager.endOverdue() == 1)
        await service.post("/complete/a", #"{"attempt":1}"#).expectProblem(.staleAttempt)
        #expect(await service.post("/claim", #"{"queues":["q"]}"#)["processes"]?.elements.isEmpty == true)
        service.clock.advance(by: .seconds(1))
        let second = await service.post("/claim", #"{"queues":["q"],"worker":"second"}"#)
        #expect(second["processes"]?.elements.first?["attempt"] == 2)
        for verb in ["progress", "complete", "fail", "cancelled"] {
            await service.post("/\(verb)/a", #"{"attempt":1}"#).expectProblem(.staleAttempt)
            await service.post("/\(verb)/a", "{}").expectProblem(.missingField, field: "attempt")
        }
        #expect(await service.post("/complete/a", #"{"attempt":2,"result":2}"#).status == 200)
        await service.post("/complete/a", #"{"attempt":1,"result":1}"#).expectProblem(.staleAttempt)
        #expect(await service.get("/status/a")["result"] == 2)
    }

    @Test(
        "a clock set back or forward by an hour moves the end of a lease, and nothing else",
        arguments: Backend.allCases, [-3600, 3600])
    func clockJumps(backend: Backend, seconds: Int) async throws {
        try await TestService.with(backend) { service async throws in
            await service.start("a", #","queue":"q","max_attempts":2,"backoff":{"initial":"1s","jitter":0}"#)
            let claimed = await service.post("/claim", #"{"queues":["q"],"lease":"60s"}"#)
            #expect(claimed["processes"]?.elements.count == 1)
            service.clock.advance(by: .seconds(seconds))
            #expect(await service.get("/status/a").json == claimed["processes"]?.elements.first)
            let ended = try await service.manager.endOverdue()
            #expect(ended == (seconds > 0 ? 1 : 0))
            if seconds < 0 {
                #expect(await service.post("/progress/a", #"{"attempt":1}"#).status == 200)
                service.clock.advance(by: .seconds(61))
                #expect(
                    try await service.manager.endOverdue() == 1, "the report renewed the lease by the clock as it is")
            }
            await service.post("/complete/a", #"{"attempt":1}"#).expectProblem(.staleAttempt)
            service.clock.advance(by: .seconds(1))
            #expect(await service.post("/claim", #"{"queues":["q"]}"#)["processes"]?.elements.count == 1)
            await service.post("/complete/a", #"{"attempt":1}"#).expectProblem(.staleAttempt)
            #expect(await service.post("/complete/a", #"{"attempt":2}"#)["status"]?.text == "completed")
        }
    }
}
