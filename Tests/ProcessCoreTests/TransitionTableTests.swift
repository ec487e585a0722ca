import ProcessCore
import Testing

@Suite("Every transition of the interface")
struct TransitionTableTests {
    /// One line: what is asked for, and what comes of it in each place of a process's life.
    struct Line: Sendable, CustomTestStringConvertible {
        let name: String
        let change: ProcessChange
        /// In the order of ``places``.
        let verdicts: [Verdict]

        var testDescription: String { self.name }
    }

    /// Reports come from the worker of the current attempt.
    static let places: [(String, ProcessRecord)] = [
        ("own", Transitions.own), ("pending", Transitions.pending), ("claimed", Transitions.claimed),
        ("cancelling", Transitions.cancelling), ("waiting again", Transitions.waitingAgain),
        ("completed", Transitions.completed), ("failed", Transitions.failed), ("cancelled", Transitions.cancelled),
    ]

    private static let other = ProcessFailure(code: "other")
    private static let run = Verdict.becomes(.running)
    private static let wait = Verdict.becomes(.pending)
    private static let done = Verdict.becomes(.completed)
    private static let fail = Verdict.becomes(.failed)
    private static let stop = Verdict.becomes(.cancelled)
    private static let same = Verdict.unchanged
    private static let stale = Verdict.staleAttempt
    private static let ended = Verdict.alreadyFinished
    private static let no = Verdict.invalid

    static let lines: [Line] = [
        //                                                                 own   pend.  claim. canc-g again  compl. failed cancelled
        Line(
            "progress", .progress(ProgressReport(numbers: .fraction(1))),
            [run, stale, run, run, stale, ended, ended, ended]),
        Line("heartbeat", .progress(ProgressReport()), [run, stale, run, run, stale, ended, ended, ended]),
        Line("complete", .complete(result: JSONText("1")), [done, stale, done, done, stale, same, ended, ended]),
        Line(
            "complete otherwise", .complete(result: JSONText("2")),
            [done, stale, done, done, stale, ended, ended, ended]),
        Line(
            "complete without a result", .complete(result: nil), [done, stale, done, done, stale, ended, ended, ended]),
        Line("fail", .fail(Transitions.failure, mayRetry: true), [fail, stale, wait, stop, same, ended, same, ended]),
        Line(
            "fail for good", .fail(Transitions.failure, mayRetry: false),
            [fail, stale, fail, stop, same, ended, same, ended]),
        Line("fail otherwise", .fail(other, mayRetry: true), [fail, stale, wait, stop, stale, ended, ended, ended]),
        Line("confirm", .confirmCancelled, [no, stale, no, stop, stale, ended, ended, same]),
        Line("cancel", .cancel(reason: "r", force: false), [run, stop, run, same, stop, ended, ended, same]),
        Line("cancel by force", .cancel(reason: "r", force: true), [stop, stop, stop, stop, stop, ended, ended, same]),
        Line("retry", .retry, [no, no, no, no, no, no, wait, wait]),
        Line("retain", .retain(.forever), [run, wait, run, run, wait, done, fail, stop]),
        Line("retain as it was", .retain(nil), [same, same, same, same, same, same, same, same]),
        Line("claim", .claim(ProcessClaim()), [no, run, no, no, run, no, no, no]),
        Line("expire", .expire, [same, same, same, same, same, same, same, same]),
    ]

    @Test("what comes of a change, in each place of a process's life", arguments: Self.lines)
    func table(line: Line) {
        for (place, verdict) in zip(Self.places, line.verdicts) {
            let record = place.1
            let attempt = line.change.isReport ? record.attempt : nil
            // Late enough for a delayed one to be due, too early for anything to have passed.
            let transition = ProcessTransition(line.change, attempt: attempt, at: .at(30_000))
            #expect(Verdict(of: transition, on: record) == verdict, "\(line.name) on one that is \(place.0)")
        }
    }

    // MARK: The order of judgement

