import Testing

/// The judge of chaos runs, judged: each rule refuses what breaks it, and nothing else is refused.
@Suite struct HistoryCheckerTests {
    private static func rules(_ script: HistoryScript) -> Set<ChaosRule> {
        Set(HistoryChecker(script.operations).violations().map(\.rule))
    }

    @Test("a history without a fault is accepted", arguments: FaultlessHistories.all.keys.sorted())
    func accepted(name: String) throws {
        let script = try #require(FaultlessHistories.all[name])
        #expect(Self.rules(script).isEmpty)
    }

    @Test("a history that breaks a rule is refused by that rule, and by no other", arguments: ChaosRule.allCases)
    func refused(rule: ChaosRule) {
        let histories = FaultyHistories.breaking(rule)
        #expect(!histories.isEmpty)
        for (name, script) in histories { #expect(Self.rules(script) == [rule], "\(name)") }
    }
}
