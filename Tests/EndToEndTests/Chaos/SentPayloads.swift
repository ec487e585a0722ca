/// What workers have sent of one process, each payload with the attempt that it belongs to.
struct SentPayloads {
    enum Kind: Hashable {
        case result
        case failure
        case message
    }

    private struct Key: Hashable {
        let kind: Kind
        let attempt: Int
        let payload: String?
    }

    /// When each was first sent, of those whose sending may have had an effect.
    private var first: [Key: Duration] = [:]

    init(_ operations: [ChaosOperation]) {
        for operation in operations where operation.mayHaveHappened {
            guard let key = Self.key(operation.request) else { continue }
            self.first[key] = min(self.first[key] ?? operation.begin, operation.begin)
        }
    }

    /// Whether a payload had been sent for an attempt before a time.
    func contains(_ kind: Kind, _ payload: String?, attempt: Int, before instant: Duration) -> Bool {
        self.first[Key(kind: kind, attempt: attempt, payload: payload)].map { $0 < instant } ?? false
    }

    private static func key(_ request: ChaosOperation.Request) -> Key? {
        switch request {
        case .complete(let attempt, let result), .handle(let attempt, let result):
            Key(kind: .result, attempt: attempt.number, payload: result)
        case .fail(let attempt, let details): Key(kind: .failure, attempt: attempt.number, payload: details)
        case .progress(let attempt, let message): Key(kind: .message, attempt: attempt.number, payload: message)
        case .start, .claim, .confirmCancelled, .append, .cancel, .retry, .read, .readOutput, .survey, .disturb: nil
        }
    }
}
