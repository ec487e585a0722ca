internal import Glibc
internal import ProcessCore

/// A worker: claims processes, runs a handler for each, and ends when it is told to.
struct WorkSession: Sendable {
    /// What was asked for.
    let options: WorkOptions
    /// The tracker.
    let api: TrackerAPI
    /// What is around.
    let environment: WorkEnvironment

    /// What happens around a worker.
    private enum Event: Sendable {
        /// A claim was answered, or given up; with the time that took.
        case claimed(Result<[ClaimedProcess], TrackerFailure>, after: Duration)
        /// A process is finished, and its slot is free.
        case finished(slot: Int, HandlerOutcome)
        /// We got a signal.
        case signal(ReceivedSignal)
        /// Handlers had their time to end by themselves.
        case graceOver
    }

    private struct State {
        /// What ends each handler that runs, by its slot.
        var handlers: [Int: @Sendable (HandlerEvent) -> Void] = [:]
        var isClaiming = false
        var claimFailures = 0
        /// How often somebody told the worker to stop.
        var stops = 0
        /// Why the worker ends although nobody told it to.
        var failure: String?
        var hasUnreported = false
        var nextSlot = 0

        var isDraining: Bool { self.stops > 0 || self.failure != nil }
        var isOver: Bool { self.isDraining && !self.isClaiming && self.handlers.isEmpty }
    }

    /// Works until it is told to stop.
    ///
    /// - Returns: The exit code: 0 where all is reported that was claimed.
    /// - Throws: `CommandError` where there is no handler to run, before anything is claimed.
    func run() async throws(CommandError) -> Int32 {
        try HandlerExecutable.check(self.options.command[0], path: self.environment.path)
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        try self.environment.startSignals { continuation.yield(.signal($0)) }
        let contact = TrackerContact(address: self.api.client.address, warn: self.environment.warn)
        let shift = Shift(session: self, contact: contact, hurry: Hurry(), send: { continuation.yield($0) })
        let state = await withTaskGroup(of: Void.self) { handlers in
            await withTaskGroup(of: Void.self) { claims in
                var state = State()
                shift.claim(after: .zero, &state, &claims)
                for await event in events {
                    shift.handle(event, &state, &claims, &handlers)
                    if state.isOver { break }
                }
                handlers.cancelAll()
                return state
            }
        }
        if let failure = state.failure { throw .failed(failure) }
        return state.hasUnreported ? CommandError.Code.failed.rawValue : 0
    }

    /// What is needed to act upon events.
    private struct Shift: Sendable {
        let session: WorkSession
        let contact: TrackerContact
        let hurry: Hurry
        let send: @Sendable (Event) -> Void

        func handle(
            _ event: Event, _ state: inout State, _ claims: inout TaskGroup<Void>, _ handlers: inout TaskGroup<Void>
        ) {
            switch event {
            case .claimed(let result, let time):
                state.isClaiming = false
                self.take(result, after: time, &state, &claims, &handlers)
            case .finished(let slot, let outcome):
                state.handlers[slot] = nil
                if case .unreported = outcome.ending { state.hasUnreported = true }
                if let reason = outcome.startFailure {
                    // The next one would fail for the same reason, and so would all that are in the queue.
                    self.stop(because: "cannot run the handler \(reason)", &state, &claims)
                }
                self.claim(after: .zero, &state, &claims)
            case .signal(let signal):
                guard [SIGHUP, SIGINT, SIGQUIT, SIGTERM].contains(signal.number) else { return }
                self.stop(&state, &claims, &handlers)
            case .graceOver:
                if state.stops == 1 { self.stop(&state, &claims, &handlers) }
            }
        }

        // MARK: Claims

