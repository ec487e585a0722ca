/// Why a command ended without doing what it was asked for: one line for standard error, and an exit code.
public struct CommandError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The exit code of the program.
    public enum Code: Int32, Sendable {
        /// It could not be done.
        case failed = 1
        /// It was called the wrong way.
        case usage = 2
        /// Nobody reads what it writes any more. As for other programs, that is the end by SIGPIPE, and not worth a word.
        case readerGone = 141
    }

    /// Which of these.
    public var code: Code
    /// What is wrong, why, and what to do about it; without the program's name.
    public var message: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: The exit code.
    ///   - message: What is wrong, why, and what to do about it.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The program was called the wrong way.
    static func usage(_ message: String) -> CommandError { CommandError(.usage, message) }

    /// It could not be done.
    static func failed(_ message: String) -> CommandError { CommandError(.failed, message) }

    /// The message.
    public var description: String { self.message }
}
