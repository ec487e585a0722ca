/// An aligned table that is fitted to the terminal.
struct TextTable: Sendable {
    /// A column.
    struct Column: Sendable {
        var title: String
        var alignedRight = false
        /// Whether its cells may be cut to fit; at most one column should.
        var isFlexible = false
        /// Whether it may be left out where the terminal is too narrow; the last such one goes first.
        var isOptional = false
    }

    /// A cell.
    struct Cell: Sendable {
        var text: String
        var style = TextStyle.plain

        init(_ text: String, _ style: TextStyle = .plain) {
            self.text = text
            self.style = style
        }
    }

    /// The least that is left of a flexible column.
    private static let leastWidth = 12

    /// Its columns.
    var columns: [Column]
    /// Its rows, each with a cell for each column.
    var rows: [[Cell]] = []

    /// The table as lines.
    ///
    /// - Parameter console: What it is shown on. Without a terminal, nothing is cut nor left out.
    /// - Returns: A line of titles and one for each row, without blanks at the end, each with its line break.
    func render(for console: Console) -> String {
        let (shown, widths) = self.fit(console.width)
        var lines: [String] = []
        lines.append(self.line(self.columns.map { Cell($0.title, .bold) }, shown, widths, console))
        lines += self.rows.map { self.line($0, shown, widths, console) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Which columns are shown, and how wide each of them is.
    private func fit(_ width: Int?) -> ([Int], [Int]) {
        var widths = self.columns.indices.map { index in
            ([self.columns[index].title] + self.rows.map { $0[index].text }).map(DisplayWidth.of).max() ?? 0
        }
        var shown = Array(self.columns.indices)
        guard let width else { return (shown, widths) }
        let flexible = self.columns.firstIndex { $0.isFlexible }
        while true {
            let excess = shown.reduce(0) { $0 + widths[$1] } + 2 * (shown.count - 1) - width
            if excess <= 0 { return (shown, widths) }
            if let flexible, shown.contains(flexible), widths[flexible] - excess >= Self.leastWidth {
                widths[flexible] -= excess
                return (shown, widths)
            }
            guard let dropped = shown.last(where: { self.columns[$0].isOptional }) else { return (shown, widths) }
            shown.removeAll { $0 == dropped }
        }
    }

    private func line(_ cells: [Cell], _ shown: [Int], _ widths: [Int], _ console: Console) -> String {
        var line = ""
        for (position, index) in shown.enumerated() {
            let isLast = position == shown.count - 1
            let cell = cells[index]
            let text = DisplayWidth.truncated(cell.text, to: widths[index], hasUnicode: console.hasUnicode)
            let styled = cell.style.applied(to: text, hasColors: console.hasColors)
            let blanks = String(repeating: " ", count: max(0, widths[index] - DisplayWidth.of(text)))
            line += self.columns[index].alignedRight ? blanks + styled : (isLast ? styled : styled + blanks)
            if !isLast { line += "  " }
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