        /// Claims as many processes as there are free slots, unless a claim is under way or the worker is to end.
        func claim(after delay: Duration, _ state: inout State, _ claims: inout TaskGroup<Void>) {
            let free = min(self.session.options.concurrency - state.handlers.count, WorkOptions.largestClaim)
            guard free > 0, !state.isClaiming, !state.isDraining else { return }
            state.isClaiming = true
            claims.addTask {
                let start = ContinuousClock.now
                let result: Result<[ClaimedProcess], TrackerFailure>
                do throws(TrackerFailure) {
                    // A wait that is cut short is followed by a call that is, too.
                    if delay > .zero { try? await self.session.environment.sleep(delay) }
                    guard !Task.isCancelled else { throw .unreachable("interrupted", wasPossiblySent: false) }
                    let claimed = try await self.contact.call { () throws(TrackerFailure) in
                        try await ClaimedProcess.claim(
                            upTo: free, self.session.options, worker: self.session.environment.worker,
                            wait: self.session.environment.timing.claimWait, at: self.session.api)
                    }
                    result = .success(claimed)
                } catch {
                    result = .failure(error)
                }
                self.send(.claimed(result, after: .now - start))
            }
        }

        private func take(
            _ result: Result<[ClaimedProcess], TrackerFailure>, after time: Duration, _ state: inout State,
            _ claims: inout TaskGroup<Void>, _ handlers: inout TaskGroup<Void>
        ) {
            switch result {
            case .success(let claimed):
                state.claimFailures = 0
                // Also while the worker is to end: what was handed to us is ours to do.
                for process in claimed { self.start(process, &state, &handlers) }
                let isEarly = claimed.isEmpty && time < self.session.environment.timing.emptyClaimPause
                self.claim(
                    after: isEarly ? self.session.environment.timing.emptyClaimPause : .zero, &state, &claims)
            case .failure(.refused(let problem)) where problem.isFinal:
                self.stop(because: "the tracker does not let us claim: \(problem.sentence)", &state, &claims)
            case .failure:
                state.claimFailures += 1
                self.claim(
                    after: self.session.environment.timing.retryDelay(afterFailures: state.claimFailures), &state,
                    &claims)
            }
        }

        private func start(_ claimed: ClaimedProcess, _ state: inout State, _ handlers: inout TaskGroup<Void>) {
            let slot = state.nextSlot
            state.nextSlot += 1
            let (events, continuation) = AsyncStream.makeStream(of: HandlerEvent.self)
            state.handlers[slot] = { continuation.yield($0) }
            if state.stops > 1 { continuation.yield(.stop) }
            let run = HandlerRun(
                of: claimed, self.session.options, in: self.session.environment, self.contact, self.hurry,
                events: events, send: { continuation.yield($0) })
            handlers.addTask {
                let outcome = await run.run()
                await self.session.environment.log(outcome)
                self.send(.finished(slot: slot, outcome))
            }
        }

        // MARK: The end

        /// Somebody told us to stop: first we claim no more, then we ask the handlers to end, then we end them.
        private func stop(
            _ state: inout State, _ claims: inout TaskGroup<Void>, _ handlers: inout TaskGroup<Void>
        ) {
            state.stops += 1
            claims.cancelAll()
            let count = state.handlers.count
            let running = count == 1 ? "1 handler" : "\(count) handlers"
            switch state.stops {
            case 1:
                guard count > 0 else { return }
                self.session.environment.warn(
                    "told to stop: claiming no more, waiting for \(running); once more ends them")
                guard let grace = self.session.options.grace else { return }
                handlers.addTask {
                    if (try? await self.session.environment.sleep(grace)) != nil { self.send(.graceOver) }
                }
            case 2:
                self.hurry.begin(at: self.session.environment.now())
                if count > 0 { self.session.environment.warn("ending \(running)") }
                for send in state.handlers.values { send(.stop) }
            default:
                for send in state.handlers.values { send(.kill) }
            }
        }

        /// The worker can't go on: what runs is finished.
        private func stop(because reason: String, _ state: inout State, _ claims: inout TaskGroup<Void>) {
            claims.cancelAll()
            if state.failure == nil {
                state.failure = reason
                let rest = state.handlers.isEmpty ? "" : "; finishing what runs"
                if !rest.isEmpty { self.session.environment.warn("\(reason)\(rest)") }
            }
        }
    }
}
