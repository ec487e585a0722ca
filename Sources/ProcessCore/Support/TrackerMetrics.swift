/// Every metric of the service, declared in one place: names, labels and meaning.
///
/// `config/prometheus-rules.yml` alerts on these names.
public struct TrackerMetrics: Sendable {
    /// Renders them.
    public let registry: MetricsRegistry

    /// Requests answered, by route (the template, never a path), method and status.
    public let httpRequests: MetricFamily<Counter>

    /// How long requests took, from their last byte read to the answer, by route.
    public let httpRequestDuration: MetricFamily<Histogram>

    /// How long the store took, by operation.
    public let storeOperationDuration: MetricFamily<Histogram>

    /// Store operations that failed, by operation and error code.
    public let storeErrors: MetricFamily<Counter>

    /// Processes removed by clean-ups.
    public let cleanupRemoved: Counter

    /// Clean-up passes, by outcome: `done`, `failed`.
    public let cleanupRuns: MetricFamily<Counter>

    /// Reports refused because they came too late, by error code.
    public let lateReports: MetricFamily<Counter>

    /// Leases and run or pick-up times that passed, by what became of the process: `retried`, `failed`, `cancelled`.
    public let leasesExpired: MetricFamily<Counter>

    /// Processes in the store in an earlier state than this instance knew of them, or another one.
    public let lostChanges: Counter

    /// Processes handed to workers, by queue.
    public let claims: MetricFamily<Counter>

    /// Processes that went back to their queue for another attempt, by queue.
    public let retries: MetricFamily<Counter>

    /// Leases and run times that passed while a worker had the process, by queue.
    public let queueLeasesExpired: MetricFamily<Counter>

    /// From the start, or the time asked for, to the first claim, by queue.
    public let queueWait: MetricFamily<Histogram>

    /// From a claim to the end of the process, by queue.
    public let queueRun: MetricFamily<Histogram>

    /// Chunks of output that workers appended.
    public let streamChunks: Counter

    /// Appends of output that were refused, by error code.
    public let streamRefusals: MetricFamily<Counter>

    /// 1 while the service runs on its fallback store.
    public let fallbackActive: Gauge

    /// Declares the metrics.
    ///
    /// - Parameter version: The version of the program, a label of `tracker_build_info`.
    public init(version: String) {
        let registry = MetricsRegistry()
        self.registry = registry
        self.httpRequests = registry.counters(
            "tracker_http_requests_total", help: "Requests answered.", labels: ["route", "method", "status"])
        self.httpRequestDuration = registry.histograms(
            "tracker_http_request_duration_seconds",
            help: "How long requests took to answer, but those that asked to wait.",
            labels: ["route"])
        self.storeOperationDuration = registry.histograms(
            "tracker_store_operation_duration_seconds", help: "How long the store took.", labels: ["operation"])
        self.storeErrors = registry.counters(
            "tracker_store_errors_total", help: "Store operations that failed.", labels: ["operation", "code"])
        self.cleanupRemoved = registry.counters(
            "tracker_cleanup_removed_total", help: "Processes removed by clean-ups."
        ).with()
        self.cleanupRuns = registry.counters(
            "tracker_cleanup_runs_total", help: "Clean-up passes.", labels: ["outcome"])
        self.lateReports = registry.counters(
            "tracker_late_reports_total", help: "Reports refused because they came too late.", labels: ["code"])
        self.leasesExpired = registry.counters(
            "tracker_leases_expired_total",
            help: "Leases and deadlines that passed, by what became of the process.", labels: ["outcome"])
        self.lostChanges = registry.counters(
            "tracker_lost_changes_total", help: "Times that the store was found to have lost a change it acknowledged."
        ).with()
        self.claims = registry.counters(
            "tracker_queue_claims_total", help: "Processes handed to workers.", labels: ["queue"])
        self.retries = registry.counters(
            "tracker_queue_retries_total", help: "Processes that went back to their queue.", labels: ["queue"])
        self.queueLeasesExpired = registry.counters(
            "tracker_queue_leases_expired_total", help: "Leases and run times that passed, by queue.",
            labels: ["queue"])
        self.queueWait = registry.histograms(
            "tracker_queue_wait_seconds", help: "From the start, or the time asked for, to the first claim.",
            labels: ["queue"], bounds: .work)
        self.queueRun = registry.histograms(
            "tracker_queue_run_seconds", help: "From a claim to the end of the process.", labels: ["queue"],
            bounds: .work)
        self.streamChunks = registry.counters(
            "tracker_stream_chunks_total", help: "Chunks of output that workers appended."
        ).with()
        self.streamRefusals = registry.counters(
            "tracker_stream_refused_total", help: "Appends of output that were refused.", labels: ["code"])
        self.fallbackActive = registry.gauges(
            "tracker_fallback_active", help: "1 while the service runs on its fallback store."
        ).with()
        registry.gauges("tracker_build_info", help: "The version of the program.", labels: ["version"])
            .with(version).set(1)
        // A rate needs a zero to grow from: what alerts look at is there from the start.
        for outcome in ["done", "failed"] { _ = self.cleanupRuns.with(outcome) }
        for outcome in ["retried", "failed", "cancelled"] { _ = self.leasesExpired.with(outcome) }
    }

