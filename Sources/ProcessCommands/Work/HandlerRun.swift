internal import Glibc
internal import ProcessCore
internal import Synchronization

/// Sees one claimed process through: runs the handler, keeps the lease, ends the handler where somebody asked for that or
/// the work was given away, and reports the end.
struct HandlerRun: Sendable {
    private struct State {
        var status: ExitStatus?
        var output: HandlerOutput?
        /// Why we asked it to end, where there is something to report afterwards.
        var stop: HandlerStop?
        /// Why the tracker takes no report.
        var loss: TrackerProblem?
        var isEnding = false
        var isGroupLeft = false

        var isOver: Bool { self.status != nil && self.output != nil && !self.isGroupLeft }
    }

    /// The process.
    let claimed: ClaimedProcess
    /// What was asked for.
    let options: WorkOptions
    /// What is around.
    let environment: WorkEnvironment
    /// Takes note of whether the tracker answers.
    let contact: TrackerContact
    /// Says that somebody waits for the worker to end.
    let hurry: Hurry
    /// What happens around the handler.
    let events: AsyncStream<HandlerEvent>
    /// Queues an event.
    let send: @Sendable (HandlerEvent) -> Void
    private let errors: HandlerErrors
    private let renewal: LeaseRenewal
    /// When the claim was answered, which is just after the attempt began.
    private let claimedAt: ContinuousClock.Instant

    /// Prepares a run.
    init(
        of claimed: ClaimedProcess, _ options: WorkOptions, in environment: WorkEnvironment, _ contact: TrackerContact,
        _ hurry: Hurry, events: AsyncStream<HandlerEvent>, send: @escaping @Sendable (HandlerEvent) -> Void
    ) {
        self.claimed = claimed
        self.options = options
        self.environment = environment
        self.contact = contact
        self.hurry = hurry
        self.events = events
        self.send = send
        self.claimedAt = environment.now()
        self.renewal = LeaseRenewal(self.claimedAt)
        self.errors = HandlerErrors(prefix: options.concurrency > 1 ? "[\(claimed.id)] " : "")
    }

    /// Runs the handler to its end, and reports that.
    ///
    /// - Returns: What came of it.
    func run() async -> HandlerOutcome {
        let start = self.environment.now()
        let child: ChildProcess
        do throws(SpawnError) {
            child = try HandlerProcess.start(
                self.options.command, on: self.claimed, in: self.environment, errors: self.errors, send: self.send)
        } catch {
            let name = DisplayText.escaping(String(decoding: self.options.command[0], as: UTF8.self))
            let failure = HandlerFailure(
                code: error.code,
                message: TextLimit.prefix("\(name): \(error.reason)", bytes: LastLine.longestMessage))
            let ending = await self.deliver(.failed(failure))
            return HandlerOutcome(
                process: self.claimed.process, ending: ending, duration: self.environment.now() - start,
                startFailure: failure.message)
        }
        if self.claimed.process.cancelRequested { self.send(.cancelRequested) }
        let state = await self.follow(child)
        return HandlerOutcome(
            process: self.claimed.process, ending: await self.finish(state), duration: self.environment.now() - start)
    }

    // MARK: While it runs

    private func follow(_ child: ChildProcess) async -> State {
        await withTaskGroup(of: Void.self) { group in
            let reporter = WorkReporter(
                claimed: self.claimed, errors: self.errors, renewal: self.renewal, contact: self.contact,
                timing: self.environment.timing, now: self.environment.now, sleep: self.environment.sleep,
                warn: self.environment.warn)
            group.addTask {
                if let problem = await reporter.run(onCancelRequest: { self.send(.cancelRequested) }) {
                    self.send(.lost(problem))
                }
            }
            if let timeout = self.claimed.timeout {
                let left = self.claimedAt + timeout - self.environment.now()
                self.sendLater(.timeUp(after: timeout), after: max(.zero, left), &group)
            }
            var state = State()
            for await event in self.events {
                self.handle(event, child, &state, &group)
                if state.isOver { break }
            }
            // The last report comes after the last heartbeat, never beside it.
            group.cancelAll()
            await group.waitForAll()
            return state
        }
    }

