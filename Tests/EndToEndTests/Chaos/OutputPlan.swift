import ProcessTestSupport

/// What a worker puts out in one attempt of one process.
struct OutputPlan: Sendable {
    /// How it sends one append.
    enum Way: Hashable, Sendable {
        /// Until it is answered.
        case once
        /// Once more after the answer.
        case again
        /// Through two instances at the same time.
        case twiceAtOnce
        /// Through one instance, and something else under the same index through another at the same time: one of them stands.
        case contradicted
    }

    struct Append: Sendable {
        let way: Way
        /// How many chunks it brings.
        let count: Int
        /// The instance that is asked first.
        let instance: Int
        /// Bytes that make its chunks larger.
        let padding: Int
        /// The pause before it, where the worker does nothing but put out.
        let pause: Duration
    }

    /// How many chunks the instances of a run keep of each process: few, so that some go during the run.
    static let keptChunks = 8

    /// Whether it says which index its output must get, so that sending it again does no harm.
    let namesIndexes: Bool
    /// The first first; where there are more to send, they begin anew.
    let appends: [Append]

    /// Chooses; most attempts put out nothing.
    init?(_ plan: ChaosPlan, process number: Int, attempt: Int) {
        var random = plan.generator(.output, number, attempt)
        guard random.oneIn(3) else { return nil }
        let namesIndexes = !random.oneIn(4)
        self.namesIndexes = namesIndexes
        self.appends = (0..<8).map { _ in
            let way: Way =
                switch random.int(0...9) {
                case 0...5: .once
                case 6, 7: .again
                case 8: .twiceAtOnce
                default: .contradicted
                }
            return Append(
                // What names no index is added again each time that it is sent.
                way: namesIndexes ? way : .once, count: random.oneIn(3) ? random.int(2...3) : 1,
                instance: random.int(0...1), padding: random.oneIn(6) ? random.int(0...4096) : random.int(0...64),
                pause: .milliseconds(random.int(20...200)))
        }
    }

    /// The parts that the `number`th append of an attempt brings; no other append's are the same.
    func parts(_ number: Int, of attempt: ChaosOperation.Attempt, named name: String = "part") -> [String] {
        let append = self.append(number)
        let padding = String(repeating: "o", count: append.padding)
        return (0..<append.count).map { place in
            let words = #""\#(attempt.worker)","\#(attempt.id)""#
            return #"{"\#(name)":[\#(attempt.number),\#(number),\#(place),\#(words)],"padding":"\#(padding)"}"#
        }
    }

    func append(_ number: Int) -> Append { self.appends[number % self.appends.count] }
}
