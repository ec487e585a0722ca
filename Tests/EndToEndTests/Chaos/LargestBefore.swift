/// The largest of the values that were known at a time.
struct LargestBefore {
    private var ends: [Duration] = []
    private var largest: [Int] = []

    /// Takes values, each with the time from which it was known.
    init(_ values: [(end: Duration, value: Int)]) {
        for (end, value) in values.sorted(by: { $0.end < $1.end }) {
            self.ends.append(end)
            self.largest.append(Swift.max(value, self.largest.last ?? value))
        }
    }

    /// The largest value that was known before a time; `nil` where there was none.
    subscript(instant: Duration) -> Int? {
        var (low, high) = (0, self.ends.count)
        while low < high {
            let middle = (low + high) / 2
            if self.ends[middle] < instant { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : self.largest[low - 1]
    }
}
