internal import CCounters
internal import ProcessCore

/// Measures one run of an operation, without what is made ready before it and put back behind it.
protocol Meter {
    mutating func measure<Answer>(_ body: () async throws -> Answer) async throws -> Answer
}

/// Measures how long it takes.
struct LatencyMeter: Meter {
    var latencies = Latencies()

    mutating func measure<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        let begin = MonotonicInstant.now
        let answer = try await body()
        self.latencies.add(MonotonicInstant.now.nanoseconds(since: begin))
        return answer
    }
}

/// Counts what it does in this program.
struct CountMeter: Meter {
    /// What each run did.
    private(set) var runs: [counters] = []

    mutating func measure<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        let before = counters_read()
        let answer = try await body()
        let after = counters_read()
        self.runs.append(
            counters(
                allocations: after.allocations - before.allocations, sends: after.sends - before.sends,
                syncs: after.syncs - before.syncs, statements: after.statements - before.statements))
        return answer
    }

    /// What the run in the middle did: neither one that had a list grow, nor one that a timer fell into.
    func median(_ count: KeyPath<counters, Int>) -> Int {
        self.runs.map { $0[keyPath: count] }.sorted()[self.runs.count / 2]
    }
}
