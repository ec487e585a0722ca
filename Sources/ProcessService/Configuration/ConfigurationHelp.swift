/// The settings as text for `--help`, and the flag that someone may have meant.
public enum ConfigurationHelp {
    /// The settings for the help text: each flag, what it does, and its key and default.
    ///
    /// - Returns: Lines of at most 100 columns, each with its line break.
    public static func text() -> String {
        var lines = ["  \(Self.padded("--config FILE"))A file of KEY=value lines."]
        for setting in ServiceSettings.all {
            let title = setting.flag.map { "\($0) \(setting.placeholder)" } ?? "\(setting.key)=\(setting.placeholder)"
            let origin = setting.flag == nil ? "" : "\(setting.key), "
            let wrapped = Self.wrapped(setting.meaning) + ["[\(origin)default: \(setting.defaultDescription)]"]
            if title.count < Self.column - 3 {
                lines.append("  \(Self.padded(title))\(wrapped[0])")
                lines += wrapped.dropFirst().map { Self.indentation + $0 }
            } else {
                lines.append("  \(title)")
                lines += wrapped.map { Self.indentation + $0 }
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The known flag nearest to a misspelt one.
    ///
    /// - Parameter flag: The flag as written, `--listne`.
    /// - Returns: The nearest, `--listen`; nil where none is near.
    public static func nearestFlag(to flag: String) -> String? {
        let known = ServiceSettings.all.compactMap(\.flag) + ["--config"]
        guard let nearest = EditDistance.nearest(to: flag, among: known) else { return nil }
        return EditDistance.between(flag, nearest) <= 3 ? nearest : nil
    }

    private static let column = 34
    private static let indentation = String(repeating: " ", count: Self.column)

    private static func padded(_ text: String) -> String {
        text + String(repeating: " ", count: max(1, Self.column - 2 - text.count))
    }

    private static func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= 100 - Self.column {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
