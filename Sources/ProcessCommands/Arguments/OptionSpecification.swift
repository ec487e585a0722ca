/// An option that a command takes, described once: the parser, the help and the list of known names all read this.
struct OptionSpecification: Sendable {
    /// Its name with the dashes: `--kind`.
    var name: String
    /// What stands for its value in help, such as `KIND`; nil for a flag, which takes none.
    var valueName: String?
    /// One line for help.
    var summary: String
    /// Whether it may stand several times.
    var isRepeatable: Bool

    /// Describes an option that takes a value.
    ///
    /// - Parameters:
    ///   - name: Its name with the dashes.
    ///   - valueName: What stands for its value in help.
    ///   - summary: One line for help.
    ///   - isRepeatable: Whether it may stand several times.
    init(_ name: String, _ valueName: String, _ summary: String, isRepeatable: Bool = false) {
        self.name = name
        self.valueName = valueName
        self.summary = summary
        self.isRepeatable = isRepeatable
    }

    /// Describes a flag.
    ///
    /// - Parameters:
    ///   - name: Its name with the dashes.
    ///   - summary: One line for help.
    init(_ name: String, _ summary: String) {
        self.name = name
        self.summary = summary
        self.isRepeatable = false
    }

    /// The option as help shows it: `--kind KIND`.
    var usage: String { self.valueName.map { "\(self.name) \($0)" } ?? self.name }
}
