public import EventLoop
public import ProcessHTTP

/// An HTTP/1.1 client for one server, which keeps connections open between requests.
///
/// Not evhttp's client, which cannot say why a connection failed, nor whether anything of a request was sent.
///
/// Any number of requests may be under way; each has a connection of its own meanwhile.
///
/// `@unchecked Sendable`: everything but constants is touched on the loop's thread only.
public final class HTTPClient: @unchecked Sendable {
    /// Limits and time-outs of a client.
    public struct Configuration: Sendable {
        /// The longest time for looking up the host and connecting.
        public var connectTimeout: Duration
        /// The longest time from calling ``HTTPClient/send(_:)`` to the end of the answer.
        public var timeout: Duration
        /// The largest answer to take, in bytes.
        public var maximumBodySize: Int

        /// The defaults: 5 s, 90 s (a server may hold an answer for 60), 64 MiB.
        public init() {
            self.connectTimeout = .seconds(5)
            self.timeout = .seconds(90)
            self.maximumBodySize = 64 * 1024 * 1024
        }
    }

    /// Where the server is.
    public let address: HostPort
    private let loop: EventLoop
    private let configuration: Configuration

    private var idle: [ClientSocket] = []
    private var isClosed = false

    /// Makes a client; the first request connects.
    ///
    /// - Parameters:
    ///   - address: Where the server is. A host name is looked up for each new connection.
    ///   - loop: Where the client lives. It must outlive the client.
    ///   - configuration: Limits and time-outs.
    public init(_ address: HostPort, loop: EventLoop, configuration: Configuration = Configuration()) {
        self.address = address
        self.loop = loop
        self.configuration = configuration
    }

    /// Sends a request and waits for the answer, whatever its status.
    ///
    /// `Host` and `Content-Length` are added where they are missing. A request is repeated, once, only where a connection
    /// that was kept from an earlier request turns out to be gone before a single byte of this one was sent.
    ///
    /// - Parameters:
    ///   - request: The request; its `fault` has no meaning here.
    ///   - limit: The longest time from this call to the end of the answer; nil for the one in the configuration.
    /// - Returns: The answer.
    /// - Throws: Where there is no complete answer; see ``HTTPClientError/Code``. A cancelled task throws `cancelled`.
    @concurrent
    public func send(
        _ request: HTTPRequest, within limit: Duration? = nil
    ) async throws(HTTPClientError) -> HTTPResponse {
        let attempt = ClientAttempt(address: self.address, loop: self.loop)
        let message = RequestEncoder.encode(request, to: self.address)
        return try await withTaskExecutorPreference(self.loop) { () async throws(HTTPClientError) -> HTTPResponse in
            let timer = self.loop.schedule(after: limit ?? self.configuration.timeout) {
                attempt.fail(HTTPClientError(.timedOut, "No answer from \(self.address) in time"))
            }
            defer { timer.cancel() }
            // The operation is written as one that cannot throw, as this function knows no typed errors.
            let result = await withTaskCancellationHandler {
                do throws(HTTPClientError) {
                    return Result<HTTPResponse, HTTPClientError>.success(
                        try await self.perform(message, method: request.method, attempt))
                } catch {
                    return Result<HTTPResponse, HTTPClientError>.failure(error)
                }
            } onCancel: {
                self.loop.runOrEnqueue { attempt.fail(HTTPClientError(.cancelled, "The request was cancelled")) }
            }
            return try result.get()
        }
    }

    /// Closes the connections that are kept. Requests under way go on, and close theirs.
    public func close() async {
        await withCheckedContinuation { continuation in
            self.loop.execute {
                self.isClosed = true
                for socket in self.idle { socket.close() }
                self.idle = []
                continuation.resume()
            }
        }
    }

    // MARK: On the loop

    private func perform(
        _ message: [UInt8], method: HTTPMethod, _ attempt: ClientAttempt
    ) async throws(HTTPClientError) -> HTTPResponse {
        while let socket = self.idle.popLast() {
            guard socket.isReusable else {
                socket.close()
                continue
            }
            do throws(HTTPClientError) {
                return try await self.exchange(message, method: method, on: socket, attempt)
            } catch {
                guard error.code == .connectionLost, socket.bytesSent == 0 else { throw error }
            }
        }
        let socket = try await attempt.connect(within: self.configuration.connectTimeout)
        return try await self.exchange(message, method: method, on: socket, attempt)
    }

    private func exchange(
        _ message: [UInt8], method: HTTPMethod, on socket: ClientSocket, _ attempt: ClientAttempt
    ) async throws(HTTPClientError) -> HTTPResponse {
        var mayBeKept = false
        defer {
            if mayBeKept, !self.isClosed, self.idle.count < 8 { self.idle.append(socket) } else { socket.close() }
        }
        try attempt.use(socket)
        socket.beginRequest()
        // A server may refuse a request before it has read all of it: there is an answer to read although it has closed.
        let isAllSent = try await socket.write(message)
        var parser = ResponseParser(method: method, maximumBodySize: self.configuration.maximumBodySize)
        while !parser.isComplete {
            let bytes = try await socket.read()
            do throws(ResponseParser.Malformed) {
                if bytes.isEmpty { parser.receiveEnd() } else { try parser.receive(bytes) }
            } catch {
                throw HTTPClientError(.malformedResponse, "\(self.address) answered with \(error.reason)")
            }
            if bytes.isEmpty, !parser.isComplete {
                throw HTTPClientError(.connectionLost, "\(self.address) closed the connection before it had answered")
            }
        }
        try attempt.finish()
        mayBeKept = parser.keepsConnection && isAllSent
        return parser.response
    }
}
