/// What was said last of each of the processes that changed lately. Of those that have not for long it knows nothing more:
/// a list may be followed for months.
struct RecentChanges: Sendable {
    private let capacity: Int
    private var newer: [String: String] = [:]
    private var older: [String: String] = [:]

    /// A memory of nothing.
    ///
    /// - Parameter capacity: How many processes it knows at least, once that many have changed.
    init(capacity: Int = 5000) {
        self.capacity = capacity
    }

    /// Takes note of a change.
    ///
    /// - Parameters:
    ///   - id: The process.
    ///   - change: What there is to say of it.
    /// - Returns: Whether that differs from what was said last.
    mutating func isNew(_ id: String, _ change: String) -> Bool {
        let last = self.newer[id] ?? self.older[id]
        self.newer[id] = change
        if self.newer.count >= self.capacity {
            self.older = self.newer
            self.newer = [:]
        }
        return last != change
    }

    /// Forgets a process.
    mutating func forget(_ id: String) {
        self.newer[id] = nil
        self.older[id] = nil
    }
}
