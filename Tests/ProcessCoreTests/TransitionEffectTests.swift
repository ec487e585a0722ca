import ProcessCore
import Testing

@Suite("What a transition does to a process")
struct TransitionEffectTests {
    private func change(
        _ record: ProcessRecord, _ change: ProcessChange, at milliseconds: Int64, random: Double = 0.5
    ) -> ProcessRecord {
        let transition = ProcessTransition(
            change, attempt: change.isReport ? record.attempt : nil, at: .at(milliseconds), random: random)
        do { return try transition.apply(to: record).record } catch {
            Issue.record("\(change) was refused: \(error)")
            return record
        }
    }

    // MARK: Beginning

    @Test("without a queue a process runs at once, with one it waits")
    func beginning() {
        let own = Transitions.started { start in
            start.worker = "me"
            start.lease = .seconds(9)
            start.timeout = .seconds(20)
            start.pickupTimeout = .seconds(5)
            start.runAfter = .delay(.seconds(60))
        }
        #expect(own.status == .running)
        #expect(own.attempt == 1)
        #expect(own.revision == 1)
        #expect(own.worker == "me")
        #expect(own.startedAt == .at(0))
        #expect(own.heartbeatAt == .at(0))
        #expect(own.leaseExpiresAt == .at(9_000))
        #expect(own.deadline == .at(20_000))
        #expect(own.runAfter == nil)

        let queued = Transitions.started { start in
            start.queue = "q"
            start.worker = "named"
            start.lease = .seconds(9)
            start.timeout = .seconds(20)
            start.pickupTimeout = .seconds(5)
            start.runAfter = .delay(.seconds(60))
        }
        #expect(queued.status == .pending)
        #expect(queued.attempt == 0)
        #expect(queued.worker == "named")
        #expect(queued.startedAt == nil)
        #expect(queued.leaseExpiresAt == nil)
        #expect(queued.runAfter == .at(60_000))
        #expect(queued.deadline == .at(65_000))
    }

    @Test("no delay and a delay of nothing are the same")
    func noDelay() {
        let queued = Transitions.started { start in
            start.queue = "q"
            start.runAfter = .delay(.zero)
        }
        #expect(queued.runAfter == nil)
        let past = Transitions.started { start in
            start.queue = "q"
            start.runAfter = .at(.at(-5_000))
            start.pickupTimeout = .seconds(1)
        }
        #expect(past.runAfter == .at(-5_000))
        #expect(past.deadline == .at(1_000))
        #expect(past.isDue(at: .at(0)))
    }

    // MARK: Claims

    @Test("a claim begins an attempt, with the process's own lease or the claim's")
    func claim() {
        var waiting = Transitions.waitingAgain
        waiting.cancelReason = nil
        let claimed = change(waiting, .claim(ProcessClaim(worker: "w2", lease: .seconds(7))), at: 10_000)
        #expect(claimed.status == .running)
        #expect(claimed.attempt == 2)
        #expect(claimed.worker == "w2")
        #expect(claimed.failure == nil)
        #expect(claimed.startedAt == .at(10_000))
        #expect(claimed.claimedLease == .seconds(7))
        #expect(claimed.leaseExpiresAt == .at(17_000))
        #expect(claimed.runAfter == waiting.runAfter)

        let own = Transitions.started { start in
            start.queue = "q"
            start.lease = .seconds(3)
            start.timeout = .seconds(30)
        }
        let leased = change(own, .claim(ProcessClaim(worker: nil, lease: .seconds(7))), at: 10_000)
        #expect(leased.claimedLease == nil)
        #expect(leased.leaseInForce == .seconds(3))
        #expect(leased.leaseExpiresAt == .at(13_000))
        #expect(leased.deadline == .at(40_000))
        #expect(leased.worker == nil)
        #expect(ProcessClaim().lease == .seconds(60))
    }

    // MARK: Progress

