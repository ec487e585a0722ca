/// What an operator asks first: how much there is, how old the oldest is, and what was cleaned up.
public struct ProcessStatistics: Hashable, Sendable {
    /// How many there are of each sort.
    public var counts: ProcessCounts
    /// The store's time of the counts.
    public var at: Timestamp
    /// The last cleanup that this instance did.
    public var lastCleanup: CleanupReport?

    /// Takes the three parts.
    public init(counts: ProcessCounts, at: Timestamp, lastCleanup: CleanupReport?) {
        self.counts = counts
        self.at = at
        self.lastCleanup = lastCleanup
    }
}
