import EventLoop
import HTTPTransport
import ProcessHTTP
import Testing

/// A running server and what tests need beside it.
struct TestServer: Sendable {
    let server: HTTPServer
    let group: EventLoopGroup
    /// Not one of the server's.
    let clientLoop: EventLoop

    var address: HostPort { self.server.address }

    func connect() throws -> RawConnection {
        try RawConnection(to: self.address, loop: self.clientLoop)
    }
}

/// Runs a test against a server of its own, on a free port.
func withServer(
    loops: Int = 2, configuration: HTTPServer.Configuration = .forTests, handler: any HTTPHandler = EchoHandler(),
    _ body: (TestServer) async throws -> Void
) async throws {
    let group = try await EventLoopGroup(count: loops)
    let clientLoop = try EventLoop(name: "test-client")
    let server = try await HTTPServer.start(
        on: HostPort(host: "127.0.0.1", port: 0), group: group, configuration: configuration, handler: handler)
    func end() async {
        await server.stop(grace: .zero)
        await group.shutdown()
        await clientLoop.shutdown()
    }
    do {
        try await body(TestServer(server: server, group: group, clientLoop: clientLoop))
    } catch {
        await end()
        throw error
    }
    await end()
}

extension HTTPServer.Configuration {
    static var forTests: HTTPServer.Configuration {
        HTTPServer.Configuration(serverName: "process-tracker/test") { status in
            HTTPResponse(status, body: Array("problem \(status.code)".utf8))
        }
    }

    func with(_ change: (inout HTTPServer.Configuration) -> Void) -> HTTPServer.Configuration {
        var copy = self
        change(&copy)
        return copy
    }
}

/// Says what it was asked; for faults, the status that our routes answer with.
struct EchoHandler: HTTPHandler {
    func respond(to request: HTTPRequest) async -> HTTPResponse {
        switch request.fault {
        case .ambiguous(let reason): return HTTPResponse(.badRequest, body: Array("ambiguous: \(reason)".utf8))
        case .bodyTooLarge: return HTTPResponse(.contentTooLarge, body: Array("too large".utf8))
        case nil: break
        }
        if request.path == "/none" { return HTTPResponse(.noContent, body: Array("ignored".utf8)) }
        if request.path == "/unmodified" { return HTTPResponse(.notModified, body: Array("ignored".utf8)) }
        let query = request.query.map { "?\($0)" } ?? ""
        let text = "\(request.method.rawValue) \(request.path)\(query) \(String(decoding: request.body, as: UTF8.self))"
        return HTTPResponse(.ok, headers: HTTPHeaders([.init(name: "X-Test", value: "1")]), body: Array(text.utf8))
    }
}

/// Calls a closure.
struct ClosureHandler: HTTPHandler {
    let body: @Sendable (HTTPRequest) async -> HTTPResponse

    init(_ body: @escaping @Sendable (HTTPRequest) async -> HTTPResponse) {
        self.body = body
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        await self.body(request)
    }
}

/// Something that happens once, and that others wait for.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (self.stream, self.continuation) = AsyncStream.makeStream()
    }

    func send() {
        self.continuation.yield()
        self.continuation.finish()
    }

    func wait() async {
        for await _ in self.stream { return }
    }
}
