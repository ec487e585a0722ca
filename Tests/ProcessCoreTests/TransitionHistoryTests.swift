import ProcessCore
import Testing

@Suite("Random histories of one process")
struct TransitionHistoryTests {
    private func randomStart(_ random: inout Seeded) -> ProcessStart {
        var start = ProcessStart(kind: "report")
        start.queue = random.oneIn(3) ? nil : "q"
        start.maxAttempts = random.int(1...4)
        start.lease = random.seconds(1...10)
        start.timeout = random.seconds(5...30)
        start.pickupTimeout = random.seconds(1...20)
        start.runAfter = random.seconds(0...10).map { .delay($0) }
        start.retain = random.oneIn(3) ? .forever : nil
        start.worker = random.oneIn(3) ? "named" : nil
        return start
    }

    private func randomChange(_ random: inout Seeded) -> ProcessChange {
        switch random.int(0...11) {
        case 0, 1: .claim(ProcessClaim(worker: random.oneIn(2) ? "w" : nil, lease: .seconds(random.int(1...9))))
        case 2: .progress(ProgressReport(numbers: .fraction(Double(random.int(0...10)) / 10)))
        case 3: .progress(ProgressReport(numbers: .units(done: 1, total: 3), message: "m"))
        case 4: .complete(result: random.oneIn(2) ? JSONText("1") : nil)
        case 5: .fail(ProcessFailure(code: "exit_\(random.int(1...2))"), mayRetry: !random.oneIn(3))
        case 6: .confirmCancelled
        case 7: .cancel(reason: random.oneIn(2) ? "why" : nil, force: random.oneIn(2))
        case 8: .retry
        case 9: .retain(random.oneIn(2) ? .forever : .after(.seconds(5)))
        default: .expire
        }
    }

    @Test(
        "every record on the way is sound, and every step is one that may be", arguments: 1...200 as ClosedRange<UInt64>
    )
    func history(seed: UInt64) {
        var random = Seeded(state: seed)
        var now: Int64 = 0
        var record = ProcessRecord(starting: self.randomStart(&random), as: Transitions.id, at: .at(now))
        self.expectSound(record, "seed \(seed), at its start")
        for step in 1...120 {
            now += Int64(random.oneIn(6) ? random.int(-5_000...0) : random.int(0...6_000))
            let change = self.randomChange(&random)
            // Mostly the worker of the current attempt, sometimes one of another, or one that names none.
            let attempt: Int? = random.oneIn(8) ? nil : record.attempt + (random.oneIn(6) ? random.int(-1...1) : 0)
            let precondition: ProcessTransition.Precondition? =
                random.oneIn(5) ? .revision(in: [record.revision - Int64(random.int(0...1))]) : nil
            let transition = ProcessTransition(
                change, attempt: attempt, precondition: precondition, at: .at(now),
                random: Double(random.int(0...99)) / 100)
            let place = "seed \(seed), step \(step): \(change) on one that is \(record.status.rawValue)"
            do throws(ProcessTransition.Refusal) {
                let outcome = try transition.apply(to: record)
                #expect(try transition.apply(to: record) == outcome, "the same again: \(place)")
                switch outcome {
                case .unchanged(let same): #expect(same == record, "\(place)")
                case .changed(let next):
                    self.expectStep(from: record, to: next, by: transition, place)
                    self.expectSound(next, place)
                    self.expectRepeatable(transition, after: next, place)
                    record = next
                }
            } catch {
                // Refused: there is no record to have been changed.
            }
        }
    }

