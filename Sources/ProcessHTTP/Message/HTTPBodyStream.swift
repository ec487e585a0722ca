/// A body that comes into being while it is sent, such as events as they happen.
public struct HTTPBodyStream: Sendable {
    /// What a server sends by itself whenever nothing was sent for ``heartbeatInterval``, so that nobody on the way takes
    /// the connection for a dead one. It must be without meaning, wherever it stands between two pieces.
    public var heartbeat: [UInt8]
    /// How long a silence may last.
    public var heartbeatInterval: Duration
    /// Writes the body, from its begin to its end, in a task of its own; that is cancelled when the client goes.
    public var write: @Sendable (any HTTPBodyWriter) async -> Void

    /// Takes the parts.
    public init(
        heartbeat: [UInt8], every interval: Duration, write: @escaping @Sendable (any HTTPBodyWriter) async -> Void
    ) {
        self.heartbeat = heartbeat
        self.heartbeatInterval = interval
        self.write = write
    }
}

/// Where the pieces of an ``HTTPBodyStream`` go.
public protocol HTTPBodyWriter: Sendable {
    /// Sends a piece, and waits until the client has taken it or at least the system has: so whoever reads slowly holds up
    /// whoever writes for it, and costs no more memory than one piece.
    ///
    /// - Parameter piece: The bytes.
    /// - Returns: Whether there still is a client; if not, there is no use in writing more.
    func write(_ piece: [UInt8]) async -> Bool
}
