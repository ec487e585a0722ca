/// A request, as it came from a connection; nothing of it was judged but its framing.
public struct HTTPRequest: Sendable {
    /// What is wrong with the message itself, found before anybody looked at its meaning.
    public enum Fault: Hashable, Sendable {
        /// Its framing can be read in two ways, such as by two lengths; the text says what was found.
        case ambiguous(String)
        /// Its body is larger than the server takes, and was not read to its end.
        case bodyTooLarge
    }

    /// The method.
    public var method: HTTPMethod
    /// The path as it was sent, percent-encoded, without the query.
    public var path: String
    /// The query as it was sent, without the `?`; `nil` where there was none.
    public var query: String?
    /// The header fields.
    public var headers: HTTPHeaders
    /// The body; empty where there was none, or where it was too large.
    public var body: [UInt8]
    /// What is wrong with the message itself, if anything.
    public var fault: Fault?

    /// Takes the parts.
    public init(
        method: HTTPMethod, path: String, query: String? = nil, headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        fault: Fault? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.fault = fault
    }
}

/// An answer, before a server adds `Date`, `Server`, `Content-Length` and `Connection`.
public struct HTTPResponse: Sendable {
    /// The status.
    public var status: HTTPStatus
    /// The header fields.
    public var headers: HTTPHeaders
    /// The body. For HEAD, the one that GET would have: the server sends its length and not its bytes.
    public var body: [UInt8]
    /// What writes the body piece by piece, in the place of ``body``; `nil` where that is all there is. For HEAD it is
    /// not called.
    public var stream: HTTPBodyStream?

    /// Takes the parts.
    public init(
        _ status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], stream: HTTPBodyStream? = nil
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.stream = stream
    }
}

/// Answers requests; made by a router, called by a server or by a test.
public protocol HTTPHandler: Sendable {
    /// Answers one request.
    ///
    /// - Parameter request: The request.
    /// - Returns: The answer; there is always one.
    func respond(to request: HTTPRequest) async -> HTTPResponse
}
