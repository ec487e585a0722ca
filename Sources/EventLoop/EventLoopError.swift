internal import Glibc

/// A loop, or something on it, could not be set up. In practice: the process has run out of file descriptors or threads.
public struct EventLoopError: Error, CustomStringConvertible {
    /// What was being set up, in words.
    public let operation: String
    /// The `errno` value.
    public let errorNumber: Int32

    init(_ operation: String, errorNumber: Int32 = errno) {
        self.operation = operation
        self.errorNumber = errorNumber
    }

    /// One line for a log or a terminal.
    public var description: String {
        "\(self.operation): \(String(cString: strerror(self.errorNumber)))"
    }
}
