internal import ProcessCore
internal import ProcessService

/// What the words of a call mean to a command.
struct ParsedArguments: Sendable {
    /// The command.
    let command: CommandSpecification
    /// The words that are no options.
    var operands: [String] = []
    /// Everything behind `--`, where that is a command to run.
    var trailing: [[UInt8]] = []
    /// The options in the order they came; flags have an empty value.
    var options: [(name: String, value: String)] = []

    /// Those of the options that are settings of the service.
    var settings = ConfigurationFlags()

    /// Whether a flag was given.
    func has(_ name: String) -> Bool { self.options.contains { $0.name == name } }

    /// The value of an option that stands at most once.
    func value(_ name: String) -> String? { self.options.last { $0.name == name }?.value }

    /// All values of an option, in their order.
    func values(_ name: String) -> [String] { self.options.compactMap { $0.name == name ? $0.value : nil } }

    /// All values of an option whose values may also be separated by commas.
    func list(_ name: String) -> [String] {
        self.values(name).flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    /// A length of time.
    func duration(_ name: String, zeroAllowed: Bool = false) throws(CommandError) -> Duration? {
        guard let text = self.value(name) else { return nil }
        do {
            return try Duration(parsing: text, zeroAllowed: zeroAllowed)
        } catch {
            throw .usage("\(name) \(error.reason), not \(shown(text))")
        }
    }

    /// A whole number.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(CommandError) -> Int? {
        guard let text = self.value(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .usage(
                "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(shown(text))")
        }
        return number
    }

    /// A name of identifier shape.
    func identifier(_ name: String) throws(CommandError) -> String? {
        guard let text = self.value(name) else { return nil }
        return try requireIdentifier(text, name)
    }

    /// Labels, each given as `KEY=VALUE`.
    func metadata(_ name: String = "--metadata") throws(CommandError) -> [(key: String, value: String)] {
        var entries: [(key: String, value: String)] = []
        for text in self.values(name) {
            guard let equals = text.firstIndex(of: "=") else {
                throw .usage("\(name) must be KEY=VALUE, such as tenant=acme, not \(shown(text))")
            }
            let key = try requireIdentifier(String(text[..<equals]), "the key of \(name)")
            guard !entries.contains(where: { $0.key == key }) else {
                throw .usage("\(name) names the key \(key) twice")
            }
            entries.append((key, String(text[text.index(after: equals)...])))
        }
        return entries
    }
}

/// What somebody typed, safe to show and in quotes.
func shown(_ text: String) -> String { "\"\(DisplayText.escaping(text))\"" }

/// Checks a name.
func requireIdentifier(_ text: String, _ place: String) throws(CommandError) -> String {
    guard IdentifierShape.matches(text) else {
        throw .usage("\(place) must be 1 to 128 letters, digits or any of . _ : ~ -, not \(shown(text))")
    }
    return text
}
