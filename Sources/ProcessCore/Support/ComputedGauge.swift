import Synchronization

/// A family of gauges that is computed at each scrape.
public struct ComputedGauge: Sendable {
    /// The label values and the number of one sample.
    public typealias Sample = (labels: [String], value: Double)

    /// What one sample shows where several share their labels, as all beyond a label's limit do.
    public enum Merging: Sendable {
        /// Their sum.
        case sum
        /// The greatest of them.
        case maximum
    }

    /// The name, beginning with `tracker_`.
    public let name: String
    /// One sentence on what is measured.
    public let help: String
    let labels: [MetricLabel]
    fileprivate let merging: Merging

    /// Describes a family.
    ///
    /// - Parameters:
    ///   - name: The name, beginning with `tracker_`.
    ///   - help: One sentence on what is measured.
    ///   - labels: The labels, if any.
    ///   - merging: What one sample shows where several share their labels.
    public init(_ name: String, help: String, labels: [MetricLabel] = [], merging: Merging = .sum) {
        self.name = name
        self.help = help
        self.labels = labels
        self.merging = merging
    }
}

/// Gauges that are computed together.
final class ComputedGauges: MetricSource {
    private let gauges: [ComputedGauge]
    private let compute: @Sendable () async throws -> [[ComputedGauge.Sample]]
    private let vocabularies: Mutex<[MetricVocabulary]>

    init(_ gauges: [ComputedGauge], compute: @escaping @Sendable () async throws -> [[ComputedGauge.Sample]]) {
        self.gauges = gauges
        self.compute = compute
        self.vocabularies = Mutex(gauges.map { MetricVocabulary(labels: $0.labels) })
    }

    var names: [String] { self.gauges.map(\.name) }

    func gather() async throws -> [GatheredFamily] {
        let computed = try await self.compute()
        precondition(computed.count == self.gauges.count, "the samples of each family")
        return zip(self.gauges.indices, computed).compactMap { place, samples in
            samples.isEmpty ? nil : self.family(place, samples)
        }
    }

    private func family(_ place: Int, _ samples: [ComputedGauge.Sample]) -> GatheredFamily {
        let gauge = self.gauges[place]
        // Sorted first, so that which values still find room does not depend on a dictionary's order.
        let sorted = samples.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
        let merged = self.vocabularies.withLock { vocabularies in
            sorted.reduce(into: [[String]: Double]()) { merged, sample in
                let labels = vocabularies[place].admit(sample.labels)
                merged[labels] = merged[labels].map { gauge.merging.merge($0, sample.value) } ?? sample.value
            }
        }
        let shown = merged.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return GatheredFamily(name: gauge.name, help: gauge.help, typeName: Gauge.typeName) { exposition in
            for (values, value) in shown {
                let labels = zip(gauge.labels, values).map { (name: $0.name, value: $1) }
                exposition.sample(gauge.name, labels, .real(value))
            }
        }
    }
}

extension ComputedGauge.Merging {
    fileprivate func merge(_ one: Double, _ other: Double) -> Double {
        switch self {
        case .sum: one + other
        case .maximum: max(one, other)
        }
    }
}
