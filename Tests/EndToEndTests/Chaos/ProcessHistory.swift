import ProcessCore

/// All that a history has of one process, and the rules that one process can break.
struct ProcessHistory {
    /// A revision that somebody was shown.
    struct Observation {
        let operation: ChaosOperation
        let revision: Int
        /// `nil` where only the revision was told.
        let outline: Sighting.Outline?
        /// `nil` where less than the whole process was shown.
        let sighting: Sighting?
    }

    /// The failure code that workers of a run report.
    static let reportedCode = "chaos"

    let id: String
    let operations: [ChaosOperation]
    let observations: [Observation]
    /// What was shown first of each revision, by revision; where it was ever shown whole, what showed it so.
    let faces: [Observation]

    /// Takes what happened, in the order in which it was sent.
    init(_ id: String, _ operations: [ChaosOperation]) {
        self.id = id
        self.operations = operations
        let observations = operations.compactMap { operation -> Observation? in
            switch operation.answer {
            case .shown(_, let sightings):
                guard let sighting = sightings.first(where: { $0.id == id }) else { return nil }
                return Observation(
                    operation: operation, revision: sighting.revision, outline: sighting.outline, sighting: sighting)
            case .unchanged:
                guard case .read(_, let known?) = operation.request else { return nil }
                return Observation(operation: operation, revision: known, outline: nil, sighting: nil)
            case .refused(_, _, let outline?):
                return Observation(
                    operation: operation, revision: outline.revision, outline: outline, sighting: nil)
            case .appended, .output, .refused(_, _, nil), .lost, .undone:
                return nil
            }
        }
        var faces: [Int: Observation] = [:]
        for observation in observations where observation.outline != nil {
            let known = faces[observation.revision]
            if known == nil || known?.sighting == nil && observation.sighting != nil {
                faces[observation.revision] = observation
            }
        }
        self.observations = observations
        self.faces = faces.values.sorted { $0.revision < $1.revision }
    }

    /// What it was shown to have been started with.
    var inputs: Set<String> { Set(self.observations.compactMap { $0.sighting?.input }) }

    /// Whether an answer that showed it had come by then.
    func wasShown(before instant: Duration) -> Bool {
        self.observations.contains { $0.operation.end < instant }
    }

    func violations() -> [ChaosViolation] {
        self.gone() + self.unfinished() + self.wentBack() + self.twoFaces() + self.sharedRevision()
            + self.impossibleStep() + self.endReplaced() + self.heldTwice() + self.staleEffect()
            + self.foreignPayload() + self.wrongAnswer() + self.unfoundedRefusal() + self.earlyExpiry()
            + OutputHistory(self).violations()
    }

    func violation(_ rule: ChaosRule, _ detail: String) -> ChaosViolation {
        ChaosViolation(rule: rule, id: self.id, detail: detail)
    }

    // MARK: Existence

    /// Nobody asks for what they were not shown before.
    private func gone() -> [ChaosViolation] {
        self.operations.compactMap { operation in
            guard case .refused(let status, _, _) = operation.answer, status == 404 || status == 410 else { return nil }
            return self.violation(.gone, "\(operation)")
        }
    }

    private func unfinished() -> [ChaosViolation] {
        self.observations.compactMap { observation in
            guard observation.operation.request == .survey, let sighting = observation.sighting,
                !sighting.status.isFinished
            else { return nil }
            return self.violation(.unfinished, "is still \(sighting.status) in attempt \(sighting.attempt)")
        }
    }

    // MARK: Order

    private func wentBack() -> [ChaosViolation] {
        let seen = LargestBefore(self.observations.map { ($0.operation.end, $0.revision) })
        return self.observations.compactMap { observation in
            guard let newest = seen[observation.operation.begin], newest > observation.revision else { return nil }
            return self.violation(
                .wentBack,
                "revision \(newest) had been shown before revision \(observation.revision): \(observation.operation)")
        }
    }

