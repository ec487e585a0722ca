import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Testing

@Suite("What the worker reports")
struct ReportTests {
    @Test(
        "a report with a bad value is refused and changes nothing",
        arguments: [
            ("progress", #"{"fraction":1.5}"#, "fraction"), ("progress", #"{"fraction":-0.1}"#, "fraction"),
            ("progress", #"{"fraction":"0.5"}"#, "fraction"), ("progress", #"{"fraction":1e999}"#, "fraction"),
            ("progress", #"{"fraction":"NaN"}"#, "fraction"), ("progress", #"{"fraction":0.5,"done":1}"#, "fraction"),
            ("progress", #"{"fraction":0.5,"total":1}"#, "fraction"), ("progress", #"{"total":10}"#, "total"),
            ("progress", #"{"done":-1}"#, "done"), ("progress", #"{"done":1,"total":-1}"#, "total"),
            ("progress", #"{"done":"1"}"#, "done"), ("progress", #"{"done":1e999}"#, "done"),
            ("progress", #"{"done":null,"total":1}"#, "total"), ("progress", #"{"message":1}"#, "message"),
            ("progress", "{\"message\":\"\(String(repeating: "x", count: 1025))\"}", "message"),
            ("progress", "{\"message\":\"\(String(repeating: "é", count: 513))\"}", "message"),
            ("progress", #"{"message":"\ud800"}"#, "message"), ("progress", #"{"attempt":0}"#, "attempt"),
            ("progress", #"{"attempt":-1}"#, "attempt"), ("progress", #"{"attempt":"1"}"#, "attempt"),
            ("progress", #"{"attempt":1.5}"#, "attempt"), ("progress", #"{"attempt":99999999999}"#, "attempt"),
            ("complete", #"{"attempt":true}"#, "attempt"),
            ("fail", #"{"error":"it broke"}"#, "error"), ("fail", #"{"error":[]}"#, "error"),
            ("fail", #"{"error":{"code":"a b"}}"#, "error.code"), ("fail", #"{"error":{"code":""}}"#, "error.code"),
            ("fail", #"{"error":{"code":7}}"#, "error.code"), ("fail", #"{"error":{"message":7}}"#, "error.message"),
            ("fail", "{\"error\":{\"message\":\"\(String(repeating: "x", count: 1025))\"}}", "error.message"),
            ("fail", #"{"error":{"code":"a","code":"b"}}"#, "error"), ("fail", #"{"retry":"no"}"#, "retry"),
            ("fail", #"{"retry":0}"#, "retry"), ("cancel", #"{"reason":1}"#, "reason"),
            ("cancel", "{\"reason\":\"\(String(repeating: "x", count: 1025))\"}", "reason"),
            ("retain", #"{"retain":"never"}"#, "retain"), ("retain", #"{"retain":-1}"#, "retain"),
            ("retain", #"{"retain":[]}"#, "retain"), ("retain", #"{"retain":true}"#, "retain"),
            ("cancelled", #"{"attempt":0}"#, "attempt"),
        ])
    func badValue(verb: String, body: String, field: String) async {
        let service = TestService()
        await service.start("a")
        await service.post("/\(verb)/a", body).expectProblem(.invalidField, field: field)
        #expect(await service.get("/status/a")["revision"] == 1)
    }

    @Test(
        "a field that nobody reads is named",
        arguments: [
            ("progress", #"{"percent":1}"#, "percent"), ("complete", #"{"results":1}"#, "results"),
            ("fail", #"{"error":{"reason":"x"}}"#, "error.reason"), ("fail", #"{"code":"x"}"#, "code"),
            ("cancel", #"{"attempt":1}"#, "attempt"), ("cancel", #"{"force":true}"#, "force"),
            ("cancelled", #"{"reason":"x"}"#, "reason"), ("retry", #"{"attempt":1}"#, "attempt"),
            ("retain", #"{"retain":"1d","for":1}"#, "for"),
        ])
    func unknownField(verb: String, body: String, field: String) async {
        let service = TestService()
        await service.start("a")
        await service.post("/\(verb)/a", body).expectProblem(.unknownField, field: field)
        #expect(await service.get("/status/a")["revision"] == 1)
    }

    @Test("the answers of a start and of reports show what is asked for, and a wrong name changes nothing")
    func shownFields() async {
        let service = TestService()
        let started = await service.post("/start?fields=process_id,status", #"{"id":"a","kind":"k","queue":"q"}"#)
        #expect(started.status == 202)
        #expect(started.text == #"{"process_id":"a","status":"pending"}"#)
        await service.post("/claim", #"{"queues":["q"]}"#)
        #expect(
            await service.post("/progress/a?fields=revision", #"{"attempt":1,"fraction":0.5}"#).text
                == #"{"revision":3}"#)
        await service.post("/complete/a?fields=state", #"{"attempt":1}"#).expectProblem(.unknownField, field: "state")
        await service.post("/start?fields=state", #"{"id":"b","kind":"k"}"#).expectProblem(
            .unknownField, field: "state")
        #expect(await service.get("/stats")["total"] == 1)
        let cancelled = await service.post("/cancel/a?force=true&fields=status,cancel_requested")
        #expect(cancelled.text == #"{"status":"cancelled","cancel_requested":true}"#)
        #expect(cancelled.header("ETag") == "\"4\"")
        #expect(await service.post("/retry/a?fields=attempt").text == #"{"attempt":1}"#)
    }

    @Test("numbers replace each other, a message stays until another comes, nothing is a heartbeat")
    func progress() async {
        let service = TestService()
        await service.start("a", #","lease":"30s""#)
        func report(_ body: String) async -> String {
            service.clock.advance(by: .seconds(1))
            let response = await service.post("/progress/a", body)
            #expect(response.status == 200)
            #expect(response["heartbeat_at"]?.text == service.clock.now.rfc3339)
            #expect(response["lease_expires_at"]?.text == (service.clock.now + .seconds(30)).rfc3339)
            return await service.get("/status/a?fields=progress").text
        }
        #expect(await report("") == #"{"progress":null}"#)
        #expect(
            await report(#"{"done":1,"total":4}"#)
                == #"{"progress":{"fraction":0.25,"done":1,"total":4,"message":null}}"#)
        #expect(
            await report(#"{"message":"é\n"}"#) == #"{"progress":{"fraction":0.25,"done":1,"total":4,"message":"é\n"}}"#
        )
        #expect(
            await report(#"{"done":3}"#) == #"{"progress":{"fraction":null,"done":3,"total":null,"message":"é\n"}}"#)
        #expect(
            await report(#"{"fraction":0.1}"#)
                == #"{"progress":{"fraction":0.1,"done":null,"total":null,"message":"é\n"}}"#)
        #expect(
            await report(#"{"fraction":-0}"#)
                == #"{"progress":{"fraction":0,"done":null,"total":null,"message":"é\n"}}"#)
        #expect(
            await report(#"{"done":5,"total":4,"message":""}"#)
                == #"{"progress":{"fraction":1,"done":5,"total":4,"message":""}}"#)
        #expect(
            await report(#"{"done":0,"total":0}"#) == #"{"progress":{"fraction":null,"done":0,"total":0,"message":""}}"#
        )
        #expect(await report("{}") == #"{"progress":{"fraction":null,"done":0,"total":0,"message":""}}"#)
    }

    @Test("the first end state stands, and the same report again is answered the same")
    func endStates() async {
        let service = TestService()
        await service.start("a")
        let completed = await service.post("/complete/a", #"{"result":{"a":1.0}}"#)
        #expect(completed["status"] == "completed")
        #expect(await service.post("/complete/a", #"{"result":{"a":1.0}}"#).text == completed.text)
        for (verb, body) in [
            ("complete", #"{"result":{"a":1.00}}"#), ("fail", "{}"), ("progress", "{}"), ("cancel", "{}"),
            ("cancelled", "{}"),
        ] {
            let late = await service.post("/\(verb)/a", body)
            late.expectProblem(.alreadyFinished)
            #expect(late["process_status"] == "completed")
            #expect(late["revision"] == 2)
        }
        #expect(await service.get("/status/a").text == completed.text)
    }

    @Test("a failure says why, and is retried from a queue while there are attempts")
    func failure() async throws {
        let service = TestService()
        await service.start("plain")
        let plain = await service.post("/fail/plain")
        #expect(plain["status"] == "failed")
        #expect(
            plain["error"]
                == .object([
                    .init(name: "code", value: "failed"), .init(name: "message", value: nil),
                    .init(name: "details", value: nil),
                ]))
        await service.start("queued", #","queue":"q","max_attempts":2,"backoff":{"initial":"10s","jitter":0}"#)
        try await service.claim("q")
        let again = await service.post(
            "/fail/queued", #"{"attempt":1,"error":{"code":"no_space","message":"the disk is full","details":[1]}}"#)
        #expect(again["status"] == "pending")
        #expect(again["error"]?["code"] == "no_space")
        #expect(again["run_after"]?.text == (service.clock.now + .seconds(10)).rfc3339)
        service.clock.advance(by: .seconds(10))
        try await service.claim("q")
        #expect(await service.post("/fail/queued", #"{"attempt":2,"retry":false}"#)["status"] == "failed")
    }

    @Test("once a process was claimed, a report must name the attempt it is of")
    func fencing() async throws {
        let service = TestService()
        await service.start("a", #","queue":"q","max_attempts":3,"backoff":{"initial":"1s","jitter":0}"#)
        let pending = await service.post("/progress/a", "{}")
        pending.expectProblem(.invalidTransition)
        #expect(pending["process_status"] == "pending")
        try await service.claim("q")
        for verb in ["progress", "complete", "fail", "cancelled"] {
            let response = await service.post("/\(verb)/a", "{}")
            response.expectProblem(.missingField, field: "attempt")
        }
        #expect(await service.post("/progress/a", #"{"attempt":1}"#).status == 200)
        _ = await service.post("/fail/a", #"{"attempt":1}"#)
        let waiting = await service.post("/complete/a", #"{"attempt":1,"result":1}"#)
        waiting.expectProblem(.staleAttempt)
        service.clock.advance(by: .seconds(1))
        try await service.claim("q")
        let stale = await service.post("/complete/a", #"{"attempt":1,"result":1}"#)
        stale.expectProblem(.staleAttempt)
        #expect(stale["attempt"] == 2)
        #expect(stale["process_status"] == "running")
        #expect(await service.post("/complete/a", #"{"attempt":2,"result":2}"#)["result"] == 2)
    }

    @Test("a cancel is a wish until the worker confirms it, or it is forced")
    func cancel() async {
        let service = TestService()
        for id in ["a", "b", "c"] { await service.start(id) }
        await service.post("/cancelled/a").expectProblem(.invalidTransition)
        let asked = await service.post("/cancel/a", #"{"reason":"changed my mind"}"#)
        #expect(asked["status"] == "running")
        #expect(asked["cancel_requested"] == true)
        #expect(asked["cancel_reason"] == "changed my mind")
        #expect(await service.post("/cancel/a", #"{"reason":"another"}"#).text == asked.text)
        #expect(await service.post("/progress/a")["cancel_requested"] == true)
        #expect(await service.post("/cancelled/a")["status"] == "cancelled")
        #expect(await service.post("/cancel/b?force=true")["status"] == "cancelled")
        #expect(await service.post("/cancel/b?force=false").status == 200)
        _ = await service.post("/cancel/c")
        let failed = await service.post("/fail/c", #"{"error":{"code":"x"}}"#)
        #expect(failed["status"] == "cancelled")
        #expect(failed["error"]?["code"] == "x")
        await service.start("d", #","queue":"q""#)
        #expect(await service.post("/cancel/d")["status"] == "cancelled")
        await service.post("/cancel/d?force=yes").expectProblem(.invalidField, field: "force")
        await service.post("/cancel/d?now=true").expectProblem(.unknownField, field: "now")
    }

    @Test("what failed or was cancelled is tried again")
    func retry() async {
        let service = TestService()
        await service.start("a")
        await service.post("/retry/a").expectProblem(.invalidTransition)
        _ = await service.post("/fail/a", #"{"error":{"code":"x"}}"#)
        let again = await service.post("/retry/a")
        #expect(again["status"] == "running")
        #expect(again["attempt"] == 2)
        #expect(again["max_attempts"] == 2)
        #expect(again["error"] == .null)
        _ = await service.post("/complete/a")
        await service.post("/retry/a").expectProblem(.invalidTransition)
    }

    @Test("how long a process is kept can be changed in any state")
    func retain() async {
        let service = TestService()
        await service.start("a")
        #expect(await service.post("/retain/a", #"{"retain":"30d"}"#)["retain"] == "30d")
        #expect(await service.post("/retain/a", #"{"retain":"30d"}"#)["revision"] == 2)
        _ = await service.post("/complete/a")
        #expect(await service.post("/retain/a", #"{"retain":0}"#)["expires_at"]?.text == service.clock.now.rfc3339)
        #expect(await service.post("/retain/a", #"{"retain":"forever"}"#)["expires_at"] == .null)
        let reset = await service.post("/retain/a", #"{"retain":null}"#)
        #expect(reset["retain"] == .null)
        #expect(reset["expires_at"]?.text == (service.clock.now + .seconds(86_400)).rfc3339)
        await service.post("/retain/a").expectProblem(.missingField, field: "retain")
    }

    @Test(
        "If-Match lets a change through only at a revision it names",
        arguments: [
            ("\"1\"", true), ("*", true), ("\"7\", \"1\"", true), ("\"7\"", false), ("W/\"1\"", false),
            ("\"x\"", false),
            ("\"01\"", false), ("\"\"", false), ("W/\"1\",\"2\"", false),
        ])
    func ifMatch(tags: String, passes: Bool) async {
        for (verb, body) in [
            ("progress", "{}"), ("complete", "{}"), ("fail", "{}"), ("cancel", "{}"), ("retain", #"{"retain":1}"#),
        ] {
            let service = TestService()
            await service.start("a")
            let response = await service.send(.post, "/\(verb)/a", body, headers: ["If-Match": tags])
            if passes {
                #expect(response.status == 200)
                #expect(response.header("ETag") == "\"2\"")
            } else {
                response.expectProblem(.preconditionFailed, field: "If-Match")
                #expect(response["revision"] == 1)
                #expect(await service.get("/status/a")["revision"] == 1)
            }
        }
    }

    @Test(
        "an If-Match that is no list of tags is refused, not passed over",
        arguments: ["1", "\"1", "", "\"1\" x", "*,\"1\"", "w/\"1\""])
    func malformedIfMatch(tags: String) async {
        let service = TestService()
        await service.start("a")
        await service.send(.post, "/complete/a", headers: ["If-Match": tags])
            .expectProblem(.invalidField, field: "If-Match")
    }

    @Test(
        "a report never creates anything",
        arguments: ["progress", "complete", "fail", "cancel", "cancelled", "retry", "retain"])
    func unknownProcess(verb: String) async {
        let service = TestService()
        let body = verb == "retain" ? #"{"retain":"1d"}"# : "{}"
        await service.post("/\(verb)/never", body).expectProblem(.processNotFound)
        await service.start("gone")
        _ = await service.post("/complete/gone")
        _ = await service.delete("/cleanup?older_than=0")
        let late = await service.post("/\(verb)/gone", body)
        late.expectProblem(.processRemoved)
        #expect(late["process_status"] == "completed")
        #expect(late["removed_at"]?.text == service.clock.now.rfc3339)
        #expect(await service.get("/stats")["total"] == 0)
    }

    @Test("reports at once each happen once")
    func concurrent() async {
        let service = TestService()
        await service.start("a")
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { _ = await service.post("/progress/a", "{\"done\":\(number)}") }
            }
        }
        #expect(await service.get("/status/a")["revision"] == 201)
        let outcomes = await withTaskGroup(of: Int.self) { group in
            for number in 0..<50 {
                group.addTask { await service.post("/complete/a", "{\"result\":\(number)}").status }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == 200 } == 1)
        #expect(outcomes.count { $0 == 409 } == 49)
    }
}
