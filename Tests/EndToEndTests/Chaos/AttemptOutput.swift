/// The output of one attempt, as its worker sends it.
actor AttemptOutput {
    private let attempt: ChaosOperation.Attempt
    private let plan: OutputPlan
    private let caller: ChaosCaller
    private let control: ChaosControl
    /// How many appends it has begun.
    private var count = 0
    /// The index of the next chunk, where the worker names it; `nil` where it has to look.
    private var next: Int?
    private var latest: ChaosMessage?

    init(_ attempt: ChaosOperation.Attempt, _ plan: OutputPlan, _ caller: ChaosCaller, _ control: ChaosControl) {
        self.attempt = attempt
        self.plan = plan
        self.caller = caller
        self.control = control
    }

    /// Sends the next append.
    ///
    /// - Returns: Whether there may be more; false once the attempt is over.
    func putOut() async -> Bool {
        guard let message = await self.begin() else { return false }
        let append = self.plan.append(self.count)
        let other = self.message("other")
        self.count += 1
        self.latest = message
        if let next = self.next { self.next = next + append.count }
        switch append.way {
        case .once:
            return await self.deliver(message, from: append.instance)
        case .again:
            guard await self.deliver(message, from: append.instance) else { return false }
            return await self.deliver(message, from: append.instance + 1)
        case .twiceAtOnce, .contradicted:
            async let one = self.deliver(message, from: append.instance)
            async let two = self.deliver(
                append.way == .contradicted ? other : message, from: append.instance + 1)
            let goesOn = await (one, two)
            return goesOn.0 && goesOn.1
        }
    }

    /// Sends the next append, and dies before the answer comes.
    func putOutAndDie() async {
        guard let message = await self.begin() else { return }
        await self.caller.askAndDie(message, on: self.plan.append(self.count).instance)
    }

    /// Puts out and reports nothing, so that the lease passes, until it has been told often enough that the attempt is over.
    func goOn() async {
        var refusals = 0
        // By the last of them another attempt may have begun.
        while refusals < 4, !self.control.isStopped {
            try? await Task.sleep(for: self.plan.append(self.count).pause)
            guard await !self.putOut() else { continue }
            refusals += 1
            self.next = nil
        }
    }

    /// Sends its latest append once more, as if its answer had been lost, and then a new one, though the attempt has ended.
    func insist() async {
        if self.plan.namesIndexes, let latest = self.latest { _ = await self.deliver(latest, from: 0) }
        _ = await self.putOut()
    }

    /// What to send next; `nil` where that can't be known any more.
    private func begin() async -> ChaosMessage? {
        guard self.plan.namesIndexes, self.next == nil else { return self.message() }
        self.next = self.attempt.number == 1 && self.count == 0 ? 1 : await self.look()
        return self.next == nil ? nil : self.message()
    }

    private func message(_ name: String = "part") -> ChaosMessage {
        .append(self.attempt, self.plan.parts(self.count, of: self.attempt, named: name), at: self.next)
    }

    /// The index that comes next.
    private func look() async -> Int? {
        var instance = self.plan.append(0).instance
        while !self.control.isStopped {
            switch await self.caller.ask(.readOutput(self.attempt.id), on: instance) {
            // Behind the output of an earlier attempt comes a `restart` first.
            case .output(let output): return output.last == 0 ? 1 : output.last + (self.count == 0 ? 2 : 1)
            case .lost, .undone: try? await Task.sleep(for: .milliseconds(50))
            case .shown, .unchanged, .appended, .refused: return nil
            }
            instance += 1
        }
        return nil
    }

    /// Sends until there is an answer, to the instances by turns.
    private func deliver(_ message: ChaosMessage, from instance: Int) async -> Bool {
        var instance = instance
        while !self.control.isStopped {
            switch await self.caller.ask(message, on: instance) {
            // Of two at the same time, the other one stands.
            case .appended, .refused(_, "index_conflict", _): return true
            case .lost, .undone: try? await Task.sleep(for: .milliseconds(50))
            case .shown, .unchanged, .output, .refused: return false
            }
            instance += 1
        }
        return false
    }
}
