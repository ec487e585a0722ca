public import ProcessCore

/// The HTTP API over a ``ProcessManager``: judges requests, hands them to their route, and makes problems of errors.
///
/// It holds no state but a counter, so any number of requests may be answered at once.
public final class ProcessRoutes: HTTPHandler {
    let manager: ProcessManager
    let service: ServiceStatus
    let openAPIDocument: [UInt8]
    private let hosts: HostPolicy
    private let maximumBodySize: Int
    let maximumChunkSize: Int
    private let observer: (any RequestObserver)?
    static let requestIDs = RequestIDs()

    /// Takes what it works with.
    ///
    /// - Parameters:
    ///   - manager: The use cases.
    ///   - service: What to show of the program.
    ///   - hosts: `Host` names to answer besides IP addresses, `localhost` and names without a dot.
    ///   - maximumBodySize: The largest body to take, in bytes.
    ///   - maximumChunkSize: The largest chunk of output to take, in bytes.
    ///   - observer: Who is told of each request, for metrics and logs.
    public init(
        manager: ProcessManager, service: ServiceStatus, hosts: [String] = [], maximumBodySize: Int = 1 << 20,
        maximumChunkSize: Int = 256 << 10, observer: (any RequestObserver)? = nil
    ) {
        self.manager = manager
        self.service = service
        self.openAPIDocument = OpenAPIDocument.bytes(version: service.version)
        self.hosts = HostPolicy(names: hosts)
        self.maximumBodySize = maximumBodySize
        self.maximumChunkSize = maximumChunkSize
        self.observer = observer
    }

