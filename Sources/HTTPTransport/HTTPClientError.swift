internal import Glibc

/// A request got no answer.
public struct HTTPClientError: Error, CustomStringConvertible {
    /// What went wrong.
    public enum Code: Hashable, Sendable {
        /// The host name is not known, or the look-up failed. Nothing was sent.
        case unresolvableHost
        /// Nobody listens there. Nothing was sent.
        case connectionRefused
        /// The connection could not be made for another reason. Nothing was sent.
        case cannotConnect
        /// There was no complete answer in time. Whether the request had an effect is not known.
        case timedOut
        /// The connection ended before the answer was complete. Whether the request had an effect is not known.
        case connectionLost
        /// What came is no HTTP, or too large.
        case malformedResponse
        /// The calling task was cancelled. Whether the request had an effect is not known.
        case cancelled
    }

    /// What went wrong.
    public let code: Code
    /// The same in a sentence, naming the address.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// From the `errno` of connecting.
    static func connecting(_ errorNumber: Int32, to address: HostPort) -> HTTPClientError {
        let reason = String(cString: strerror(errorNumber))
        return switch errorNumber {
        case ECONNREFUSED: HTTPClientError(.connectionRefused, "Cannot reach \(address): nobody listens there")
        case ETIMEDOUT: HTTPClientError(.cannotConnect, "Cannot reach \(address): no answer")
        default: HTTPClientError(.cannotConnect, "Cannot reach \(address): \(reason)")
        }
    }
}