    @Test("numbers replace each other together, an absent message stays, and the rest stays away")
    func progress() {
        var record = change(Transitions.own, .progress(ProgressReport()), at: 1_000)
        #expect(record.progress == nil)
        #expect(record.heartbeatAt == .at(1_000))
        #expect(record.progressAt == nil)
        #expect(record.estimatedFinishAt == nil)
        #expect(record.updatedAt == .at(1_000))

        record = change(
            record, .progress(ProgressReport(numbers: .units(done: 42, total: 100), message: "m")), at: 2_000)
        #expect(record.progress == ProcessProgress(fraction: 0.42, done: 42, total: 100, message: "m"))
        #expect(record.progressAt == .at(2_000))
        record = change(record, .progress(ProgressReport(numbers: .units(done: 42, total: 100))), at: 3_000)
        #expect(record.progress?.message == "m")
        #expect(record.progressAt == .at(2_000))
        #expect(record.heartbeatAt == .at(3_000))
        record = change(record, .progress(ProgressReport(message: "n")), at: 3_500)
        #expect(record.progress == ProcessProgress(fraction: 0.42, done: 42, total: 100, message: "n"))
        #expect(record.progressAt == .at(2_000))
        record = change(record, .progress(ProgressReport(numbers: .fraction(0.1))), at: 4_000)
        #expect(record.progress == ProcessProgress(fraction: 0.1, message: "n"))
        #expect(record.progressAt == .at(4_000))
        record = change(record, .progress(ProgressReport(numbers: .units(done: 3, total: nil))), at: 5_000)
        #expect(record.progress == ProcessProgress(done: 3, message: "n"))
        #expect(record.estimatedFinishAt == nil)
        record = change(record, .progress(ProgressReport(numbers: .units(done: 3, total: 0))), at: 6_000)
        #expect(record.progress == ProcessProgress(done: 3, total: 0, message: "n"))
        record = change(record, .progress(ProgressReport(numbers: .units(done: 5, total: 4))), at: 7_000)
        #expect(record.progress?.fraction == 1)
    }

    @Test("the end is estimated from the pace so far, where that says anything")
    func estimates() {
        func estimate(_ fraction: Double, at milliseconds: Int64) -> Timestamp? {
            self.change(Transitions.own, .progress(ProgressReport(numbers: .fraction(fraction))), at: milliseconds)
                .estimatedFinishAt
        }
        #expect(estimate(0.5, at: 1_000) == .at(2_000))
        #expect(estimate(0.25, at: 1_000) == .at(4_000))
        #expect(estimate(1, at: 1_000) == .at(1_000))
        #expect(estimate(0.5, at: 0) == .at(0))
        #expect(estimate(0, at: 1_000) == nil)
        #expect(estimate(0.5, at: -1) == nil)
        #expect(estimate(1e-300, at: 1_000) == nil)
        #expect(estimate(.leastNonzeroMagnitude, at: 1) == nil)

        // A message leaves the estimate as it is, and the end takes it away.
        let half = change(Transitions.own, .progress(ProgressReport(numbers: .fraction(0.5))), at: 1_000)
        let later = change(half, .progress(ProgressReport(message: "m")), at: 5_000)
        #expect(later.estimatedFinishAt == .at(2_000))
        #expect(change(later, .complete(result: nil), at: 6_000).estimatedFinishAt == nil)
    }

    @Test("each report renews the lease that is in force")
    func leases() {
        let renewed = change(Transitions.claimed, .progress(ProgressReport()), at: 30_000)
        #expect(renewed.leaseExpiresAt == .at(90_000))
        #expect(change(Transitions.own, .progress(ProgressReport()), at: 30_000).leaseExpiresAt == nil)
    }

    // MARK: Ends

    @Test("an end keeps what the work left, and nothing that could still pass")
    func ends() {
        let busy = change(
            Transitions.claimed, .progress(ProgressReport(numbers: .fraction(0.5), message: "m")), at: 2_000)
        let completed = change(busy, .complete(result: JSONText("[1]")), at: 3_000)
        #expect(completed.result == JSONText("[1]"))
        #expect(completed.failure == nil)
        #expect(completed.progress == busy.progress)
        #expect(completed.worker == "w")
        let failed = change(busy, .fail(Transitions.failure, mayRetry: false), at: 3_000)
        #expect(failed.failure == Transitions.failure)
        #expect(failed.result == nil)
        let cancelled = change(busy, .cancel(reason: "why", force: true), at: 3_000)
        #expect(cancelled.cancelRequested)
        #expect(cancelled.cancelReason == "why")
        for ended in [completed, failed, cancelled] {
            #expect(ended.finishedAt == .at(3_000))
            #expect(ended.leaseExpiresAt == nil)
            #expect(ended.claimedLease == nil)
            #expect(ended.deadline == nil)
            #expect(ended.startedAt == .at(1_000))
        }
    }

