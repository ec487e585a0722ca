import ProcessCore
import ProcessHTTP
import Synchronization

@testable import ProcessCommands

/// A tracker that answers as a test wants it, and remembers what it was asked.
final class FakeTracker: TrackerClient {
    /// One request, as far as tests look at it.
    struct Call: Equatable, Sendable {
        var line: String
        var body: String
        /// How long it may hold the answer.
        var prefer: String?
        /// Behind which event it wants to go on.
        var lastEventID: String?
    }

    let address = "http://tracker.test:8080"
    private let isSilent = Atomic(false)
    private let calls = Mutex<[Call]>([])
    private let streams: Mutex<[FakeStream]>
    private let respond: @Sendable (Call) throws(TrackerClientError) -> HTTPResponse

    /// A tracker that answers calls by a function.
    init(_ respond: @escaping @Sendable (Call) throws(TrackerClientError) -> HTTPResponse = FakeTracker.standard) {
        self.streams = Mutex([])
        self.respond = respond
    }

    /// A tracker that answers each call for a stream by the next of these, and there is nobody behind the last one.
    init(
        streams: [FakeStream],
        _ respond: @escaping @Sendable (Call) throws(TrackerClientError) -> HTTPResponse = FakeTracker.standard
    ) {
        self.streams = Mutex(streams)
        self.respond = respond
    }

    /// A tracker that nobody reaches.
    static var unreachable: FakeTracker {
        FakeTracker { (_) throws(TrackerClientError) in throw TrackerClientError("connection refused") }
    }

    /// A tracker that takes connections and answers nothing.
    static var silent: FakeTracker {
        let tracker = FakeTracker()
        tracker.isSilent.store(true, ordering: .relaxed)
        return tracker
    }

    /// Takes everything.
    static func standard(_ call: Call) throws(TrackerClientError) -> HTTPResponse {
        Self.process(status: call.line == "POST /start" ? .accepted : .ok)
    }

    /// A running process.
    static func process(status: HTTPStatus = .ok, _ changes: String = "") -> HTTPResponse {
        let fields = """
            "process_id":"p-1","kind":"test","status":"running","attempt":1,"max_attempts":1,\
            "created_at":"2026-11-08T10:00:00.000Z"\(changes.isEmpty ? "" : ",")\(changes)
            """
        return HTTPResponse(status, body: [UInt8]("{\(fields)}".utf8))
    }

    static func json(_ text: String) -> HTTPResponse { HTTPResponse(.ok, body: [UInt8](text.utf8)) }

    static func problem(_ status: HTTPStatus, _ code: String, _ detail: String) -> HTTPResponse {
        HTTPResponse(status, body: [UInt8](#"{"status":\#(status.code),"code":"\#(code)","detail":"\#(detail)"}"#.utf8))
    }

    func send(_ request: HTTPRequest) async throws(TrackerClientError) -> HTTPResponse {
        let call = self.note(request)
        if self.isSilent.load(ordering: .relaxed) {
            try? await waitForCancellation()
            throw TrackerClientError("interrupted", wasPossiblySent: true)
        }
        return try self.respond(call)
    }

    func open(_ request: HTTPRequest) async throws(TrackerClientError) -> any TrackerStream {
        _ = self.note(request)
        let next = self.streams.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard let next, !next.isUnreachable else { throw TrackerClientError("connection refused") }
        return next
    }

    private func note(_ request: HTTPRequest) -> Call {
        let query = request.query.map { "?\($0)" } ?? ""
        let call = Call(
            line: "\(request.method.rawValue) \(request.path)\(query)",
            body: String(decoding: request.body, as: UTF8.self), prefer: request.headers["Prefer"],
            lastEventID: request.headers["Last-Event-ID"])
        self.calls.withLock { $0.append(call) }
        return call
    }

    /// What it was asked, in order.
    var requests: [Call] { self.calls.withLock { $0 } }
    /// The first lines of what it was asked.
    var lines: [String] { self.requests.map(\.line) }
    /// The body of the last request to a path.
    func body(of line: String) -> String? { self.requests.last { $0.line == line }?.body }
}
