/// Judges a history: a pure function of what was asked, what was answered, and when.
struct HistoryChecker {
    private let history: [ChaosOperation]
    private let processes: [String: ProcessHistory]

    /// Takes what happened, in the order in which it was sent.
    init(_ history: [ChaosOperation]) {
        self.history = history
        var operations: [String: [ChaosOperation]] = [:]
        for operation in history {
            // A survey shows all that there is: each process is given its own part of it.
            if case .survey = operation.request {
                for sighting in operation.sightings {
                    operations[sighting.id, default: []].append(operation.showingOnly(sighting))
                }
            } else {
                for id in operation.ids { operations[id, default: []].append(operation) }
            }
        }
        self.processes = Dictionary(
            uniqueKeysWithValues: operations.map { ($0.key, ProcessHistory($0.key, $0.value)) })
    }

    /// What happened to one process.
    func operations(on id: String) -> [ChaosOperation] { self.processes[id]?.operations ?? [] }

    /// Every rule that the history breaks, and where.
    func violations() -> [ChaosViolation] {
        let ofEach = self.processes.keys.sorted().flatMap { self.processes[$0]?.violations() ?? [] }
        return ofEach + self.startedTwice() + self.missingInSurveys() + self.unexpectedAnswers()
    }

    // MARK: Rules about more than one process

    private func startedTwice() -> [ChaosViolation] {
        var violations: [ChaosViolation] = []
        var starts: [Int: [ChaosOperation]] = [:]
        for operation in self.history {
            if case .start(let number, _, _, _) = operation.request { starts[number, default: []].append(operation) }
        }
        var ids: [String: Set<String>] = [:]
        for (id, process) in self.processes {
            for input in process.inputs { ids[input, default: []].insert(id) }
        }
        for (number, starts) in starts {
            guard case .start(_, let id, let key, let input) = starts[0].request else { continue }
            let made = starts.filter { if case .shown(status: 202, _) = $0.answer { true } else { false } }
            let possible = starts.count { $0.mayHaveHappened }
            let bound = id == nil && key == nil ? possible : min(possible, 1)
            let found = ids[input]?.count ?? 0
            if found > bound || id ?? key != nil && made.count > 1 {
                violations.append(
                    ChaosViolation(
                        rule: .startedTwice, id: made.last?.sighting?.id,
                        detail: "start \(number) made \(found) processes, \(made.count) of them acknowledged as new"))
            }
        }
        return violations
    }

    private func missingInSurveys() -> [ChaosViolation] {
        self.history.filter { $0.request == .survey }.flatMap { survey in
            let shown = Set(survey.sightings.map(\.id))
            return self.processes.filter { !shown.contains($0.key) && $0.value.wasShown(before: survey.begin) }
                .map { ChaosViolation(rule: .gone, id: $0.key, detail: "is not in the survey") }
        }
    }

    private func unexpectedAnswers() -> [ChaosViolation] {
        self.history.compactMap { operation in
            guard case .refused(let status, let code, _) = operation.answer, status != 404, status != 410,
                !operation.request.expectedCodes.contains(code)
            else { return nil }
            return ChaosViolation(rule: .unexpectedAnswer, id: operation.ids.first, detail: "\(operation)")
        }
    }
}

extension ChaosOperation {
    fileprivate func showingOnly(_ sighting: Sighting) -> ChaosOperation {
        ChaosOperation(
            actor: self.actor, request: self.request, begin: self.begin, end: self.end,
            answer: .shown(status: 200, [sighting]))
    }
}

extension ChaosOperation.Request {
    /// The refusals that a request may meet in a run.
    fileprivate var expectedCodes: Set<String> {
        switch self {
        case .progress, .complete, .fail: ["stale_attempt", "already_finished"]
        case .confirmCancelled: ["stale_attempt", "already_finished", "invalid_transition"]
        case .append: ["stale_attempt", "already_finished", "index_conflict"]
        case .cancel: ["already_finished"]
        case .retry: ["invalid_transition"]
        case .start, .claim, .read, .readOutput, .survey, .handle, .disturb: []
        }
    }
}
