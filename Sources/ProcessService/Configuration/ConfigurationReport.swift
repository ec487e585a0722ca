import ProcessCore

/// What is in force: each key with its value and where it came from. Secrets are masked.
public struct ConfigurationReport: Sendable {
    /// One key.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public let key: String

        /// The value in force, masked where it is a secret; empty for none.
        public fileprivate(set) var value: String

        /// Where it came from: `default`, `environment`, `process-tracker.conf:12`, `flag --listen`; and the key that
        /// decided, where that is another one: `environment, REDIS_URL`.
        public fileprivate(set) var source: String
    }

    /// All keys, in the order of the documentation.
    public private(set) var entries: [Entry]

    /// Where each key came from. The texts themselves are not kept: a secret could be among them.
    private let sources: [String: String]

    init(_ assignments: ConfigurationAssignments) {
        let sources = Dictionary(
            uniqueKeysWithValues: ServiceSettings.all.map { ($0.key, Self.source(of: $0, assignments)) })
        self.sources = sources
        self.entries = ServiceSettings.all.map { setting in
            let text = assignments.text(of: setting)
            let value =
                switch setting.secrecy {
                case .open: text
                case .secret, .url: text.isEmpty ? "" : Secret.placeholder
                }
            return Entry(key: setting.key, value: value, source: sources[setting.key] ?? "")
        }
    }

    /// Replaces a value by the one in force.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - value: What is in force.
    mutating func set(_ key: String, to value: String) {
        for index in self.entries.indices where self.entries[index].key == key { self.entries[index].value = value }
    }

    /// Replaces a value by one that another key decided.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - value: What is in force.
    ///   - other: The key that decided; nil where it is a computed default.
    mutating func set(_ key: String, to value: String, because other: String?) {
        self.set(key, to: value)
        guard let other else { return }
        let source = self.sources[other] ?? ""
        for index in self.entries.indices where self.entries[index].key == key {
            self.entries[index].source = "\(source), \(other)"
        }
    }

    private static func source(of setting: Setting, _ assignments: ConfigurationAssignments) -> String {
        let source = assignments.source(of: setting.key)
        return source == .flag ? "\(source) \(setting.flag ?? "")" : source.description
    }

    /// The entries as lines in three columns.
    ///
    /// - Returns: Lines for a terminal, each with its line break, without control characters.
    public func render() -> String {
        let rows = self.entries.map { entry in
            (
                key: entry.key, value: entry.value.isEmpty ? "(none)" : DisplayText.escaping(entry.value),
                source: DisplayText.escaping(entry.source)
            )
        }
        let keyWidth = rows.map(\.key.count).max() ?? 0
        let valueWidth = min(40, rows.map(\.value.count).max() ?? 0)
        return rows.map { row in
            "\(Self.padded(row.key, to: keyWidth))  \(Self.padded(row.value, to: valueWidth))  \(row.source)\n"
        }.joined()
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
