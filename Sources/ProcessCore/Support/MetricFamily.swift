import Synchronization

/// A label of a metric family, and how many values it may have.
public struct MetricLabel: Sendable, ExpressibleByStringLiteral {
    /// The name.
    public let name: String

    /// How many different values are told apart; the next ones all count as `other`. What callers make up, such as kinds
    /// and queues, must not grow the metrics without end.
    public let limit: Int

    /// What stands for every value beyond the limit.
    public static let overflow = "other"

    /// Makes a label.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - limit: How many different values are told apart.
    public init(_ name: String, limit: Int = 200) {
        precondition(MetricName.isValid(name) && name != "le", "not a label name: \(name)")
        self.name = name
        self.limit = limit
    }

    /// Makes a label with at most 200 values.
    public init(stringLiteral name: String) { self.init(name) }
}

/// The metrics of one name: one instrument for each combination of label values.
public final class MetricFamily<Instrument: MetricInstrument>: Sendable {
    /// The name, prefix included.
    public let name: String

    /// One sentence on what the numbers mean.
    public let help: String

    let labels: [MetricLabel]
    private let make: @Sendable () -> Instrument
    private let state: Mutex<State>

    private struct State {
        var vocabulary: MetricVocabulary
        var instruments: [[String]: Instrument] = [:]
    }

    init(name: String, help: String, labels: [MetricLabel], make: @escaping @Sendable () -> Instrument) {
        self.name = name
        self.help = help
        self.labels = labels
        self.make = make
        self.state = Mutex(State(vocabulary: MetricVocabulary(labels: labels)))
    }

    /// Finds the instrument for a combination of label values, made where it is missing.
    ///
    /// It takes a lock and allocates: fetch instruments once and keep them.
    ///
    /// - Parameter values: One value for each label, in the family's order.
    /// - Returns: The same instrument for the same values.
    public func with(_ values: String...) -> Instrument { self.with(values) }

    /// Finds the instrument for a combination of label values, made where it is missing.
    ///
    /// - Parameter values: One value for each label, in the family's order.
    /// - Returns: The same instrument for the same values.
    public func with(_ values: [String]) -> Instrument {
        self.state.withLock { state in
            let admitted = state.vocabulary.admit(values)
            if let instrument = state.instruments[admitted] { return instrument }
            let instrument = self.make()
            state.instruments[admitted] = instrument
            return instrument
        }
    }
}

extension MetricFamily: MetricSource {
    var names: [String] { [self.name] }

    /// The family as it is now, even where it has no sample.
    func gathered() -> GatheredFamily {
        let instruments = self.state.withLock { $0.instruments }
        let sorted = instruments.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return GatheredFamily(name: self.name, help: self.help, typeName: Instrument.typeName) { exposition in
            for (values, instrument) in sorted {
                let labels = zip(self.labels, values).map { (name: $0.name, value: $1) }
                instrument.write(to: &exposition, name: self.name, labels: labels)
            }
        }
    }

    func gather() async throws -> [GatheredFamily] {
        let isEmpty = self.state.withLock { $0.instruments.isEmpty }
        return isEmpty ? [] : [self.gathered()]
    }
}

/// The values seen of each label of a family, up to its limit.
struct MetricVocabulary: Sendable {
    private let labels: [MetricLabel]
    private var seen: [Set<String>]

    init(labels: [MetricLabel]) {
        self.labels = labels
        self.seen = labels.map { _ in [] }
    }

    /// The values with those beyond a limit replaced by `other`.
    mutating func admit(_ values: [String]) -> [String] {
        precondition(values.count == self.labels.count, "one value for each label")
        var admitted = values
        for (index, value) in values.enumerated() where !self.seen[index].contains(value) {
            if self.seen[index].count < self.labels[index].limit {
                self.seen[index].insert(value)
            } else {
                admitted[index] = MetricLabel.overflow
            }
        }
        return admitted
    }
}