    /// What holds of every record, whatever happened to it.
    private func expectSound(_ record: ProcessRecord, _ place: String) {
        let isRunning = record.status == .running
        let isFinished = record.status.isFinished
        #expect((record.finishedAt != nil) == isFinished, "finished at: \(place)")
        #expect(!isRunning || record.startedAt != nil, "started at: \(place)")
        #expect(!isRunning || record.heartbeatAt != nil, "heartbeat at: \(place)")
        #expect(!isRunning || record.attempt >= 1, "attempt: \(place)")
        #expect(isRunning || record.leaseExpiresAt == nil, "lease expires at: \(place)")
        #expect(isRunning || record.claimedLease == nil, "claimed lease: \(place)")
        #expect(isRunning || record.estimatedFinishAt == nil, "estimate: \(place)")
        #expect(!isRunning || (record.leaseExpiresAt != nil) == (record.leaseInForce != nil), "lease: \(place)")
        #expect(record.lease == nil || record.claimedLease == nil, "one lease is in force: \(place)")
        #expect(!isFinished || record.deadline == nil, "deadline: \(place)")
        #expect(!isRunning || (record.deadline != nil) == (record.timeout != nil), "deadline of a run: \(place)")
        if record.status == .pending {
            #expect(record.queue != nil, "queue: \(place)")
            #expect((record.deadline != nil) == (record.pickupTimeout != nil), "deadline of a wait: \(place)")
            #expect(record.startedAt == nil && record.heartbeatAt == nil, "times of a run: \(place)")
            #expect(record.progress == nil && record.progressAt == nil, "progress: \(place)")
            #expect(record.attempt == 0 || record.worker == nil, "worker: \(place)")
            #expect(!record.cancelRequested, "cancel requested: \(place)")
            #expect(record.result == nil, "result: \(place)")
        }
        #expect(record.status == .completed || record.result == nil, "result: \(place)")
        #expect(record.status != .completed || record.failure == nil, "failure: \(place)")
        #expect(record.status != .failed || record.failure != nil, "failure: \(place)")
        #expect(record.status != .cancelled || record.cancelRequested, "cancel requested: \(place)")
        #expect(record.cancelRequested || record.cancelReason == nil, "cancel reason: \(place)")
        #expect(!isRunning || record.queue == nil || record.failure == nil, "failure of a run: \(place)")
        #expect(record.attempt >= 0 && record.attempt <= record.maxAttempts, "attempts: \(place)")
        if let fraction = record.progress?.fraction { #expect((0...1).contains(fraction), "fraction: \(place)") }
    }

    /// What holds of every step from one record to the next.
    private func expectStep(
        from before: ProcessRecord, to after: ProcessRecord, by transition: ProcessTransition, _ place: String
    ) {
        #expect(after.revision == before.revision + 1, "revision: \(place)")
        #expect(after.updatedAt == transition.now, "updated at: \(place)")
        #expect(after.attempt == before.attempt || after.attempt == before.attempt + 1, "attempt: \(place)")
        #expect(after.maxAttempts >= before.maxAttempts, "attempts in all: \(place)")
        if after.attempt > before.attempt { #expect(after.status == .running, "a new attempt runs: \(place)") }
        if case .retry = transition.change {
            #expect(before.status == .failed || before.status == .cancelled, "retried: \(place)")
            return
        }
        #expect(after.maxAttempts == before.maxAttempts, "attempts in all: \(place)")
        if before.status.isFinished {
            // Only how long it is kept may change, and that touches nothing else.
            var expected = before
            (expected.retain, expected.revision, expected.updatedAt) = (after.retain, after.revision, after.updatedAt)
            #expect(after == expected, "an end state stays: \(place)")
        }
        if before.status == .pending, after.status == .running {
            guard case .claim = transition.change else {
                Issue.record("only a claim begins an attempt from a queue: \(place)")
                return
            }
        }
        if case .retain = transition.change { #expect(after.status == before.status, "retention: \(place)") }
        if case .progress = transition.change { #expect(after.status == .running, "progress: \(place)") }
    }

    /// A report that reached an end and is sent again finds its answer, whatever was believed of the revision.
    private func expectRepeatable(_ transition: ProcessTransition, after record: ProcessRecord, _ place: String) {
        switch transition.change {
        case .complete, .fail, .confirmCancelled, .retain:
            #expect((try? transition.apply(to: record)) == .unchanged(record), "sent again: \(place)")
        case .cancel where record.status == .cancelled || record.status == .running:
            #expect((try? transition.apply(to: record)) == .unchanged(record), "sent again: \(place)")
        case .progress, .cancel, .retry, .claim, .expire: break
        }
    }
}
