import ProcessCore

// The rules about what workers report, and what is shown of it.
extension ProcessHistory {
    /// How much later than on the store's clock a lease may have begun to run for us: clocks of instances differ a little.
    private static let leaseTolerance = Duration.milliseconds(500)
    /// The failure codes that the tracker gives by itself.
    private static let trackerCodes: Set<String> = ["lease_expired", "timed_out", "never_claimed"]

    func heldTwice() -> [ChaosViolation] {
        var claims: [Int: ChaosOperation] = [:]
        var handlers: [Int: ChaosOperation] = [:]
        var names: [Int: String] = [:]
        var violations: [ChaosViolation] = []
        for operation in self.operations {
            var other: ChaosOperation?
            if case .claim = operation.request, let sighting = operation.sightings.first(where: { $0.id == self.id }) {
                other = claims.updateValue(operation, forKey: sighting.attempt)
            } else if case .handle(let attempt, _) = operation.request {
                other = handlers.updateValue(operation, forKey: attempt.number)
            }
            if let other { violations.append(self.violation(.heldTwice, "\(other), and \(operation)")) }
        }
        for case let sighting? in self.observations.map(\.sighting) {
            guard let worker = sighting.worker else { continue }
            if let other = names.updateValue(worker, forKey: sighting.attempt), other != worker {
                violations.append(
                    self.violation(.heldTwice, "attempt \(sighting.attempt) is \(other)'s, and \(worker)'s"))
            }
        }
        return violations
    }

    func staleEffect() -> [ChaosViolation] {
        let seen = LargestBefore(
            self.observations.compactMap { observation in
                observation.outline.map { (observation.operation.end, $0.attempt) }
            })
        return self.operations.compactMap { operation in
            guard let report = operation.report else { return nil }
            if let sighting = operation.sighting, sighting.attempt != report.number {
                return self.violation(.staleEffect, "\(operation)")
            }
            guard let current = seen[operation.begin], current > report.number else { return nil }
            switch operation.answer {
            case .lost, .undone, .refused(_, "stale_attempt", _): return nil
            case .shown, .unchanged, .appended, .output, .refused:
                return self.violation(.staleEffect, "attempt \(current) had begun before: \(operation)")
            }
        }
    }

    func foreignPayload() -> [ChaosViolation] {
        let sent = SentPayloads(self.operations)
        let original = self.observations.lazy.compactMap(\.sighting).first?.input
        return self.faces.compactMap { face in
            guard let sighting = face.sighting else { return nil }
            func wasSent(_ kind: SentPayloads.Kind, _ payload: String?) -> Bool {
                sent.contains(kind, payload, attempt: sighting.attempt, before: face.operation.end)
            }
            let foreign: String? =
                if sighting.input != original {
                    "another input"
                } else if sighting.status == .completed, !wasSent(.result, sighting.result) {
                    "a result that nobody reported for this attempt"
                } else if let message = sighting.message, !wasSent(.message, message) {
                    "a message that nobody sent for this attempt"
                } else if let code = sighting.errorCode, !Self.trackerCodes.contains(code),
                    !wasSent(.failure, sighting.errorDetails)
                {
                    "a failure that nobody reported for this attempt"
                } else {
                    nil
                }
            return foreign.map { self.violation(.foreignPayload, "\($0): \(face.operation)") }
        }
    }

    func wrongAnswer() -> [ChaosViolation] {
        self.observations.compactMap { observation in
            guard let sighting = observation.sighting, !Self.answers(observation.operation, sighting) else {
                return nil
            }
            return self.violation(.wrongAnswer, "\(observation.operation)")
        }
    }

    /// Whether a process as an answer shows it is what was asked for.
    private static func answers(_ operation: ChaosOperation, _ sighting: Sighting) -> Bool {
        switch operation.request {
        case .start(_, let id, _, let input):
            let isFirst = if case .shown(status: 202, _) = operation.answer { true } else { false }
            return sighting.input == input && sighting.id == id ?? sighting.id && (!isFirst || sighting.revision == 1)
        case .claim(let worker, let queues):
            return sighting.status == .running && sighting.worker == worker && queues.contains(sighting.queue ?? "")
        case .progress(let attempt, let message):
            return sighting.id == attempt.id && sighting.status == .running && sighting.message == message
        case .complete(let attempt, let result):
            return sighting.id == attempt.id && sighting.status == .completed && sighting.result == result
        case .fail(let attempt, let details):
            return sighting.id == attempt.id && sighting.errorDetails == details
                && [.pending, .failed, .cancelled].contains(sighting.status)
        case .confirmCancelled(let attempt):
            return sighting.id == attempt.id && sighting.status == .cancelled
        case .cancel(let id, let force):
            return sighting.id == id
                && (sighting.status == .cancelled || !force && sighting.status == .running && sighting.cancelRequested)
        case .retry(let id):
            return sighting.id == id && !sighting.cancelRequested && sighting.errorCode == nil
                && sighting.status == (sighting.queue == nil ? .running : .pending)
        case .read(let id, let known):
            return sighting.id == id && sighting.revision != known
        case .append, .readOutput, .survey, .handle, .disturb:
            return true
        }
    }

    func unfoundedRefusal() -> [ChaosViolation] {
        var acknowledged: [ChaosOperation.Request: Duration] = [:]
        for operation in self.operations where operation.sighting != nil {
            if case .complete = operation.request {
                acknowledged[operation.request] = min(acknowledged[operation.request] ?? operation.end, operation.end)
            }
        }
        return self.operations.compactMap { operation in
            guard case .refused(_, let code, let outline) = operation.answer else { return nil }
            let hasReason =
                switch code {
                case "stale_attempt":
                    outline.map { $0.attempt != operation.report?.number || $0.status == .pending } ?? false
                case "already_finished": outline?.status.isFinished ?? false
                default: true
                }
            if let before = acknowledged[operation.request], before < operation.begin {
                return self.violation(.unfoundedRefusal, "it was acknowledged before: \(operation)")
            }
            return hasReason ? nil : self.violation(.unfoundedRefusal, "\(operation)")
        }
    }

    func earlyExpiry() -> [ChaosViolation] {
        let renewals = Dictionary(grouping: self.observations.filter(\.operation.renewsLease)) { $0.sighting?.attempt }
        return self.faces.compactMap { expired in
            guard let sighting = expired.sighting, sighting.errorCode == "lease_expired" else { return nil }
            let early = renewals[sighting.attempt]?.first { renewal in
                guard let lease = renewal.sighting?.lease, renewal.revision < sighting.revision else { return false }
                return renewal.operation.begin + lease > expired.operation.end + Self.leaseTolerance
            }
            return early.map { self.violation(.earlyExpiry, "\($0.operation), but \(expired.operation)") }
        }
    }
}

extension ChaosOperation {
    /// Whether an acknowledgement of it says that a lease has begun anew.
    fileprivate var renewsLease: Bool {
        switch self.request {
        case .claim, .progress: true
        case .start, .retry: self.sighting?.status == .running && self.alwaysBegins
        case .complete, .fail, .confirmCancelled, .append, .cancel, .read, .readOutput, .survey, .handle, .disturb:
            false
        }
    }

    private var alwaysBegins: Bool {
        if case .start = self.request, case .shown(status: 200, _) = self.answer { false } else { true }
    }
}
