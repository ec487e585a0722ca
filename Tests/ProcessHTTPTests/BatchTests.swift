import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessHTTP

@Suite("POST /batch", .timeLimit(.minutes(3)))
struct BatchTests {
    @Test("each item stands alone, items on one process are done in order, results are in order")
    func mixed() async throws {
        let service = TestService()
        await service.start("old")
        let response = await service.post(
            "/batch",
            #"""
            {"items":[
              {"start":{"kind":"report","id":"a"}},
              {"progress":{"id":"a","fraction":0.5,"message":"half"}},
              {"complete":{"id":"a","result":{"n":1.10}}},
              {"complete":{"id":"a","result":2}},
              {"start":{"kind":"report","id":"old"}},
              {"fail":{"id":"old","error":{"code":"x"},"retry":false}},
              {"cancel":{"id":"nobody"}},
              {"start":{"id":"b"}},
              {"start":{"kind":"report","id":"child","parent_id":"a"}},
              {"cancel":{"id":"child","force":true,"reason":"no"}},
              {"dance":{"id":"a"}},
              7,
              {"progress":{"id":"child"},"complete":{"id":"child"}}
            ]}
            """#)
        #expect(response.status == 200)
        let results = try #require(response["results"]?.elements)
        #expect(
            results.compactMap { $0["status"]?.number }
                == [202, 200, 200, 409, 409, 200, 404, 400, 202, 200, 400, 400, 400])
        #expect(results[2]["process"]?["status"]?.text == "completed")
        #expect(response.text.contains(#""result":{"n":1.10}"#))
        #expect(results[3]["problem"]?["code"]?.text == "already_finished")
        #expect(results[4]["problem"]?["code"]?.text == "process_exists")
        #expect(results[7]["problem"]?["field"]?.text == "items[7].start.kind")
        #expect(results[9]["process"]?["status"]?.text == "cancelled")
        #expect(results[11]["problem"]?["field"]?.text == "items[11]")
    }

    @Test("whatever is wrong with an item, its field is named from the top of the body")
    func fields() async throws {
        let service = TestService()
        await service.start("taken")
        await service.start("queued", #","queue":"q""#)
        try await service.claim("q")
        let key = #"{"items":[{"start":{"kind":"report","idempotency_key":"k"}}]}"#
        await service.post("/batch", key)
        let items: [(item: String, code: ProblemCode, field: String)] = [
            ("7", .invalidField, "items[0]"),
            (#"{"dance":{}}"#, .invalidField, "items[1]"),
            (#"{"start":7}"#, .invalidField, "items[2].start"),
            (#"{"start":{}}"#, .missingField, "items[3].start.kind"),
            (#"{"start":{"kind":"a","backoff":{"factor":0}}}"#, .invalidField, "items[4].start.backoff.factor"),
            (#"{"start":{"kind":"a","id":"taken"}}"#, .processExists, "items[5].start.id"),
            (#"{"start":{"kind":"a","parent_id":"nobody"}}"#, .invalidField, "items[6].start.parent_id"),
            (
                #"{"start":{"kind":"other","idempotency_key":"k"}}"#, .idempotencyMismatch,
                "items[7].start.idempotency_key"
            ),
            (#"{"progress":{"id":"taken","fraction":2}}"#, .invalidField, "items[8].progress.fraction"),
            (#"{"progress":{"id":"taken","x":1}}"#, .unknownField, "items[9].progress.x"),
            (#"{"progress":{"id":"queued"}}"#, .missingField, "items[10].progress.attempt"),
            (#"{"complete":{"id":"queued"}}"#, .missingField, "items[11].complete.attempt"),
            (#"{"fail":{"id":"queued"}}"#, .missingField, "items[12].fail.attempt"),
            (#"{"cancel":{}}"#, .missingField, "items[13].cancel.id"),
        ]
        let response = await service.post("/batch", "{\"items\":[\(items.map(\.item).joined(separator: ","))]}")
        let results = try #require(response["results"]?.elements)
        for (result, expected) in zip(results, items) {
            #expect(result["problem"]?["code"]?.text == expected.code.rawValue, "\(expected.item)")
            #expect(result["problem"]?["field"]?.text == expected.field, "\(expected.item)")
        }
    }

    @Test("a start's key in a batch makes a repeat harmless")
    func idempotency() async throws {
        let service = TestService()
        let body = #"{"items":[{"start":{"kind":"report","idempotency_key":"k"}}]}"#
        let first = try #require(await service.post("/batch", body)["results"]?.elements.first)
        let second = try #require(await service.post("/batch", body)["results"]?.elements.first)
        #expect(first["status"] == 202)
        #expect(second["status"] == 200)
        #expect(second["replayed"] == true)
        #expect(first["process"]?["process_id"] == second["process"]?["process_id"])
        let other = #"{"items":[{"start":{"kind":"other","idempotency_key":"k"}}]}"#
        let third = try #require(await service.post("/batch", other)["results"]?.elements.first)
        #expect(third["problem"]?["code"]?.text == "idempotency_mismatch")
    }

    @Test("only a malformed envelope fails the whole")
    func envelope() async throws {
        let service = TestService()
        await service.post("/batch", "{}").expectProblem(.missingField, field: "items")
        await service.post("/batch", #"{"items":{}}"#).expectProblem(.invalidField, field: "items")
        await service.post("/batch", #"{"items":[],"x":1}"#).expectProblem(.unknownField, field: "x")
        await service.post("/batch", "[").expectProblem(.invalidJSON)
        #expect(await service.post("/batch", #"{"items":[]}"#)["results"]?.elements.isEmpty == true)
        let item = #"{"start":{"kind":"report"}}"#
        let full = Array(repeating: item, count: 1000).joined(separator: ",")
        await service.post("/batch", "{\"items\":[\(full),\(item)]}").expectProblem(.invalidField, field: "items")
        #expect(await service.get("/stats")["total"] == 0, "nothing of it was done")
        let results = try #require(
            await service.post("/batch?fields=status", "{\"items\":[\(full)]}")["results"]?.elements)
        #expect(results.count == 1000)
        #expect(results.allSatisfy { $0["status"] == 202 && $0["process"]?.names == ["status"] })
        #expect(await service.get("/stats")["total"] == 1000)
    }

    @Test("an answer does not grow without end: what comes late shows the least")
    func bounded() async throws {
        let service = TestService()
        let input = String(repeating: "x", count: 1 << 19)
        for number in 0..<20 { await service.start("p\(number)", ",\"input\":\"\(input)\"") }
        let items = (0..<20).map { "{\"progress\":{\"id\":\"p\($0)\"}}" }.joined(separator: ",")
        let response = await service.post("/batch", "{\"items\":[\(items)]}")
        #expect(response.text.utf8.count < 5 << 20)
        let results = try #require(response["results"]?.elements)
        #expect(results.allSatisfy { $0["process"]?["revision"] == 2 })
        #expect(results.count { $0["process"]?["input"] != nil } == 7)
    }

    @Test("rows join what shares a subject, and keep its order")
    func rows() {
        #expect(
            BatchRows([["a"], ["b"], [], ["a"], ["b", "c"], ["c"], ["d"], ["d", "a"]]).rows == [
                [0, 3, 6, 7], [1, 4, 5], [2],
            ])
        #expect(BatchRows([]).rows.isEmpty)
    }
}

@Suite("Children over HTTP")
struct ChildrenTests {
    @Test("include=children shows counts by status, without an ETag")
    func counts() async throws {
        let service = TestService()
        await service.start("p")
        await service.start("a", #","parent_id":"p""#)
        await service.start("b", #","parent_id":"p","queue":"q""#)
        await service.post("/complete/a")
        let response = await service.get("/status/p?include=children", headers: ["If-None-Match": "\"1\""])
        #expect(response.status == 200)
        #expect(response.header("ETag") == nil)
        #expect(response["children"]?["completed"] == 1)
        #expect(response["children"]?["pending"] == 1)
        #expect(response["children"]?["running"] == 0)
        #expect(await service.get("/status/p?include=children&fields=status").json.names == ["status", "children"])
        let named = await service.get("/status/p?include=children&fields=status,children")
        #expect(named.json.names == ["status", "children"])
        await service.get("/status/p?fields=status,children").expectProblem(.unknownField, field: "children")
        #expect(await service.get("/status/p")["children"] == nil)
        await service.get("/status/p?include=parents").expectProblem(.invalidField, field: "include")
    }

    @Test("children=true cancels what is below, also below what has ended")
    func cancel() async throws {
        let service = TestService()
        await service.start("p")
        await service.start("a", #","parent_id":"p","queue":"q""#)
        await service.start("b", #","parent_id":"a""#)
        #expect(await service.post("/cancel/p?children=true", headers: ["If-Match": "\"9\""]).status == 412)
        #expect(await service.get("/status/a")["status"]?.text == "pending")
        await service.post("/complete/p")
        let response = await service.post("/cancel/p?children=true&force=true", #"{"reason":"enough"}"#)
        #expect(response.status == 200)
        #expect(response["status"]?.text == "completed")
        #expect(await service.get("/status/a")["status"]?.text == "cancelled")
        #expect(await service.get("/status/b")["cancel_reason"]?.text == "enough")
        await service.post("/cancel/p").expectProblem(.alreadyFinished)
        await service.post("/complete/p?children=true").expectProblem(.unknownField, field: "children")
    }
}
