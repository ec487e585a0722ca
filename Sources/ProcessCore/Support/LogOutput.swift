import Glibc
import Synchronization

/// Where finished log lines go: a file descriptor, one `write(2)` a line.
public final class LogOutput: Sendable {
    private let descriptor: Int32

    /// Pipes keep up to 4 KiB in one piece; the lock keeps longer lines of this process whole too.
    private let turn = Mutex<Void>(())

    /// Writes to a descriptor that stays open for as long as the log is used.
    ///
    /// - Parameter descriptor: The descriptor; it is not closed by this object.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Standard error.
    public static let standardError = LogOutput(descriptor: STDERR_FILENO)

    /// Whether someone reads along on a terminal.
    public var isTerminal: Bool { isatty(self.descriptor) == 1 }

    /// Writes a line, its line break included. What can't be written is dropped: a log must not stop what it tells of.
    ///
    /// - Parameter line: The bytes of the line.
    func write(_ line: [UInt8]) {
        self.turn.withLock { _ in
            line.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = Glibc.write(
                        self.descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    if count > 0 {
                        rest = rest.dropFirst(count)
                    } else if count == 0 || errno != EINTR {
                        return
                    }
                }
            }
        }
    }
}
