internal import Glibc

/// The server could not start listening.
public struct HTTPServerError: Error, CustomStringConvertible {
    /// What went wrong.
    public enum Code: Hashable, Sendable {
        /// The text is no `host:port`.
        case malformedAddress
        /// The host name is not known, or the look-up failed.
        case unresolvableHost
        /// Something else listens there.
        case addressInUse
        /// The machine has no such address.
        case addressNotAvailable
        /// Not allowed: ports below 1024 mostly belong to the superuser.
        case permissionDenied
        /// Anything else, such as no descriptors left.
        case systemError
    }

    /// What went wrong.
    public let code: Code
    /// The same in a sentence, naming the address.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// From the `errno` of a call that concerned an address.
    init(_ errorNumber: Int32, listeningOn address: String) {
        let reason = String(cString: strerror(errorNumber))
        switch errorNumber {
        case EADDRINUSE:
            self.init(.addressInUse, "Cannot listen on \(address): the port is in use")
        case EADDRNOTAVAIL:
            self.init(.addressNotAvailable, "Cannot listen on \(address): this machine has no such address")
        case EACCES, EPERM:
            self.init(
                .permissionDenied, "Cannot listen on \(address): not permitted (ports below 1024 need a privilege)")
        default:
            self.init(.systemError, "Cannot listen on \(address): \(reason)")
        }
    }
}
