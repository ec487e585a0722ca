/// How long each of many operations took.
struct Latencies {
    private var nanoseconds: [UInt64] = []

    mutating func add(_ nanoseconds: UInt64) {
        self.nanoseconds.append(nanoseconds)
    }

    /// How many were measured.
    var count: Int { self.nanoseconds.count }

    /// The microseconds that a share of them took at the most; 0.5 is the median.
    func percentile(_ share: Double) -> Double {
        guard !self.nanoseconds.isEmpty else { return 0 }
        let sorted = self.nanoseconds.sorted()
        // The nearest rank: a value that was measured, none in between.
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return Double(sorted[max(rank, 1) - 1]) / 1000
    }
}
