public import ProcessCore

/// Cleans up on a timer: once at the start, then again after each interval.
///
/// Each batch is atomic, so several instances doing it at once is harmless; a pass that fails is logged and the next one
/// goes on where it stopped.
public struct CleanupService: Sendable {
    private let manager: ProcessManager
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let runs: MetricFamily<Counter>
    private let logger: Logger

    /// Takes what it works with.
    ///
    /// - Parameters:
    ///   - manager: Whose cleanup it calls.
    ///   - interval: How long to wait between two passes; also the longest a pass may take.
    ///   - clock: What it waits with.
    ///   - metrics: Where passes are counted.
    ///   - logger: Where passes are written down.
    public init(
        manager: ProcessManager, interval: Duration, clock: any Clock<Duration> = ContinuousClock(),
        metrics: TrackerMetrics, logger: Logger
    ) {
        self.manager = manager
        self.interval = interval
        self.clock = clock
        self.runs = metrics.cleanupRuns
        self.logger = logger
    }

    /// Cleans up until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            await self.pass()
            do { try await self.clock.sleep(for: self.interval) } catch { return }
        }
    }

    /// Cleans up once.
    public func pass() async {
        do {
            let report = try await self.manager.cleanup(CleanupOptions(), budget: self.interval)
            self.runs.with("done").increment()
            let level: LogLevel = report.removed > 0 ? .info : .debug
            self.logger.log(
                level, "Cleanup finished",
                [
                    "removed": .integer(report.removed), "remaining": .integer(report.remaining),
                    "elapsed_ms": .integer(report.elapsed.milliseconds),
                ])
        } catch {
            self.runs.with("failed").increment()
            self.logger.error("Cleanup failed", ["error": "\(error)"])
        }
    }
}