    @Test("what is refused for several reasons is refused for the first of them")
    func order() {
        let stalePrecondition = ProcessTransition.Precondition.revision(in: [99])
        func verdict(
            _ change: ProcessChange, on record: ProcessRecord, attempt: Int? = nil,
            _ precondition: ProcessTransition.Precondition? = nil
        ) -> Verdict {
            Verdict(
                of: ProcessTransition(change, attempt: attempt, precondition: precondition, at: .at(5_000)), on: record)
        }
        let complete = ProcessChange.complete(result: JSONText("1"))
        let otherwise = ProcessChange.complete(result: JSONText("2"))
        // The attempt is named once a process was claimed, before anything else is looked at.
        #expect(verdict(complete, on: Transitions.completed, stalePrecondition) == .missingAttempt)
        // The same outcome of the same attempt again, even with an old revision.
        #expect(verdict(complete, on: Transitions.completed, attempt: 1, stalePrecondition) == .unchanged)
        // The precondition before the attempt.
        #expect(verdict(otherwise, on: Transitions.claimed, attempt: 7, stalePrecondition) == .preconditionFailed)
        // The attempt before the end.
        #expect(verdict(otherwise, on: Transitions.completed, attempt: 7) == .staleAttempt)
        #expect(verdict(otherwise, on: Transitions.completed, attempt: 1) == .alreadyFinished)
        // The end before the rule of the change.
        #expect(verdict(.confirmCancelled, on: Transitions.completed, attempt: 1) == .alreadyFinished)
        #expect(verdict(.confirmCancelled, on: Transitions.claimed, attempt: 1) == .invalid)
        // A precondition that holds stands in nobody's way.
        let revision = Transitions.claimed.revision
        #expect(
            verdict(otherwise, on: Transitions.claimed, attempt: 1, .revision(in: [1, revision]))
                == .becomes(.completed))
        #expect(verdict(otherwise, on: Transitions.claimed, attempt: 1, .exists) == .becomes(.completed))
        #expect(verdict(otherwise, on: Transitions.claimed, attempt: 1, .revision(in: [])) == .preconditionFailed)
        #expect(verdict(.retry, on: Transitions.failed, stalePrecondition) == .preconditionFailed)
        #expect(
            verdict(.cancel(reason: nil, force: true), on: Transitions.claimed, stalePrecondition)
                == .preconditionFailed)
    }

    // MARK: Fencing

    @Test("reports name their attempt once a process was claimed, and only then", arguments: ProcessStatus.allCases)
    func fencing(status: ProcessStatus) {
        let reports: [ProcessChange] = [
            .progress(ProgressReport()), .complete(result: JSONText("1")), .fail(Transitions.failure, mayRetry: false),
            .confirmCancelled,
        ]
        let record: ProcessRecord =
            switch status {
            case .pending: Transitions.waitingAgain
            case .running: Transitions.claimed
            case .completed: Transitions.completed
            case .failed: Transitions.failed
            case .cancelled: Transitions.cancelled
            }
        for report in reports {
            #expect(report.isReport)
            #expect(Verdict(of: ProcessTransition(report, at: .at(1)), on: record) == .missingAttempt)
            for attempt in [0, 2, -1, .max] {
                let late = ProcessTransition(report, attempt: attempt, at: .at(1))
                #expect(Verdict(of: late, on: record) == .staleAttempt, "attempt \(attempt)")
            }
            #expect(Verdict(of: ProcessTransition(report, at: .at(1)), on: Transitions.own) != .missingAttempt)
            #expect(
                Verdict(of: ProcessTransition(report, attempt: 2, at: .at(1)), on: Transitions.own) == .staleAttempt)
            // Nobody claimed it yet, so nobody can have an attempt to name.
            #expect(Verdict(of: ProcessTransition(report, at: .at(1)), on: Transitions.pending) == .invalid)
        }
    }

    @Test("a worker that was given up on can't overwrite its successor")
    func successor() {
        let second = Transitions.changed(
            Transitions.waitingAgain, .claim(ProcessClaim(worker: "other")), at: .at(9_000))
        #expect(second.attempt == 2)
        let late = ProcessTransition(.complete(result: JSONText("\"late\"")), attempt: 1, at: .at(9_500))
        #expect(Verdict(of: late, on: second) == .staleAttempt)
        let done = Transitions.changed(second, .complete(result: JSONText("2")), at: .at(9_600))
        #expect(Verdict(of: late, on: done) == .staleAttempt)
    }

    @Test("claims, cancels, retries, retentions and the passing of time name no attempt")
    func unfenced() {
        let changes: [ProcessChange] = [
            .claim(ProcessClaim()), .cancel(reason: nil, force: true), .retry, .retain(.forever), .expire,
        ]
        for change in changes { #expect(!change.isReport) }
        for (change, record) in [(changes[1], Transitions.claimed), (.retry, Transitions.failed)] {
            let transition = ProcessTransition(change, attempt: 99, at: .at(1))
            guard case .becomes = Verdict(of: transition, on: record) else {
                Issue.record("\(change) was refused")
                return
            }
        }
    }
}

extension TransitionTableTests.Line {
    init(_ name: String, _ change: ProcessChange, _ verdicts: [Verdict]) {
        self.name = name
        self.change = change
        self.verdicts = verdicts
    }
}