    private func handle(
        _ event: HandlerEvent, _ child: ChildProcess, _ state: inout State, _ group: inout TaskGroup<Void>
    ) {
        switch event {
        case .ended:
            // Before its number can become somebody else's, which it can't as long as something of its group is left.
            self.environment.survivorGuard?.release(child)
            state.status = child.reap()
            // What the handler started may take as long to end as the handler itself may.
            state.isGroupLeft = state.isEnding && child.isGroupLeft
            if state.isGroupLeft { self.environment.survivorGuard?.watch(child) }
            self.checkGroup(state, &group)
        case .streamsEnded(let output):
            state.output = output
        case .groupCheckDue:
            guard state.isGroupLeft else { return }
            state.isGroupLeft = child.isGroupLeft
            if !state.isGroupLeft { self.environment.survivorGuard?.release(child) }
            self.checkGroup(state, &group)
        case .killDue, .kill:
            if state.status == nil || state.isGroupLeft { child.signal(SIGKILL) }
            if case .kill = event, state.status == nil {
                state.stop = state.stop ?? .workerStops
                state.isEnding = true
            }
            if state.isGroupLeft {
                state.isGroupLeft = false
                self.environment.survivorGuard?.release(child)
            }
        case .tooMuchPrinted:
            self.end(child, .tooMuchPrinted, &state, &group)
        case .cancelRequested:
            self.end(child, .cancelRequested, &state, &group)
        case .timeUp(let timeout):
            self.end(child, .timedOut(HandlerFailure(self.claimed, timedOutAfter: timeout)), &state, &group)
        case .stop:
            self.end(child, .workerStops, &state, &group)
        case .lost(let problem):
            state.loss = problem
            self.end(child, nil, &state, &group)
        }
    }

    /// Asks the handler to end, and makes it end where it takes too long over that.
    private func end(
        _ child: ChildProcess, _ stop: HandlerStop?, _ state: inout State, _ group: inout TaskGroup<Void>
    ) {
        guard state.status == nil, !state.isEnding else { return }
        state.isEnding = true
        state.stop = stop
        child.signal(SIGTERM)
        // A stopped handler gets to see the signal only once it goes on.
        child.signal(SIGCONT)
        self.sendLater(.killDue, after: self.environment.timing.killDelay, &group)
    }

    private func checkGroup(_ state: State, _ group: inout TaskGroup<Void>) {
        guard state.isGroupLeft else { return }
        self.sendLater(.groupCheckDue, after: self.environment.timing.groupCheckInterval, &group)
    }

    private func sendLater(_ event: HandlerEvent, after delay: Duration, _ group: inout TaskGroup<Void>) {
        let (sleep, send) = (self.environment.sleep, self.send)
        group.addTask {
            if (try? await sleep(delay)) != nil { send(event) }
        }
    }

    // MARK: At the end

    private func finish(_ state: State) async -> HandlerOutcome.Ending {
        let report = HandlerReport(
            state.status ?? .exited(1), stoppedFor: state.stop, state.output ?? HandlerOutput(), self.errors)
        if let problem = state.loss { return self.ending(report, givenAway: problem) }
        if let progress = self.errors.takeProgress() {
            do throws(TrackerFailure) {
                _ = try await self.contact.call { () throws(TrackerFailure) in
                    try await self.claimed.progress(progress)
                }
                self.renewal.last = self.environment.now()
            } catch {
                if error.mayHaveArrived { self.renewal.last = self.environment.now() }
                // What matters is the report on the end, which comes next and is tried for longer.
                if case .refused(let problem) = error, problem.isGivenAway {
                    return self.ending(report, givenAway: problem)
                }
            }
        }
        return await self.deliver(report)
    }

