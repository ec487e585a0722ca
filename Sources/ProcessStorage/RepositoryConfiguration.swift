public import ProcessRedis
public import ProcessSQLite

/// Which backend keeps the processes, with all that opening it takes.
///
/// The factory is one exhaustive switch over this; a new backend is a new case, and the compiler names every place that has
/// to learn it.
public enum RepositoryConfiguration: Hashable, Sendable {
    /// In the memory of this process: gone when it ends.
    case memory

    /// In one SQLite file.
    case sqlite(SQLiteConfiguration)

    /// On a Redis server, with what to do when it can't be reached at start.
    case redis(RedisConfiguration, fallback: RepositoryFallback)
}

/// What happens when Redis can't be reached at start.
///
/// Only an outage leads here. A wrong password, database number or missing right is a mistake, and ends the start.
public enum RepositoryFallback: Hashable, Sendable {
    /// Go on with a SQLite file; what it holds moves to Redis at the next start that reaches it.
    case sqlite(SQLiteConfiguration)

    /// Go on in memory.
    case memory

    /// Give up with a clear error.
    case none
}
