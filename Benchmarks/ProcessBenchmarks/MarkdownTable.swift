/// A table as `docs/benchmarks.md` has them: the first column is text, the others are numbers.
struct MarkdownTable {
    private var lines: [String]

    init(_ titles: [String]) {
        self.lines = [
            "| \(titles.joined(separator: " | ")) |",
            "| --- |\(String(repeating: " ---: |", count: titles.count - 1))",
        ]
    }

    mutating func add(_ cells: [String]) {
        self.lines.append("| \(cells.joined(separator: " | ")) |")
    }

    /// The table, with a line break behind each line.
    var text: String { self.lines.map { $0 + "\n" }.joined() }
}

extension Double {
    /// The number with so many digits behind its point.
    func shown(digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((self * scale).rounded())
        guard digits > 0 else { return "\(scaled)" }
        let fraction = String(scaled % Int(scale))
        return "\(scaled / Int(scale)).\(String(repeating: "0", count: digits - fraction.utf8.count))\(fraction)"
    }
}

extension Int {
    /// The number with a comma before each three digits.
    var grouped: String {
        var text = ""
        for (place, digit) in String(self).reversed().enumerated() {
            if place > 0, place.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
