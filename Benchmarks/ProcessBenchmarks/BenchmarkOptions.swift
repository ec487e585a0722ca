/// What is to be measured, as the command line says it.
struct BenchmarkOptions {
    /// What can't be understood, in words.
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    /// Which stores.
    var backends = StoreKind.allCases
    /// How many finished processes are in each store, rising.
    var sizes = [1000, 1_000_000]
    /// How often each store has its turn.
    var rounds = 10
    /// How many operations are measured in each turn.
    var samples = 200
    /// Whether a goal that is missed is a failure.
    var checks = false

    /// Reads the words behind the program's name.
    init(_ words: [String]) throws(Mistake) {
        guard words.first == "claim" else { throw Mistake(description: "say what to measure: claim") }
        var rest = words.dropFirst()
        while let name = rest.popFirst() {
            if name == "--check" {
                self.checks = true
                continue
            }
            guard let value = rest.popFirst() else { throw Mistake(description: "\(name) needs a value") }
            switch name {
            case "--backends":
                self.backends = try Self.list(value) { StoreKind(rawValue: $0) }
            case "--sizes":
                self.sizes = try Self.list(value) { Int($0).flatMap { $0 > 0 ? $0 : nil } }.sorted()
            case "--rounds": self.rounds = try Self.number(value)
            case "--samples": self.samples = try Self.number(value)
            default: throw Mistake(description: "there is no option \(name)")
            }
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
        return elements
    }
}
