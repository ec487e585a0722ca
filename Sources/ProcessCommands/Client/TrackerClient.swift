public import ProcessHTTP

/// Why a request got no answer.
public struct TrackerClientError: Error, Equatable, Sendable {
    /// Why, in a few words: "connection refused".
    public var reason: String
    /// Whether the tracker may have got the request all the same.
    public var wasPossiblySent: Bool

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - reason: Why, in a few words.
    ///   - wasPossiblySent: Whether the tracker may have got the request all the same.
    public init(_ reason: String, wasPossiblySent: Bool = false) {
        self.reason = reason
        self.wasPossiblySent = wasPossiblySent
    }
}

/// What sends requests to the tracker: a connection, or what a test puts in its place.
public protocol TrackerClient: Sendable {
    /// Where it sends them, to be shown: `http://127.0.0.1:8080`.
    var address: String { get }

    /// Sends one request and waits for its answer, not longer than a few seconds beyond what its `Prefer: wait=n` allows.
    ///
    /// - Parameter request: The request; its path is the API's.
    /// - Returns: The answer, whatever its status.
    /// - Throws: `TrackerClientError` where none came.
    func send(_ request: HTTPRequest) async throws(TrackerClientError) -> HTTPResponse

    /// Sends one request whose answer may go on for as long as it likes, though never silent for a minute.
    ///
    /// - Parameter request: The request; its path is the API's.
    /// - Returns: The answer, whatever its status, to be read piece by piece.
    /// - Throws: `TrackerClientError` where none came.
    func open(_ request: HTTPRequest) async throws(TrackerClientError) -> any TrackerStream
}

/// An answer that is read piece by piece.
public protocol TrackerStream: Sendable {
    /// Status and header fields; and the body, where the status is no success.
    var response: HTTPResponse { get }

    /// Waits for the next piece of the body. For one task at a time.
    ///
    /// - Returns: The piece; nil once the body is complete.
    /// - Throws: `TrackerClientError` where it breaks off, or falls silent.
    func next() async throws(TrackerClientError) -> [UInt8]?

    /// Closes the connection.
    func close()
}
