import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessHTTP

@Suite("GET /stream/{id}, as events", .timeLimit(.minutes(3)))
struct StreamEventsTests {
    @Test("output comes as it is added, byte for byte, and the end closes the stream")
    func live() async throws {
        let service = TestService()
        await service.start("a")
        await service.post("/stream/a", #"[{"type":"content","data":"Hel"},{"type":"content","data":"lo"}]"#)
        try await EventReader.read(service, "/stream/a") { events in
            #expect(await events.next() == ServerSentEvent(name: "content", id: "1", data: #""Hel""#))
            #expect(await events.next() == ServerSentEvent(name: "content", id: "2", data: #""lo""#))
            await service.post("/stream/a", "{\"type\":\"usage\",\"data\":{ \"tokens\":\n1.10,\"b\":\"\\u0000\"}}")
            #expect(
                await events.next()
                    == ServerSentEvent(name: "usage", id: "3", data: "{ \"tokens\":\n1.10,\"b\":\"\\u0000\"}"))
            await service.post("/complete/a", #"{"result":"Hello"}"#)
            let end = try #require(await events.next())
            #expect(end.name == "done")
            #expect(end.id == nil)
            #expect(end.json == (await service.get("/status/a")).json)
            #expect(await events.next() == nil)
        }
    }

    @Test("a reader who comes back goes on behind what it has, by header or by query", arguments: [0, 1, 2, 3])
    func resumed(known: Int) async throws {
        let service = TestService()
        await service.start("a")
        await service.post(
            "/stream/a", #"[{"type":"t","data":1},{"type":"t","data":2},{"type":"t","data":3}]"#)
        await service.post("/fail/a", #"{"error":{"code":"broken"}}"#)
        func expectRest(_ target: String, _ headers: KeyValuePairs<String, String>) async throws {
            try await EventReader.read(service, target, headers: headers) { events in
                for index in 1...3 where index > known { #expect(await events.next()?.id == "\(index)") }
                #expect(await events.next()?.name == "error")
                #expect(await events.next() == nil)
            }
        }
        try await expectRest("/stream/a", ["Last-Event-ID": "\(known)"])
        try await expectRest("/stream/a?after=\(known)", [:])
        // The header is newer than the address, which stays the same.
        try await expectRest("/stream/a?after=0", ["Last-Event-ID": "\(known)"])
    }

    @Test("what was trimmed is told as a gap")
    func gap() async throws {
        let service = TestService(keptChunks: 2)
        await service.start("a")
        for number in 1...5 { await service.post("/stream/a", #"{"type":"t","data":\#(number)}"#) }
        await service.post("/complete/a")
        try await EventReader.read(service, "/stream/a?after=1") { events in
            #expect(await events.next() == ServerSentEvent(name: "gap", id: "3", data: #"{"first":2,"last":3}"#))
            #expect(await events.next()?.data == "4")
            #expect(await events.next()?.data == "5")
            #expect(await events.next()?.name == "done")
        }
    }

    @Test("another attempt is announced by a restart")
    func restart() async throws {
        let service = TestService()
        await service.start("a")
        await service.post("/stream/a", #"{"type":"t","data":1}"#)
        await service.post("/fail/a", #"{"error":{"code":"broken"}}"#)
        await service.post("/retry/a")
        try await EventReader.read(service, "/stream/a?after=1") { events in
            await service.post("/stream/a", #"{"type":"t","data":2}"#)
            #expect(await events.next() == ServerSentEvent(name: "restart", id: "2", data: #"{"attempt":2}"#))
            #expect(await events.next()?.id == "3")
            await service.post("/cancel/a?force=true")
            #expect(await events.next()?.name == "error")
        }
    }

    @Test("a missing process and a mistaken query are told before the stream opens")
    func refused() async throws {
        let service = TestService()
        await service.get("/stream/never").expectProblem(.processNotFound)
        await service.start("a")
        await service.get("/stream/a?limit=5").expectProblem(.invalidField, field: "limit")
        await service.get("/stream/a?after=-1").expectProblem(.invalidField, field: "after")
        try await EventReader.read(service, "/stream/a") { events in
            _ = await service.delete("/cleanup?older_than=0&status=running&force=true")
            #expect(await events.next()?.name == "removed")
            #expect(await events.next() == nil)
        }
        await service.get("/stream/a").expectProblem(.processRemoved)
    }

    @Test(
        "a page is sent to who asks for JSON and not for events",
        arguments: [
            (["application/json"], true), (["text/html, application/json;q=0.9"], true), (["Application/JSON"], true),
            (["*/*"], false), ([], false), (["text/event-stream"], false),
            (["text/event-stream, application/json"], false),
            (["application/json;q=0, */*"], false),
        ] as [([String], Bool)])
    func accept(values: [String], isJSON: Bool) {
        #expect(MediaType.prefersJSON(values) == isJSON)
    }
}
