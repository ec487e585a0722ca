import ProcessCore

/// One attempt of one process, worked on as its plan says.
struct AttemptWork {
    /// What has become of the worker.
    enum Outcome: Hashable, Sendable {
        /// It goes on with other work.
        case done
        /// It is dead.
        case died
        /// It is silent, and will come back.
        case silent
    }

    let attempt: ChaosOperation.Attempt
    let plan: AttemptPlan
    let caller: ChaosCaller
    let control: ChaosControl
    private let output: AttemptOutput?

    init(attempt: ChaosOperation.Attempt, plan: AttemptPlan, caller: ChaosCaller, control: ChaosControl) {
        self.attempt = attempt
        self.plan = plan
        self.caller = caller
        self.control = control
        self.output = plan.output.map { AttemptOutput(attempt, $0, caller, control) }
    }

    /// Works and reports.
    func run() async -> Outcome {
        for (index, pause) in self.plan.pauses.dropLast().enumerated() {
            try? await Task.sleep(for: pause)
            let answer = await self.caller.ask(.progress(self.attempt, done: index), on: self.instance(index))
            switch answer {
            case .shown(_, let sightings) where sightings.first?.cancelRequested == true && !self.plan.ignoresCancel:
                await self.deliver(.confirmCancelled(self.attempt))
                return .done
            case .refused: return .done
            case .shown, .unchanged, .appended, .output, .lost, .undone: break
            }
            if let output = self.output, await !output.putOut() { return .done }
        }
        if let pause = self.plan.pauses.last { try? await Task.sleep(for: pause) }
        if let output = self.output, await !output.putOut() { return .done }
        let complete = ChaosMessage.complete(self.attempt, self.plan.result(self.attempt))
        let details = self.plan.details(self.attempt)
        switch self.plan.ending {
        case .complete:
            await self.deliver(complete)
        case .insist:
            await self.deliver(complete)
            await self.deliver(complete)
            await self.deliver(.fail(self.attempt, details, mayRetry: true))
            await self.output?.insist()
        case .contradict:
            async let result: Void = self.deliver(complete, from: 0)
            async let failure: Void = self.deliver(.fail(self.attempt, details, mayRetry: true), from: 1)
            _ = await (result, failure)
        case .fail(let mayRetry):
            await self.deliver(.fail(self.attempt, details, mayRetry: mayRetry))
        case .die:
            await self.output?.putOutAndDie()
            return .died
        case .dieReporting:
            await self.caller.askAndDie(complete, on: self.instance(0))
            return .died
        case .comeBack:
            return .silent
        }
        return .done
    }

    /// Comes back once the attempt was given up on, and reports its result as if nothing had been; what it puts out, it goes on with meanwhile.
    func comeBack() async {
        await self.output?.goOn()
        var known: Int?
        while !self.control.isStopped {
            let answer = await self.caller.ask(
                .read(self.attempt.id, known: known, waits: known != nil), on: self.instance(known ?? 0))
            switch answer {
            case .shown(_, let sightings):
                known = sightings.first?.revision
                guard sightings.first?.attempt == self.attempt.number, sightings.first?.status == .running else {
                    await self.deliver(.complete(self.attempt, self.plan.result(self.attempt)))
                    return
                }
            case .refused: return
            case .unchanged, .appended, .output: break
            case .lost, .undone: try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Reports until there is an answer, as a worker does whose answers get lost.
    private func deliver(_ message: ChaosMessage) async {
        await self.deliver(message, from: self.instance(0))
    }

    /// Reports to the instances by turns, beginning with one of them.
    private func deliver(_ message: ChaosMessage, from instance: Int) async {
        var instance = instance
        while !self.control.isStopped {
            switch await self.caller.ask(message, on: instance) {
            case .shown, .unchanged, .appended, .output, .refused: return
            case .lost, .undone: try? await Task.sleep(for: .milliseconds(50))
            }
            instance += 1
        }
    }

    private func instance(_ index: Int) -> Int { self.plan.instances[index % self.plan.instances.count] }
}