    private func twoFaces() -> [ChaosViolation] {
        var first: [Int: Observation] = [:]
        for face in self.faces { first[face.revision] = face }
        return self.observations.compactMap { observation in
            guard let other = first[observation.revision], let outline = observation.outline else { return nil }
            let areSame =
                if let one = other.sighting, let two = observation.sighting {
                    one == two
                } else {
                    other.outline == outline
                }
            return areSame
                ? nil
                : self.violation(
                    .twoFaces, "revision \(observation.revision): \(other.operation), but \(observation.operation)")
        }
    }

    private func sharedRevision() -> [ChaosViolation] {
        var makers: [Int: ChaosOperation] = [:]
        return self.observations.compactMap { observation in
            guard observation.operation.alwaysChanges, observation.sighting != nil else { return nil }
            guard let other = makers.updateValue(observation.operation, forKey: observation.revision) else {
                return nil
            }
            return self.violation(.sharedRevision, "\(other) and \(observation.operation)")
        }
    }

    private func impossibleStep() -> [ChaosViolation] {
        let faces = self.faces
        return zip(faces, faces.dropFirst()).compactMap { before, after in
            guard let from = before.outline, let to = after.outline else { return nil }
            let isPossible =
                to.attempt >= from.attempt
                && (to.revision > from.revision + 1 || Self.canStep(from, to, before.sighting, after.sighting))
            return isPossible ? nil : self.violation(.impossibleStep, "\(before.operation), then \(after.operation)")
        }
    }

    /// Whether the rules of a process's life let one revision follow the other at once.
    private static func canStep(
        _ from: Sighting.Outline, _ to: Sighting.Outline, _ before: Sighting?, _ after: Sighting?
    ) -> Bool {
        let wasAskedToEnd = before?.cancelRequested ?? false
        let keepsAttempt = to.attempt == from.attempt
        switch (from.status, to.status) {
        case (.pending, .running): return to.attempt == from.attempt + 1
        case (.pending, .cancelled), (.pending, .failed): return keepsAttempt
        case (.running, .running): return keepsAttempt && (!wasAskedToEnd || after?.cancelRequested ?? true)
        case (.running, .pending), (.running, .failed): return keepsAttempt && !wasAskedToEnd
        case (.running, .completed), (.running, .cancelled): return keepsAttempt
        case (.failed, .pending), (.cancelled, .pending): return keepsAttempt
        case (.failed, .running), (.cancelled, .running): return to.attempt == from.attempt + 1
        case (.pending, .pending), (.pending, .completed), (.completed, _), (.failed, _), (.cancelled, _):
            return false
        }
    }

    private func endReplaced() -> [ChaosViolation] {
        var unknownRetries = self.operations.filter { operation in
            if case (.retry, .lost) = (operation.request, operation.answer) { true } else { false }
        }[...]
        let acknowledged = Set(
            self.observations.compactMap { observation in
                if case .retry = observation.operation.request { observation.revision } else { nil }
            })
        return zip(self.faces, self.faces.dropFirst()).compactMap { end, next in
            guard let outline = end.outline, outline.status.isFinished else { return nil }
            if outline.status != .completed {
                if acknowledged.contains(end.revision + 1) { return nil }
                if let retry = unknownRetries.first, retry.begin < next.operation.end {
                    unknownRetries.removeFirst()
                    return nil
                }
            }
            return self.violation(
                .endReplaced, "\(outline.status) at revision \(end.revision), and then: \(next.operation)")
        }
    }
}

extension ChaosOperation {
    /// Whether an acknowledgement of it means a new revision, where it shows the process at all.
    fileprivate var alwaysChanges: Bool {
        switch self.request {
        case .progress, .retry, .claim: true
        case .start: if case .shown(status: 202, _) = self.answer { true } else { false }
        case .complete, .fail, .confirmCancelled, .append, .cancel, .read, .readOutput, .survey, .handle, .disturb:
            false
        }
    }
}
