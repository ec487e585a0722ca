public import ProcessCore

/// Where a Redis server listens.
public enum RedisEndpoint: Hashable, Sendable {
    /// A host name or an IP address (without brackets), and a port.
    case tcp(host: String, port: UInt16)

    /// The path of a Unix socket.
    case unixSocket(path: String)
}

extension RedisEndpoint: CustomStringConvertible {
    /// The endpoint as logs and errors show it: `localhost:6379`, `[::1]:6379`, `/run/redis.sock`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): path
        }
    }
}

/// How to reach a Redis server, and how to behave there.
///
/// Describing it never shows the password.
public struct RedisConfiguration: Hashable, Sendable {
    /// Where the server listens.
    public var endpoint: RedisEndpoint

    /// The ACL user; nil stands for Redis' own `default`. Only ever set together with a password.
    public var username: String?

    /// The password; nil where the server wants none.
    public var password: Secret?

    /// The number of the logical database to select.
    public var database: Int

    /// The longest time to connect, and the longest wait for the replies to one batch of commands.
    public var socketTimeout: Duration

    /// What every key and channel begins with.
    public var keyPrefix: String

    /// The bound on all of this instance's connections together.
    public var maxConnections: Int

    /// How long a call waits for a connection that has just been lost; other than this in tests alone.
    var reconnectionGrace: Duration = .milliseconds(500)

    /// Describes a connection to Redis; everything but the endpoint has the default of the service.
    ///
    /// - Parameters:
    ///   - endpoint: Where the server listens.
    ///   - username: The ACL user, or nil for Redis' own `default`.
    ///   - password: The password, or nil for none.
    ///   - database: The number of the logical database.
    ///   - socketTimeout: The longest wait for a connection, and for the replies to one batch of commands.
    ///   - keyPrefix: What every key and channel begins with.
    ///   - maxConnections: The bound on all connections together.
    public init(
        endpoint: RedisEndpoint, username: String? = nil, password: Secret? = nil, database: Int = 0,
        socketTimeout: Duration = .seconds(5), keyPrefix: String = "", maxConnections: Int = 50
    ) {
        self.endpoint = endpoint
        self.username = username
        self.password = password
        self.database = database
        self.socketTimeout = socketTimeout
        self.keyPrefix = keyPrefix
        self.maxConnections = maxConnections
    }
}
