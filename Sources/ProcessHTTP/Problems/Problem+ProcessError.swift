internal import ProcessCore

extension Problem {
    /// The problem that a use case's error is to the sender of the request.
    ///
    /// - Parameters:
    ///   - error: Why the use case did not happen.
    ///   - effect: What the request would have done.
    convenience init(_ error: ProcessError, effect: Effect) {
        switch error {
        case .notFound(let id):
            self.init(.processNotFound, "there is no process \(id): it was never started, or removed long ago")
        case .removed(let id, let tombstone):
            self.init(
                .processRemoved, Self.removed(id, tombstone),
                facts: Facts(processStatus: tombstone?.status, removedAt: tombstone?.removedAt))
        case .moved(let id):
            self.init(
                .storeUnavailable, "process \(id) was moved to Redis, which this instance does not use now: try again",
                facts: Facts(retryAfter: 1))
        case .exists(let id):
            self.init(
                .processExists,
                "the id \(id) is taken: choose another, or send \"if_exists\":\"return\" to get the one that is there",
                field: "id", facts: Facts(processID: id))
        case .unusable(let id, let reason, isOurs: true):
            self.init(
                .processExists,
                "the id \(id) is taken by a record that cannot be read: choose another id, or remove such records by DELETE /cleanup?corrupt=true&force=true",
                field: "id", facts: Facts(processID: id, cause: "\(id): \(reason)"))
        case .unusable(let id, let reason, isOurs: false):
            self.init(
                .processExists,
                "the id \(id) is taken by something in the store that is no process, and that stays as it is: choose another id, or have it removed from the store by hand",
                field: "id", facts: Facts(processID: id, cause: "\(id): \(reason)"))
        case .idempotencyMismatch(let key):
            self.init(
                .idempotencyMismatch,
                "the key \(key) came before with another body: send the same bytes again, or choose a new key",
                field: "Idempotency-Key")
        case .parentMissing(let id):
            self.init(
                .invalidField, "parent_id must be an existing process, and there is no \(id)", field: "parent_id")
        case .full(let maximum):
            self.init(
                .storeFull,
                "there are \(maximum) processes, as many as this service is configured to hold: clean up, or try later")
        case .refused(let refusal, let record):
            self.init(refusal, record)
        case .indexConflict(_, let next, let reason):
            self.init(.indexConflict, reason, field: "index", facts: Facts(nextIndex: next))
        case .corrupt(let id, let reason):
            self.init(
                .corruptRecord,
                "what is stored of \(id) cannot be read: DELETE /cleanup?corrupt=true&force=true removes such records",
                facts: Facts(cause: "\(id): \(reason)"))
        case .store(let error):
            self.init(error, effect: effect)
        }
    }

    private static func removed(_ id: ProcessID, _ tombstone: Tombstone?) -> String {
        guard let tombstone else { return "process \(id) was removed by a cleanup" }
        return "process \(id) was \(tombstone.status.rawValue), and a cleanup removed it at \(tombstone.removedAt)"
    }

    private convenience init(_ refusal: ProcessTransition.Refusal, _ record: ProcessRecord) {
        let facts = Facts(
            processStatus: record.status, revision: record.revision, attempt: record.attempt)
        switch refusal {
        case .missingAttempt:
            self.init(
                .missingField, "attempt is required: the process was claimed, so say which attempt this report is of",
                field: "attempt")
        case .preconditionFailed:
            self.init(
                .preconditionFailed,
                "the process is at revision \(record.revision), and If-Match names another: look at it again",
                field: "If-Match", facts: facts)
        case .staleAttempt:
            let now =
                switch (record.status, record.attempt) {
                case (.pending, 0): "waits for its first attempt"
                case (.pending, _): "waits for its next attempt"
                case (_, 0): "was never claimed"
                case (_, let attempt): "is at attempt \(attempt)"
                }
            self.init(
                .staleAttempt, "the report is of another attempt than the current one: the process \(now)", facts: facts
            )
        case .alreadyFinished:
            self.init(
                .alreadyFinished, "the process is \(record.status.rawValue) already, and the first end state stands",
                facts: facts)
        case .invalidTransition(let reason):
            self.init(.invalidTransition, reason, facts: facts)
        }
    }

    private convenience init(_ error: ProcessRepositoryError, effect: Effect) {
        var facts = Facts(cause: error.description)
        let reason = error.explanation?.reason
        let advice = error.explanation?.advice
        switch error.code {
        case .unavailable, .refused:
            facts.retryAfter = 1
            self.init(
                .storeUnavailable,
                "\(reason ?? "the store cannot be reached")\(effect.ifUndone): \(advice ?? "try again")", facts: facts)
        case .outcomeUnknown:
            facts.retryAfter = 1
            self.init(
                .storeUnavailable, "\(reason ?? "the store's answer was lost")\(effect.ifUnknown)", facts: facts)
        case .storeFull:
            self.init(
                .storeFull,
                "\(reason ?? "the store has no room")\(effect.ifUndone): \(advice ?? "clean up, or give it more")",
                facts: facts)
        case .unexpectedAnswer:
            self.init(.internal, "the store answered something unexpected\(effect.ifUnknown)", facts: facts)
        }
    }
}

extension Problem {
    /// What a request does, and so what may have come of it when the store failed.
    enum Effect {
        /// It only reads.
        case none
        /// It changes one thing, wholly or not at all.
        case change
        /// It adds output, which is added twice where it is sent twice without its index.
        case append
        /// It hands out what it finds.
        case claim
        /// It cancels one process after the other.
        case tree
        /// It removes one batch after the other.
        case batches

        /// What came of it where the store did nothing, behind what happened.
        var ifUndone: String {
            switch self {
            case .none: ""
            case .change: ", so nothing was changed"
            case .append: ", so nothing was appended"
            case .claim: ", so nothing was claimed"
            case .tree: "; what was cancelled before stays cancelled"
            case .batches: "; what was removed before stays removed"
            }
        }

        /// What came of it where the store may have done it, behind what happened.
        var ifUnknown: String {
            switch self {
            case .none: ": try again"
            case .change:
                """
                 after the change was sent, so it may or may not have happened: look at the process, or send the same again
                """
            case .append:
                """
                 after the output was sent, so it may or may not be there: send the same again with its index, or look
                """
            case .claim:
                """
                 after the claim was sent, so processes may have been claimed: they are due again once their lease has passed
                """
            case .tree: "; what was cancelled stays cancelled, so send the same again for the rest"
            case .batches: "; what was removed stays removed, so clean up again for the rest"
            }
        }
    }
}

extension Problem {
    /// The problem that a body which is no JSON object is.
    convenience init(_ error: JSONError) {
        self.init(.invalidJSON, "the body is not a JSON object: \(error.message)", facts: Facts(offset: error.offset))
    }

    /// The problem that a field of a body is.
    convenience init(_ error: JSONFieldError) {
        let code: ProblemCode =
            switch error.code {
            case .invalid: .invalidField
            case .missing: .missingField
            case .unknown: .unknownField
            }
        self.init(code, "\(Self.shortened(error.field)) \(error.reason)", field: error.field)
    }
}
