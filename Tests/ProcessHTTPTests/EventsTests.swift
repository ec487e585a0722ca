import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessHTTP

@Suite("GET /events", .timeLimit(.minutes(3)))
struct EventsTests {
    @Test("an event is written line by line, whatever breaks its data has")
    func format() {
        var piece = EventStream()
        piece.retry(after: .seconds(2))
        piece.event("process", id: 7, data: Array("{\"a\":\r\n1,\n\"b\":\r2}".utf8))
        piece.event("removed", data: [])
        #expect(
            String(decoding: piece.bytes, as: UTF8.self)
                == "retry: 2000\nevent: process\nid: 7\ndata: {\"a\":\ndata: 1,\ndata: \"b\":\ndata: 2}\n\nevent: removed\ndata: \n\n"
        )
    }

    @Test(
        "Last-Event-ID is a revision; anything else is ignored",
        arguments: [("7", 7), ("0", 0), ("-1", nil), ("007", nil), ("x", nil), ("", nil)] as [(String, Int64?)])
    func lastEventID(text: String, id: Int64?) {
        let headers = HTTPHeaders([.init(name: "Last-Event-ID", value: text)])
        #expect(EventStream.lastEventID(of: HTTPRequest(method: .get, path: "/", headers: headers)) == id)
    }

    @Test("a process is shown as it is, then each time it has changed, and the stream ends with its end")
    func one() async throws {
        let service = TestService()
        await service.start("a")
        try await EventReader.read(service, "/events/a") { events in
            let first = try #require(await events.next())
            #expect(first.name == "process")
            #expect(first.id == "1")
            #expect(first.json == (await service.get("/status/a")).json)
            await service.post("/progress/a", #"{"fraction":0.5}"#)
            #expect(await events.next()?.json["progress"]?["fraction"]?.number == 0.5)
            await service.post("/complete/a", #"{"result":[1,"\u0000"]}"#)
            let end = try #require(await events.next())
            #expect(end.id == "3")
            #expect(end.json["status"] == "completed")
            #expect(end.data.contains(#""result":[1,"\u0000"]"#))
            #expect(await events.next() == nil)
        }
    }

    @Test("what was seen already is not sent again, unless it is the end", arguments: ["2", "1", "99", "x"])
    func resumed(known: String) async throws {
        let service = TestService()
        await service.start("a")
        await service.post("/progress/a")
        try await EventReader.read(service, "/events/a", headers: ["Last-Event-ID": known]) { events in
            if known != "2" { #expect(await events.next()?.id == "2") }
            await service.post("/complete/a")
            #expect(await events.next()?.id == "3")
            #expect(await events.next() == nil)
        }
        try await EventReader.read(service, "/events/a", headers: ["Last-Event-ID": "3"]) { events in
            #expect(await events.next()?.json["status"] == "completed")
            #expect(await events.next() == nil)
        }
    }

    @Test("a missing, a removed and an unreadable process are told before the stream opens")
    func missing() async throws {
        let service = TestService(wrapping: { FaultyRepository(inner: $0, corrupt: ["broken"]) })
        await service.start("gone")
        await service.post("/complete/gone")
        _ = await service.delete("/cleanup?older_than=0")
        await service.get("/events/never").expectProblem(.processNotFound)
        await service.get("/events/gone").expectProblem(.processRemoved)
        await service.get("/events/broken").expectProblem(.corruptRecord)
        await service.get("/events/a%2Fb?x=1").expectProblem(.invalidField, field: "id")
        await service.get("/events/never?x=1").expectProblem(.unknownField, field: "x")
        await service.get("/events?colour=red").expectProblem(.unknownField, field: "colour")
        await service.get("/events?status=done").expectProblem(.invalidField, field: "status")
    }

    @Test("a process that is removed while it is watched ends the stream")
    func removed() async throws {
        let service = TestService()
        await service.start("a")
        try await EventReader.read(service, "/events/a") { events in
            _ = await events.next()
            _ = await service.delete("/cleanup?older_than=0&status=running&force=true")
            #expect(await events.next() == ServerSentEvent(name: "removed", data: #"{"process_id":"a"}"#))
            #expect(await events.next() == nil)
        }
    }

    @Test("of all processes the newest come first, the oldest of them ahead, then what changes")
    func all() async throws {
        let service = TestService()
        for number in 0..<105 {
            await service.start("p\(number)")
            service.clock.advance(by: .milliseconds(1))
        }
        try await EventReader.read(service, "/events?fields=process_id,status,revision") { events in
            for number in 5..<105 {
                let event = try #require(await events.next())
                #expect(event.name == "process")
                #expect(event.id == nil)
                #expect(event.json["process_id"]?.text == "p\(number)")
                #expect(event.json.names == ["process_id", "status", "revision"])
            }
            await service.timer.waitForSleepers(1)
            await service.post("/progress/p7")
            await service.post("/progress/p7")
            await service.post("/complete/p1")
            await service.start("new")
            service.timer.advance(by: .seconds(1))
            // Two changes at once are one event.
            let changes = [await events.next(), await events.next(), await events.next()].compactMap { $0?.json }
            #expect(changes.map { $0["process_id"]?.text } == ["p7", "p1", "new"])
            #expect(changes.map { $0["revision"]?.number } == [3, 2, 1])
        }
    }

    @Test("a filter holds for both, and what leaves it is sent once")
    func filtered() async throws {
        let service = TestService()
        await service.start("a", #","metadata":{"tenant":"acme"}"#)
        await service.start("other", #","metadata":{"tenant":"umbrella"}"#)
        try await EventReader.read(service, "/events?status=running&metadata.tenant=acme") { events in
            #expect(await events.next()?.json["process_id"] == "a")
            func change(_ body: () async -> Void) async -> JSONTree? {
                await service.timer.waitForSleepers(1)
                await body()
                service.timer.advance(by: .seconds(1))
                return await events.next()?.json
            }
            let ended = await change {
                await service.post("/progress/other")
                await service.post("/complete/a")
            }
            #expect(ended?["status"] == "completed")
            // It has left, and is of no interest until it comes back.
            let back = await change {
                await service.post("/retain/a", #"{"retain":"1h"}"#)
                await service.start("b", #","metadata":{"tenant":"acme"}"#)
            }
            #expect(back?["process_id"] == "b")
            let removed = await change {
                _ = await service.delete("/cleanup?older_than=0&status=running,completed&force=true")
            }
            #expect(removed == .object([.init(name: "process_id", value: "b")]))
        }
    }

    @Test("a store that is away when the stream is opened is told by the status")
    func storeAway() async throws {
        let service = TestService(
            wrapping: { FaultyRepository(inner: $0, fault: { _ in ProcessRepositoryError(.unavailable, "away") }) })
        await service.get("/events").expectProblem(.storeUnavailable)
        await service.get("/events/a").expectProblem(.storeUnavailable)
    }
}