    /// Reports the end, again and again until it is taken, or the lease has passed and with it the process. The last try
    /// comes just after that: the tracker may not have looked yet, and a report that comes too late does no harm.
    private func deliver(_ firstReport: HandlerReport) async -> HandlerOutcome.Ending {
        var report = firstReport
        var failures = 0
        var wasPossiblySent = false
        while true {
            do throws(TrackerFailure) {
                let answered = report
                let process = try await self.contact.call { () throws(TrackerFailure) in
                    try await self.claimed.report(answered)
                }
                return Self.ending(report, process)
            } catch {
                switch error {
                case .refused(let problem) where problem.isGivenAway:
                    // The first try may have sent it back to the queue, with nobody left to remember whose report that was.
                    if case .failed = report, wasPossiblySent, problem.code == "stale_attempt" {
                        return Self.ending(report, nil)
                    }
                    return self.ending(report, givenAway: problem)
                case .refused(let problem) where problem.isFinal:
                    guard case .completed = report else { return self.unreported(error) }
                    // The work is done and can't be told of: it must not look as if nobody had ever done it.
                    report = .failed(
                        HandlerFailure(
                            code: problem.status == 413 ? "result_too_large" : "result_refused",
                            message: TextLimit.prefix(problem.sentence, bytes: LastLine.longestMessage), mayRetry: false
                        ))
                    continue
                default: wasPossiblySent = wasPossiblySent || error.mayHaveArrived
                }
                failures += 1
                let left = self.deadline - self.environment.now()
                let delay = self.environment.timing.retryDelay(afterFailures: failures)
                guard left > .zero,
                    (try? await self.environment.sleep(self.environment.timing.cut(delay, to: left))) != nil
                else { return self.unreported(error) }
            }
        }
    }

    /// Until when the last report is tried again.
    private var deadline: ContinuousClock.Instant {
        let end = self.renewal.last + self.claimed.lease
        return self.hurry.since.map { min(end, $0 + self.environment.timing.hurriedReportLimit) } ?? end
    }

    private static func ending(_ report: HandlerReport, _ process: ProcessView?) -> HandlerOutcome.Ending {
        switch report {
        case .completed: .completed
        case .cancelled: .cancelled
        case .failed(let failure):
            process?.status == .cancelled ? .cancelled : .failed(failure, willRetry: process?.status != .failed)
        }
    }

    /// How it ended where the tracker takes no report any more. That a time is over is known there too, and no reason to warn
    /// anybody.
    private func ending(_ report: HandlerReport, givenAway problem: TrackerProblem) -> HandlerOutcome.Ending {
        guard case .failed(let failure) = report, failure.isTimeOut, problem.status == 409 else {
            return self.lost(problem)
        }
        return .failed(failure, willRetry: problem.code == "stale_attempt")
    }

    private func lost(_ problem: TrackerProblem) -> HandlerOutcome.Ending {
        self.environment.warn(
            "warning: \(self.claimed.id) (attempt \(self.claimed.attempt)) is no longer ours: \(problem.sentence)")
        return .lost(problem.sentence)
    }

    private func unreported(_ failure: TrackerFailure) -> HandlerOutcome.Ending {
        self.environment.warn(
            "warning: the tracker did not take the end of \(self.claimed.id) (attempt \(self.claimed.attempt)): "
                + failure.reason)
        return .unreported(failure.reason)
    }
}

/// Whether somebody waits for the worker to end.
final class Hurry: Sendable {
    private let instant = Mutex<ContinuousClock.Instant?>(nil)

    /// Since when; nil where there is no hurry.
    var since: ContinuousClock.Instant? { self.instant.withLock { $0 } }

    /// There is, from this time on.
    func begin(at now: ContinuousClock.Instant) { self.instant.withLock { $0 = $0 ?? now } }
}
