import Synchronization

/// Something that counts or measures, and that a metric family holds one of for each combination of label values.
///
/// Instruments are fetched from their family once and kept: using one is one or two atomic additions, without a lock and
/// without allocating.
public protocol MetricInstrument: AnyObject, Sendable {
    /// The word for this kind of metric in the exposition format.
    static var typeName: String { get }

    /// Adds the instrument's samples to an exposition.
    ///
    /// - Parameters:
    ///   - exposition: The text under way.
    ///   - name: The family's name.
    ///   - labels: The instrument's labels.
    func write(to exposition: inout MetricExposition, name: String, labels: [(name: String, value: String)])
}

/// A number that only grows: requests answered, processes removed.
public final class Counter: MetricInstrument {
    /// `counter`.
    public static let typeName = "counter"

    private let count = Atomic<UInt64>(0)

    /// A counter at zero.
    public init() {}

    /// Adds to the count.
    ///
    /// - Parameter amount: How much.
    public func increment(by amount: UInt64 = 1) {
        self.count.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The count so far.
    public var value: UInt64 { self.count.load(ordering: .relaxed) }

    /// Adds the one sample of a counter.
    public func write(to exposition: inout MetricExposition, name: String, labels: [(name: String, value: String)]) {
        exposition.sample(name, labels, .whole(self.value))
    }
}

/// A number that goes up and down: whether a fallback is active, connections open.
public final class Gauge: MetricInstrument {
    /// `gauge`.
    public static let typeName = "gauge"

    private let bits = Atomic<UInt64>(0)

    /// A gauge at zero.
    public init() {}

    /// Sets the number.
    ///
    /// - Parameter value: The number from now on.
    public func set(_ value: Double) {
        self.bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Adds to the number; of several additions at once none is lost.
    ///
    /// - Parameter amount: How much; negative to subtract.
    public func add(_ amount: Double) {
        var old = self.bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, current) = self.bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = current
        }
    }

    /// The number now.
    public var value: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }

    /// Adds the one sample of a gauge.
    public func write(to exposition: inout MetricExposition, name: String, labels: [(name: String, value: String)]) {
        exposition.sample(name, labels, .real(self.value))
    }
}

/// How lengths of time are spread: how many were at most so long, for each of a fixed row of bounds.
public final class Histogram: MetricInstrument {
    /// `histogram`.
    public static let typeName = "histogram"

    /// The upper bounds of all buckets but the last, which has none.
    public struct Bounds: Sendable {
        /// The bounds in nanoseconds, rising.
        public let nanoseconds: [UInt64]

        /// Makes a row of bounds.
        ///
        /// - Parameter seconds: At most 23 bounds in seconds, rising, each a whole number of nanoseconds.
        public init(seconds: [Double]) {
            self.nanoseconds = seconds.map { UInt64(($0 * 1_000_000_000).rounded()) }
            precondition(self.nanoseconds.count < Histogram.capacity, "too many buckets")
            precondition(
                zip(self.nanoseconds, self.nanoseconds.dropFirst()).allSatisfy { $0 < $1 }, "bounds have to rise")
        }

        /// From a tenth of a millisecond, which is a status look-up in memory, to the minute of a long poll.
        public static let latency = Bounds(seconds: [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
        ])

        /// From ten milliseconds to a day, for what workers do and how long it waits for them.
        public static let work = Bounds(seconds: [
            0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400,
        ])
    }

    private static let capacity = 24

    private let bounds: [UInt64]
    private let counts: InlineArray<24, Atomic<UInt64>>
    private let totalNanoseconds = Atomic<UInt64>(0)

    /// A histogram without observations.
    ///
    /// - Parameter bounds: The upper bounds of the buckets.
    public init(bounds: Bounds = .latency) {
        self.bounds = bounds.nanoseconds
        self.counts = InlineArray { _ in Atomic(0) }
    }

    /// Counts a length of time.
    ///
    /// - Parameter nanoseconds: The length.
    public func observe(nanoseconds: UInt64) {
        var bucket = 0
        while bucket < self.bounds.count && nanoseconds > self.bounds[bucket] { bucket += 1 }
        self.counts[bucket].wrappingAdd(1, ordering: .relaxed)
        self.totalNanoseconds.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    /// Counts the time since an instant.
    ///
    /// - Parameter start: When what is measured began.
    public func observe(since start: MonotonicInstant) {
        self.observe(nanoseconds: MonotonicInstant.now.nanoseconds(since: start))
    }

    /// How many lengths were counted.
    public var count: UInt64 {
        (0...self.bounds.count).reduce(0) { $0 + self.counts[$1].load(ordering: .relaxed) }
    }

    /// Adds a sample for each bucket, and the sum and the count.
    ///
    /// The count is added up from the buckets, so that the two agree even while others observe.
    public func write(to exposition: inout MetricExposition, name: String, labels: [(name: String, value: String)]) {
        var count: UInt64 = 0
        let sum = self.totalNanoseconds.load(ordering: .relaxed)
        for (index, bound) in self.bounds.enumerated() {
            count += self.counts[index].load(ordering: .relaxed)
            let limit = MetricExposition.text(.real(Double(bound) / 1_000_000_000))
            exposition.sample("\(name)_bucket", labels + [("le", limit)], .whole(count))
        }
        count += self.counts[self.bounds.count].load(ordering: .relaxed)
        exposition.sample("\(name)_bucket", labels + [("le", "+Inf")], .whole(count))
        exposition.sample("\(name)_sum", labels, .real(Double(sum) / 1_000_000_000))
        exposition.sample("\(name)_count", labels, .whole(count))
    }
}
