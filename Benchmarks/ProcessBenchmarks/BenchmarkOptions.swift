/// What is to be measured, as the command line says it.
struct BenchmarkOptions {
    /// What can't be understood, in words.
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    /// What to measure.
    enum Command: String {
        /// How long operations take, in stores of different sizes.
        case cost
        /// What operations do, in numbers that do not wobble.
        case counts
    }

    /// What to measure.
    let command: Command
    /// Which stores.
    var backends = StoreKind.allCases
    /// Which operations.
    var operations = StoreOperation.allCases
    /// How many processes are in each store, rising.
    var sizes = [1000, 10_000, 100_000, 1_000_000]
    /// How often each store has its turn.
    var rounds = 10
    /// How many runs of a short operation are measured in each turn.
    var samples = 100
    /// Whether a goal that is missed, or a count that has risen, is a failure.
    var checks = false
    /// Whether the baseline is written anew.
    var updates = false
    /// Where the costs are written to for a chart.
    var jsonPath: String?
    /// Where the baseline is.
    var baselinePath = "Benchmarks/baseline.txt"

    /// So many are needed for what operations look for.
    private static let smallestSize = 1000

    /// Reads the words behind the program's name.
    init(_ words: [String]) throws(Mistake) {
        guard let command = words.first.flatMap(Command.init) else {
            throw Mistake(description: "say what to measure: cost or counts")
        }
        self.command = command
        var rest = words.dropFirst()
        while let name = rest.popFirst() {
            switch name {
            case "--check": self.checks = true
            case "--update" where command == .counts: self.updates = true
            default:
                guard let value = rest.popFirst() else { throw Mistake(description: "\(name) needs a value") }
                try self.take(value, for: name)
            }
        }
    }

    private mutating func take(_ value: String, for name: String) throws(Mistake) {
        switch (name, self.command) {
        case ("--backends", _): self.backends = try Self.list(value) { StoreKind(rawValue: $0) }
        case ("--operations", _): self.operations = try Self.list(value) { StoreOperation(rawValue: $0) }
        case ("--sizes", .cost):
            self.sizes = try Self.list(value) { Int($0).flatMap { $0 >= Self.smallestSize ? $0 : nil } }.sorted()
        case ("--rounds", .cost): self.rounds = try Self.number(value)
        case ("--samples", .cost): self.samples = try Self.number(value)
        case ("--json", .cost): self.jsonPath = value
        case ("--baseline", .counts): self.baselinePath = value
        default: throw Mistake(description: "\(self.command.rawValue) has no option \(name)")
        }
    }

    private static func number(_ text: String) throws(Mistake) -> Int {
        guard let number = Int(text), number > 0 else { throw Mistake(description: "\(text) is no number above 0") }
        return number
    }

    private static func list<Element>(_ text: String, _ read: (String) -> Element?) throws(Mistake) -> [Element] {
        var elements: [Element] = []
        for part in text.split(separator: ",") {
            guard let element = read(String(part)) else { throw Mistake(description: "\(part) is not understood") }
            elements.append(element)
        }
        guard !elements.isEmpty else { throw Mistake(description: "a list is empty") }
        return elements
    }
}
