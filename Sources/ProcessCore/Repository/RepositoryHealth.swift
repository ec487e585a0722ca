/// How a store does.
public struct RepositoryHealth: Hashable, Sendable {
    /// The three answers.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// It answers, and nothing speaks against it.
        case ok
        /// It answers, but keeps less than it should promise; the reason says what.
        case degraded
        /// It does not answer.
        case down
    }

    /// The answer.
    public var state: State
    /// Why it is not `ok`.
    public var reason: String?
    /// How long the round trip took.
    public var latency: Duration

    /// Takes the three parts.
    public init(_ state: State, reason: String? = nil, latency: Duration) {
        self.state = state
        self.reason = reason
        self.latency = latency
    }
}
