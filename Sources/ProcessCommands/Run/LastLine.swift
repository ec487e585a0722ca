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

    /// Adds what was printed next. Of a large chunk only the end is looked at, from the back, so a flood of output costs
    /// little.
    mutating func append(_ chunk: UnsafeRawBufferPointer) {
        var chunk = chunk
        if chunk.count > Self.longestLine {
            chunk = UnsafeRawBufferPointer(rebasing: chunk.suffix(Self.longestLine))
            self.current.removeAll(keepingCapacity: true)
        }
        guard var lineEnd = Self.lastLineEnd(in: chunk, before: chunk.count) else {
            self.extend(chunk)
            return
        }
        let rest = UnsafeRawBufferPointer(rebasing: chunk[(lineEnd + 1)...])
        while true {
            let previousEnd = Self.lastLineEnd(in: chunk, before: lineEnd)
            let line = UnsafeRawBufferPointer(rebasing: chunk[(previousEnd.map { $0 + 1 } ?? 0)..<lineEnd])
            if previousEnd == nil {
                self.extend(line)
                if !Self.isBlank(self.current) { swap(&self.current, &self.ended) }
                break
            }
            if !Self.isBlank(line) {
                self.ended.removeAll(keepingCapacity: true)
                self.ended.append(contentsOf: line)
                break
            }
            lineEnd = previousEnd ?? 0
        }
        self.current.removeAll(keepingCapacity: true)
        self.extend(rest)
    }

    private mutating func extend(_ bytes: UnsafeRawBufferPointer) {
        self.current.append(contentsOf: bytes.prefix(Self.longestLine - self.current.count))
    }

    private static func lastLineEnd(in bytes: UnsafeRawBufferPointer, before end: Int) -> Int? {
        var position = end
        while position > 0 {
            position -= 1
            if bytes[position] == UInt8(ascii: "\n") || bytes[position] == UInt8(ascii: "\r") { return position }
        }
        return nil
    }

    /// The line as a message for others: escape sequences and control characters left out, at most 1 KiB; nil where
    /// nothing was printed that could be shown.
    var message: String? {
        Self.message(of: self.current) ?? Self.message(of: self.ended)
    }

    /// One line as such a message.
    static func message(of line: [UInt8]) -> String? {
        guard !Self.isBlank(line) else { return nil }
        let text = DisplayText.escaping(TerminalText.plain(String(decoding: line, as: UTF8.self)))
        return text.isEmpty ? nil : TextLimit.prefix(text, bytes: Self.longestMessage)
    }

    private static func isBlank(_ line: [UInt8]) -> Bool {
        line.withUnsafeBytes { Self.isBlank($0) }
    }

    private static func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
        guard line.contains(where: { $0 > 0x20 && $0 != 0x7F }) else { return true }
        // A line that only clears the screen is blank as well, but rare: look closer only where there is an escape.
        return line.contains(0x1B) && TerminalText.plain(String(decoding: line, as: UTF8.self)).isEmpty
    }
}
