/// A command, described once: the parser and the help both read this.
struct CommandSpecification: Sendable {
    /// A line to type, and what it does.
    struct Example: Sendable {
        /// The line.
        var line: String
        /// What it does.
        var effect: String
    }

    /// The word that calls it.
    var name: String
    /// What it does, in one line that begins with a capital and has no full stop.
    var summary: String
    /// What stands behind its name in the usage line, options left out: `ID`, `-- COMMAND [ARGS…]`.
    var operands: String
    /// How many words that are no options it takes; those behind `--` do not count where they are a command's.
    var operandCount: ClosedRange<Int>
    /// Whether everything behind `--` belongs to another command.
    var takesCommand: Bool
    /// Whether it takes the settings of the service as options.
    var takesSettings: Bool
    /// Its own options, without `--help`.
    var options: [OptionSpecification]
    /// What there is to know besides, in paragraphs.
    var discussion: [String]
    /// At least one.
    var examples: [Example]

    /// Describes a command.
    init(
        _ name: String, _ summary: String, operands: String = "", operandCount: ClosedRange<Int> = 0...0,
        takesCommand: Bool = false, takesSettings: Bool = false, options: [OptionSpecification] = [],
        discussion: [String] = [],
        examples: [Example]
    ) {
        self.name = name
        self.summary = summary
        self.operands = operands
        self.operandCount = operandCount
        self.takesCommand = takesCommand
        self.takesSettings = takesSettings
        self.options = options
        self.discussion = discussion
        self.examples = examples
    }

    /// The usage line: `process-tracker status [options] ID`.
    var usage: String {
        var words = ["process-tracker", self.name]
        if self.takesSettings || !self.options.isEmpty { words.append("[options]") }
        if !self.operands.isEmpty { words.append(self.operands) }
        return words.joined(separator: " ")
    }
}
