/// Which processes a worker wants.
public struct ClaimRequest: Hashable, Sendable {
    /// The queues, in no order of preference.
    public var queues: [String]
    /// How many at the most, 1 or more.
    public var limit: Int
    /// Who claims, and for how long.
    public var claim: ProcessClaim
    /// With the process with which the inputs have so many bytes, the claim is full.
    public var byteLimit = 4 << 20

    /// How many delayed processes that have become due one claim looks at.
    public static let promotionLimit = 100

    /// Whether it takes no more: as many as it asked for, or as large ones.
    ///
    /// - Parameters:
    ///   - count: How many processes it has taken.
    ///   - bytes: How many bytes their inputs have.
    /// - Returns: Whether it is.
    public func isFull(_ count: Int, bytes: Int) -> Bool { count >= self.limit || bytes >= self.byteLimit }

    /// Takes the three parts.
    public init(queues: [String], limit: Int = 1, claim: ProcessClaim = ProcessClaim()) {
        self.queues = queues
        self.limit = limit
        self.claim = claim
    }
}
