import ProcessCore

/// One key: everything there is to know about it.
///
/// Parsing, the help text, the output of `process-tracker config`, the documentation and the suggestion for a misspelt key
/// all come from the list of these.
struct Setting: Sendable {
    /// Who may see a value.
    enum Secrecy {
        /// Everyone.
        case open
        /// Nobody.
        case secret
        /// Everyone, but for the password inside.
        case url
    }

    /// The key of the environment and of the file.
    let key: String

    /// The flag, unless values of this key have no place on a command line, where every user of the machine can read them.
    let flag: String?

    /// What stands for the value in the help text.
    let placeholder: String

    /// The default, as one would write it; empty for none.
    let defaultText: String

    /// In words, what the default is where it is not a fixed text.
    let defaultNote: String?

    /// What it does, in a sentence or two.
    let meaning: String

    /// What values are allowed.
    let allowed: String

    /// Who may see its value.
    let secrecy: Secrecy

    /// Reads a value that is not empty.
    let parse: @Sendable (_ text: String, _ values: inout ConfigurationValues) throws(Rejection) -> Void

    init(
        _ key: String, flag: Bool = true, _ placeholder: String, default defaultText: String = "",
        defaultNote: String? = nil, _ meaning: String, allowed: String, secrecy: Secrecy = .open,
        parse: @escaping @Sendable (_ text: String, _ values: inout ConfigurationValues) throws(Rejection) -> Void
    ) {
        self.key = key
        self.flag = flag ? Self.flag(for: key) : nil
        self.placeholder = placeholder
        self.defaultText = defaultText
        self.defaultNote = defaultNote
        self.meaning = meaning
        self.allowed = allowed
        self.secrecy = secrecy
        self.parse = parse
    }

    /// `--listen` for `TRACKER_LISTEN`, `--redis-db` for `REDIS_DB`.
    private static func flag(for key: String) -> String {
        let name = key.hasPrefix("TRACKER_") ? key.dropFirst("TRACKER_".count) : key[...]
        return "--" + name.lowercased().replacing("_", with: "-")
    }

    /// The default, in words where need be.
    var defaultDescription: String {
        self.defaultNote ?? (self.defaultText.isEmpty ? "none" : self.defaultText)
    }

    /// A refused value as an error may show it; nil where it may hold a secret.
    ///
    /// Passwords end up under the wrong key, too: what looks like an address with one inside is not shown.
    func shownInErrors(_ value: String) -> String? {
        let lowercased = value.lowercased()
        let isSuspicious = ["@", "pass", "secret", "token"].contains { lowercased.contains($0) }
        guard self.secrecy == .open, !isSuspicious else { return nil }
        return value.count <= 100 ? value : value.prefix(100) + "…"
    }
}
