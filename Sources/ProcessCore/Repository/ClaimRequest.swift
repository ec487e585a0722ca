/// Which processes a worker wants.
public struct ClaimRequest: Hashable, Sendable {
    /// The queues, in no order of preference.
    public var queues: [String]
    /// How many at the most, 1 or more.
    public var limit: Int
    /// Who claims, and for how long.
    public var claim: ProcessClaim

    /// How many delayed processes that have become due one claim looks at.
    public static let promotionLimit = 100

    /// Takes the three parts.
    public init(queues: [String], limit: Int = 1, claim: ProcessClaim = ProcessClaim()) {
        self.queues = queues
        self.limit = limit
        self.claim = claim
    }
}