    @Test("completing is possible where a cancel was requested, and failing there is being cancelled")
    func cancelRequested() {
        #expect(change(Transitions.cancelling, .complete(result: nil), at: 2_000).status == .completed)
        let failed = change(Transitions.cancelling, .fail(Transitions.failure, mayRetry: true), at: 2_000)
        #expect(failed.status == .cancelled)
        #expect(failed.failure == Transitions.failure)
        #expect(failed.cancelReason == "why")
    }

    @Test("the first reason of a cancel stays, with force as without")
    func firstReason() {
        let forced = change(Transitions.cancelling, .cancel(reason: "other", force: true), at: 2_000)
        #expect(forced.cancelReason == "why")
        #expect(forced.status == .cancelled)
    }

    @Test("an attempt that failed waits for its back-off, and nothing of its run is left but its failure")
    func givenBack() {
        let record = Transitions.started { start in
            start.queue = "q"
            start.maxAttempts = 3
            start.backoff = Backoff(initial: .seconds(10), factor: 3, max: .seconds(25), jitter: 0.5)
            start.pickupTimeout = .seconds(100)
        }
        let first = change(record, .claim(ProcessClaim(worker: "w")), at: 1_000)
        let busy = change(first, .progress(ProgressReport(numbers: .fraction(0.5))), at: 1_500)
        let waiting = change(busy, .fail(Transitions.failure, mayRetry: true), at: 2_000, random: 0)
        #expect(waiting.status == .pending)
        #expect(waiting.attempt == 1)
        #expect(waiting.runAfter == .at(7_000))
        #expect(waiting.deadline == .at(107_000))
        #expect(waiting.failure == Transitions.failure)
        #expect(waiting.worker == nil)
        #expect(waiting.progress == nil)
        #expect(waiting.progressAt == nil)
        #expect(waiting.startedAt == nil)
        #expect(waiting.heartbeatAt == nil)
        #expect(waiting.leaseExpiresAt == nil)
        #expect(waiting.claimedLease == nil)
        #expect(waiting.estimatedFinishAt == nil)
        #expect(waiting.finishedAt == nil)

        let second = change(waiting, .claim(ProcessClaim()), at: 7_000)
        let again = change(second, .fail(Transitions.failure, mayRetry: true), at: 8_000, random: 0.5)
        #expect(again.runAfter == .at(33_000))
        let third = change(again, .claim(ProcessClaim()), at: 33_000)
        #expect(change(third, .fail(Transitions.failure, mayRetry: true), at: 34_000).status == .failed)
    }

    // MARK: Repeated

    @Test("the same outcome of the same attempt again is the record as it is")
    func repeated() throws {
        let repeats: [(ProcessChange, ProcessRecord, Int?)] = [
            (.complete(result: JSONText("1")), Transitions.completed, 1),
            (.fail(Transitions.failure, mayRetry: false), Transitions.failed, 1),
            (.fail(Transitions.failure, mayRetry: true), Transitions.waitingAgain, 1),
            (.confirmCancelled, Transitions.cancelled, 1),
            (.cancel(reason: nil, force: false), Transitions.cancelling, nil),
            (.cancel(reason: nil, force: true), Transitions.cancelled, nil),
            (.cancel(reason: nil, force: false), Transitions.cancelledWaiting, nil),
            (.retain(nil), Transitions.own, nil),
        ]
        for (change, record, attempt) in repeats {
            let transition = ProcessTransition(change, attempt: attempt, at: .at(99_000))
            #expect(try transition.apply(to: record) == .unchanged(record), "\(change)")
        }
    }

    // MARK: Retry

