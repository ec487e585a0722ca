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
}
