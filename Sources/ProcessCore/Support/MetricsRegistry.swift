import Synchronization

/// All metrics of the service, and their text for `/metrics`.
public final class MetricsRegistry: Sendable {
    private let sources = Mutex<[String: any MetricSource]>([:])
    private let failures: MetricFamily<Counter>

    /// Makes a registry without metrics but its own: how often computing one failed.
    public init() {
        self.failures = MetricFamily(
            name: "\(MetricName.prefix)metrics_failures_total",
            help: "Metrics left out of a scrape because they could not be computed.", labels: ["metric"],
            make: { Counter() })
        self.register(self.failures)
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

    /// Declares gauges that are computed at each scrape, such as the number of processes by status.
    ///
    /// Where computing fails, the family is left out of that scrape and the failure is counted; the other metrics are
    /// there all the same. Values of one label combination are added up.
    ///
    /// - Parameters:
    ///   - name: The name, beginning with `tracker_`.
    ///   - help: One sentence on what is measured.
    ///   - labels: The labels, if any.
    ///   - compute: Gives the label values and the number of each sample.
    public func computedGauges(
        _ name: String, help: String, labels: [MetricLabel] = [],
        compute: @escaping @Sendable () async throws -> [(labels: [String], value: Double)]
    ) {
        self.check(name, labels: labels)
        self.register(ComputedGauges(name: name, help: help, labels: labels, compute: compute))
    }

    /// Writes all metrics as text, families and samples in alphabetical order.
    ///
    /// - Returns: The text in the exposition format 0.0.4.
    public func render() async -> [UInt8] {
        let sources = self.sources.withLock { $0.values.sorted { $0.name < $1.name } }
        var gathered: [(source: any MetricSource, write: @Sendable (inout MetricExposition) -> Void)] = []
        for source in sources where source.name != self.failures.name {
            do {
                if let write = try await source.gather() { gathered.append((source, write)) }
            } catch {
                self.failures.with(source.name).increment()
            }
        }
        gathered.append((self.failures, self.failures.samples()))
        var exposition = MetricExposition()
        for (source, write) in gathered.sorted(by: { $0.source.name < $1.source.name }) {
            exposition.family(source.name, type: source.typeName, help: source.help)
            write(&exposition)
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
            precondition(sources[source.name] == nil, "declared twice: \(source.name)")
            sources[source.name] = source
        }
    }
}

/// A family as the registry sees it.
protocol MetricSource: Sendable {
    var name: String { get }
    var help: String { get }
    var typeName: String { get }

    /// Computes what has to be computed, before anything is written.
    ///
    /// - Returns: What writes the samples; nil where there are none.
    func gather() async throws -> (@Sendable (inout MetricExposition) -> Void)?
}

/// Gauges computed at each scrape.
private final class ComputedGauges: MetricSource {
    let name: String
    let help: String
    let typeName = Gauge.typeName

    private let labels: [MetricLabel]
    private let compute: @Sendable () async throws -> [(labels: [String], value: Double)]
    private let vocabulary: Mutex<MetricVocabulary>

    init(
        name: String, help: String, labels: [MetricLabel],
        compute: @escaping @Sendable () async throws -> [(labels: [String], value: Double)]
    ) {
        self.name = name
        self.help = help
        self.labels = labels
        self.compute = compute
        self.vocabulary = Mutex(MetricVocabulary(labels: labels))
    }

    func gather() async throws -> (@Sendable (inout MetricExposition) -> Void)? {
        // Sorted first, so that which values still find room does not depend on a dictionary's order.
        let computed = try await self.compute().sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
        let sums: [[String]: Double] = self.vocabulary.withLock { vocabulary in
            computed.reduce(into: [:]) { $0[vocabulary.admit($1.labels), default: 0] += $1.value }
        }
        guard !sums.isEmpty else { return nil }
        let sorted = sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return { exposition in
            for (values, value) in sorted {
                let labels = zip(self.labels, values).map { (name: $0.name, value: $1) }
                exposition.sample(self.name, labels, .real(value))
            }
        }
    }
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
