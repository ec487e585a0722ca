import Testing

/// The judge of chaos runs, judged: each rule refuses what breaks it, and nothing else is refused.
@Suite struct HistoryCheckerTests {
    private static let faultless = FaultlessHistories.all.merging(FaultlessOutputs.all) { first, _ in first }

    private static func rules(_ script: HistoryScript) -> Set<ChaosRule> {
        Set(HistoryChecker(script.operations).violations().map(\.rule))
    }

    @Test("a history without a fault is accepted", arguments: Self.faultless.keys.sorted())
    func accepted(name: String) throws {
        let script = try #require(Self.faultless[name])
        #expect(Self.rules(script).isEmpty)
    }

    @Test("a history that breaks a rule is refused by that rule, and by no other", arguments: ChaosRule.allCases)
    func refused(rule: ChaosRule) {
        let histories = Array(FaultyHistories.breaking(rule)) + Array(FaultyOutputs.breaking(rule))
        #expect(!histories.isEmpty)
        for (name, script) in histories { #expect(Self.rules(script) == [rule], "\(name)") }
    }
}
