internal import EventLoop
public import ProcessHTTP

/// An answer whose body is read piece by piece as it arrives.
///
/// What was not asked for yet stays with the system, so a slow reader slows the server down and takes no memory.
///
/// `@unchecked Sendable`: everything but constants is touched on the loop's thread only.
public final class HTTPResponseStream: @unchecked Sendable {
    /// Status and header fields; and the body, where the status is no success.
    public let response: HTTPResponse
    private let socket: ClientSocket
    private let attempt: ClientAttempt
    private let loop: EventLoop
    private let silence: Duration
    private var parser: ResponseParser

    init(
        _ parser: ResponseParser, _ socket: ClientSocket, _ attempt: ClientAttempt, loop: EventLoop,
        longestSilence silence: Duration
    ) {
        self.parser = parser
        // Of a success, what came with the head is the first piece.
        let body = parser.isSuccess ? [] : self.parser.takeBody()
        self.response = HTTPResponse(parser.response.status, headers: parser.response.headers, body: body)
        self.socket = socket
        self.attempt = attempt
        self.loop = loop
        self.silence = silence
    }

    deinit {
        let socket = self.socket
        self.loop.runOrEnqueue { socket.close() }
    }

    /// Waits for the next piece of the body. For one task at a time.
    ///
    /// - Returns: At least one byte; nil once the body is complete.
    /// - Throws: Where the body breaks off, nothing has come for too long (`timedOut`), or the task is cancelled. There is
    ///   nothing more to read then.
    @concurrent
    public func next() async throws(HTTPClientError) -> [UInt8]? {
        try await self.attempt.run(within: self.silence) { () async throws(HTTPClientError) -> [UInt8]? in
            do throws(HTTPClientError) {
                return try await self.readPiece()
            } catch {
                self.end(with: error)
                throw error
            }
        }
    }

    /// Closes the connection. Whoever waits for a piece gets the error `cancelled`.
    public func close() {
        self.loop.runOrEnqueue { self.end(with: HTTPClientError(.cancelled, "The request was cancelled")) }
    }

    // MARK: On the loop

    private func readPiece() async throws(HTTPClientError) -> [UInt8]? {
        while true {
            try self.attempt.use(self.socket)
            let piece = self.parser.takeBody()
            if !piece.isEmpty { return piece }
            if self.parser.isComplete {
                self.socket.close()
                return nil
            }
            let bytes = try await self.socket.read()
            try self.parser.receive(bytes, from: self.attempt.address)
        }
    }

    private func end(with error: HTTPClientError) {
        self.attempt.fail(error)
        self.socket.close()
    }
}
