/// A file of `KEY=value` lines.
///
/// Blank lines and lines that begin with `#` say nothing; blanks around key and value, and one pair of quotes around the
/// value, are taken off. A `#` further on belongs to the value. An empty value is the same as none.
public struct ConfigurationFile: Sendable {
    /// The name that errors and `process-tracker config` show.
    public let name: String

    /// The text.
    public let text: String

    /// Takes the text of a file.
    ///
    /// - Parameters:
    ///   - name: The name to show.
    ///   - text: The text.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Reads a file.
    ///
    /// - Parameter path: The path, as given with `--config`.
    /// - Returns: The file, named by its path.
    /// - Throws: `ConfigurationError` naming `--config`, where the file can't be read or is no text.
    public static func read(_ path: String) throws(ConfigurationError) -> ConfigurationFile {
        switch FileText.read(path, limit: 1 << 20) {
        case .failure(let error): throw Self.unreadable(path, error.reason)
        case .success(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Self.unreadable(path, "not UTF-8 text")
            }
            return ConfigurationFile(name: path, text: text)
        }
    }

    private static func unreadable(_ path: String, _ reason: String) -> ConfigurationError {
        ConfigurationError("--config", "can't read \"\(path)\": \(reason)")
    }

    /// The keys and values, in order, with the number of each one's line.
    ///
    /// - Throws: `ConfigurationError` naming file and line, where a line is something else. The line is not shown: it may
    ///   well be a password.
    func pairs() throws(ConfigurationError) -> [(key: String, value: String, line: Int)] {
        var pairs: [(key: String, value: String, line: Int)] = []
        // Some editors put a mark of the byte order before a text.
        let text =
            self.text.unicodeScalars.first == "\u{FEFF}" ? String(self.text.unicodeScalars.dropFirst()) : self.text
        // "\r\n" is one Character.
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() {
            let line = Self.trimmed(line)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let separator = line.firstIndex(of: "="), Self.isKey(Self.trimmed(line[..<separator])) else {
                throw ConfigurationError("\(self.name):\(index + 1)", "neither KEY=value nor a # comment")
            }
            let key = String(Self.trimmed(line[..<separator]))
            let value = Self.unquoted(Self.trimmed(line[line.index(after: separator)...]))
            if let earlier = pairs.first(where: { $0.key == key }) {
                throw ConfigurationError(
                    key, place: "\(self.name):\(index + 1)", "stands in line \(earlier.line) already")
            }
            pairs.append((key, String(value), index + 1))
        }
        return pairs
    }

    private static func isKey(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
            }
    }

    /// A text without the blanks and tabs around it.
    static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    private static func unquoted(_ text: Substring) -> Substring {
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
            return text
        }
        return text.dropFirst().dropLast()
    }
}
