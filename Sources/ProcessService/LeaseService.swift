public import ProcessCore

/// Ends what has passed — leases, runs, waits for a worker — within a second of its time.
///
/// It depends on no worker being alive, and several instances may do it at once: each end is a compare-and-set.
public struct LeaseService: Sendable {
    private let manager: ProcessManager
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// Takes what it works with.
    ///
    /// - Parameters:
    ///   - manager: Whose processes it watches.
    ///   - interval: How long to wait between two passes.
    ///   - clock: What it waits with.
    ///   - logger: Where failures are written down.
    public init(
        manager: ProcessManager, interval: Duration = .milliseconds(500),
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.manager = manager
        self.interval = interval
        self.clock = clock
        self.logger = logger
    }

    /// Watches until the task is cancelled.
    public func run() async {
        var isFailing = false
        while !Task.isCancelled {
            do {
                let ended = try await self.manager.endOverdue()
                if ended > 0 { self.logger.info("Overdue processes ended", ["count": .integer(ended)]) }
                if isFailing { self.logger.info("Overdue processes are looked for again") }
                isFailing = false
            } catch {
                // Twice a second while a store is away is no news after the first time.
                if !isFailing { self.logger.error("Overdue processes can't be looked for", ["error": "\(error)"]) }
                isFailing = true
            }
            do { try await self.clock.sleep(for: self.interval) } catch { return }
        }
    }
}
