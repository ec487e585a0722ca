import Synchronization

extension MetricFamily where Instrument == Counter {
    /// Makes a row of counters that differ in the last label, a status code, for look-ups on the hot path.
    ///
    /// - Parameter leading: The values of all labels but the last.
    /// - Returns: A row whose counters come into being as they are used.
    public func byStatus(_ leading: String...) -> CountersByStatus {
        CountersByStatus(family: self, leading: leading)
    }
}

/// The counters of one family for each status code of HTTP.
///
/// Finding one that was used before takes neither lock nor allocation.
public final class CountersByStatus: Sendable {
    /// How many codes of each class have a slot: all that are in use end below. Others are looked up in the family.
    private static let slotsInClass = 32

    private let family: MetricFamily<Counter>
    private let leading: [String]

    /// The addresses of counters found before, 0 for none. They are not owned from here: the family, which is, keeps each
    /// of its counters for as long as it lives. (`AtomicLazyReference` would own them, but each use of one calls into the
    /// runtime for its type, and costs twenty times as much.)
    private let slots = InlineArray<160, Atomic<UInt>> { _ in Atomic(0) }

    init(family: MetricFamily<Counter>, leading: [String]) {
        self.family = family
        self.leading = leading
    }

    /// The counter for a status code.
    ///
    /// - Parameter status: The code, 100…599; any other counts as 599.
    public subscript(_ status: Int) -> Counter {
        let code = (100..<600).contains(status) ? status : 599
        let position = code % 100
        guard position < Self.slotsInClass else { return self.find(code) }
        let slot = (code / 100 - 1) * Self.slotsInClass + position
        if let address = UnsafeRawPointer(bitPattern: self.slots[slot].load(ordering: .acquiring)) {
            return Unmanaged<Counter>.fromOpaque(address).takeUnretainedValue()
        }
        let counter = self.find(code)
        // Whoever comes second stores the same address again.
        self.slots[slot].store(UInt(bitPattern: Unmanaged.passUnretained(counter).toOpaque()), ordering: .releasing)
        return counter
    }

    private func find(_ code: Int) -> Counter { self.family.with(self.leading + ["\(code)"]) }
}
