import Testing

/// What is said of a run when it is over.
struct ChaosReport {
    /// How many violations are shown, each with all that happened to its process.
    private static let shownViolations = 5
    private static let shownOperations = 80

    private let name: String
    private let plan: ChaosPlan
    private let operations: [ChaosOperation]

    init(_ name: String, _ plan: ChaosPlan, _ operations: [ChaosOperation]) {
        self.name = name
        self.plan = plan
        self.operations = operations
    }

    /// Judges the run, and expects that it was as wild as it should be.
    func expectNoViolation(_ history: ChaosHistory) {
        let checker = HistoryChecker(self.operations)
        let violations = checker.violations()
        print("chaos on \(self.name): \(self.summary)")
        // A run in which nothing goes wrong proves nothing.
        #expect(self.lost > 0, "no answer was lost")
        #expect(self.stale > 0, "no worker came back too late")
        #expect(self.expired > 0, "no lease passed")
        #expect(self.pushedOut > 0, "no output was pushed out by newer output")
        #expect(self.lateAppends > 0, "nobody went on to put out after the end of an attempt")
        if self.started < self.plan.count {
            Issue.record("only \(self.started) of \(self.plan.count) were started in time", severity: .warning)
        }
        guard !violations.isEmpty else { return }
        let path = ChaosSettings.historyPath(self.name)
        let shown = violations.prefix(Self.shownViolations).map { violation in
            let operations = violation.id.map { checker.operations(on: $0) } ?? []
            let lines = operations.suffix(Self.shownOperations).map { "    \($0)" }
            return (["\(violation)"] + lines).joined(separator: "\n")
        }
        Issue.record(
            """
            violations: \(violations.count); repeat the choices with CHAOS_SEED=\(self.plan.seed); \
            all requests are in \(history.write(to: path) ?? "no file: \(path) can't be written")
            \(shown.joined(separator: "\n"))
            """)
    }

    private var summary: String {
        let surveyed = self.operations.last { $0.request == .survey }?.sightings ?? []
        let ends = Dictionary(grouping: surveyed, by: \.status).map { "\($0.value.count) \($0.key)" }.sorted()
        return """
            \(surveyed.count) processes (\(ends.joined(separator: ", "))), \(self.operations.count) requests, \
            \(self.disturbances) kills and cuts, \(self.lost) answers lost, \(self.stale) stale reports refused, \(self.expired) leases passed, \
            \(self.chunks) chunks acknowledged, \(self.pushedOut) pushed out, \(self.lateAppends) late appends refused, \
            seed \(self.plan.seed)
            """
    }

    private var started: Int {
        let numbers = self.operations.compactMap { operation in
            if case .start(let number, _, _, _) = operation.request, operation.sighting != nil { number } else { nil }
        }
        return Set(numbers).count
    }

    private var disturbances: Int {
        self.operations.count { if case .disturb = $0.request { true } else { false } }
    }

    private var lost: Int {
        self.operations.count { if case (.lost, false) = ($0.answer, $0.actor == "handler") { true } else { false } }
    }

    private var stale: Int {
        self.operations.count { if case .refused(_, "stale_attempt", _) = $0.answer { true } else { false } }
    }

    private var expired: Int {
        let attempts = self.operations.flatMap { operation in
            operation.sightings.filter { $0.errorCode == "lease_expired" }.map { "\($0.id) \($0.attempt)" }
        }
        return Set(attempts).count
    }

    /// The chunks that were acknowledged, also where they were sent and answered again.
    private var chunks: Int {
        let chunks = self.operations.flatMap { operation -> [String] in
            guard let id = operation.report?.id, let range = operation.appended else { return [] }
            return range.map { "\(id) \($0)" }
        }
        return Set(chunks).count
    }

    /// The chunks that newer ones had pushed out by the end.
    private var pushedOut: Int {
        var latest: [String: Int] = [:]
        for operation in self.operations {
            if case (.readOutput(let id, _), .output(let output)) = (operation.request, operation.answer) {
                latest[id] = output.last - output.chunks.count
            }
        }
        return latest.values.reduce(0, +)
    }

    private var lateAppends: Int {
        self.operations.count { operation in
            guard case (.append, .refused(_, let code, _)) = (operation.request, operation.answer) else { return false }
            return code != "index_conflict"
        }
    }
}
