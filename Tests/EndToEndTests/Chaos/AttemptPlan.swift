import ProcessTestSupport

/// How a worker behaves in one attempt of one process.
struct AttemptPlan: Sendable {
    enum Ending: Hashable, Sendable {
        /// Reports the result until it is answered.
        case complete
        /// Reports the result twice, and then something else.
        case insist
        /// Reports a result through one instance and a failure through another at the same time: one of them stands.
        case contradict
        /// Reports a failure until it is answered.
        case fail(mayRetry: Bool)
        /// Dies without a word.
        case die
        /// Sends the result, and dies before the answer comes.
        case dieReporting
        /// Is silent until it has been given up on, and then reports the result of its attempt all the same.
        case comeBack
    }

    let ending: Ending
    /// How long it works before each of its progress reports, and before its end.
    let pauses: [Duration]
    /// Whether it does not care about being asked to stop.
    let ignoresCancel: Bool
    /// Bytes that make its payloads larger.
    let padding: Int
    /// Where its reports go to, the first first.
    let instances: [Int]
    /// What it puts out beside its reports; `nil` for nothing.
    let output: OutputPlan?

    /// Chooses; once a run is calm, it is being brought to its end, and everybody completes what they have.
    init(_ plan: ChaosPlan, process number: Int, attempt: Int, isCalm: Bool = false) {
        var random = plan.generator(.attempt, number, attempt)
        let ending: Ending =
            switch random.int(0...99) {
            case 0...49: .complete
            case 50...54: .insist
            case 55...59: .contradict
            case 60...71: .fail(mayRetry: true)
            case 72...76: .fail(mayRetry: false)
            case 77...84: .die
            case 85...91: .dieReporting
            default: .comeBack
            }
        self.ending = isCalm ? .complete : ending
        self.pauses = (0...random.int(0...3)).map { _ in .milliseconds(random.oneIn(20) ? 300 : random.int(0...30)) }
        self.ignoresCancel = random.oneIn(3)
        self.padding = random.oneIn(4) ? random.int(0...4096) : random.int(0...64)
        self.instances = (0...8).map { _ in random.int(0...1) }
        self.output = OutputPlan(plan, process: number, attempt: attempt)
    }

    /// The result of this attempt; no other worker's, nor any other attempt's, is the same.
    func result(_ attempt: ChaosOperation.Attempt) -> String { self.payload(attempt, "result") }

    /// The details of this attempt's failure, as unmistakable.
    func details(_ attempt: ChaosOperation.Attempt) -> String { self.payload(attempt, "failure") }

    private func payload(_ attempt: ChaosOperation.Attempt, _ name: String) -> String {
        let padding = String(repeating: "r", count: self.padding)
        return #"{"\#(name)":[\#(attempt.number),"\#(attempt.worker)","\#(attempt.id)"],"padding":"\#(padding)"}"#
    }
}
