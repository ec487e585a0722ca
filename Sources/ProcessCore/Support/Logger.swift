/// Takes log lines from a `Logger` and writes them somewhere.
public protocol LogHandler: Sendable {
    /// Writes one line. Called from any thread, also from several at once; it must not fail, and should not wait.
    ///
    /// - Parameter entry: The line.
    func write(_ entry: LogEntry)
}

/// One line of the log, before it has a form.
public struct LogEntry: Sendable {
    /// When it happened.
    public let time: Timestamp

    /// How much it matters.
    public let level: LogLevel

    /// A constant sentence: the same for each line of its kind, so that one can search for it and count it.
    public let message: String

    /// What differs from one line of its kind to the next.
    public let metadata: LogMetadata

    /// Makes a line.
    ///
    /// - Parameters:
    ///   - time: When it happened.
    ///   - level: How much it matters.
    ///   - message: A constant sentence.
    ///   - metadata: What differs from line to line.
    public init(time: Timestamp, level: LogLevel, message: String, metadata: LogMetadata) {
        self.time = time
        self.level = level
        self.message = message
        self.metadata = metadata
    }
}

/// Writes a constant sentence with metadata. A value, passed in to whoever logs; there is no global one.
///
///     logger.error("Sweep failed", ["removed": .integer(removed), "error": "\(error)"])
///
/// Metadata of a line whose level is off is not even evaluated. Payloads and secrets never go into a log.
public struct Logger: Sendable {
    /// The lowest level written.
    public var level: LogLevel

    /// Entries that go with every line of this logger, such as a request's id.
    public var metadata: LogMetadata

    private let handler: any LogHandler
    private let clock: any WallClock

    /// Makes a logger.
    ///
    /// - Parameters:
    ///   - handler: Where the lines go.
    ///   - level: The lowest level written.
    ///   - metadata: Entries that go with every line.
    ///   - clock: Where each line's time comes from.
    public init(
        handler: any LogHandler, level: LogLevel = .info, metadata: LogMetadata = [:],
        clock: any WallClock = SystemWallClock()
    ) {
        self.handler = handler
        self.level = level
        self.metadata = metadata
        self.clock = clock
    }

    /// A logger that writes nothing.
    public static var silent: Logger { Logger(handler: SilentLogHandler(), level: .error) }

    /// Adds entries to every line.
    ///
    /// - Parameter metadata: The entries to add.
    /// - Returns: The same logger with the entries added.
    public func with(_ metadata: LogMetadata) -> Logger {
        var logger = self
        logger.metadata.merge(metadata)
        return logger
    }

    /// Tells whether lines of a level are written.
    ///
    /// - Parameter level: The level.
    /// - Returns: True where they are.
    public func isEnabled(_ level: LogLevel) -> Bool { level >= self.level }

    /// Writes a line of any level.
    ///
    /// - Parameters:
    ///   - level: How much it matters.
    ///   - message: A constant sentence.
    ///   - metadata: What differs from line to line; evaluated only where the level is on.
    public func log(_ level: LogLevel, _ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:]) {
        guard self.isEnabled(level) else { return }
        var all = self.metadata
        all.merge(metadata())
        self.handler.write(
            LogEntry(time: self.clock.now(), level: level, message: "\(message)", metadata: all))
    }

    /// Writes a line at `trace`.
    ///
    /// - Parameters:
    ///   - message: A constant sentence.
    ///   - metadata: What differs from line to line.
    public func trace(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:]) {
        self.log(.trace, message, metadata())
    }

    /// Writes a line at `debug`.
    ///
    /// - Parameters:
    ///   - message: A constant sentence.
    ///   - metadata: What differs from line to line.
    public func debug(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:]) {
        self.log(.debug, message, metadata())
    }

    /// Writes a line at `info`.
    ///
    /// - Parameters:
    ///   - message: A constant sentence.
    ///   - metadata: What differs from line to line.
    public func info(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:]) {
        self.log(.info, message, metadata())
    }

    /// Writes a line at `warning`.
    ///
    /// - Parameters:
    ///   - message: A constant sentence.
    ///   - metadata: What differs from line to line.
    public func warning(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:]) {
        self.log(.warning, message, metadata())
    }

    /// Writes a line at `error`.
    ///
    /// - Parameters:
    ///   - message: A constant sentence.
    ///   - metadata: What differs from line to line.
    public func error(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:]) {
        self.log(.error, message, metadata())
    }
}

private struct SilentLogHandler: LogHandler {
    func write(_ entry: LogEntry) {}
}
