/// The end of a run, as the tracker hears of it.
extension RunSession {
    /// What became of the report on the end.
    private enum Ending: Sendable {
        /// All is well, or there is nothing to say.
        case reported
        /// There is something to warn of.
        case unreported(String)
        /// The tracker had called it timed out before.
        case timedOut
    }

    private enum Step: Sendable {
        case reported(Ending)
        case hurry
    }

    /// Reports the end, again and again for a while; a signal meanwhile shortens that.
    ///
    /// - Parameters:
    ///   - start: How the run stands in the tracker.
    ///   - report: What to tell.
    ///   - capture: Where the last line is found; nil where nothing ran.
    ///   - isHurried: Whether somebody waits for us to end.
    ///   - events: What says that somebody does from now on.
    /// - Returns: Whether the tracker had called it timed out before it heard of an end that was no time-out.
    func finish(
        _ start: RunStart, _ report: RunReport, _ capture: OutputCapture? = nil, isHurried: Bool = false,
        hurriedBy events: AsyncStream<RunEvent>?
    ) async -> Bool {
        if case .untracked = start { return false }
        let timing = self.environment.timing
        let ending = await withTaskGroup(of: Step.self) { group in
            group.addTask { .reported(await self.settle(start, report, capture, isHurried: isHurried)) }
            if let events {
                group.addTask {
                    for await event in events {
                        guard case .signal = event else { continue }
                        try? await self.environment.sleep(timing.lastReportLimitAfterSignal)
                        break
                    }
                    return .hurry
                }
            }
            var ending = Ending.reported
            for await step in group {
                if case .reported(let result) = step { ending = result }
                group.cancelAll()
            }
            return ending
        }
        switch ending {
        case .reported: return false
        case .unreported(let warning):
            self.say("warning: \(warning)")
            return false
        case .timedOut:
            self.say(
                "the tracker had called this timed out (it ran longer than --timeout allows) before it heard of its end"
            )
            return true
        }
    }

    /// Learns first what became of a start without an answer.
    private func settle(
        _ start: RunStart, _ report: RunReport, _ capture: OutputCapture?, isHurried: Bool
    ) async -> Ending {
        let timing = self.environment.timing
        var start = start
        if case .open(let late) = start {
            switch await late.settle(within: isHurried ? timing.lastReportLimitAfterSignal : timing.startLimit) {
            case .tracked(let tracking): start = .tracked(tracking)
            case .refused: return .reported
            case .unknown:
                return .unreported(
                    "no tracker answers at \(self.api.client.address) still. \(Self.loose) whatever came of the command"
                )
            }
        }
        guard case .tracked(let tracking) = start else { return .reported }
        if let line = capture?.takeNewLine() { await self.report(lastLine: line, to: tracking) }
        let limit = isHurried ? timing.lastReportLimitAfterSignal : timing.lastReportLimit
        guard let failure = await self.report(report, to: tracking, within: limit) else { return .reported }
        if case .refused(let problem) = failure, await tracking.loss(problem) == .timedOut {
            if case .timedOut = report { return .reported }
            return .timedOut
        }
        return .unreported("the tracker did not take the end of \(tracking.id): \(failure.reason)")
    }

    /// Tries once, and not for long: what matters is the report on the end, which comes next.
    private func report(lastLine: String, to tracking: RunTracking) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await tracking.heartbeat(message: lastLine) }
            group.addTask { try? await self.environment.sleep(self.environment.timing.lastMessageLimit) }
            await group.next()
            group.cancelAll()
        }
    }

    private func report(
        _ report: RunReport, to tracking: RunTracking, within limit: Duration
    ) async -> TrackerFailure? {
        let deadline = ContinuousClock.now + limit
        var delay = self.environment.timing.retryDelay
        while true {
            do throws(TrackerFailure) {
                try await tracking.report(report)
                return nil
            } catch {
                if case .refused(let problem) = error, !problem.isTemporary { return error }
                guard !Task.isCancelled, ContinuousClock.now + delay < deadline,
                    (try? await self.environment.sleep(delay)) != nil
                else { return error }
                delay = min(delay * 2, .seconds(5))
            }
        }
    }
}
