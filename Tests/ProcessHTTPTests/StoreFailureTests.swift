import ProcessCore
import ProcessHTTP
import Synchronization
import Testing

@Suite("When the store fails")
struct StoreFailureTests {
    private static let requests:
        [(method: HTTPMethod, target: String, body: String, operation: FaultyRepository.Operation)] = [
            (.post, "/start", #"{"kind":"a"}"#, .insert), (.get, "/status/a", "", .find),
            (.get, "/status?id=a", "", .find),
            (.get, "/processes", "", .page), (.get, "/stats", "", .counts), (.delete, "/cleanup", "", .cleanup),
            (.post, "/progress/a", "", .find), (.post, "/progress/a", "", .replace),
            (.post, "/complete/a", "", .replace),
            (.post, "/fail/a", "", .replace), (.post, "/cancel/a", "", .replace),
            (.post, "/retain/a", #"{"retain":1}"#, .replace),
        ]

    /// A service whose store fails in one operation; the process `a` was started before.
    private func service(failing operation: FaultyRepository.Operation, _ code: ProcessRepositoryError.Code) async
        -> TestService
    {
        let isFailing = SharedFlag()
        let service = TestService(wrapping: {
            FaultyRepository(
                inner: $0,
                fault: {
                    $0 == operation && isFailing.isSet ? ProcessRepositoryError(code, "10.0.0.7: secret reason") : nil
                })
        })
        await service.start("a")
        isFailing.set()
        return service
    }

    @Test(
        "each error of the store has its code, and its reason stays here",
        arguments: [
            (ProcessRepositoryError.Code.unavailable, ProblemCode.storeUnavailable),
            (.outcomeUnknown, .storeUnavailable),
            (.refused, .storeUnavailable), (.storeFull, .storeFull), (.unexpectedAnswer, .internal),
        ])
    func codes(code: ProcessRepositoryError.Code, problem: ProblemCode) async {
        for request in Self.requests {
            let service = await self.service(failing: request.operation, code)
            let response = await service.send(request.method, request.target, request.body)
            response.expectProblem(problem)
            #expect((response.header("Retry-After") != nil) == (problem == .storeUnavailable))
            #expect(!response.text.contains("secret"))
        }
    }

    @Test("an id that something unreadable stands under is 409 with advice that helps, and nothing of what is there")
    func unusableID() async {
        let service = TestService(wrapping: { FaultyRepository(inner: $0, corrupt: ["broken"], foreign: ["other"]) })
        let broken = await service.post("/start", #"{"kind":"a","id":"broken"}"#)
        broken.expectProblem(.processExists, field: "id")
        #expect(broken["detail"]?.text?.contains("DELETE /cleanup?corrupt=true&force=true") == true)
        await service.post("/start", #"{"kind":"a","id":"broken","if_exists":"return"}"#).expectProblem(.corruptRecord)
        for more in ["", #","if_exists":"return""#] {
            let other = await service.post("/start", "{\"kind\":\"a\",\"id\":\"other\"\(more)}")
            other.expectProblem(.processExists, field: "id")
            #expect(other["detail"]?.text?.contains("is no process") == true, "\(other.text)")
            #expect(other["detail"]?.text?.contains("choose another id") == true, "\(other.text)")
            #expect(!other.text.contains("if_exists") && !other.text.contains("corrupt"), "\(other.text)")
        }
    }

    @Test("the detail says whether a change may have happened")
    func outcome() async {
        func detail(
            _ operation: FaultyRepository.Operation, _ code: ProcessRepositoryError.Code, _ method: HTTPMethod,
            _ target: String
        ) async -> String {
            await self.service(failing: operation, code).send(method, target)["detail"]?.text ?? ""
        }
        #expect(await detail(.replace, .unavailable, .post, "/complete/a").contains("nothing was changed"))
        #expect(await detail(.replace, .outcomeUnknown, .post, "/complete/a").contains("may or may not have happened"))
        #expect(await detail(.replace, .storeFull, .post, "/complete/a").contains("nothing was changed"))
        #expect(await detail(.find, .unavailable, .get, "/status/a") == "the store cannot be reached: try again")
        #expect(await detail(.find, .outcomeUnknown, .get, "/status/a") == "the store's answer was lost: try again")
        #expect(await detail(.cleanup, .unavailable, .delete, "/cleanup").contains("removed before stays removed"))
        #expect(await detail(.cleanup, .outcomeUnknown, .delete, "/cleanup").contains("clean up again"))
    }

    @Test(
        "an error that has words for clients is told in these, with what became of the change",
        arguments: [
            (
                ProcessRepositoryError.Code.unavailable,
                "the file was moved, so nothing was changed: restart the service"
            ),
            (.storeFull, "the file was moved, so nothing was changed: restart the service"),
            (
                .outcomeUnknown,
                """
                the file was moved after the change was sent, so it may or may not have happened: look at the process, \
                or send the same again
                """
            ),
        ])
    func explanation(code: ProcessRepositoryError.Code, detail: String) async {
        let isFailing = SharedFlag()
        let error = ProcessRepositoryError(
            code, "secret", explanation: .init(reason: "the file was moved", advice: "restart the service"))
        let service = TestService(wrapping: {
            FaultyRepository(inner: $0, fault: { $0 == .replace && isFailing.isSet ? error : nil })
        })
        await service.start("a")
        isFailing.set()
        #expect(await service.send(.post, "/complete/a")["detail"]?.text == detail)
    }

    @Test("a record that cannot be read is 500 for its id alone")
    func corrupt() async {
        let service = TestService(wrapping: { FaultyRepository(inner: $0, corrupt: ["broken"]) })
        await service.start("a")
        for (method, target, body) in [
            (HTTPMethod.get, "/status/broken", ""), (.post, "/progress/broken", ""), (.post, "/complete/broken", "{}"),
            (.post, "/start", #"{"kind":"a","id":"broken","if_exists":"return"}"#),
        ] {
            let response = await service.send(method, target, body)
            response.expectProblem(.corruptRecord)
            #expect(response["detail"]?.text?.contains("DELETE /cleanup?corrupt=true&force=true") == true)
            #expect(!response.text.contains("no revision"))
        }
        await service.post("/start", #"{"kind":"a","id":"broken"}"#).expectProblem(.processExists, field: "id")
        #expect(await service.get("/status/a").status == 200)
    }

    @Test("health says how the store does, ready whether work can be done, live only that the program runs")
    func health() async {
        func service(_ health: RepositoryHealth, fallback: String? = nil) -> TestService {
            TestService(
                status: ServiceStatus(
                    version: "1.2.3", repositoryType: "redis", uptime: { .milliseconds(12_345) },
                    fallbackReason: { fallback }),
                wrapping: { FaultyRepository(inner: $0, state: health) })
        }
        let well = service(RepositoryHealth(.ok, latency: .nanoseconds(250_400)))
        #expect(
            await well.get("/health").text == """
                {"status":"ok","reason":null,"version":"1.2.3","uptime_s":12.345,\
                "repository":{"type":"redis","status":"ok","latency_ms":0.25}}
                """)
        #expect(await well.get("/health/ready").text == #"{"status":"ok"}"#)
        let fallback = await service(RepositoryHealth(.ok, latency: .zero), fallback: "redis was away").get("/health")
        #expect(fallback.status == 200)
        #expect(fallback["status"] == "degraded")
        #expect(fallback["reason"] == "redis was away")
        let weak = service(RepositoryHealth(.degraded, reason: "evicts", latency: .zero), fallback: "x")
        #expect(await weak.get("/health")["reason"] == "x; evicts")
        #expect(await weak.get("/health/ready").status == 200)
        let down = service(RepositoryHealth(.down, reason: "10.0.0.7 refused", latency: .seconds(5)))
        #expect(await down.get("/health").status == 200)
        #expect(await down.get("/health")["status"] == "down")
        #expect(await down.get("/health/live").text == #"{"status":"ok"}"#)
        let lost = service(RepositoryHealth(.down, reason: "file is gone", latency: .zero), fallback: "redis was away")
        #expect(await lost.get("/health")["status"] == "down")
        #expect(await lost.get("/health")["reason"] == "redis was away; file is gone")
        let ready = await down.get("/health/ready")
        ready.expectProblem(.storeUnavailable)
        #expect(ready.header("Retry-After") == "1")
        #expect(ready["detail"] == "the store cannot do its work: GET /health says why")
    }

    @Test("metrics are shown as they are")
    func metrics() async {
        let text = "# HELP tracker_x X.\ntracker_x 1\n"
        let service = TestService(
            status: ServiceStatus(version: "1", repositoryType: "memory", metrics: { Array(text.utf8) }))
        let response = await service.get("/metrics")
        #expect(response.status == 200)
        #expect(response.text == text)
        #expect(response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
    }

    @Test("the observer is told of each request: its template, never its path")
    func observer() async {
        let log = RequestLog()
        let service = TestService(observer: log, wrapping: { FaultyRepository(inner: $0, corrupt: ["broken"]) })
        await service.start("a")
        _ = await service.get("/status/a", headers: ["X-Request-Id": "r-1"])
        _ = await service.get("/status/broken")
        _ = await service.get("/secret/a")
        _ = await service.send(.put, "/stats")
        _ = await service.send(.get, "/health/live", headers: ["Host": "evil.example"])
        let all = log.summaries
        #expect(all.map(\.routeLabel) == ["/start", "/status/{id}", "/status/{id}", "other", "/stats", "/health/live"])
        #expect(all.map(\.status.code) == [202, 200, 500, 404, 405, 421])
        #expect(all.map(\.method) == [.post, .get, .get, .get, .put, .get])
        #expect(all.map(\.problem) == [nil, nil, .corruptRecord, .notFound, .methodNotAllowed, .misdirectedRequest])
        #expect(all.map(\.cause) == [nil, nil, "broken: no revision", nil, nil, nil])
        #expect(all[1].requestID == "r-1")
        #expect(all.allSatisfy { $0.duration > .zero && !$0.hasWaited })
    }

    @Test("the observer is told which requests asked to wait")
    func waiting() async {
        let log = RequestLog()
        let service = TestService(observer: log)
        await service.start("a")
        await service.post("/complete/a", "{}")
        _ = await service.get("/status/a", headers: ["Prefer": "wait=20"])
        #expect(log.summaries.map(\.hasWaited) == [false, false, true])
    }
}

/// A flag that a closure of a store and a test share.
private final class SharedFlag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { self.value.load(ordering: .acquiring) }

    func set() { self.value.store(true, ordering: .releasing) }
}

/// Remembers what it was told.
private final class RequestLog: RequestObserver {
    private let entries = Mutex<[RequestSummary]>([])

    var summaries: [RequestSummary] { self.entries.withLock { $0 } }

    func didRespond(_ summary: RequestSummary) { self.entries.withLock { $0.append(summary) } }
}
