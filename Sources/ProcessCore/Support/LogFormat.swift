import Glibc

/// The form of log lines.
public enum LogFormat: String, CaseIterable, Sendable {
    /// Text on a terminal, JSON lines elsewhere.
    case auto
    /// For people.
    case text
    /// For programs: one JSON object a line.
    case json

    /// The handler that writes this form.
    ///
    /// - Parameter output: Where the lines go.
    /// - Returns: For `auto`, the handler that suits the output.
    public func makeHandler(output: LogOutput = .standardError) -> any LogHandler {
        switch self {
        case .auto: output.isTerminal ? TextLogHandler(output: output) : JSONLinesLogHandler(output: output)
        case .text: TextLogHandler(output: output)
        case .json: JSONLinesLogHandler(output: output)
        }
    }
}

/// Writes one JSON object a line: `time`, `level`, `message`, `pid`, then the metadata, flat.
///
/// Metadata called like one of the first four gets an underscore behind its name, so that no name occurs twice.
public struct JSONLinesLogHandler: LogHandler {
    private let output: LogOutput
    private let processID = getpid()

    /// Makes a handler.
    ///
    /// - Parameter output: Where the lines go.
    public init(output: LogOutput = .standardError) {
        self.output = output
    }

    /// Writes one line.
    public func write(_ entry: LogEntry) {
        self.output.write(self.line(for: entry))
    }

    func line(for entry: LogEntry) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        line.append(contentsOf: #"{"time":""#.utf8)
        line.append(contentsOf: entry.time.rfc3339.utf8)
        line.append(contentsOf: #"","level":""#.utf8)
        line.append(contentsOf: entry.level.rawValue.utf8)
        line.append(contentsOf: #"","message":""#.utf8)
        DisplayText.append(entry.message, quotesEscaped: true, to: &line)
        line.append(contentsOf: #"","pid":"#.utf8)
        line.append(contentsOf: "\(self.processID)".utf8)
        for (name, value) in entry.metadata.entries {
            line.append(contentsOf: #",""#.utf8)
            DisplayText.append(name, quotesEscaped: true, to: &line)
            if ["time", "level", "message", "pid"].contains(name) { line.append(UInt8(ascii: "_")) }
            line.append(contentsOf: #"":"#.utf8)
            switch value {
            case .text(let text):
                line.append(UInt8(ascii: "\""))
                DisplayText.append(text, quotesEscaped: true, to: &line)
                line.append(UInt8(ascii: "\""))
            case .integer, .boolean: line.append(contentsOf: value.description.utf8)
            }
        }
        line.append(contentsOf: "}\n".utf8)
        return line
    }
}

/// Writes lines for people: `2026-11-08T10:00:00.000Z info    Cleaned up  removed=12 status=completed`.
///
/// A value with blanks, quotes, `=` or escapes in it is quoted, so that one value can't pass for two.
public struct TextLogHandler: LogHandler {
    private let output: LogOutput

    /// Makes a handler.
    ///
    /// - Parameter output: Where the lines go.
    public init(output: LogOutput = .standardError) {
        self.output = output
    }

    /// Writes one line.
    public func write(_ entry: LogEntry) {
        self.output.write(self.line(for: entry))
    }

    func line(for entry: LogEntry) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        line.append(contentsOf: entry.time.rfc3339.utf8)
        line.append(UInt8(ascii: " "))
        line.append(contentsOf: entry.level.rawValue.utf8)
        // The longest level has seven letters; the messages begin in one column.
        line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 8 - entry.level.rawValue.utf8.count))
        DisplayText.append(entry.message, quotesEscaped: false, to: &line)
        for (index, (name, value)) in entry.metadata.entries.enumerated() {
            line.append(contentsOf: (index == 0 ? "  " : " ").utf8)
            Self.append(name, to: &line)
            line.append(UInt8(ascii: "="))
            Self.append(value.description, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func append(_ text: String, to line: inout [UInt8]) {
        let isWord =
            !text.isEmpty && DisplayText.isHarmless(text)
            && !text.utf8.contains { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "=") }
        if !isWord { line.append(UInt8(ascii: "\"")) }
        DisplayText.append(text, quotesEscaped: !isWord, to: &line)
        if !isWord { line.append(UInt8(ascii: "\"")) }
    }
}