    /// Declares `tracker_processes`, `tracker_queue_depth`, `tracker_queue_oldest_due_age_seconds`, computed at each scrape
    /// from one look at the store, and `tracker_store_health`. To be called once.
    ///
    /// - Parameter repository: The store that counts.
    public func count(in repository: any ProcessRepository) {
        let gauges = [
            ComputedGauge("tracker_processes", help: "Processes in the store.", labels: ["status"]),
            ComputedGauge("tracker_queue_depth", help: "Processes that wait in a queue.", labels: ["queue"]),
            ComputedGauge(
                "tracker_queue_oldest_due_age_seconds",
                help: "For how long the longest due process of a queue has been due; 0 where none is due.",
                labels: ["queue"], merging: .maximum),
        ]
        self.registry.computedGauges(gauges) {
            let counts = try await repository.counts()
            let now = repository.now()
            return [
                ProcessStatus.allCases.map { (labels: [$0.rawValue], value: Double(counts.byStatus[$0] ?? 0)) },
                counts.byQueue.map { (labels: [$0.key], value: Double($0.value)) },
                counts.byQueue.keys.map { (labels: [$0], value: counts.oldestDue[$0]?.age(at: now) ?? 0) },
            ]
        }
        self.tellHealth(of: repository)
    }

    private func tellHealth(of repository: any ProcessRepository) {
        let gauge = ComputedGauge(
            "tracker_store_health",
            help: "1 for how the store is (ok, degraded, down); 0 for the other two.",
            labels: ["state"])
        self.registry.computedGauges([gauge]) {
            let health = await repository.health().state
            return [RepositoryHealth.State.allCases.map { (labels: [$0.rawValue], value: $0 == health ? 1 : 0) }]
        }
    }

    /// Declares `tracker_waiting`, computed at each scrape. To be called once.
    ///
    /// - Parameter hub: Where they wait.
    public func countWaiting(at hub: ChangeHub) {
        let gauge = ComputedGauge(
            "tracker_waiting",
            help: "Requests and streams that wait here, for work, a change or output of a process, or any change.",
            labels: ["for"])
        self.registry.computedGauges([gauge]) {
            let counts = hub.waitingCounts
            return [
                [
                    (labels: ["work"], value: Double(counts.claims)),
                    (labels: ["change"], value: Double(counts.changes)),
                    (labels: ["output"], value: Double(counts.outputs)),
                    (labels: ["any_change"], value: Double(counts.feeds)),
                ]
            ]
        }
    }
}