    /// Answers one request.
    ///
    /// - Parameter request: The request.
    /// - Returns: The answer; what went wrong is a problem document.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        let begin = self.observer == nil ? nil : ContinuousClock.now
        let requestID = self.requestID(of: request)
        let match = RouteMatch(path: request.path)
        var problem: Problem?
        let response: HTTPResponse
        do {
            response = try await self.answer(request, match).response(requestID: requestID)
        } catch {
            problem = error
            response = error.response(to: request.path, requestID: requestID)
        }
        if let begin, let observer = self.observer {
            observer.didRespond(
                RequestSummary(
                    method: request.method, route: match?.route, status: response.status,
                    duration: begin.duration(to: .now),
                    hasWaited: response.headers["Preference-Applied"] != nil, requestID: requestID,
                    problem: problem?.code, cause: problem?.facts.cause))
        }
        return response
    }

    private func requestID(of request: HTTPRequest) -> String {
        if let sent = request.headers["X-Request-Id"], IdentifierShape.matches(sent) { return sent }
        return Self.requestIDs.next()
    }

    private func answer(_ request: HTTPRequest, _ match: RouteMatch?) async throws(Problem) -> Answer {
        try self.judgeSender(of: request)
        if request.method == .options, request.path == "*" {
            return Self.allowed("GET, HEAD, POST, DELETE, OPTIONS")
        }
        guard let match else {
            throw Problem(
                .notFound, "there is no path \(Problem.shortened(request.path)): see /openapi.json for those there are")
        }
        let route = match.route
        if request.method == .options { return Self.allowed(route.allow) }
        guard route.answers(request.method) else {
            throw Problem(
                .methodNotAllowed, "\(route.template) has no \(request.method.rawValue), only \(route.allow)",
                facts: Problem.Facts(allow: route.allow))
        }
        try self.judgeBody(of: request, for: route)
        switch route {
        case .start: return try await self.start(request)
        case .status: return try await self.status(of: Self.id(in: match), request)
        case .statusOfMany: return try await self.statusOfMany(request)
        case .processes: return try await self.list(request)
        case .cleanup: return try await self.cleanup(request)
        case .stats: return try await self.statistics(request)
        case .progress: return try await self.change(Self.id(in: match), request, .progress)
        case .complete: return try await self.change(Self.id(in: match), request, .complete)
        case .fail: return try await self.change(Self.id(in: match), request, .fail)
        case .cancel: return try await self.change(Self.id(in: match), request, .cancel(force: false))
        case .cancelled: return try await self.change(Self.id(in: match), request, .cancelled)
        case .retry: return try await self.change(Self.id(in: match), request, .retry)
        case .retain: return try await self.change(Self.id(in: match), request, .retain)
        case .stream:
            let id = try Self.id(in: match)
            return request.method == .post
                ? try await self.append(to: id, request) : try await self.output(of: id, request)
        case .claim: return try await self.claim(request)
        case .batch: return try await self.batch(request)
        case .events: return try await self.events(request)
        case .eventsOfOne: return try await self.events(of: Self.id(in: match), request)
        case .health: return await self.health()
        case .live: return Self.live()
        case .ready: return try await self.ready()
        case .metrics: return await self.metrics()
        case .openAPI: return try self.openAPI(request)
        case .dashboard: return try Self.dashboard("index.html", request)
        case .dashboardPart: return try Self.dashboard(match.id ?? "", request)
        }
    }

    private static func allowed(_ methods: String) -> Answer {
        Answer(
            status: .noContent, contentType: nil, fields: [HTTPHeaders.Field(name: "Allow", value: methods)])
    }

    private static func id(in match: RouteMatch) throws(Problem) -> ProcessID {
        guard let text = match.id, let id = ProcessID(text) else {
            throw .invalidField("id", JSONValue.shapeReason())
        }
        return id
    }

    /// Whether the message is one, is meant for us, and comes from where it may.
    private func judgeSender(of request: HTTPRequest) throws(Problem) {
        if case .ambiguous(let reason) = request.fault {
            throw Problem(.invalidRequest, "the request can be read in two ways: \(reason)")
        }
        let host = request.headers["Host"]
        guard self.hosts.allows(host: host) else {
            throw Problem(
                .misdirectedRequest,
                "this service does not answer for that Host: use its address, or add the name to TRACKER_HOSTS",
                field: "Host")
        }
        if !request.method.isSafe, let origin = request.headers["Origin"],
            !HostPolicy.isSameOrigin(origin, host: host)
        {
            throw Problem(
                .forbidden, "a page of another origin must not change anything here", field: "Origin")
        }
    }

    /// Whether the body is one that the route can read.
    private func judgeBody(of request: HTTPRequest, for route: Route) throws(Problem) {
        if request.fault == .bodyTooLarge || request.body.count > self.maximumBodySize {
            throw Problem(.payloadTooLarge, "the body must not be larger than \(self.maximumBodySize) bytes")
        }
        let readsBody = route.readsBody(request.method)
        if readsBody || !request.body.isEmpty, let type = request.headers["Content-Type"],
            !MediaType.isJSON(type)
        {
            throw Problem(
                .unsupportedMediaType,
                "the body must be JSON: send Content-Type: application/json (with curl: --json in the place of -d)",
                field: "Content-Type")
        }
        if !request.body.isEmpty, let encoding = request.headers["Content-Encoding"],
            encoding.lowercased() != "identity"
        {
            throw Problem(
                .unsupportedMediaType, "the body must not be compressed: send it without Content-Encoding",
                field: "Content-Encoding")
        }
        // What reads or removes takes its wishes from the query: in a body they would be lost.
        if !readsBody, !request.body.isEmpty {
            let fields = try Self.fields(of: request)
            try Self.reading { () throws(JSONFieldError) in try fields.expectNoMore() }
        }
    }
}

// What the routes share.
extension ProcessRoutes {
    /// The members of a body.
    static func fields(of request: HTTPRequest) throws(Problem) -> JSONObject {
        do { return try JSONObject(parsing: request.body) } catch { throw Problem(error) }
    }

    /// Reads fields, and makes a problem of what is wrong with one.
    static func reading<Answer>(_ body: () throws(JSONFieldError) -> Answer) throws(Problem) -> Answer {
        do { return try body() } catch { throw Problem(error) }
    }

    /// What an answer is to show of a process, where a query may say nothing else.
    static func shownFields(of request: HTTPRequest) throws(Problem) -> ProcessFields {
        guard request.query != nil else { return .all }
        var query = try QueryParameters(request.query)
        let fields = try ProcessFields.take(from: &query)
        try query.expectNoMore()
        return fields
    }

    /// Checks that a query says nothing.
    static func expectNoParameters(_ request: HTTPRequest) throws(Problem) {
        guard request.query != nil else { return }
        try QueryParameters(request.query).expectNoMore()
    }
}
