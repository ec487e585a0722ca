import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Testing

@Suite("GET /status")
struct StatusTests {
    @Test(
        "If-None-Match is answered 304 without a body",
        arguments: ["\"1\"", "W/\"1\"", "*", "\"x\", \"1\"", "\"7\",W/\"1\" ,"])
    func notModified(tags: String) async {
        let service = TestService()
        await service.start("a")
        let response = await service.get("/status/a", headers: ["If-None-Match": tags])
        #expect(response.status == 304)
        #expect(response.message.body.isEmpty)
        #expect(response.header("Content-Type") == nil)
        #expect(response.header("ETag") == "\"1\"")
        #expect(response.header("Cache-Control") == "private, no-cache")
        #expect(response.header("Retry-After") == "1")
        _ = await service.post("/progress/a")
        #expect(await service.get("/status/a", headers: ["If-None-Match": tags]).status == (tags == "*" ? 304 : 200))
    }

    @Test(
        "any other If-None-Match is answered 200",
        arguments: ["\"2\"", "1", "\"01\"", "\"1", "", "\"\"", "W/1", "\"1\"x"])
    func modified(tags: String) async {
        let service = TestService()
        await service.start("a")
        #expect(await service.get("/status/a", headers: ["If-None-Match": tags]).status == 200)
    }

    @Test(
        "fields trims the body, in the order of the contract", arguments: ["status,progress", "progress&fields=status"])
    func fields(list: String) async {
        let service = TestService()
        await service.start("a")
        let response = await service.get("/status/a?fields=\(list)")
        #expect(response.text == #"{"status":"running","progress":null}"#)
        #expect(response.header("ETag") == "\"1\"")
        #expect(
            await service.get("/status?id=a&fields=\(list)")["processes"]?.elements.first?.names == [
                "status", "progress",
            ])
        #expect(
            await service.get("/processes?fields=\(list)")["processes"]?.elements.first?.names == [
                "status", "progress",
            ])
        await service.get("/status/a?fields=status,colour").expectProblem(.unknownField, field: "colour")
        await service.get("/status/a?fields=progress.fraction").expectProblem(.unknownField, field: "progress.fraction")
        await service.get("/status/a?fields=").expectProblem(.invalidField, field: "fields")
        await service.get("/status/a?fields=status,,kind").expectProblem(.invalidField, field: "fields")
    }

    @Test("each member can be asked for alone")
    func eachField() async {
        let service = TestService()
        let names = await service.start("a").json.names
        for name in names {
            #expect(await service.get("/status/a?fields=\(name)").json.names == [name])
        }
    }

    @Test("of several processes each id stands in one list")
    func many() async {
        let service = TestService(wrapping: { FaultyRepository(inner: $0, corrupt: ["broken"]) })
        for id in ["a", "b", "gone"] { await service.start(id) }
        _ = await service.post("/complete/gone")
        _ = await service.delete("/cleanup?older_than=0")
        let response = await service.get("/status?id=b,never&id=gone&id=a,broken,b")
        #expect(response.status == 200)
        #expect(response.json.names == ["processes", "missing", "removed", "corrupt"])
        #expect(response["processes"]?.elements.map { $0["process_id"] } == ["b", "a"])
        #expect(response["missing"] == .array(["never"]))
        #expect(response["removed"]?.elements.first?["process_id"] == "gone")
        #expect(response["removed"]?.elements.first?["process_status"] == "completed")
        #expect(response["removed"]?.elements.first?["removed_at"]?.text == service.clock.now.rfc3339)
        #expect(response["corrupt"] == .array(["broken"]))
        #expect(response.header("Cache-Control") == "no-store")
        #expect(response.header("ETag") == nil)
    }

    @Test("several processes are asked for by 1 to 500 ids")
    func manyBounds() async {
        let service = TestService()
        await service.get("/status").expectProblem(.missingField, field: "id")
        await service.get("/status?id=").expectProblem(.invalidField, field: "id")
        await service.get("/status?id=a,b%20c").expectProblem(.invalidField, field: "id")
        await service.get("/status?ids=a").expectProblem(.unknownField, field: "ids")
        let ids = (0..<500).map { "id=\($0)" }.joined(separator: "&")
        #expect(await service.get("/status?\(ids)")["missing"]?.elements.count == 500)
        await service.get("/status?\(ids)&id=x").expectProblem(.invalidField, field: "id")
    }

    @Test("an answer larger than 4 MiB is refused with the hint that helps")
    func tooLarge() async {
        let service = TestService()
        let input = String(repeating: "x", count: 1 << 20 - 100)
        for id in 0..<5 { await service.start("\(id)", ",\"input\":\"\(input)\"") }
        let refused = await service.get("/status?id=0,1,2,3,4")
        refused.expectProblem(.payloadTooLarge, field: "fields")
        #expect(await service.get("/status?id=0,1,2").status == 200)
        #expect(await service.get("/status?id=0,1,2,3,4&fields=status")["processes"]?.elements.count == 5)
    }

    @Test("Retry-After follows what is known of the end")
    func retryAfter() async {
        let service = TestService()
        await service.start("running")
        await service.start("delayed", #","queue":"q","run_after":"12s""#)
        await service.start("waiting", #","queue":"q""#)
        await service.start("estimated")
        func advice(_ id: String) async -> String? { await service.get("/status/\(id)").header("Retry-After") }
        #expect(await advice("running") == "1")
        #expect(await advice("delayed") == "12")
        #expect(await advice("waiting") == "1")
        service.clock.advance(by: .seconds(10))
        _ = await service.post("/progress/estimated", #"{"fraction":0.5}"#)
        #expect(await advice("estimated") == "10")
        #expect(await advice("running") == "1")
        #expect(await advice("delayed") == "2")
        service.clock.advance(by: .milliseconds(50_500))
        #expect(await advice("running") == "7")
        #expect(await advice("waiting") == "7")
        #expect(await advice("delayed") == "5")
        service.clock.advance(by: .seconds(10_000))
        #expect(await advice("running") == "30")
        #expect(await advice("estimated") == "30")
        _ = await service.post("/complete/running")
        #expect(await advice("running") == nil)
    }

    @Test("when a process expires follows its own retain, else the server's")
    func expiry() async {
        let service = TestService(policy: CleanupPolicy(retention: .seconds(3600)))
        for (id, retain, expected) in [
            ("a", "", service.clock.now + .seconds(3600)),
            ("b", #","retain":"30d""#, service.clock.now + .seconds(30 * 86_400)),
            ("c", #","retain":0"#, service.clock.now),
        ] {
            #expect(await service.start(id, retain)["expires_at"] == .null)
            #expect(await service.post("/complete/\(id)")["expires_at"]?.text == expected.rfc3339)
        }
        await service.start("d", #","retain":"forever""#)
        let kept = await service.post("/complete/d")
        #expect(kept["expires_at"] == .null)
        #expect(kept["retain"] == "forever")
    }

    @Test("an unknown id and a removed one are answered differently")
    func unknown() async {
        let service = TestService()
        await service.start("a")
        _ = await service.post("/cancel/a?force=true", #"{"reason":"no"}"#)
        _ = await service.delete("/cleanup?older_than=0")
        let removed = await service.get("/status/a")
        removed.expectProblem(.processRemoved)
        #expect(removed["process_status"] == "cancelled")
        #expect(removed["instance"] == "/status/a")
        await service.get("/status/b").expectProblem(.processNotFound)
        service.clock.advance(by: .seconds(8 * 86_400))
        await service.get("/status/a").expectProblem(.processNotFound)
    }
}
