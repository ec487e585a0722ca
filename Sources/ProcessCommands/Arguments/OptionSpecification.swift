/// An option that a command takes, described once: the parser, the help and the list of known names all read this.
public struct OptionSpecification: Sendable {
    /// Its name with the dashes: `--kind`.
    public var name: String
    /// What stands for its value in help, such as `KIND`; nil for a flag, which takes none.
    public var valueName: String?
    /// One line for help.
    public var summary: String
    /// Whether it may stand several times.
    public var isRepeatable: Bool

    /// Describes an option.
    ///
    /// - Parameters:
    ///   - name: Its name with the dashes.
    ///   - valueName: What stands for its value in help; nil for a flag.
    ///   - summary: One line for help.
    ///   - isRepeatable: Whether it may stand several times.
    public init(_ name: String, _ valueName: String? = nil, _ summary: String, isRepeatable: Bool = false) {
        self.name = name
        self.valueName = valueName
        self.summary = summary
        self.isRepeatable = isRepeatable
    }

    /// The option as help shows it: `--kind KIND`.
    var usage: String { self.valueName.map { "\(self.name) \($0)" } ?? self.name }
}
