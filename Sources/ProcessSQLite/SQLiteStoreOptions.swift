internal import ProcessCore

/// What an open store can be told beyond its path; tests set more than the service does.
struct SQLiteStoreOptions: Sendable {
    /// For how long another process's lock is waited for.
    var busyTimeout: Duration = .seconds(5)
    /// After how long of such a wait health says so; instances that share a file hold its lock for milliseconds.
    var longLockWait: Duration = .seconds(1)
    /// The tables.
    var schema = SQLiteSchema.current
    /// How many writes one transaction holds at the most.
    var mostWritesInTransaction = 512
    /// A transaction takes no more writes once their payloads reach this many bytes.
    var mostBytesInTransaction = 8 << 20
    /// How many removed ids are remembered.
    var maximumTombstones = CleanupRequest.maximumTombstones
    /// How often is looked whether other instances have written.
    var foreignChangeInterval: Duration = .milliseconds(500)
    /// How many pages the file may have; a full disk, for tests.
    var maximumPages: Int?
}
