internal import Glibc

/// Where a command writes to, and what can be shown there.
public struct Console: Sendable {
    /// Writes to standard output; throws `readerGone` once nobody reads it any more.
    var write: @Sendable ([UInt8]) throws(CommandError) -> Void
    /// Writes a line to standard error.
    var warn: @Sendable (String) -> Void
    /// Asks somebody at a terminal; nil where there is nobody.
    var ask: (@Sendable (String) -> String?)?
    /// How many columns standard output has; nil where it is no terminal.
    var width: Int?
    /// Whether colours may be used.
    var hasColors: Bool
    /// Whether signs beyond ASCII can be shown.
    var hasUnicode: Bool
    /// Whether a line can be written over, as long as it is not ended.
    var canRedraw = false
    /// How many columns there are by now, as a window may change its size; nil where that can't be found out.
    var measureWidth: @Sendable () -> Int? = { nil }

    /// The program's standard streams.
    ///
    /// - Parameter environment: Says what the terminal can show: `TERM`, `NO_COLOR`, `COLUMNS`, `LANG` and its like.
    /// - Returns: A console that finds out the rest from the descriptors.
    public static func standard(_ environment: [String: String]) -> Console {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let canAsk = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return Console(
            write: { bytes throws(CommandError) in try Self.writeOutput(bytes) },
            warn: { Self.writeError("process-tracker: \($0)\n") },
            ask: canAsk ? Self.askOnTerminal : nil,
            width: isTerminal ? Self.width(environment) : nil,
            hasColors: isTerminal && Self.allowsColors(environment),
            hasUnicode: !isTerminal || locale.lowercased().contains("utf-8") || locale.lowercased().contains("utf8"),
            canRedraw: isTerminal && Self.hasControls(environment),
            measureWidth: { isTerminal ? Self.width(environment) : nil })
    }

    /// Whether the environment lets us use colours (no-color.org: any value of `NO_COLOR` but the empty one forbids them).
    static func allowsColors(_ environment: [String: String]) -> Bool {
        (environment["NO_COLOR"] ?? "").isEmpty && Self.hasControls(environment)
    }

    /// Whether the terminal knows control sequences.
    private static func hasControls(_ environment: [String: String]) -> Bool {
        let terminal = environment["TERM"] ?? ""
        return !terminal.isEmpty && terminal != "dumb"
    }

    /// Writes text to standard output. A reader that has seen enough, such as `head`, is no failure.
    func print(_ text: String) throws(CommandError) { try self.finish([UInt8](text.utf8)) }

    /// Writes a part of an output that goes on, which is of no use once nobody reads it any more.
    func emit(_ text: String) throws(CommandError) { try self.write([UInt8](text.utf8)) }

    /// Writes an answer of the tracker to standard output as it is, and ends its line.
    func writeJSON(_ answer: [UInt8]) throws(CommandError) {
        try self.finish(answer.last == UInt8(ascii: "\n") ? answer : answer + [UInt8(ascii: "\n")])
    }

    private func finish(_ bytes: [UInt8]) throws(CommandError) {
        do throws(CommandError) { try self.write(bytes) } catch {
            guard error.code == .readerGone else { throw error }
        }
    }

    private static func askOnTerminal(_ question: String) -> String? {
        Self.writeError(question)
        return readLine()
    }

    private static func writeOutput(_ bytes: [UInt8]) throws(CommandError) {
        let errorNumber = bytes.withUnsafeBytes { Descriptor.write($0, to: STDOUT_FILENO) }
        guard errorNumber != 0 else { return }
        throw CommandError(
            errorNumber == EPIPE ? .readerGone : .failed,
            "the output could not be written: \(Descriptor.reason(errorNumber))")
    }

    private static func writeError(_ text: String) {
        _ = [UInt8](text.utf8).withUnsafeBytes { Descriptor.write($0, to: STDERR_FILENO) }
    }

    private static func width(_ environment: [String: String]) -> Int {
        if let columns = environment["COLUMNS"].flatMap(Int.init), columns > 0 { return columns }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