    @Test("a retry begins anew: what the last attempt left is gone, and one more is allowed")
    func retry() {
        let record = Transitions.started { start in
            start.queue = "q"
            start.pickupTimeout = .seconds(5)
            start.retain = .forever
        }
        let claimed = change(record, .claim(ProcessClaim(worker: "w")), at: 1_000)
        let busy = change(claimed, .progress(ProgressReport(numbers: .fraction(1))), at: 1_100)
        let asked = change(busy, .cancel(reason: "why", force: false), at: 1_200)
        let cancelled = change(asked, .fail(Transitions.failure, mayRetry: true), at: 1_300)
        let again = change(cancelled, .retry, at: 2_000)
        #expect(again.status == .pending)
        #expect(again.attempt == 1)
        #expect(again.maxAttempts == 2)
        #expect(again.runAfter == nil)
        #expect(again.deadline == .at(7_000))
        #expect(again.isDue(at: .at(2_000)))
        #expect(again.result == nil)
        #expect(again.failure == nil)
        #expect(again.progress == nil)
        #expect(again.startedAt == nil)
        #expect(again.finishedAt == nil)
        #expect(!again.cancelRequested)
        #expect(again.cancelReason == nil)
        #expect(again.retain == .forever)

        let own = change(Transitions.own, .fail(Transitions.failure, mayRetry: true), at: 1_000)
        let running = change(own, .retry, at: 2_000)
        #expect(running.status == .running)
        #expect(running.attempt == 2)
        #expect(running.maxAttempts == 2)
        #expect(running.startedAt == .at(2_000))
        #expect(running.heartbeatAt == .at(2_000))
        #expect(running.failure == nil)
    }

    // MARK: What has passed

    private static let limited = Transitions.started { start in
        start.queue = "q"
        start.maxAttempts = 2
        start.pickupTimeout = .seconds(5)
        start.timeout = .seconds(20)
        start.lease = .seconds(10)
    }

    @Test("a lease that passed, or a run past its timeout, ends the attempt: whichever came first says why")
    func leaseOrTimeout() {
        let claimed = change(Self.limited, .claim(ProcessClaim(worker: "w")), at: 0)
        #expect(change(claimed, .expire, at: 9_999) == claimed)
        let silent = change(claimed, .expire, at: 10_000)
        #expect(silent.status == .pending)
        #expect(silent.attempt == 1)
        #expect(silent.failure?.code == "lease_expired")
        #expect(silent.runAfter == .at(11_000))

        var busy = change(claimed, .progress(ProgressReport()), at: 9_000)
        busy = change(busy, .progress(ProgressReport()), at: 18_000)
        #expect(change(busy, .expire, at: 19_999) == busy)
        let long = change(busy, .expire, at: 20_000)
        #expect(long.status == .pending)
        #expect(long.failure?.code == "timed_out")
        // Both have passed when somebody looks: the earlier one counts, whoever looks when.
        #expect(change(busy, .expire, at: 99_000).failure?.code == "timed_out")
        #expect(change(claimed, .expire, at: 99_000).failure?.code == "lease_expired")

        let last = change(change(long, .claim(ProcessClaim()), at: 30_000), .expire, at: 99_000)
        #expect(last.status == .failed)
        #expect(last.failure?.code == "lease_expired")
        #expect(last.finishedAt == .at(99_000))
    }

    @Test("without a queue nobody can take over: the process has failed")
    func expiryWithoutQueue() {
        let own = Transitions.started { start in
            start.lease = .seconds(10)
            start.maxAttempts = 5
        }
        let ended = change(own, .expire, at: 10_000)
        #expect(ended.status == .failed)
        #expect(ended.failure?.code == "lease_expired")
    }

    @Test("where a cancel was requested, what passes ends as cancelled, keeping why")
    func expiryOfCancelled() {
        let claimed = change(Self.limited, .claim(ProcessClaim()), at: 0)
        let asked = change(claimed, .cancel(reason: "why", force: false), at: 1_000)
        let ended = change(asked, .expire, at: 10_000)
        #expect(ended.status == .cancelled)
        #expect(ended.failure?.code == "lease_expired")
        #expect(ended.cancelReason == "why")
    }

    @Test("what nobody claimed in time has failed, each time it becomes due anew")
    func neverClaimed() {
        #expect(change(Self.limited, .expire, at: 4_999) == Self.limited)
        let ended = change(Self.limited, .expire, at: 5_000)
        #expect(ended.status == .failed)
        #expect(ended.attempt == 0)
        #expect(ended.failure?.code == "never_claimed")

        let waiting = change(change(Self.limited, .claim(ProcessClaim()), at: 0), .expire, at: 10_000)
        #expect(waiting.deadline == .at(16_000))
        #expect(change(waiting, .expire, at: 16_000).status == .failed)
        #expect(change(waiting, .expire, at: 16_000).failure?.code == "never_claimed")
    }

    @Test("nothing passes of what has ended")
    func expiryOfEnded() {
        for record in [Transitions.completed, Transitions.failed, Transitions.cancelled] {
            #expect(change(record, .expire, at: 1_000_000) == record)
        }
    }
}
