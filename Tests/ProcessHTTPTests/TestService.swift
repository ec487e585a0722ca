import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Testing

/// The routes over a store in memory and a clock that a test moves.
struct TestService {
    let clock: ManualClock
    let repository: any ProcessRepository
    let manager: ProcessManager
    let routes: ProcessRoutes
    /// What waits for a change sleep by.
    let timer = ManualTimer()

    init(
        policy: CleanupPolicy = CleanupPolicy(), maximumCount: Int? = nil, hosts: [String] = [],
        maximumBodySize: Int = 1 << 20, maximumChunkSize: Int = 256 << 10, keptChunks: Int = 100,
        status: ServiceStatus? = nil, observer: (any RequestObserver)? = nil,
        clock: ManualClock = ManualClock(), wrapping wrap: (any ProcessRepository) -> any ProcessRepository = { $0 }
    ) {
        self.clock = clock
        self.repository = wrap(InMemoryProcessRepository(now: clock.read))
        self.manager = ProcessManager(
            repository: self.repository, policy: policy, maximumCount: maximumCount, keptChunks: keptChunks,
            hub: ChangeHub(clock: self.timer))
        self.routes = ProcessRoutes(
            manager: self.manager, service: status ?? ServiceStatus(version: "1.2.3", repositoryType: "memory"),
            hosts: hosts, maximumBodySize: maximumBodySize, maximumChunkSize: maximumChunkSize, observer: observer)
    }

    /// The routes over a store of any sort.
    static func with(_ backend: Backend, _ body: (TestService) async throws -> Void) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await body(TestService(clock: clock, wrapping: { _ in repository }))
        }
    }

    /// Sends a request; the target is a path with or without a query.
    func send(
        _ method: HTTPMethod, _ target: String, _ body: String = "",
        headers: KeyValuePairs<String, String> = [:], fault: HTTPRequest.Fault? = nil
    ) async -> TestResponse {
        await self.send(method, target, bytes: Array(body.utf8), headers: headers, fault: fault)
    }

    func send(
        _ method: HTTPMethod, _ target: String, bytes: [UInt8], headers: KeyValuePairs<String, String> = [:],
        fault: HTTPRequest.Fault? = nil
    ) async -> TestResponse {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = HTTPRequest(
            method: method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : nil,
            headers: HTTPHeaders(headers.map { HTTPHeaders.Field(name: $0.key, value: $0.value) }), body: bytes,
            fault: fault)
        return TestResponse(await self.routes.respond(to: request))
    }

    func get(_ target: String, headers: KeyValuePairs<String, String> = [:]) async -> TestResponse {
        await self.send(.get, target, headers: headers)
    }

    @discardableResult
    func post(
        _ target: String, _ body: String = "", headers: KeyValuePairs<String, String> = [:]
    ) async -> TestResponse {
        await self.send(.post, target, body, headers: headers)
    }

    func delete(_ target: String) async -> TestResponse { await self.send(.delete, target) }

    /// Starts a process that must start, with an id of the test's.
    @discardableResult
    func start(
        _ id: String, _ more: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) async -> TestResponse {
        let response = await self.post("/start", "{\"kind\":\"report\",\"id\":\"\(id)\"\(more)}")
        #expect(response.status == 202, "\(response.text)", sourceLocation: sourceLocation)
        return response
    }

    /// Has a worker claim what is due in a queue.
    @discardableResult
    func claim(_ queue: String, limit: Int = 1) async throws -> [ProcessRecord] {
        try await self.repository.claim(ClaimRequest(queues: [queue], limit: limit, claim: ProcessClaim(worker: "w")))
    }
}

/// An answer, as a test looks at it.
struct TestResponse {
    let message: HTTPResponse

    init(_ message: HTTPResponse) { self.message = message }

    var status: Int { self.message.status.code }
    var text: String { String(decoding: self.message.body, as: UTF8.self) }

    /// The body as a tree; null where it is none.
    var json: JSONTree { (try? JSONTree(self.message.body)) ?? .null }

    subscript(member: String) -> JSONTree? { self.json[member] }

    func header(_ name: String) -> String? {
        self.message.headers.fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Expects a problem document that is complete and right in what can be said of any.
    func expectProblem(
        _ code: ProblemCode, field: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(self.json["code"]?.text == code.rawValue, "\(self.text)", sourceLocation: sourceLocation)
        #expect(self.status == code.status.code, "\(self.text)", sourceLocation: sourceLocation)
        #expect(self.json["field"]?.text == field, "\(self.text)", sourceLocation: sourceLocation)
        #expect(self.json["status"] == .number("\(code.status.code)"), sourceLocation: sourceLocation)
        #expect(self.json["type"]?.text == code.type, sourceLocation: sourceLocation)
        #expect(self.json["title"]?.text == code.title, sourceLocation: sourceLocation)
        #expect(self.json["detail"]?.text?.isEmpty == false, sourceLocation: sourceLocation)
        #expect(self.json["instance"]?.text != nil, sourceLocation: sourceLocation)
        #expect(self.header("Content-Type") == "application/problem+json", sourceLocation: sourceLocation)
        #expect(self.header("X-Request-Id") != nil, sourceLocation: sourceLocation)
        #expect(self.header("Cache-Control") == "no-store", sourceLocation: sourceLocation)
    }
}
