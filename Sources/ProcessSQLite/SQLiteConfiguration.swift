/// Where the SQLite repository keeps its file, and how patient it is with other processes on it.
public struct SQLiteConfiguration: Hashable, Sendable {
    /// The path of the file, absolute or from the working directory. It is made with its folder where it is missing.
    public var path: String

    /// How long a write waits for another process that has the file locked, before it fails as unavailable.
    public var busyTimeout: Duration

    /// Describes a SQLite store.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - busyTimeout: How long a write waits for another process's lock.
    public init(path: String, busyTimeout: Duration = .seconds(5)) {
        self.path = path
        self.busyTimeout = busyTimeout
    }
}
