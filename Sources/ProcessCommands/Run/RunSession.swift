internal import Glibc
internal import ProcessCore

/// Runs a command, passes its output on, and keeps a process in the tracker up to date meanwhile.
///
/// Tracking must never cost somebody their work: whatever the tracker does, the command runs on, save where an id is taken
/// (the work was done, or is being done, by another run), where the caller demands a tracker, or where somebody cancelled it.
struct RunSession: Sendable {
    /// What to run.
    let options: RunOptions
    /// The tracker.
    let api: TrackerAPI
    /// What is around.
    let environment: RunEnvironment

    /// Runs the command to its end.
    ///
    /// - Returns: How it ended; for one that could not be started, the code a shell would give.
    /// - Throws: `CommandError` where it was not run on purpose.
    func run() async throws(CommandError) -> ExitStatus {
        let inbox = SignalInbox()
        try self.environment.startSignals { inbox.receive($0) }
        let started = await self.startOrSignal(inbox)
        if let signal = inbox.first {
            // Somebody wants us to end before there is anything to pass that on to.
            let status = ExitStatus.signalled(signal.number)
            let report = RunReport(status, lastLine: nil, tail: nil)
            _ = await self.finish(self.standing(started), report, isHurried: true, hurriedBy: nil)
            return status
        }
        let start = try self.start(of: started)

        let (events, continuation) = AsyncStream.makeStream(of: RunEvent.self)
        let capture = OutputCapture()
        let command: RunningCommand
        do throws(SpawnError) {
            command = try RunningCommand(
                starting: self.plan(start), capturesOutput: self.options.capturesOutput, in: self.environment,
                capture: capture, send: { continuation.yield($0) })
        } catch {
            let name = DisplayText.escaping(String(decoding: self.options.command[0], as: UTF8.self))
            self.environment.warn("\(name): \(error.reason)")
            _ = await self.finish(start, RunReport(error, command: name), hurriedBy: nil)
            return .exited(error.exitCode)
        }
        for signal in inbox.open({ continuation.yield(.signal($0)) }) { command.child.signal(signal.number) }

        let supervisor = RunSupervisor(
            command: command, options: self.options, environment: self.environment, capture: capture,
            start: start,
            send: { continuation.yield($0) })
        let outcome = await supervisor.run(events)
        guard let report = outcome.report else { return outcome.status }
        let isTimedOut = await self.finish(
            outcome.start, report, capture, isHurried: outcome.isHurried, hurriedBy: events)
        // What the tracker calls failed must not look as if all were well.
        return isTimedOut && outcome.status == .exited(0) ? .exited(TimeOut.exitCode) : outcome.status
    }

    private func plan(_ start: RunStart) -> ChildProcess.Plan {
        let tracking: RunTracking? = if case .tracked(let tracking) = start { tracking } else { nil }
        // An id inherited from another run around this one is not ours to report on.
        var changes: [(name: String, value: String?)] = [("PROCESS_ID", tracking?.id)]
        if tracking != nil { changes.append(("TRACKER_URL", self.api.client.address)) }
        return ChildProcess.Plan(
            command: self.options.command, environment: changes, ownGroup: !self.environment.sharesGroup,
            ignoredSignals: self.environment.ignoredSignals)
    }

    // MARK: Start

    /// Starts a process in the tracker; a signal meanwhile ends the wait for an answer. So does a time, as the command must not
    /// wait for a tracker that takes connections and says nothing, save where it is not run without one.
    private func startOrSignal(_ inbox: SignalInbox) async -> Result<RunTracking, TrackerFailure> {
        await withTaskGroup(of: Result<RunTracking, TrackerFailure>?.self) { group in
            group.addTask {
                do throws(TrackerFailure) { return .success(try await self.startTwice()) } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                await inbox.waitForFirst()
                return nil
            }
            if !self.options.isRequired {
                let (limit, sleep) = (self.environment.timing.startLimit, self.environment.sleep)
                group.addTask {
                    guard (try? await sleep(limit)) != nil else { return nil }
                    return .failure(.unreachable("no answer within \(limit.text)", wasPossiblySent: true))
                }
            }
            var result: Result<RunTracking, TrackerFailure>?
            for await started in group {
                // An answer that came in the last moment counts, and an error that follows from giving up does not.
                switch started {
                case .success: result = started
                case .failure where result == nil: result = started
                case .failure, nil: break
                }
                group.cancelAll()
            }
            return result ?? .failure(.unreachable("interrupted", wasPossiblySent: true))
        }
    }

    /// What is known of a start.
    private func standing(_ started: Result<RunTracking, TrackerFailure>) -> RunStart {
        switch started {
        case .success(let tracking): .tracked(tracking)
        case .failure(.unreachable(_, wasPossiblySent: true)):
            .open(
                LateStart(
                    start: { () async throws(TrackerFailure) in try await self.start() },
                    retryDelay: self.environment.timing.retryDelay, sleep: self.environment.sleep))
        case .failure: .untracked
        }
    }

    /// Decides whether the command runs, tracked or not.
    private func start(of started: Result<RunTracking, TrackerFailure>) throws(CommandError) -> RunStart {
        let failure: TrackerFailure
        switch started {
        case .success(let tracking):
            if isatty(self.environment.error) == 1 {
                self.say("tracked as \(tracking.id); see how it goes with: process-tracker status \(tracking.id)")
            }
            return .tracked(tracking)
        case .failure(let error): failure = error
        }
        if case .refused(let problem) = failure, let id = self.options.id, let reason = Self.takenID(problem) {
            throw .failed(
                "not run: the id \(id) \(reason). An id stands for one piece of work: see `process-tracker status \(id)`, "
                    + "or choose another --id")
        }
        if self.options.isRequired {
            let error = failure.commandError(at: self.api.client.address)
            var message = "not run, as --require demands a tracker: \(error.message)"
            if case .unreachable(_, wasPossiblySent: true) = failure {
                message += ". \(Self.loose) and its id is used then"
            }
            throw .failed(message)
        }
        switch failure {
        case .unreachable(let reason, _):
            self.say(
                "warning: no tracker answers at \(self.api.client.address) (\(reason)); the command runs untracked")
        case .refused, .unintelligible:
            self.say(
                "warning: the tracker at \(self.api.client.address) does not take it: \(failure.reason); the command runs untracked"
            )
        }
        return self.standing(started)
    }

    /// What becomes of a start that was never answered.
    static let loose =
        "Should the tracker have taken the start all the same, that process ends there as failed with its lease,"

    /// Why an id keeps a command from being run; nil where the refusal has another reason.
    private static func takenID(_ problem: TrackerProblem) -> String? {
        switch problem.code {
        case "process_exists": "is taken"
        case "process_removed": "was used before, and is remembered"
        default: nil
        }
    }

    /// A start without an answer may have happened: the same key makes the second one find it.
    private func startTwice() async throws(TrackerFailure) -> RunTracking {
        do throws(TrackerFailure) {
            return try await self.start()
        } catch {
            guard case .unreachable(_, wasPossiblySent: true) = error, !Task.isCancelled else { throw error }
            return try await self.start()
        }
    }

    private func start() async throws(TrackerFailure) -> RunTracking {
        try await RunTracking(
            starting: self.options, worker: self.environment.worker, key: self.environment.idempotencyKey, at: self.api)
    }

    /// Says something, unless we are to be quiet.
    func say(_ line: String) {
        if !self.options.isQuiet { self.environment.warn(line) }
    }
}
