internal import Glibc
internal import ProcessCore

/// Sees a command through: passes signals on, ends it where somebody asked the tracker for that, and says how it ended.
struct RunSupervisor: Sendable {
    /// What came of a command.
    struct Outcome: Sendable {
        /// How it ended.
        var status: ExitStatus
        /// What to tell the tracker; nil where it would not listen.
        var report: RunReport?
        /// How it stands there.
        var start: RunStart
        /// Whether somebody sent a signal, and waits for us to end.
        var isHurried: Bool
    }

    /// Why we end the command.
    private enum Stop {
        case cancelRequested
        case timedOut
        /// The tracker has put an end to the process already.
        case lost
    }

    private struct State {
        var start: RunStart
        var status: ExitStatus?
        var openStreams: Int
        var stop: Stop?
        var isGroupLeft = false
        var isLost = false
        var isHurried = false
        /// Why output was lost, where its reader did not go away by itself.
        var outputError: Int32?

        var isOver: Bool { self.status != nil && self.openStreams == 0 && !self.isGroupLeft }
    }

    /// The command.
    let command: RunningCommand
    /// What was asked for.
    let options: RunOptions
    /// What is around.
    let environment: RunEnvironment
    /// What remembers the output.
    let capture: OutputCapture
    /// How it stands in the tracker as it begins.
    let start: RunStart
    /// Queues an event.
    let send: @Sendable (RunEvent) -> Void

    /// Follows a command to its end.
    ///
    /// - Parameter events: What happens around it.
    /// - Returns: What came of it.
    func run(_ events: AsyncStream<RunEvent>) async -> Outcome {
        await withTaskGroup(of: Void.self) { group in
            switch self.start {
            case .tracked(let tracking): self.report(on: tracking, &group)
            case .open(let late):
                group.addTask {
                    if case .tracked(let tracking) = await late.settle() { self.send(.tracked(tracking)) }
                }
            case .untracked: break
            }
            if let timeout = self.options.timeout { self.sendLater(.timeUp, after: timeout, &group) }
            var state = State(start: self.start, openStreams: self.command.streamCount)
            for await event in events {
                self.handle(event, &state, &group)
                if state.isOver { break }
            }
            // The last report comes after the last heartbeat, never beside it.
            group.cancelAll()
            await group.waitForAll()
            return self.outcome(state)
        }
    }

    private func report(on tracking: RunTracking, _ group: inout TaskGroup<Void>) {
        let reporter = RunReporter(
            tracking: tracking, capture: self.capture, timing: self.environment.timing, lease: self.options.lease,
            sleep: self.environment.sleep)
        group.addTask {
            if let loss = await reporter.run(onCancelRequest: { self.send(.cancelRequested) }) {
                self.send(.lost(loss))
            }
        }
    }

    private func handle(_ event: RunEvent, _ state: inout State, _ group: inout TaskGroup<Void>) {
        let child = self.command.child
        switch event {
        case .ended:
            state.status = child.reap()
            // What the command started may take as long to end as the command itself may.
            state.isGroupLeft = state.stop != nil && child.hasOwnGroup && child.isGroupLeft
            if state.isGroupLeft { self.checkGroupLater(&group) }
        case .groupCheckDue:
            state.isGroupLeft = state.isGroupLeft && child.isGroupLeft
            if state.isGroupLeft { self.checkGroupLater(&group) }
        case .killDue:
            if state.status == nil || state.isGroupLeft { child.signal(SIGKILL) }
            state.isGroupLeft = false
        case .outputEnded(let end):
            state.openStreams -= 1
            if case .unwritable(let errorNumber) = end, errorNumber != EPIPE {
                state.outputError = errorNumber
                self.environment.warn("output was lost: \(Descriptor.reason(errorNumber))")
            }
        case .signal(let signal):
            state.isHurried = true
            if state.status != nil {
                // It has ended; all we wait for is a slow reader, or something left behind.
                state.openStreams = 0
                state.isGroupLeft = false
            } else if !signal.isFromTerminal {
                child.signal(signal.number)
            }
        case .tracked(let tracking):
            self.say("the tracker has answered: tracked as \(tracking.id)")
            state.start = .tracked(tracking)
            self.report(on: tracking, &group)
        case .cancelRequested:
            self.say("the tracker was asked to cancel this: ending the command")
            self.end(.cancelRequested, &state, &group)
        case .timeUp:
            self.endAsTimeIsUp(&state, &group)
        case .lost(let loss):
            // One that has ended by itself is reported all the same: the answer to that says the rest.
            guard loss != .timedOut || state.status == nil else { return }
            state.isLost = true
            switch loss {
            case .cancelled:
                if state.stop == nil { self.say("this was cancelled in the tracker: ending the command") }
                self.end(.lost, &state, &group)
            case .timedOut: self.endAsTimeIsUp(&state, &group)
            case .other(let reason) where state.stop == nil:
                self.say("warning: the tracker takes no more reports (\(reason)); the command goes on untracked")
            case .other: break
            }
        }
    }

    private func endAsTimeIsUp(_ state: inout State, _ group: inout TaskGroup<Void>) {
        guard state.status == nil, state.stop == nil else { return }
        let timeout = self.options.timeout.map { " (\($0.text))" } ?? ""
        self.say("this ran longer than --timeout allows\(timeout): ending the command")
        self.end(.timedOut, &state, &group)
    }

    /// Asks the command to end, and makes it end where it takes too long over that.
    private func end(_ stop: Stop, _ state: inout State, _ group: inout TaskGroup<Void>) {
        guard state.status == nil, state.stop == nil else { return }
        state.stop = stop
        self.command.child.signal(SIGTERM)
        // A stopped command gets to see the signal only once it goes on.
        self.command.child.signal(SIGCONT)
        self.sendLater(.killDue, after: self.environment.timing.killDelay, &group)
    }

    private func checkGroupLater(_ group: inout TaskGroup<Void>) {
        self.sendLater(.groupCheckDue, after: self.environment.timing.groupCheckInterval, &group)
    }

    private func sendLater(_ event: RunEvent, after delay: Duration, _ group: inout TaskGroup<Void>) {
        let (sleep, send) = (self.environment.sleep, self.send)
        group.addTask {
            if (try? await sleep(delay)) != nil { send(event) }
        }
    }

    private func outcome(_ state: State) -> Outcome {
        var status = state.status ?? .exited(1)
        var report: RunReport?
        let isOutputLost = state.outputError != nil && status == .exited(0)
        // The command may have ended before it could notice. A backup that is cut off must not look like a good one.
        if isOutputLost { status = .exited(1) }
        // As for timeout(1), what it returned once it was told to end does not count.
        if state.stop == .timedOut { status = .exited(TimeOut.exitCode) }
        if !state.isLost {
            switch state.stop {
            case .cancelRequested: report = .cancelled
            case .timedOut: report = self.options.timeout.map { .timedOut(after: $0) }
            case .lost: report = nil
            case nil where isOutputLost:
                let reason = Descriptor.reason(state.outputError ?? 0)
                report = .failed(
                    code: "output_lost", message: "the command's output could not be written: \(reason)",
                    status: .exited(0), tail: self.capture.tail)
            case nil:
                let isCaptured = self.command.streamCount > 0
                report = RunReport(
                    status, lastLine: isCaptured ? self.capture.lastLine : nil,
                    tail: isCaptured ? self.capture.tail : nil)
            }
        }
        return Outcome(status: status, report: report, start: state.start, isHurried: state.isHurried)
    }

    private func say(_ line: String) {
        if !self.options.isQuiet { self.environment.warn(line) }
    }
}
