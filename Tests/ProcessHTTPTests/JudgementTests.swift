import ProcessHTTP
import Testing

@Suite("How a request is judged")
struct JudgementTests {
    @Test(
        "a Host that cannot be an attacker's name is answered",
        arguments: [
            "127.0.0.1", "127.0.0.1:8080", "192.168.1.7:80", "[::1]:8080", "[fe80::1%25eth0]", "localhost",
            "LOCALHOST:8080", "localhost.", "tracker", "process_tracker:8080", "tracker.example",
            "TRACKER.example.:443",
            "other.example", "localhost:",
        ])
    func allowedHosts(host: String) async {
        let service = TestService(hosts: ["Tracker.Example", "other.example:8080"])
        #expect(await service.get("/health/live", headers: ["Host": host]).status == 200)
    }

    @Test(
        "any other Host is answered 421",
        arguments: [
            "evil.example", "127.0.0.1.evil.example", "tracker.example.evil.example", "1.2.3", "1.2.3.256", "1.2.3.4.5",
            "", "a b", "[::1", "[evil.example]", "localhost:http", "localhost:123456", "foo.localhost", "[]", ".",
        ])
    func refusedHosts(host: String) async {
        let service = TestService(hosts: ["tracker.example"])
        await service.get("/health/live", headers: ["Host": host]).expectProblem(.misdirectedRequest, field: "Host")
    }

    @Test("a request without a Host is answered, as no browser sends one")
    func noHost() async {
        #expect(await TestService().get("/health/live").status == 200)
    }

