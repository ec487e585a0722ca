import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Testing

@Suite("POST /start")
struct StartTests {
    private static let longID = String(repeating: "x", count: 129)
    private static let longText = String(repeating: "é", count: 600)

    /// The members of a body besides `kind`, and the field to blame.
    static let refused: [(members: String, field: String)] = [
        (#""id":"a b""#, "id"), (#""id":"""#, "id"), (#""id":"..""#, "id"), (#""id":"a/b""#, "id"), (#""id":7"#, "id"),
        (#""id":"é""#, "id"), (#""id":"\ud800""#, "id"), ("\"id\":\"\(longID)\"", "id"),
        (#""if_exists":"return""#, "if_exists"), (#""id":"a","if_exists":"replace""#, "if_exists"),
        (#""id":"a","if_exists":true"#, "if_exists"),
        (#""metadata":[]"#, "metadata"), (#""metadata":"a""#, "metadata"), (#""metadata":{"a":1}"#, "metadata.a"),
        (#""metadata":{"a":null}"#, "metadata.a"), (#""metadata":{"a b":"c"}"#, "metadata.a b"),
        (#""metadata":{"":"c"}"#, "metadata."), (#""metadata":{"a":"\udc00"}"#, "metadata.a"),
        (#""metadata":{"a":"b","a":"c"}"#, "metadata"),
        ("\"metadata\":{\"a\":\"\(String(repeating: "x", count: 4096))\"}", "metadata"),
        (#""queue":"""#, "queue"), (#""queue":["a"]"#, "queue"), (#""queue":"a/b""#, "queue"),
        (#""priority":101"#, "priority"), (#""priority":-101"#, "priority"), (#""priority":1.5"#, "priority"),
        (#""priority":"1""#, "priority"), (#""priority":1e99"#, "priority"), (#""priority":true"#, "priority"),
        (#""queue":"q","run_after":"soon""#, "run_after"), (#""queue":"q","run_after":-1"#, "run_after"),
        (#""queue":"q","run_after":"2026-13-01T00:00:00Z""#, "run_after"),
        (#""queue":"q","run_after":[]"#, "run_after"),
        (#""queue":"q","run_after":"2026-11-08T10:00:00""#, "run_after"),
        (#""run_after":"1h""#, "run_after"), (#""run_after":0"#, "run_after"),
        (#""pickup_timeout":"1h""#, "pickup_timeout"),
        (#""max_attempts":2"#, "max_attempts"), (#""backoff":{}"#, "backoff"),
        (#""max_attempts":0"#, "max_attempts"), (#""max_attempts":-1"#, "max_attempts"),
        (#""max_attempts":1001"#, "max_attempts"), (#""max_attempts":"3""#, "max_attempts"),
        (#""backoff":"1s""#, "backoff"), (#""backoff":{"initial":0}"#, "backoff.initial"),
        (#""backoff":{"initial":"x"}"#, "backoff.initial"), (#""backoff":{"factor":0.5}"#, "backoff.factor"),
        (#""backoff":{"factor":"2"}"#, "backoff.factor"), (#""backoff":{"max":"0s"}"#, "backoff.max"),
        (#""backoff":{"initial":"2s","max":"1s"}"#, "backoff.max"), (#""backoff":{"jitter":1.5}"#, "backoff.jitter"),
        (#""backoff":{"jitter":-0.1}"#, "backoff.jitter"),
        (#""lease":0"#, "lease"), (#""lease":"0s""#, "lease"), (#""lease":-1"#, "lease"), (#""lease":"1 s""#, "lease"),
        (#""lease":"1w""#, "lease"), (#""lease":true"#, "lease"), (#""lease":"36501d""#, "lease"),
        (#""lease":0.0001"#, "lease"), (#""lease":"""#, "lease"), (#""lease":"1S""#, "lease"),
        (#""timeout":0"#, "timeout"), (#""timeout":"x""#, "timeout"),
        (#""queue":"q","pickup_timeout":0"#, "pickup_timeout"),
        (#""retain":-1"#, "retain"), (#""retain":"never""#, "retain"), (#""retain":true"#, "retain"),
        (#""parent_id":"a b""#, "parent_id"), (#""parent_id":"nobody""#, "parent_id"),
        (#""parent_id":{}"#, "parent_id"),
        (#""worker":"a b""#, "worker"), (#""worker":1"#, "worker"), (#""worker":"""#, "worker"),
    ]

    @Test("a field with a bad value is named, and nothing is started", arguments: refused)
    func badValue(members: String, field: String) async {
        let service = TestService()
        let response = await service.post("/start", "{\"kind\":\"a\",\(members)}")
        response.expectProblem(.invalidField, field: field)
        #expect(response["detail"]?.text?.hasPrefix(field + " ") == true)
        #expect(await service.get("/stats")["total"] == 0)
    }

    @Test(
        "kind is required and has identifier shape",
        arguments: ["\"\"", "\"a b\"", "7", "[]", "\"..\"", "\"\\ud83d\"", "\"a/b\""])
    func badKind(kind: String) async {
        let service = TestService()
        await service.post("/start", "{\"kind\":\(kind)}").expectProblem(.invalidField, field: "kind")
        let missing = await service.post("/start", #"{"id":"a"}"#)
        missing.expectProblem(.missingField, field: "kind")
        #expect(missing["detail"] == "kind is required: say what sort of work this is")
        await service.post("/start", #"{"kind":null}"#).expectProblem(.missingField, field: "kind")
    }

    @Test("a required field that is misspelt is named as it was sent, for every body alike")
    func misspelt() async {
        let service = TestService()
        await service.start("a")
        let start = await service.post("/start", #"{"knd":"report","queue":"q"}"#)
        start.expectProblem(.unknownField, field: "knd")
        #expect(
            start["detail"]
                == "knd is not a known field, and kind is required: say what sort of work this is")
        for (path, body, field) in [
            ("/claim", #"{"queue":["q"],"limit":1,"worker":"w","lease":"1s"}"#, "queue"),
            ("/retain/a", #"{"retian":"1d"}"#, "retian"), ("/batch", #"{"itmes":[]}"#, "itmes"),
        ] {
            await service.post(path, body).expectProblem(.unknownField, field: field)
        }
        for (item, field) in [
            (#"{"start":{"knd":"report","idempotency_key":"k"}}"#, "knd"),
            (#"{"cancel":{"di":"a","force":true,"reason":"r"}}"#, "di"),
        ] {
            let batch = await service.post("/batch", "{\"items\":[\(item)]}")
            #expect(batch["results"]?.elements.first?["problem"]?["code"] == "unknown_field")
            #expect(
                batch["results"]?.elements.first?["problem"]?["field"]?.text
                    == "items[0].\(field == "knd" ? "start" : "cancel").\(field)")
        }
        // What is known and there is not blamed.
        let known =
            #"{"queue":"q","priority":1,"run_after":"1s","lease":"1s","backoff":{},"metadata":{},"if_exists":"refuse"}"#
        await service.post("/start", known).expectProblem(.missingField, field: "kind")
    }

    @Test(
        "a field that nobody reads is named",
        arguments: [
            (#""colour":1"#, "colour"), (#""Kind":"b""#, "Kind"), (#""priorty":1"#, "priorty"), (#""":1"#, ""),
            (#""backoff":{"initial":"1s","maximum":"2s"}"#, "backoff.maximum"), (#""attempt":1"#, "attempt"),
            (#""status":"completed""#, "status"), (#""idempotency_key":"a""#, "idempotency_key"),
        ])
    func unknownField(members: String, field: String) async {
        let service = TestService()
        await service.post("/start", "{\"kind\":\"a\",\(members)}").expectProblem(.unknownField, field: field)
        #expect(await service.get("/stats")["total"] == 0)
    }

    @Test("a sender's text is cut to a length that suits a problem")
    func longNames() async {
        let name = String(repeating: "x", count: 10_000)
        let response = await TestService().post("/start", "{\"kind\":\"a\",\"\(name)\":1}")
        #expect(response["code"] == "unknown_field")
        #expect(response.message.body.count < 1000)
        #expect(await TestService().get("/" + name).message.body.count < 1000)
        #expect(await TestService().get("/stats?\(name)=1").message.body.count < 1000)
    }

    @Test("values at their bounds are taken")
    func bounds() async {
        let service = TestService()
        let id = String(repeating: "x", count: 128)
        let labels = (0..<64).map { "\"k\($0)\":\"\"" }.joined(separator: ",")
        let accepted = [
            "\"id\":\"\(id)\"", #""id":"A.z_0:~-""#, #""id":"...""#, #""priority":100"#, #""priority":-1e2"#,
            #""queue":"q","max_attempts":1000"#, #""max_attempts":1"#, #""lease":0.001"#, #""lease":"36500d""#,
            #""lease":"1.5h""#, #""lease":"250ms""#,
            #""retain":0"#, #""retain":"0s""#, #""retain":"forever""#, #""worker":"a/b/c""#, "\"metadata\":{\(labels)}",
            "\"metadata\":{\"a\":\"\(String(repeating: "x", count: 4095))\"}", #""metadata":{}"#,
            #""queue":"q","run_after":0"#, #""queue":"q","run_after":"0""#, #""queue":"q","run_after":1.5"#,
            #""queue":"q","run_after":"2026-11-08T11:00:00.5+01:00""#,
            #""queue":"q","run_after":"1999-01-01t00:00:00z""#,
            #""queue":"q","backoff":{}"#, #""queue":"q","backoff":{"initial":"10m"}"#,
            #""queue":"q","backoff":{"factor":1,"jitter":1}"#,
            #""if_exists":"refuse""#,
            #""id":null,"input":null,"metadata":null,"queue":null,"priority":null,"run_after":null,"lease":null"#,
            #""max_attempts":null,"backoff":null,"pickup_timeout":null,"timeout":null,"retain":null,"parent_id":null"#,
            #""worker":null,"if_exists":null"#,
        ]
        for members in accepted {
            let response = await service.post("/start", "{\"kind\":\"a\",\(members)}")
            #expect(response.status == 202, "\(members) \(response.text.prefix(300))")
        }
        #expect(await service.get("/stats")["total"] == .number("\(accepted.count)"))
        let tooMany = (0..<65).map { "\"k\($0)\":\"\"" }.joined(separator: ",")
        await service.post("/start", "{\"kind\":\"a\",\"metadata\":{\(tooMany)}}")
            .expectProblem(.invalidField, field: "metadata")
    }

    @Test("a first wait longer than the usual longest one raises it")
    func longFirstWait() async {
        let response = await TestService().start("a", #","queue":"q","backoff":{"initial":"10m"}"#)
        #expect(response["backoff"]?["max"] == "10m")
    }

    @Test("without a queue a process runs at once, with one it waits")
    func queue() async throws {
        let service = TestService()
        let running = await service.start("a", #","lease":"30s","timeout":"1h""#)
        #expect(running["status"] == "running")
        #expect(running["lease_expires_at"]?.text == (service.clock.now + .seconds(30)).rfc3339)
        #expect(running["deadline"]?.text == (service.clock.now + .seconds(3600)).rfc3339)
        let waiting = await service.start("b", #","queue":"q""#)
        #expect(waiting["status"] == "pending")
        #expect(waiting["started_at"] == .null)
        let claimed = try #require(try await service.claim("q").first)
        #expect(claimed.id.text == "b")
        let shown = await service.get("/status/b")
        #expect(shown["lease"] == "60s")
        #expect(shown["worker"] == "w")
        #expect(shown["attempt"] == 1)
    }

    @Test("an id is a UUIDv7 in lower case where the caller names none")
    func generatedID() async {
        let service = TestService()
        let id = await service.post("/start", #"{"kind":"a"}"#)["process_id"]?.text ?? ""
        #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }

    @Test("a taken id is refused, or answers the process that is there")
    func takenID() async {
        let service = TestService()
        let first = await service.start("a", #","input":1"#)
        let second = await service.post("/start", #"{"kind":"b","id":"a","input":2}"#)
        second.expectProblem(.processExists, field: "id")
        #expect(second["process_id"] == "a")
        let existing = await service.post("/start", #"{"kind":"b","id":"a","input":2,"if_exists":"return"}"#)
        #expect(existing.status == 200)
        #expect(existing.text == first.text)
        #expect(existing.header("Location") == "/status/a")
        #expect(existing.header("Idempotency-Replayed") == nil)
        let refused = await service.post("/start", #"{"kind":"b","id":"a","if_exists":"refuse"}"#)
        refused.expectProblem(.processExists, field: "id")
    }

    @Test("an id of a removed process is not used again while it is remembered")
    func removedID() async {
        let service = TestService()
        await service.start("a")
        _ = await service.post("/complete/a")
        #expect(await service.delete("/cleanup?older_than=0")["removed"] == 1)
        for body in [#"{"kind":"b","id":"a"}"#, #"{"kind":"b","id":"a","if_exists":"return"}"#] {
            let response = await service.post("/start", body)
            response.expectProblem(.processRemoved)
            #expect(response["process_status"] == "completed")
        }
        service.clock.advance(by: .seconds(8 * 86_400))
        await service.start("a")
    }

    @Test("no more processes are started than are configured, and those there are go on")
    func full() async {
        let service = TestService(maximumCount: 2)
        await service.start("a")
        await service.start("b")
        let refused = await service.post("/start", #"{"kind":"a","id":"c"}"#)
        refused.expectProblem(.storeFull)
        #expect(await service.post("/complete/a").status == 200)
        #expect(await service.post("/start", #"{"kind":"a","id":"b","if_exists":"return"}"#).status == 200)
        _ = await service.delete("/cleanup?older_than=0")
        await service.start("c")
    }

    @Test(
        "a traceparent is kept where it is well formed",
        arguments: [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ])
    func traceparent(value: String) async {
        let response = await TestService().send(.post, "/start", #"{"kind":"a"}"#, headers: ["traceparent": value])
        #expect(response["traceparent"]?.text == value)
    }

    @Test(
        "a malformed traceparent is as none",
        arguments: [
            "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.x",
        ])
    func malformedTraceparent(value: String) async {
        let response = await TestService().send(.post, "/start", #"{"kind":"a"}"#, headers: ["traceparent": value])
        #expect(response.status == 202)
        #expect(response["traceparent"] == .null)
    }
}

@Suite("Idempotency keys")
struct IdempotencyKeyTests {
    private func send(_ service: TestService, _ body: String, key: String) async -> TestResponse {
        await service.send(.post, "/start", body, headers: ["Idempotency-Key": key])
    }

    @Test("the same key and body find the first process as it is now")
    func replay() async throws {
        let service = TestService()
        let first = await self.send(service, #"{"kind":"a"}"#, key: "k")
        #expect(first.status == 202)
        #expect(first.header("Idempotency-Replayed") == nil)
        let id = try #require(first["process_id"]?.text)
        _ = await service.post("/progress/\(id)", #"{"fraction":0.5}"#)
        for key in ["k", "\"k\""] {
            let again = await self.send(service, #"{"kind":"a"}"#, key: key)
            #expect(again.status == 200)
            #expect(again.header("Idempotency-Replayed") == "true")
            #expect(again.header("Location") == "/status/\(id)")
            #expect(again.header("ETag") == "\"2\"")
            #expect(again["process_id"]?.text == id)
        }
        #expect(await service.get("/stats")["total"] == 1)
    }

    @Test(
        "the same key with other bytes is refused",
        arguments: [#"{"kind":"b"}"#, #"{"kind":"a" }"#, #"{"kind":"a","id":"x"}"#])
    func mismatch(body: String) async {
        let service = TestService()
        _ = await self.send(service, #"{"kind":"a"}"#, key: "k")
        await self.send(service, body, key: "k").expectProblem(.idempotencyMismatch, field: "Idempotency-Key")
        #expect(await service.get("/stats")["total"] == 1)
    }

    @Test("a key is forgotten in time, and a removed process is gone")
    func lifetime() async throws {
        let service = TestService()
        let id = try #require(await self.send(service, #"{"kind":"a"}"#, key: "k")["process_id"]?.text)
        _ = await service.post("/complete/\(id)")
        _ = await service.delete("/cleanup?older_than=0")
        await self.send(service, #"{"kind":"a"}"#, key: "k").expectProblem(.processRemoved)
        service.clock.advance(by: .seconds(86_401))
        #expect(await self.send(service, #"{"kind":"a"}"#, key: "k").status == 202)
    }

    @Test("a refused start uses up no key")
    func refusedStart() async {
        let service = TestService()
        await service.start("a")
        await self.send(service, #"{"kind":"a","id":"a"}"#, key: "k").expectProblem(.processExists, field: "id")
        await self.send(service, #"{"kind":""}"#, key: "k").expectProblem(.invalidField, field: "kind")
        #expect(await self.send(service, #"{"kind":"a","id":"b"}"#, key: "k").status == 202)
    }

    @Test("a key of another shape is refused", arguments: ["", "\"\"", "a b", "\"a", "a\"", "..", "\"a\"b\"", "a/b"])
    func shape(key: String) async {
        let service = TestService()
        await self.send(service, #"{"kind":"a"}"#, key: key).expectProblem(.invalidField, field: "Idempotency-Key")
        await service.send(
            .post, "/start", #"{"kind":"a"}"#, headers: ["Idempotency-Key": "a", "idempotency-key": "b"]
        )
        .expectProblem(.invalidField, field: "Idempotency-Key")
    }
}
