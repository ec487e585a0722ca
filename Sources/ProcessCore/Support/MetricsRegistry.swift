import Synchronization

/// All metrics of the service, and their text for `/metrics`.
public final class MetricsRegistry: Sendable {
    private let sources = Mutex<[any MetricSource]>([])
    private let failures: MetricFamily<Counter>

    /// Makes a registry without metrics but its own: how often computing one failed.
    public init() {
        self.failures = MetricFamily(
            name: "\(MetricName.prefix)metrics_failures_total",
            help: "Metrics left out of a scrape because they could not be computed.", labels: ["metric"],
            make: { Counter() })
    }

    /// Declares counters.
    ///
    /// - Parameters:
    ///   - name: The name, beginning with `tracker_` and ending in `_total`.
    ///   - help: One sentence on what is counted.
    ///   - labels: The labels, if any.
    /// - Returns: The family.
    public func counters(_ name: String, help: String, labels: [MetricLabel] = []) -> MetricFamily<Counter> {
        precondition(name.hasSuffix("_total"), "a counter's name ends in _total: \(name)")
        return self.declare(name, help: help, labels: labels) { Counter() }
    }

    /// Declares gauges.
    ///
    /// - Parameters:
    ///   - name: The name, beginning with `tracker_`.
    ///   - help: One sentence on what is measured.
    ///   - labels: The labels, if any.
    /// - Returns: The family.
    public func gauges(_ name: String, help: String, labels: [MetricLabel] = []) -> MetricFamily<Gauge> {
        self.declare(name, help: help, labels: labels) { Gauge() }
    }

    /// Declares histograms of lengths of time.
    ///
    /// - Parameters:
    ///   - name: The name, beginning with `tracker_` and ending in `_seconds`.
    ///   - help: One sentence on what is measured.
    ///   - labels: The labels, if any.
    ///   - bounds: The upper bounds of the buckets.
    /// - Returns: The family.
    public func histograms(
        _ name: String, help: String, labels: [MetricLabel] = [], bounds: Histogram.Bounds = .latency
    ) -> MetricFamily<Histogram> {
        precondition(name.hasSuffix("_seconds"), "a histogram's name ends in its unit: \(name)")
        return self.declare(name, help: help, labels: labels) { Histogram(bounds: bounds) }
    }

    /// Declares gauges that are computed at each scrape, all of them in one go, such as the numbers of processes by status
    /// and by queue.
    ///
    /// Where computing fails, all of them are left out of that scrape and the failure of each is counted; the other metrics
    /// are there all the same.
    ///
    /// - Parameters:
    ///   - gauges: The families.
    ///   - compute: Gives the samples of each family, in the order of the families.
    public func computedGauges(
        _ gauges: [ComputedGauge], compute: @escaping @Sendable () async throws -> [[ComputedGauge.Sample]]
    ) {
        for gauge in gauges { self.check(gauge.name, labels: gauge.labels) }
        self.register(ComputedGauges(gauges, compute: compute))
    }

    /// Writes all metrics as text, families and samples in alphabetical order.
    ///
    /// - Returns: The text in the exposition format 0.0.4.
    public func render() async -> [UInt8] {
        var families: [GatheredFamily] = []
        for source in self.sources.withLock({ $0 }) {
            do {
                families += try await source.gather()
            } catch {
                for name in source.names { self.failures.with(name).increment() }
            }
        }
        // Last, for it counts what failed in this scrape.
        families.append(self.failures.gathered())
        var exposition = MetricExposition()
        for family in families.sorted(by: { $0.name < $1.name }) {
            exposition.family(family.name, type: family.typeName, help: family.help)
            family.write(&exposition)
        }
        return exposition.bytes
    }

    private func declare<Instrument: MetricInstrument>(
        _ name: String, help: String, labels: [MetricLabel], make: @escaping @Sendable () -> Instrument
    ) -> MetricFamily<Instrument> {
        self.check(name, labels: labels)
        let family = MetricFamily(name: name, help: help, labels: labels, make: make)
        // Without labels there is one instrument, and it shows as zero from the start.
        if labels.isEmpty { _ = family.with([]) }
        self.register(family)
        return family
    }

    private func check(_ name: String, labels: [MetricLabel]) {
        precondition(
            name.hasPrefix(MetricName.prefix) && MetricName.isValid(name), "not a metric's name: \(name)")
        precondition(Set(labels.map(\.name)).count == labels.count, "a label of \(name) is there twice")
    }

    private func register(_ source: some MetricSource) {
        self.sources.withLock { sources in
            let known = Set(sources.flatMap(\.names) + [self.failures.name])
            for name in source.names { precondition(!known.contains(name), "declared twice: \(name)") }
            sources.append(source)
        }
    }
}

/// One or more families as the registry sees them.
protocol MetricSource: Sendable {
    var names: [String] { get }

    /// Computes what has to be computed, before anything is written.
    ///
    /// - Returns: The families that have samples.
    func gather() async throws -> [GatheredFamily]
}

/// A family of which all samples are known.
struct GatheredFamily: Sendable {
    let name: String
    let help: String
    let typeName: String
    let write: @Sendable (inout MetricExposition) -> Void
}

/// What names of metrics look like here.
enum MetricName {
    /// `process_` is taken by operating-system metrics.
    static let prefix = "tracker_"

    static func isValid(_ name: String) -> Bool {
        !name.isEmpty && !(0x30...0x39).contains(name.utf8.first!)
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
            }
    }
}
