public import ProcessCore
import Synchronization

/// A log handler that keeps what is written, for tests to look at.
public final class LogCapture: LogHandler {
    private let kept = Mutex<[LogEntry]>([])

    /// Makes an empty capture.
    public init() {}

    /// Keeps a line.
    public func write(_ entry: LogEntry) {
        self.kept.withLock { $0.append(entry) }
    }

    /// The lines so far, oldest first.
    public var entries: [LogEntry] { self.kept.withLock { $0 } }

    /// The messages so far, oldest first.
    public var messages: [String] { self.entries.map(\.message) }

    /// Makes a logger that writes here, at every level unless another is asked for.
    ///
    /// - Parameters:
    ///   - level: The lowest level written.
    ///   - clock: Where each line's time comes from.
    /// - Returns: The logger.
    public func logger(level: LogLevel = .trace, clock: any WallClock = SystemWallClock()) -> Logger {
        Logger(handler: self, level: level, clock: clock)
    }
}
