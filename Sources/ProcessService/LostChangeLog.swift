internal import ProcessCore

/// Says in the log that the store has lost what it had acknowledged, at the most once a minute: one restore may show in
/// thousands of processes.
final class LostChangeLog: Sendable {
    private let logger: Logger
    private let pace: LogPace

    /// Takes where the lines go, and the time that the pauses are counted by.
    init(_ logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.logger = logger
        self.pace = LogPace(now: now)
    }

    /// Takes note of a loss.
    ///
    /// - Parameters:
    ///   - known: The process as the store had it.
    ///   - found: The process as the store has it.
    func note(_ known: ProcessRecord, _ found: ProcessRecord) {
        guard self.pace.isDue() else { return }
        self.logger.error(
            "The store has lost changes that it had acknowledged, as by a fail-over, a restore or a power loss",
            [
                "process_id": "\(known.id)", "known_revision": .integer(known.revision),
                "known_status": "\(known.status.rawValue)", "found_revision": .integer(found.revision),
                "found_status": "\(found.status.rawValue)",
            ])
    }
}
