import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessHTTP

@Suite("Prefer: wait", .timeLimit(.minutes(3)))
struct WaitTests {
    @Test(
        "is read as RFC 7240 has it; what can't be read is ignored",
        arguments: [
            (["wait=20"], 20), (["WAIT = 7"], 7), (["wait=\"9\""], 9), (["wait=61"], 60), (["wait=0"], 0),
            (["wait=99999999999999999999"], 60), (["respond-async, wait=5"], 5), (["respond-async", "wait=5"], 5),
            (["foo=\"a,wait=3\", wait=4"], 4), (["wait=5;x=1"], 5), (["wait=5, wait=6"], 5), (["wait"], nil),
            (["wait=-1"], nil), (["wait=1.5"], nil), (["wait=abc"], nil), (["waiting=5"], nil), ([""], nil), ([], nil),
        ] as [([String], Int?)])
    func preference(values: [String], seconds: Int?) {
        #expect(WaitPreference(values)?.seconds == seconds)
    }

    @Test("a status is held until the process has finished")
    func untilFinished() async throws {
        let service = TestService()
        await service.start("a")
        async let waiting = service.get("/status/a", headers: ["Prefer": "wait=20"])
        await service.timer.waitForSleepers(1)
        await service.post("/progress/a", #"{"fraction":0.5}"#)
        await service.post("/complete/a", #"{"result":1}"#)
        let response = await waiting
        #expect(response.status == 200)
        #expect(response["status"]?.text == "completed")
        #expect(response.header("Preference-Applied") == "wait=20")
        let again = await service.get("/status/a", headers: ["Prefer": "wait=90"])
        #expect(again.status == 200)
        #expect(again.header("Preference-Applied") == "wait=60")
    }

    @Test("with If-None-Match it is held until the process differs; 304 where time is up")
    func untilDifferent() async throws {
        let service = TestService()
        await service.start("a")
        async let waiting = service.get("/status/a", headers: ["Prefer": "wait=20", "If-None-Match": "\"1\""])
        await service.timer.waitForSleepers(1)
        await service.post("/progress/a", #"{"fraction":0.5}"#)
        let changed = await waiting
        #expect(changed.status == 200)
        #expect(changed["revision"] == 2)

        async let unchanged = service.get("/status/a", headers: ["Prefer": "wait=20", "If-None-Match": "\"2\""])
        await service.timer.waitForSleepers(1)
        service.timer.advance(by: .seconds(20))
        let response = await unchanged
        #expect(response.status == 304)
        #expect(response.header("Preference-Applied") == "wait=20")
        #expect(response.text.isEmpty)
        // It differs already, so there is nothing to wait for.
        #expect(await service.get("/status/a", headers: ["Prefer": "wait=20", "If-None-Match": "\"1\""]).status == 200)
    }

    @Test("a finished one that is known is 304 at once; time up without a match is 200")
    func atOnce() async throws {
        let service = TestService()
        await service.start("a")
        async let waiting = service.get("/status/a", headers: ["Prefer": "wait=5"])
        await service.timer.waitForSleepers(1)
        service.timer.advance(by: .seconds(5))
        let response = await waiting
        #expect(response.status == 200)
        #expect(response["status"]?.text == "running")
        await service.post("/complete/a")
        let known = await service.get("/status/a", headers: ["Prefer": "wait=20", "If-None-Match": "\"2\""])
        #expect(known.status == 304)
    }

    @Test("HEAD never waits, and an unknown process is 404 at once")
    func neverWaits() async throws {
        let service = TestService()
        await service.start("a")
        let head = await service.send(.head, "/status/a", headers: ["Prefer": "wait=20"])
        #expect(head.status == 200)
        #expect(head.header("Preference-Applied") == nil)
        let unknown = await service.get("/status/b", headers: ["Prefer": "wait=20"])
        unknown.expectProblem(.processNotFound)
        #expect(unknown.header("Preference-Applied") == "wait=20")
        #expect(await service.get("/status/b").header("Preference-Applied") == nil)
    }

    @Test("removed meanwhile is 410, which says what was applied")
    func removed() async throws {
        let service = TestService()
        await service.start("a")
        async let waiting = service.get("/status/a", headers: ["Prefer": "wait=20"])
        await service.timer.waitForSleepers(1)
        let removed = await service.delete("/cleanup?older_than=0&status=running&force=true")
        #expect(removed["removed"] == 1)
        let response = await waiting
        response.expectProblem(.processRemoved)
        #expect(response.header("Preference-Applied") == "wait=20")
    }

    @Test("a start answers 200 where it finishes in time, else 202")
    func start() async throws {
        let service = TestService()
        let body = #"{"kind":"report","id":"a"}"#
        async let waiting = service.post("/start", body, headers: ["Prefer": "wait=20"])
        await service.timer.waitForSleepers(1)
        await service.post("/complete/a", #"{"result":7}"#)
        let finished = await waiting
        #expect(finished.status == 200)
        #expect(finished["result"] == 7)
        #expect(finished.header("Location") == "/status/a")
        #expect(finished.header("Preference-Applied") == "wait=20")

        async let slow = service.post("/start", #"{"kind":"report","id":"b"}"#, headers: ["Prefer": "wait=3"])
        await service.timer.waitForSleepers(1)
        service.timer.advance(by: .seconds(3))
        #expect(await slow.status == 202)
    }

    @Test("a start whose process is removed meanwhile is 410: it has finished, whatever came of it")
    func removedAfterStart() async throws {
        let service = TestService()
        async let waiting = service.post(
            "/start", #"{"kind":"report","id":"a"}"#, headers: ["Prefer": "wait=20"])
        await service.timer.waitForSleepers(1)
        _ = await service.delete("/cleanup?older_than=0&status=running&force=true")
        let response = await waiting
        response.expectProblem(.processRemoved)
        #expect(response.header("Preference-Applied") == "wait=20")
    }
}
