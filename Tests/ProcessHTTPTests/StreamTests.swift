import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessHTTP

extension TestService {
    /// Asks for JSON in place of events.
    fileprivate func page(_ target: String) async -> TestResponse {
        await self.get(target, headers: ["Accept": "application/json"])
    }
}

@Suite("/stream/{id}, page by page", .timeLimit(.minutes(3)))
struct StreamTests {
    @Test("appends one or several, and shows them byte for byte")
    func appending() async {
        let service = TestService()
        await service.start("a")
        let empty = await service.page("/stream/a")
        #expect(empty.text == #"{"chunks":[],"last":0,"ended":false}"#)
        let first = await service.post("/stream/a", #"{"type":"content","data":"Hel"}"#)
        #expect(first.status == 200)
        #expect(first.text == #"{"first":1,"last":1}"#)
        let more = await service.post(
            "/stream/a",
            #" [{"type":"content","data":"lo"},{"data": {"b":1.10, "a":"\u0000"} ,"type":"x:y"} ,{"type":"n","data":null}]"#
        )
        #expect(more.text == #"{"first":2,"last":4}"#)
        let chunks =
            #"{"index":1,"type":"content","data":"Hel"},{"index":2,"type":"content","data":"lo"},"#
            + #"{"index":3,"type":"x:y","data":{"b":1.10, "a":"\u0000"}},{"index":4,"type":"n","data":null}"#
        let page = await service.page("/stream/a")
        #expect(page.text == "{\"chunks\":[\(chunks)],\"last\":4,\"ended\":false}")
        #expect(page.header("Content-Type") == "application/json")
        #expect(page.header("Cache-Control") == "no-store")
        await service.post("/complete/a")
        let ended = await service.page("/stream/a?after=3&limit=1")
        #expect(ended.text == #"{"chunks":[{"index":4,"type":"n","data":null}],"last":4,"ended":true}"#)
        #expect(await service.get("/status/a")["revision"] == 2, "output is no change of the process")
    }

    @Test("pages go on after an index")
    func paging() async {
        let service = TestService(keptChunks: 250)
        await service.start("a")
        let body = (1...250).map { "{\"type\":\"t\",\"data\":\($0)}" }.joined(separator: ",")
        #expect(await service.post("/stream/a", "[\(body)]").text == #"{"first":1,"last":250}"#)
        func indexes(_ query: String) async -> [Double] {
            await service.page("/stream/a\(query)")["chunks"]?.elements.compactMap { $0["index"]?.number } ?? []
        }
        #expect(await indexes("") == (1...100).map(Double.init))
        #expect(await indexes("?after=0&limit=5000").count == 250)
        #expect(await indexes("?after=248") == [249, 250])
        #expect(await indexes("?after=99999999999999999999") == [])
    }

    @Test(
        "a body or a query that says something else is refused by name",
        arguments: [
            ("", .missingField, "type"), ("{}", .missingField, "type"),
            (#"{"type":"t"}"#, .missingField, "data"), (#"{"data":1}"#, .missingField, "type"),
            (#"{"type":"no type","data":1}"#, .invalidField, "type"),
            (#"{"type":"t","data":1,"index":0}"#, .invalidField, "index"),
            (#"{"type":"t","data":1,"index":1.5}"#, .invalidField, "index"),
            (#"{"type":"t","data":1,"attempt":1}"#, .unknownField, "attempt"),
            (#"{"type":"t","type":"t","data":1}"#, .invalidJSON, nil),
            (#"[{"type":"t","data":1},{"type":"t"}]"#, .missingField, "[1].data"),
            (#"[{"type":"t","data":1},{"type":"t","data":1,"index":1}]"#, .invalidField, "[1].index"),
            (#"[{"type":"t","data":1,"index":4},{"type":"t","data":1,"index":6}]"#, .invalidField, "[1].index"),
            (#"[{"type":"t","data":1},2]"#, .invalidField, "[1]"),
            ("[]", .invalidField, nil), (#"[{"type":"t","data":1}"#, .invalidJSON, nil), ("7", .invalidJSON, nil),
        ] as [(String, ProblemCode, String?)])
    func badBodies(body: String, code: ProblemCode, field: String?) async {
        let service = TestService()
        await service.start("a")
        await service.post("/stream/a", body).expectProblem(code, field: field)
        #expect(await service.page("/stream/a")["last"] == 0)
    }

    @Test("the types of the service itself are refused", arguments: ["done", "error", "gap", "removed", "restart"])
    func reserved(type: String) async {
        let service = TestService()
        await service.start("a")
        await service.post("/stream/a", "{\"type\":\"\(type)\",\"data\":1}").expectProblem(.invalidField, field: "type")
    }

    @Test("queries are judged like everywhere")
    func badQueries() async {
        let service = TestService()
        await service.start("a")
        let body = #"{"type":"t","data":1}"#
        await service.post("/stream/a?attempt=0", body).expectProblem(.invalidField, field: "attempt")
        await service.post("/stream/a?after=0", body).expectProblem(.unknownField, field: "after")
        await service.page("/stream/a?after=-1").expectProblem(.invalidField, field: "after")
        await service.page("/stream/a?limit=0").expectProblem(.invalidField, field: "limit")
        await service.page("/stream/a?attempt=1").expectProblem(.unknownField, field: "attempt")
        await service.send(.delete, "/stream/a").expectProblem(.methodNotAllowed)
        await service.send(.post, "/stream/a", body, headers: ["Content-Type": "text/plain"])
            .expectProblem(.unsupportedMediaType, field: "Content-Type")
        #expect(await service.send(.options, "/stream/a").header("Allow") == "GET, HEAD, POST, OPTIONS")
        #expect(await service.send(.head, "/stream/a", headers: ["Accept": "application/json"]).status == 200)
    }

    @Test("a chunk that is too large, and too many chunks, are refused as a whole")
    func tooLarge() async {
        let service = TestService(maximumChunkSize: 10)
        await service.start("a")
        #expect(await service.post("/stream/a", #"{"type":"t","data":"12345678"}"#).status == 200)
        await service.post("/stream/a", #"{"type":"t","data":"123456789"}"#)
            .expectProblem(.payloadTooLarge, field: "data")
        await service.post("/stream/a", #"[{"type":"t","data":1},{"type":"t","data":"123456789"}]"#)
            .expectProblem(.payloadTooLarge, field: "[1].data")
        let many = Array(repeating: #"{"type":"t","data":1}"#, count: 1001).joined(separator: ",")
        await service.post("/stream/a", "[\(many)]").expectProblem(.invalidField)
        #expect(await service.page("/stream/a")["last"] == 1)
    }

    @Test("the index of any of them makes a repeat harmless, and another one a conflict")
    func indexes() async {
        let service = TestService()
        await service.start("a")
        let sent = #"[{"type":"t","data":1},{"type":"t","data":2,"index":2}]"#
        for _ in 0..<2 { #expect(await service.post("/stream/a", sent).text == #"{"first":1,"last":2}"#) }
        let other = await service.post("/stream/a", #"{"type":"t","data":3,"index":2}"#)
        other.expectProblem(.indexConflict, field: "index")
        #expect(other["detail"]?.text?.contains("next index is 3") == true)
        #expect(other["next_index"] == 3)
        let overlapping = await service.post(
            "/stream/a", #"[{"type":"t","data":2,"index":2},{"type":"t","data":3}]"#)
        overlapping.expectProblem(.indexConflict, field: "index")
        #expect(overlapping["detail"]?.text?.contains("send the new part alone") == true)
        await service.post("/stream/a", #"{"type":"t","data":3,"index":4}"#)
            .expectProblem(.indexConflict, field: "index")
        await service.post("/complete/a")
        #expect(await service.post("/stream/a", sent).text == #"{"first":1,"last":2}"#)
        await service.post("/stream/a", #"{"type":"t","data":3,"index":3}"#).expectProblem(.alreadyFinished)
        await service.post("/stream/a", #"{"type":"t","data":3}"#).expectProblem(.alreadyFinished)
    }

    @Test("a worker names its attempt, and one that was given up on is told so")
    func fencing() async throws {
        let service = TestService()
        let body = #"{"type":"t","data":1}"#
        await service.start("a", #","queue":"q","max_attempts":2,"backoff":{"initial":"1s","jitter":0}"#)
        await service.post("/stream/a", body).expectProblem(.invalidTransition)
        try await service.claim("q")
        await service.post("/stream/a", body).expectProblem(.missingField, field: "attempt")
        #expect(await service.post("/stream/a?attempt=1", body).status == 200)
        await service.post("/fail/a", #"{"attempt":1}"#)
        await service.post("/stream/a?attempt=1", body).expectProblem(.staleAttempt)
        service.clock.advance(by: .seconds(1))
        try await service.claim("q")
        await service.post("/stream/a?attempt=1", body).expectProblem(.staleAttempt)
        #expect(await service.post("/stream/a?attempt=2", body).text == #"{"first":3,"last":3}"#)
        let page = await service.page("/stream/a?after=1")
        #expect(
            page.text
                == #"{"chunks":[{"index":2,"type":"restart","data":{"attempt":2}},{"index":3,"type":"t","data":1}],"last":3,"ended":false}"#
        )
    }

    @Test("a process that is not there is 404, a removed one 410, one that can't be read 500")
    func missing() async {
        let service = TestService(wrapping: { FaultyRepository(inner: $0, corrupt: ["bad"]) })
        let body = #"{"type":"t","data":1}"#
        await service.start("a")
        await service.post("/complete/a")
        _ = await service.delete("/cleanup?older_than=0")
        for (id, code) in [("no", ProblemCode.processNotFound), ("a", .processRemoved), ("bad", .corruptRecord)] {
            await service.page("/stream/\(id)").expectProblem(code)
            await service.post("/stream/\(id)", body).expectProblem(code)
        }
    }

    @Test("an answer that was lost says how to send the same again")
    func lostAnswer() async {
        let service = TestService(wrapping: { inner in
            FaultyRepository(
                inner: inner,
                fault: { $0 == .append || $0 == .chunks ? ProcessRepositoryError(.outcomeUnknown, "gone") : nil })
        })
        await service.start("a")
        let answer = await service.post("/stream/a", #"{"type":"t","data":1}"#)
        answer.expectProblem(.storeUnavailable)
        #expect(answer["detail"]?.text?.contains("its index") == true)
        await service.page("/stream/a").expectProblem(.storeUnavailable)
    }

    @Test("a wait for the end of a process is not disturbed by its output")
    func quietWait() async {
        let finds = CallCount()
        let service = TestService(wrapping: { inner in
            FaultyRepository(
                inner: inner,
                fault: {
                    if $0 == .find { finds.add() }
                    return nil
                })
        })
        await service.start("a")
        async let waiting = service.get("/status/a", headers: ["Prefer": "wait=20"])
        await service.timer.waitForSleepers(1)
        let before = finds.value
        for _ in 0..<20 { await service.post("/stream/a", #"{"type":"t","data":1}"#) }
        #expect(finds.value == before)
        await service.post("/complete/a")
        #expect(await waiting["status"]?.text == "completed")
    }
}

/// Counts calls from any thread.
private final class CallCount: Sendable {
    private let count = Atomic(0)

    var value: Int { self.count.load(ordering: .sequentiallyConsistent) }

    func add() { self.count.wrappingAdd(1, ordering: .sequentiallyConsistent) }
}
