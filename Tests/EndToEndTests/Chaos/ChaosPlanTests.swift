import Testing

/// A seed is worth something only if it says everything.
@Suite struct ChaosPlanTests {
    /// Every choice of a small run, asked for in some order.
    private static func choices(seed: UInt64, order: [Int]) -> [Int: String] {
        let plan = ChaosPlan(seed: seed, count: order.count)
        var choices: [Int: String] = [:]
        for number in order {
            let attempts = (1...3).map { AttemptPlan(plan, process: number, attempt: $0) }
            choices[number] =
                "\(ProcessPlan(plan, number)) \(attempts) \(plan.claim(worker: number % 8, number: number))"
        }
        return choices
    }

    @Test("a seed makes the same choices, whichever of them is made first")
    func sameSeed() {
        let numbers = Array(0..<100)
        #expect(Self.choices(seed: 7, order: numbers) == Self.choices(seed: 7, order: numbers.reversed()))
        let (one, other) = (ChaosPlan(seed: 7, count: 100), ChaosPlan(seed: 7, count: 100))
        #expect(
            "\(one.disturbances(instances: 2, hasRedis: true))" == "\(other.disturbances(instances: 2, hasRedis: true))"
        )
    }

    @Test("another seed makes other choices, and so does another process or another attempt")
    func otherSeed() {
        let numbers = Array(0..<100)
        let (one, other) = (Self.choices(seed: 7, order: numbers), Self.choices(seed: 8, order: numbers))
        #expect(numbers.allSatisfy { one[$0] != other[$0] })
        #expect(Set(one.values).count == numbers.count)
        let plan = ChaosPlan(seed: 7, count: 100)
        #expect(Set((1...50).map { "\(AttemptPlan(plan, process: 1, attempt: $0))" }).count == 50)
    }

    @Test("everything that can go wrong goes wrong in a short run, and nothing after its last process")
    func disturbances() {
        let plan = ChaosPlan(seed: 7, count: 200)
        let all = plan.disturbances(instances: 2, hasRedis: true)
        let kinds = Set(all.map(\.kind))
        #expect(kinds.isSuperset(of: [.killInstance(0), .killInstance(1), .killWorker(0), .killWorker(1)]))
        #expect(kinds.contains(.cutConnections(type: "normal")))
        #expect(kinds.contains { if case .pauseInstance = $0 { true } else { false } })
        #expect(kinds.contains { if case .pauseRedis = $0 { true } else { false } })
        #expect(all.map(\.after) == all.map(\.after).sorted() && all.allSatisfy { $0.after < plan.count })
    }

    @Test("a third of the attempts put something out, in every way")
    func output() {
        let plan = ChaosPlan(seed: 7, count: 200)
        let outputs = (0..<200).compactMap { OutputPlan(plan, process: $0, attempt: 1) }
        #expect((50...85).contains(outputs.count))
        #expect(Set(outputs.map(\.namesIndexes)) == [true, false])
        let named = outputs.filter(\.namesIndexes).flatMap(\.appends).map(\.way)
        #expect(Set(named) == [.once, .again, .twiceAtOnce, .contradicted])
        #expect(outputs.filter { !$0.namesIndexes }.flatMap(\.appends).allSatisfy { $0.way == .once })
    }
}