    @Test(
        "a page of the same origin may change something",
        arguments: [
            ("http://localhost:8080", "localhost:8080"), ("http://localhost", "localhost"),
            ("http://localhost:80", "localhost"), ("https://localhost", "localhost:443"),
            ("https://LOCALHOST", "localhost"), ("http://[::1]:8080", "[::1]:8080"),
        ])
    func sameOrigin(origin: String, host: String) async {
        let response = await TestService().send(
            .post, "/start", #"{"kind":"a"}"#, headers: ["Host": host, "Origin": origin])
        #expect(response.status == 202, "\(response.text)")
    }

    @Test(
        "a page of another origin may not",
        arguments: [
            ("http://evil.example", "localhost:8080"), ("null", "localhost:8080"), ("", "localhost:8080"),
            ("http://localhost:3000", "localhost:8080"), ("http://localhost", "localhost:8080"),
            ("ftp://localhost:8080", "localhost:8080"), ("http://localhost:8080.evil.example", "localhost:8080"),
            ("http://localhost:8080/", "localhost:8080"), ("localhost:8080", "localhost:8080"),
        ])
    func otherOrigin(origin: String, host: String) async {
        let service = TestService()
        let headers: KeyValuePairs = ["Host": host, "Origin": origin]
        await service.send(.post, "/start", #"{"kind":"a"}"#, headers: headers)
            .expectProblem(.forbidden, field: "Origin")
        await service.send(.delete, "/cleanup", headers: headers).expectProblem(.forbidden, field: "Origin")
        #expect(await service.send(.get, "/stats", headers: headers)["total"] == 0)
    }

    @Test("an Origin without a Host changes nothing")
    func originWithoutHost() async {
        await TestService().send(.post, "/start", headers: ["Origin": "http://localhost"])
            .expectProblem(.forbidden, field: "Origin")
    }

    @Test(
        "a path that there is not is answered 404",
        arguments: [
            "//", "/starts", "/start/", "/status/", "/status/a/b", "/status/a/", "//status/a", "/Status/a",
            "/health/dead",
            "/health/live/", "/stats/a", "/events/", "/stream", "", "start", "/st%61r", "/%",
            "/health%2Flive", "/status%2Fa", "/progress", "/..", "/openapi.json/a",
        ])
    func unknownPath(path: String) async {
        let service = TestService()
        await service.get(path).expectProblem(.notFound)
        await service.send(.options, path).expectProblem(.notFound)
    }

    @Test("a path may be percent-encoded, and so may an id in it")
    func percentEncodedPath() async {
        let service = TestService()
        await service.start("a:b~c")
        #expect(await service.get("/status/a%3Ab%7Ec")["process_id"] == "a:b~c")
        #expect(await service.get("/st%61tus/a%3ab~c")["process_id"] == "a:b~c")
        #expect(await service.get("/%68ealth/%6Cive").status == 200)
    }

    @Test(
        "an id of another shape is a field with a bad value",
        arguments: [
            "a%20b", "a%2Fb", "%C3%A9", "a%00", "..", ".", "%2e%2e", "a%zz", "a%", "a%4", "%FF", "a;b", "a,b", "a@b",
            String(repeating: "x", count: 129),
        ])
    func idShape(id: String) async {
        let service = TestService()
        await service.get("/status/\(id)").expectProblem(.invalidField, field: "id")
        await service.post("/complete/\(id)").expectProblem(.invalidField, field: "id")
    }

    @Test("a method that a path lacks is answered 405 with the ones it has", arguments: Route.allCases)
    func methods(route: Route) async {
        let service = TestService()
        let path = route.template.replacing("{id}", with: "a")
        let allow = (route.methods + [.options]).map(\.rawValue).joined(separator: ", ")
        for method in HTTPMethod.allCases where method != .options && !route.methods.contains(method) {
            let response = await service.send(method, path)
            response.expectProblem(.methodNotAllowed)
            #expect(response.header("Allow") == allow)
        }
        let options = await service.send(.options, path)
        #expect(options.status == 204)
        #expect(options.header("Allow") == allow)
        #expect(options.header("X-Request-Id") != nil)
        #expect(options.header("Content-Type") == nil)
        #expect(options.message.body.isEmpty)
    }

    @Test("OPTIONS * names every method")
    func serverOptions() async {
        let response = await TestService().send(.options, "*")
        #expect(response.status == 204)
        #expect(response.header("Allow") == "GET, HEAD, POST, DELETE, OPTIONS")
    }

    @Test("HEAD answers what GET does")
    func head() async {
        let service = TestService()
        await service.start("a")
        for path in ["/status/a", "/status?id=a", "/processes", "/stats", "/openapi.json", "/status/b", "/nothing"] {
            let (get, head) = (await service.get(path), await service.send(.head, path))
            #expect(head.status == get.status)
            #expect(head.message.body == get.message.body)
            #expect(head.header("ETag") == get.header("ETag"))
            #expect(head.header("Content-Type") == get.header("Content-Type"))
        }
    }

    @Test("a body may be as large as is configured, and not one byte larger")
    func bodySize() async {
        let service = TestService(maximumBodySize: 64)
        let body = #"{"kind":"a","input":"\#(String(repeating: "x", count: 41))"}"#
        #expect(body.utf8.count == 64)
        #expect(await service.post("/start", body).status == 202)
        let refused = await service.post("/start", body + " ")
        refused.expectProblem(.payloadTooLarge)
        #expect(refused["detail"]?.text?.contains("64 bytes") == true)
        await service.send(.post, "/start", fault: .bodyTooLarge).expectProblem(.payloadTooLarge)
        #expect(await service.get("/stats")["total"] == 1)
    }

    @Test(
        "a Content-Type that is JSON is taken",
        arguments: [
            "application/json", "Application/JSON", "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "text/json", "application/vnd.acme+json", "application/problem+json ; charset=us-ascii",
            "application/json; profile=x", "application/json;",
        ])
    func jsonTypes(type: String) async {
        let response = await TestService().send(.post, "/start", #"{"kind":"a"}"#, headers: ["content-type": type])
        #expect(response.status == 202, "\(response.text)")
    }

    @Test(
        "any other Content-Type is answered 415",
        arguments: [
            "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "",
            "application/json; charset=iso-8859-1", "json", "text/html+json", "application/jsonp", "application/+xml",
        ])
    func otherTypes(type: String) async {
        let service = TestService()
        for body in ["", #"{"kind":"a"}"#] {
            await service.send(.post, "/start", body, headers: ["Content-Type": type])
                .expectProblem(.unsupportedMediaType, field: "Content-Type")
        }
        await service.send(.delete, "/cleanup", "{}", headers: ["Content-Type": type])
            .expectProblem(.unsupportedMediaType, field: "Content-Type")
        #expect(await service.send(.delete, "/cleanup", headers: ["Content-Type": type]).status == 200)
    }

    @Test("a compressed body is answered 415, and one that says that it is not is read")
    func compressed() async {
        let service = TestService()
        for (encoding, status) in [("gzip", 415), ("zstd, gzip", 415), ("identity", 202), ("Identity", 202)] {
            let answer = await service.send(
                .post, "/start", #"{"kind":"a"}"#, headers: ["Content-Encoding": encoding])
            #expect(answer.status == status, "\(encoding)")
            if status == 415 { answer.expectProblem(.unsupportedMediaType, field: "Content-Encoding") }
        }
    }

    @Test("wishes in the body of a request that takes them from the query are not lost silently")
    func strayBody() async {
        let service = TestService()
        await service.send(.delete, "/cleanup", #"{"older_than":"24h"}"#)
            .expectProblem(.unknownField, field: "older_than")
        await service.send(.get, "/stats", "hello").expectProblem(.invalidJSON)
        #expect(await service.send(.get, "/stats", " {} ").status == 200)
    }

    @Test("a request that can be read in two ways is refused before anything else")
    func ambiguous() async {
        let response = await TestService().send(
            .post, "/nothing", headers: ["Host": "evil.example"], fault: .ambiguous("two lengths"))
        response.expectProblem(.invalidRequest)
        #expect(response["detail"]?.text?.contains("two lengths") == true)
    }

    @Test("what is no request is answered with a problem document too", arguments: [400, 413, 417, 431, 501])
    func unreadable(code: Int) {
        let response = TestResponse(ProcessRoutes.answer(toUnreadable: HTTPStatus(code: code)))
        #expect(response.status == code)
        #expect(response["status"] == .number("\(code)"))
        #expect(response["code"]?.text == (code == 413 ? "payload_too_large" : "invalid_request"))
        #expect(response["instance"] == nil)
        #expect(response.header("Content-Type") == "application/problem+json")
        #expect(response.header("X-Request-Id") != nil)
    }

    @Test("of several things that are wrong the first in order is named")
    func order() async {
        let service = TestService(maximumBodySize: 64)
        let large = String(repeating: "x", count: 65)
        func send(
            _ method: HTTPMethod = .post, _ target: String = "/complete/a", _ body: String = "",
            _ headers: KeyValuePairs<String, String>
        ) async -> TestResponse {
            await service.send(method, target, body, headers: headers)
        }
        await send(
            .put, "/nothing", large, ["Host": "evil.example", "Origin": "http://b", "Content-Type": "text/plain"]
        ).expectProblem(.misdirectedRequest, field: "Host")
        await send(.put, "/nothing", large, ["Host": "a", "Origin": "http://b", "Content-Type": "text/plain"])
            .expectProblem(.forbidden, field: "Origin")
        await send(.put, "/nothing", large, ["Host": "a", "Content-Type": "text/plain"]).expectProblem(.notFound)
        await send(.put, "/complete/a", large, ["Host": "a", "Content-Type": "text/plain"])
            .expectProblem(.methodNotAllowed)
        await send(.post, "/complete/a", large, ["Host": "a", "Content-Type": "text/plain"])
            .expectProblem(.payloadTooLarge)
        await send(.post, "/complete/a", "}", ["Host": "a", "Content-Type": "text/plain"])
            .expectProblem(.unsupportedMediaType, field: "Content-Type")
        await send(.post, "/complete/a", "}", ["If-Match": "\"7\""]).expectProblem(.invalidJSON)
        await send(.post, "/complete/a", "{}", ["If-Match": "\"7\""]).expectProblem(.processNotFound)
        await service.start("a")
        await send(.post, "/complete/a", #"{"attempt":9}"#, ["If-Match": "\"7\""])
            .expectProblem(.preconditionFailed, field: "If-Match")
        await send(.post, "/complete/a", #"{"attempt":9}"#, [:]).expectProblem(.staleAttempt)
        #expect(await send(.post, "/complete/a", #"{"attempt":1}"#, [:]).status == 200)
        #expect(await send(.post, "/complete/a", #"{"attempt":1}"#, ["If-Match": "\"1\""]).status == 200)
        await send(.post, "/fail/a", #"{"attempt":1}"#, ["If-Match": "\"1\""])
            .expectProblem(.preconditionFailed, field: "If-Match")
        await send(.post, "/fail/a", #"{"attempt":9}"#, [:]).expectProblem(.staleAttempt)
        await send(.post, "/fail/a", #"{"attempt":1}"#, [:]).expectProblem(.alreadyFinished)
        await send(.post, "/retry/a", "{}", [:]).expectProblem(.invalidTransition)
    }

    @Test("a request's id is echoed where it has the shape, and made where it has not")
    func requestID() async {
        let service = TestService()
        #expect(await service.get("/health/live", headers: ["x-request-id": "abc-1"]).header("X-Request-Id") == "abc-1")
        #expect(await service.get("/nothing", headers: ["X-Request-Id": "abc-1"]).header("X-Request-Id") == "abc-1")
        var made: Set<String> = []
        for bad in ["", "a b", "..", "a\u{7}", String(repeating: "x", count: 129)] {
            let id = await service.get("/health/live", headers: ["X-Request-Id": bad]).header("X-Request-Id") ?? ""
            #expect(id.utf8.count == 15)
            made.insert(id)
        }
        #expect(made.count == 5)
    }

    @Test("a query that is malformed, or says what nobody reads, is refused")
    func queries() async {
        let service = TestService()
        await service.get("/status/a?x=1").expectProblem(.unknownField, field: "x")
        await service.get("/processes?limits=1").expectProblem(.unknownField, field: "limits")
        await service.get("/processes?kind=%zz").expectProblem(.invalidField, field: "kind")
        await service.get("/processes?metadata.a=%FF").expectProblem(.invalidField, field: "metadata.a")
        await service.get("/processes?%ZZ=1").expectProblem(.invalidField, field: "%ZZ")
        await service.get("/processes?limit=1&limit=2").expectProblem(.invalidField, field: "limit")
        await service.get("/stats?x").expectProblem(.unknownField, field: "x")
        await service.get("/openapi.json?v=1").expectProblem(.unknownField, field: "v")
        await service.post("/start?kind=a").expectProblem(.unknownField, field: "kind")
        await service.post("/complete/a?force=true").expectProblem(.unknownField, field: "force")
        for path in ["/health", "/health/live", "/health/ready", "/metrics", "/processes?&&", "/processes?"] {
            #expect(await service.get(path.contains("?") ? path : path + "?x=%zz").status == 200)
        }
    }
}
