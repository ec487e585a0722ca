/// Why a process failed: what its worker reported, or what the service found.
public struct ProcessFailure: Hashable, Sendable {
    /// A stable word for programs, of identifier shape, such as `exit_2` or `lease_expired`.
    public var code: String
    /// A sentence for people, at most 1 KiB.
    public var message: String?
    /// Anything else, as JSON text.
    public var details: JSONText?

    /// Takes the three parts.
    public init(code: String, message: String? = nil, details: JSONText? = nil) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// The code where a worker's report named none.
    public static let unspecifiedCode = "failed"
    /// The code of a process whose worker fell silent for longer than its lease.
    public static let leaseExpiredCode = "lease_expired"
    /// The code of a process whose run took longer than its timeout.
    public static let timedOutCode = "timed_out"
    /// The code of a process that no worker claimed in time.
    public static let neverClaimedCode = "never_claimed"
}
