public import ProcessCore

/// Ends what has passed — leases, runs, waits for a worker — within a second of its time.
///
/// It depends on no worker being alive, and several instances may do it at once: each end is a compare-and-set.
///
/// What passed while nobody watched is left to its worker for a while first: the service or its store was away, and no report
/// could get through, from whatever worker.
public struct LeaseService: Sendable {
    private let manager: ProcessManager
    private let interval: Duration
    private let grace: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// A pass that comes so much too late is one before which nobody watched: the program or its machine stood still.
    private static let longestDelay = Duration.seconds(5)

    /// Takes what it works with.
    ///
    /// - Parameters:
    ///   - manager: Whose processes it watches.
    ///   - interval: How long to wait between two passes.
    ///   - grace: How long what passed while nobody watched is left to its worker.
    ///   - clock: What it waits with.
    ///   - logger: Where failures are written down.
    public init(
        manager: ProcessManager, interval: Duration = .milliseconds(500), grace: Duration = .seconds(20),
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.manager = manager
        self.interval = interval
        self.grace = grace
        self.clock = clock
        self.logger = logger
    }

    /// Watches until the task is cancelled.
    public func run() async { await self.run(self.clock) }

    private func run<C: Clock>(_ clock: C) async where C.Duration == Duration {
        var isFailing = false
        var wasAway = true
        while !Task.isCancelled {
            do {
                if wasAway, self.grace > .zero, try await self.manager.hasOverdue() {
                    self.logger.info(
                        "Leases or times passed while nobody watched: their workers may still report",
                        ["grace": "\(self.grace.text)"])
                    do { try await clock.sleep(for: self.grace) } catch { return }
                }
                wasAway = false
                let ended = try await self.manager.endOverdue()
                if ended > 0 { self.logger.info("Overdue processes ended", ["count": .integer(ended)]) }
                if isFailing { self.logger.info("Overdue processes are looked for again") }
                isFailing = false
            } catch {
                // Twice a second while a store is away is no news after the first time.
                if !isFailing { self.logger.error("Overdue processes can't be looked for", ["error": "\(error)"]) }
                isFailing = true
                wasAway = true
            }
            let before = clock.now
            do { try await clock.sleep(for: self.interval) } catch { return }
            if before.duration(to: clock.now) > self.interval + Self.longestDelay { wasAway = true }
        }
    }
}
