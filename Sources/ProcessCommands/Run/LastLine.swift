internal import ProcessCore

/// The last line with anything on it that one stream of a command printed.
///
/// A carriage return ends a line too, so that a progress line that is painted over and over is seen. Of a line that is not
/// ended yet, what is there counts: a prompt, or `Downloading…` without a line break.
struct LastLine: Sendable {
    /// How much of one line is kept.
    static let longestLine = 4096
    /// The longest message the tracker takes.
    static let longestMessage = 1024

    private var current: [UInt8] = []
    private var ended: [UInt8] = []

    /// Adds what was printed next. Of a large chunk only the end is looked at, so a flood of output costs little.
    mutating func append(_ chunk: UnsafeRawBufferPointer) {
        var rest = chunk[...]
        if rest.count > Self.longestLine {
            rest = rest.suffix(Self.longestLine)
            self.current.removeAll(keepingCapacity: true)
        }
        while let end = rest.firstIndex(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            self.extend(rest[..<end])
            if !Self.isBlank(self.current) { swap(&self.current, &self.ended) }
            self.current.removeAll(keepingCapacity: true)
            rest = rest[(end + 1)...]
        }
        self.extend(rest)
    }

    private mutating func extend(_ bytes: Slice<UnsafeRawBufferPointer>) {
        self.current.append(contentsOf: bytes.prefix(Self.longestLine - self.current.count))
    }

    /// The line as a message for others: escape sequences and control characters left out, at most 1 KiB; nil where
    /// nothing was printed that could be shown.
    var message: String? {
        if let message = Self.message(self.current) { return message }
        return Self.message(self.ended)
    }

    private static func message(_ line: [UInt8]) -> String? {
        guard !Self.isBlank(line) else { return nil }
        let text = DisplayText.escaping(TerminalText.plain(String(decoding: line, as: UTF8.self)))
        return text.isEmpty ? nil : TextLimit.prefix(text, bytes: Self.longestMessage)
    }

    private static func isBlank(_ line: [UInt8]) -> Bool {
        guard line.contains(where: { $0 > 0x20 && $0 != 0x7F }) else { return true }
        // A line that only clears the screen is blank as well, but rare: look closer only where there is an escape.
        return line.contains(0x1B) && TerminalText.plain(String(decoding: line, as: UTF8.self)).isEmpty
    }
}
