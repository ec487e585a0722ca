internal import ProcessCore
internal import Synchronization

/// Prints the output of a process as it comes.
///
/// Text is printed as it is, so that what goes into a file or a pipe is what the worker wrote. On a terminal, signs that it
/// would act upon are escaped: output comes from elsewhere, and must not repaint a terminal or type into it.
final class OutputView: Sendable {
    private let console: Console
    private let isJSON: Bool
    /// The types to print; empty for all.
    private let types: Set<String>
    private let isLineStart = Mutex(true)

    /// A view that has printed nothing.
    ///
    /// - Parameters:
    ///   - console: Where it prints to.
    ///   - isJSON: Whether each chunk is a line of JSON.
    ///   - types: The types to print; empty for all.
    init(on console: Console, isJSON: Bool, types: Set<String>) {
        self.console = console
        self.isJSON = isJSON
        self.types = types
    }

    /// Prints a chunk, if it is of a type to print.
    func show(_ chunk: OutputChunk) throws(CommandError) {
        guard self.isWanted(chunk.type) else { return }
        if self.isJSON { return try self.console.write(Self.line(chunk)) }
        guard chunk.data.kind == .string, let text = try? chunk.data.string() else {
            let text = String(decoding: SingleLine.json(chunk.data.text().bytes), as: UTF8.self)
            return try self.isLineStart.withLock { (isLineStart) throws(CommandError) in
                try self.console.emit((isLineStart ? "" : "\n") + self.harmless(text))
                isLineStart = true
            }
        }
        guard !text.isEmpty else { return }
        try self.isLineStart.withLock { (isLineStart) throws(CommandError) in
            try self.console.emit(self.harmless(text))
            isLineStart = text.utf8.last == UInt8(ascii: "\n")
        }
    }

    /// Prints, for programs, what the tracker itself says in between.
    func note(_ chunk: OutputChunk) throws(CommandError) {
        if self.isJSON, self.isWanted(chunk.type) { try self.console.write(Self.line(chunk)) }
    }

    /// Prints, for programs, that chunks are missing, as the tracker says it to those who follow.
    func noteGap(_ range: ClosedRange<Int64>) throws(CommandError) {
        guard self.isJSON, self.isWanted("gap") else { return }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("index", range.upperBound)
        writer.member("type", "gap")
        writer.name("data")
        writer.beginObject()
        writer.member("first", range.lowerBound)
        writer.member("last", range.upperBound)
        writer.endObject()
        writer.endObject()
        try self.console.write(SingleLine.json(writer.finish()))
    }

    /// Says something on standard error, on a line of its own.
    func warn(_ text: String) {
        try? self.endLine()
        self.console.warn(text)
    }

    /// Ends the line that is open on a terminal. Elsewhere nothing is added to what the worker wrote.
    func endLine() throws(CommandError) {
        guard self.console.width != nil else { return }
        try self.isLineStart.withLock { (isLineStart) throws(CommandError) in
            if !isLineStart { try self.console.emit("\n") }
            isLineStart = true
        }
    }

    private func isWanted(_ type: String) -> Bool { self.types.isEmpty || self.types.contains(type) }

    private func harmless(_ text: String) -> String {
        self.console.width == nil ? text : TerminalText.escapingAllButLines(text)
    }

    private static func line(_ chunk: OutputChunk) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("index", chunk.index)
        writer.member("type", chunk.type)
        writer.member("data", chunk.data.text())
        writer.endObject()
        return SingleLine.json(writer.finish())
    }
}
