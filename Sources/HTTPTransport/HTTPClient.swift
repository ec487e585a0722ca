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
        return try await attempt.run(within: limit ?? self.configuration.timeout) {
            () async throws(HTTPClientError) -> HTTPResponse in
            try await self.perform(message, method: request.method, attempt)
        }
    }

    /// Sends a request whose answer may go on for as long as it likes, as a stream of events does.
    ///
    /// It has a connection of its own, which is not kept. The time-out of the configuration does not hold here, nor does
    /// its largest size for a body as a whole, only for each of its chunks.
    ///
    /// - Parameters:
    ///   - request: The request; its `fault` has no meaning here.
    ///   - silence: The longest time to wait for the answer to begin, and for each next piece of it.
    /// - Returns: The answer as far as its header fields, to be read piece by piece. One whose status is no success is there
    ///   as a whole.
    /// - Throws: Where no answer begins; see ``HTTPClientError/Code``. A cancelled task throws `cancelled`.
    @concurrent
    public func stream(
        _ request: HTTPRequest, longestSilence silence: Duration
    ) async throws(HTTPClientError) -> HTTPResponseStream {
        let attempt = ClientAttempt(address: self.address, loop: self.loop)
        let message = RequestEncoder.encode(request, to: self.address)
        return try await attempt.run(within: silence) { () async throws(HTTPClientError) -> HTTPResponseStream in
            let socket = try await attempt.connect(within: self.configuration.connectTimeout)
            do throws(HTTPClientError) {
                _ = try await socket.write(message)
                var parser = ResponseParser(
                    method: request.method, maximumBodySize: self.configuration.maximumBodySize)
                while !parser.hasHead || (!parser.isSuccess && !parser.isComplete) {
                    try parser.receive(try await socket.read(), from: self.address)
                }
                return HTTPResponseStream(parser, socket, attempt, loop: self.loop, longestSilence: silence)
            } catch {
                socket.close()
                throw error
            }
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
            try parser.receive(try await socket.read(), from: self.address)
        }
        try attempt.finish()
        mayBeKept = parser.keepsConnection && isAllSent
        return parser.response
    }
}

extension ResponseParser {
    /// Takes in what was read from a connection; nothing is its end.
    mutating func receive(_ bytes: [UInt8], from address: HostPort) throws(HTTPClientError) {
        do throws(Malformed) {
            if bytes.isEmpty { self.receiveEnd() } else { try self.receive(bytes) }
        } catch {
            throw HTTPClientError(.malformedResponse, "\(address) answered with \(error.reason)")
        }
        if bytes.isEmpty, !self.isComplete {
            throw HTTPClientError(.connectionLost, "\(address) closed the connection before it had answered")
        }
    }
}
