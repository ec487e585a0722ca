import ProcessCore
import ProcessTestSupport

/// What a client does with one process: starts it, watches it to its end, cancels it, has it tried again.
struct ChaosLife {
    let plan: ProcessPlan
    let run: ChaosPlan
    let caller: ChaosCaller
    let control: ChaosControl

    func live() async {
        guard let started = await self.start() else { return }
        await withDiscardingTaskGroup { tasks in
            self.workIfOurs(started, &tasks)
            if let cancel = self.plan.cancel {
                tasks.addTask {
                    try? await Task.sleep(for: cancel.after)
                    await self.deliver(.cancel(started.id, force: cancel.force))
                }
            }
            var retries = self.plan.retries
            while let ended = await self.watch(started.id), retries > 0, ended.status != .completed {
                retries -= 1
                if let again = await self.deliver(.retry(started.id)) { self.workIfOurs(again, &tasks) }
            }
        }
    }

    /// Sends the start until it is answered; a start that can be told from others, now and then twice.
    private func start() async -> Sighting? {
        let message = ChaosMessage.start(self.plan)
        guard self.plan.startsTwice else { return await self.deliver(message) }
        async let again = self.deliver(message, from: 1)
        let first = await self.deliver(message, from: 0)
        return await again ?? first
    }

    /// A process without a queue is worked on by whoever started it.
    private func workIfOurs(_ process: Sighting, _ tasks: inout DiscardingTaskGroup) {
        guard self.plan.queue == nil, process.status == .running else { return }
        let work = AttemptWork(
            attempt: .init(id: process.id, number: process.attempt, worker: self.caller.name),
            plan: AttemptPlan(
                self.run, process: self.plan.number, attempt: process.attempt, isCalm: self.control.isCalm),
            caller: self.caller, control: self.control)
        tasks.addTask { if await work.run() == .silent { await work.comeBack() } }
    }

    /// Polls until the process has ended.
    ///
    /// - Returns: The process at its end; `nil` where there is no more time.
    private func watch(_ id: String) async -> Sighting? {
        var random = self.run.generator(.life, self.plan.number)
        var known: Int?
        while !self.control.isStopped, !self.control.isOverdue {
            let waits = !random.oneIn(4)
            switch await self.caller.ask(.read(id, known: known, waits: waits), on: random.int(0...1)) {
            case .shown(_, let sightings):
                if let process = sightings.first, process.status.isFinished {
                    _ = await self.caller.ask(.readOutput(id), on: random.int(0...1))
                    return process
                }
                known = sightings.first?.revision
            case .refused: return nil
            case .unchanged, .appended, .output: break
            case .lost, .undone: try? await Task.sleep(for: .milliseconds(50))
            }
            if !waits { try? await Task.sleep(for: .milliseconds(random.int(5...100))) }
        }
        return nil
    }

    /// Sends until there is an answer.
    ///
    /// - Returns: The process as the answer shows it; `nil` where it was refused, or there is no more time.
    @discardableResult
    private func deliver(_ message: ChaosMessage) async -> Sighting? {
        await self.deliver(message, from: self.plan.number)
    }

    /// Sends to the instances by turns, beginning with one of them.
    private func deliver(_ message: ChaosMessage, from instance: Int) async -> Sighting? {
        var instance = instance
        while !self.control.isStopped, !self.control.isOverdue {
            switch await self.caller.ask(message, on: instance) {
            case .shown(_, let sightings): return sightings.first
            case .unchanged, .appended, .output, .refused: return nil
            case .lost, .undone: try? await Task.sleep(for: .milliseconds(50))
            }
            instance += 1
        }
        return nil
    }
}
