import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Testing

@Suite("DELETE /cleanup and GET /stats")
struct CleanupTests {
    /// Three that ended, an hour ago, one by one, and one of each that has not.
    private func filled() async -> TestService {
        let service = TestService()
        for id in ["completed", "failed", "cancelled", "kept"] {
            await service.start(id, id == "kept" ? #","retain":"7d""# : "")
        }
        _ = await service.post("/complete/completed")
        _ = await service.post("/fail/failed")
        _ = await service.post("/cancel/cancelled?force=true")
        _ = await service.post("/complete/kept")
        await service.start("running")
        await service.start("pending", #","queue":"q""#)
        service.clock.advance(by: .seconds(3600))
        return service
    }

    private func left(_ service: TestService) async -> [String] {
        let list = await service.get("/processes?fields=process_id")
        return list["processes"]?.elements.compactMap { $0["process_id"]?.text }.sorted() ?? []
    }

    @Test("what finished longer ago goes, what has a retain of its own stays")
    func olderThan() async {
        let service = await self.filled()
        #expect(await service.delete("/cleanup?older_than=3601")["removed"] == 0)
        let report = await service.delete("/cleanup?older_than=60m")
        #expect(report["removed"] == 3)
        #expect(report["remaining"] == 1)
        #expect(await self.left(service) == ["kept", "pending", "running"])
        #expect(await service.delete("/cleanup?older_than=0&force=true")["removed"] == 1)
        #expect(await self.left(service) == ["pending", "running"])
    }

    @Test("without older_than each goes by its own retain, else the server's")
    func expired() async {
        let service = await self.filled()
        #expect(await service.delete("/cleanup")["removed"] == 0)
        service.clock.advance(by: .seconds(86_400))
        #expect(await service.delete("/cleanup")["removed"] == 3)
        service.clock.advance(by: .seconds(6 * 86_400))
        #expect(await service.delete("/cleanup")["removed"] == 1)
        #expect(await self.left(service) == ["pending", "running"])
    }

    @Test("only the statuses named go")
    func statuses() async {
        let service = await self.filled()
        #expect(await service.delete("/cleanup?older_than=0&status=failed,cancelled")["removed"] == 2)
        #expect(await self.left(service) == ["completed", "kept", "pending", "running"])
        service.clock.advance(by: .seconds(86_400 * 8))
        #expect(await service.delete("/cleanup?status=failed")["removed"] == 0)
        #expect(await service.delete("/cleanup?status=completed")["removed"] == 2)
    }

    @Test("a dry run removes nothing")
    func dryRun() async {
        let service = await self.filled()
        let report = await service.delete("/cleanup?older_than=0&dry_run=true")
        #expect(report["removed"] == 3)
        #expect(report["remaining"] == 1)
        #expect(report["dry_run"] == true)
        #expect(await self.left(service).count == 6)
        #expect(await service.get("/stats")["last_cleanup"] == .null)
    }

    @Test("unfinished ones go only with force and an age")
    func unfinished() async {
        let service = await self.filled()
        for status in ["pending", "running", "completed,running"] {
            await service.delete("/cleanup?status=\(status)").expectProblem(.invalidField, field: "status")
            await service.delete("/cleanup?status=\(status)&force=true").expectProblem(.invalidField, field: "status")
            await service.delete("/cleanup?status=\(status)&older_than=0").expectProblem(.invalidField, field: "status")
        }
        #expect(await self.left(service).count == 6)
        #expect(await service.delete("/cleanup?status=pending&older_than=2h&force=true")["removed"] == 0)
        #expect(await service.delete("/cleanup?status=pending,running&older_than=1h&force=true")["removed"] == 2)
        #expect(await self.left(service) == ["cancelled", "completed", "failed", "kept"])
    }

    @Test(
        "a parameter with a bad value is named, and nothing goes",
        arguments: [
            ("older_than=", "older_than"), ("older_than=-1", "older_than"), ("older_than=-1h", "older_than"),
            ("older_than=soon", "older_than"), ("older_than=1h&older_than=2h", "older_than"), ("status=done", "status"),
            ("status=", "status"), ("dry_run=yes", "dry_run"), ("dry_run", "dry_run"), ("force=1", "force"),
            ("corrupt=true", "corrupt"), ("corrupt=true&force=true&older_than=1h", "corrupt"),
            ("corrupt=true&force=true&status=failed", "corrupt"), ("corrupt=maybe", "corrupt"),
            ("within=0", "within"), ("within=soon", "within"), ("cursor=", "cursor"), ("cursor=A", "cursor"),
        ])
    func badValue(query: String, field: String) async {
        let service = await self.filled()
        await service.delete("/cleanup?\(query)").expectProblem(.invalidField, field: field)
        await service.delete("/cleanup?older_then=0").expectProblem(.unknownField, field: "older_then")
        #expect(await self.left(service).count == 6)
    }

    @Test("a negative age is called what it is")
    func negativeAge() async {
        let detail = await TestService().delete("/cleanup?older_than=-1h")["detail"]
        #expect(detail == "older_than must not be negative")
    }

    @Test("records that cannot be read go by themselves")
    func corrupt() async {
        let service = TestService(wrapping: { FaultyRepository(inner: $0, corrupt: ["x", "y"]) })
        await service.start("a")
        _ = await service.post("/complete/a")
        #expect(await service.delete("/cleanup?corrupt=true&force=true")["removed"] == 2)
        #expect(await service.get("/status/a").status == 200)
    }

    @Test("a parent goes after its children have ended")
    func parents() async {
        let service = TestService()
        await service.start("parent")
        await service.start("child", #","parent_id":"parent""#)
        _ = await service.post("/complete/parent")
        #expect(await service.delete("/cleanup?older_than=0")["removed"] == 0)
        _ = await service.post("/complete/child")
        _ = await service.delete("/cleanup?older_than=0")
        _ = await service.delete("/cleanup?older_than=0")
        #expect(await self.left(service) == [])
    }

    @Test("the statistics count everything, the absent statuses too")
    func statistics() async {
        let service = TestService()
        let empty = await service.get("/stats")
        #expect(empty.status == 200)
        #expect(
            empty.text == """
                {"total":0,"by_status":{"pending":0,"running":0,"completed":0,"failed":0,"cancelled":0},"by_kind":{},\
                "by_queue":{},"queues":{},"oldest_running_age_s":null,"oldest_pending_age_s":null,"last_cleanup":null}
                """)
        for (id, more) in [
            ("a", ""), ("b", ""), ("c", #","queue":"q2""#), ("d", #","queue":"q1","run_after":"1h""#),
        ] {
            await service.start(id, more)
            service.clock.advance(by: .milliseconds(1500))
        }
        _ = await service.post("/start", #"{"kind":"backup","id":"e"}"#)
        _ = await service.post("/complete/e")
        _ = await service.delete("/cleanup?older_than=0")
        _ = await service.post("/fail/a")
        let full = await service.get("/stats")
        #expect(full["total"] == 4)
        #expect(full.text.contains(#""by_status":{"pending":2,"running":1,"completed":0,"failed":1,"cancelled":0}"#))
        #expect(full["by_kind"] == .object([.init(name: "report", value: 4)]))
        #expect(full["by_queue"] == .object([.init(name: "q1", value: 1), .init(name: "q2", value: 1)]))
        #expect(
            full.text.contains(
                """
                "queues":{"q1":{"pending":1,"oldest_due_age_s":null},"q2":{"pending":1,"oldest_due_age_s":3}},
                """))
        #expect(full["oldest_running_age_s"] == .number("4.5"))
        #expect(full["oldest_pending_age_s"] == 3)
        #expect(
            full["last_cleanup"]?.names == [
                "removed", "remaining", "dry_run", "elapsed_ms", "started_at", "finished_at",
            ])
        #expect(full["last_cleanup"]?["removed"] == 1)
        #expect(full["last_cleanup"]?["finished_at"]?.text == service.clock.now.rfc3339)
    }
}
