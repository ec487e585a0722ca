/// The methods a request may have (RFC 9110, section 9; RFC 5789).
public enum HTTPMethod: String, Hashable, Sendable, CaseIterable {
    /// Reads.
    case get = "GET"
    /// Reads the header fields that GET would answer.
    case head = "HEAD"
    /// Changes something.
    case post = "POST"
    /// Stores something under the path.
    case put = "PUT"
    /// Removes something.
    case delete = "DELETE"
    /// Asks what the path allows.
    case options = "OPTIONS"
    /// Changes a part of something.
    case patch = "PATCH"
    /// Sends the request back; never allowed here.
    case trace = "TRACE"
    /// Opens a tunnel; never allowed here.
    case connect = "CONNECT"

    /// Whether the method only reads (RFC 9110, section 9.2.1).
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .post, .put, .delete, .patch, .connect: false
        }
    }
}
