/// Why a store could not do what it was asked.
public struct ProcessRepositoryError: Error, Sendable, CustomStringConvertible {
    /// The sorts of error a caller can act on.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The store can't be reached, is closed, or did not answer in time; what was asked has not happened.
        case unavailable
        /// The connection was lost, or time was up, after the change was sent: it may or may not have happened.
        case outcomeUnknown = "outcome_unknown"
        /// The store has no room: a full disk, or Redis at its `maxmemory`.
        case storeFull = "store_full"
        /// The store refuses for good: a missing right, a wrong password, a file that is not ours.
        case refused
        /// The store answered something that it can't have meant; a bug in it or here.
        case unexpectedAnswer = "unexpected_answer"
    }

    /// The sort of error.
    public let code: Code
    /// What happened, in words for an operator; names no secret.
    public let message: String
    /// The error below, where there is one.
    public let underlying: (any Error)?
    /// What clients are told, where what is said of all errors of this sort would be false.
    public let explanation: Explanation?

    /// What happened and what helps, in words for a client.
    public struct Explanation: Hashable, Sendable {
        /// What happened, to be read before ", so nothing was changed".
        public let reason: String
        /// What helps.
        public let advice: String

        /// Takes the two parts.
        public init(reason: String, advice: String) {
            self.reason = reason
            self.advice = advice
        }
    }

    /// Takes the four parts.
    public init(
        _ code: Code, _ message: String, underlying: (any Error)? = nil, explanation: Explanation? = nil
    ) {
        self.code = code
        self.message = message
        self.underlying = underlying
        self.explanation = explanation
    }

    /// The code and the message.
    public var description: String { "\(self.code): \(self.message)" }
}
