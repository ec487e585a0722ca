/// What operations cost in counts, as it was when somebody last looked at it: a text that reads well in a diff.
struct CountBaseline {
    /// One operation on one store.
    struct Row: Hashable {
        let backend: StoreKind
        let operation: StoreOperation
    }

    /// What became of a number.
    struct Difference {
        let row: Row
        let count: OperationCount
        let before: Int?
        let now: Int

        var isMore: Bool { self.before.map { self.now > $0 } ?? true }

        var description: String {
            let name =
                "\(self.row.backend.rawValue), \(self.row.operation.rawValue): \(self.now) \(self.count.rawValue)"
            return self.before.map { "\(name), before \($0)" } ?? "\(name), which the baseline does not know"
        }
    }

    var numbers: [Row: [OperationCount: Int]] = [:]

    private static let head = """
        # What one operation on a store costs, in numbers that do not depend on how busy a machine is.
        # `make counts` compares a build with them, and `make counts ARGS=--update` writes them anew.

        """

    /// Nothing yet.
    init() {}

    /// Reads a text; throws where a line is none of ours.
    init(_ text: String) throws {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2, let backend = StoreKind(rawValue: words[0]),
                let operation = StoreOperation(rawValue: words[1])
            else { throw TextFile.Failure(description: "the baseline has a line that is not understood: \(line)") }
            for word in words.dropFirst(2) {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2, let count = OperationCount(rawValue: parts[0]), let number = Int(parts[1])
                else {
                    throw TextFile.Failure(description: "the baseline has a count that is not understood: \(word)")
                }
                self.numbers[Row(backend: backend, operation: operation), default: [:]][count] = number
            }
        }
    }

    /// The text, always in the same order.
    var text: String {
        var text = Self.head
        for backend in StoreKind.allCases {
            for operation in StoreOperation.allCases {
                guard let numbers = self.numbers[Row(backend: backend, operation: operation)] else { continue }
                let counts = OperationCount.allCases.compactMap { count in
                    numbers[count].map { "\(count.rawValue)=\($0)" }
                }
                text += "\(backend.rawValue) \(operation.rawValue) \(counts.joined(separator: " "))\n"
            }
        }
        return text
    }

    /// Puts newly counted numbers in the place of those that are there; what was not counted stays.
    mutating func take(_ counted: CountBaseline) {
        for (row, numbers) in counted.numbers {
            self.numbers[row, default: [:]].merge(numbers) { $1 }
        }
    }

    /// Compares newly counted numbers with these.
    ///
    /// - Returns: What differs by more than its tolerance.
    func differences(of counted: CountBaseline) -> [Difference] {
        var differences: [Difference] = []
        for backend in StoreKind.allCases {
            for operation in StoreOperation.allCases {
                let row = Row(backend: backend, operation: operation)
                for count in OperationCount.allCases {
                    guard let now = counted.numbers[row]?[count] else { continue }
                    let before = self.numbers[row]?[count]
                    if let before, abs(now - before) <= count.tolerance(of: before) { continue }
                    differences.append(Difference(row: row, count: count, before: before, now: now))
                }
            }
        }
        return differences
    }
}
