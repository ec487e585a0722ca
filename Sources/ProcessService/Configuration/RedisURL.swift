import ProcessCore

/// Where Redis is, by name or by path.
enum RedisHost: Hashable, Sendable {
    /// A host name or an IP address, without brackets.
    case name(String)
    /// The path of a Unix socket.
    case socket(String)

    /// Reads a host on its own; nil where it is neither a name, an address nor an absolute path.
    init?(_ text: String) {
        if text.hasPrefix("/") {
            self = .socket(text)
        } else if text.hasPrefix("["), let (host, port) = HostAndPort.split(text[...]), port == nil {
            self = .name(host)
        } else if HostName.isValid(text) || ListenAddress.ipv6Bytes(text) != nil {
            self = .name(text)
        } else {
            return nil
        }
    }

    /// The host as `process-tracker config` shows it.
    var text: String {
        switch self {
        case .name(let name): name
        case .socket(let path): path
        }
    }
}

/// What a `REDIS_URL` says; nil for what it leaves open.
///
/// `redis://[[user]:password@][host][:port][/database]` or `unix://[[user]:password@]/path`, both with `?db=`, `username=`
/// and `password=` behind it. User, password, path and parameters are percent-decoded.
struct RedisURL: Hashable, Sendable {
    var host: RedisHost?
    var port: UInt16?
    var database: Int?
    var username: String?
    var password: Secret?

    /// The forms there are, for errors. No error ever shows a URL, or a piece of one: who knows where its password begins.
    static let allowed = "redis://[user:password@]host:port/db or unix:///path?db=n"

    /// Where each database number has to lie. The server may have fewer, and says so.
    static let databases = 0...Int(Int32.max)

    init(parsing text: String) throws(Rejection) {
        guard let schemeEnd = text.firstRange(of: "://") else { throw Self.rejection("it has no scheme") }
        let scheme = text[..<schemeEnd.lowerBound].lowercased()
        var rest = text[schemeEnd.upperBound...]
        if rest.contains("#") { throw Self.rejection("a # has to be written %23") }
        let query = Self.cut(&rest, at: "?")
        switch scheme {
        case "redis": try self.readNetworkAddress(rest)
        case "unix": try self.readSocketPath(rest)
        case "rediss", "redis+sentinel", "redis+cluster":
            throw Rejection("\(scheme):// is not in this version; allowed: \(Self.allowed)")
        default: throw Self.rejection("its scheme is neither redis nor unix")
        }
        if let query { try self.readParameters(query) }
        // Empty is none, as everywhere.
        if self.username?.isEmpty == true { self.username = nil }
        if self.password?.exposed.isEmpty == true { self.password = nil }
    }

    private static func rejection(_ problem: String) -> Rejection {
        Rejection("not a usable URL, \(problem); allowed: \(Self.allowed)")
    }

    /// Takes off what follows a separator.
    private static func cut(_ text: inout Substring, at separator: Character) -> Substring? {
        guard let index = text.firstIndex(of: separator) else { return nil }
        defer { text = text[..<index] }
        return text[text.index(after: index)...]
    }

    private mutating func readNetworkAddress(_ text: Substring) throws(Rejection) {
        var authority = text
        let path = Self.cut(&authority, at: "/")
        try self.takeCredentials(from: &authority)
        if authority.hasPrefix(":") {
            guard let port = PortNumber.parse(authority.dropFirst()), port != 0 else {
                throw Self.rejection("its port is no number from 1 to 65535")
            }
            self.port = port
        } else if !authority.isEmpty {
            guard let (host, port) = HostAndPort.split(authority), port != 0 else {
                throw Self.rejection("its host or port can't be read")
            }
            self.host = .name(host)
            self.port = port
        }
        if let path, !path.isEmpty { try self.setDatabase(path) }
    }

    private mutating func readSocketPath(_ text: Substring) throws(Rejection) {
        var rest = text
        // Looked for before the path: a path may hold an @ of its own.
        if !rest.hasPrefix("/") {
            var authority = rest.prefix { $0 != "/" }
            rest = rest[authority.endIndex...]
            try self.takeCredentials(from: &authority)
            guard authority.isEmpty else { throw Self.rejection("a socket has a path and no host: unix:///path") }
        }
        guard let path = PercentEncoding.decode(rest), path.count > 1 else {
            throw Self.rejection("its path can't be read")
        }
        self.host = .socket(path)
    }

    private mutating func takeCredentials(from authority: inout Substring) throws(Rejection) {
        guard let at = authority.lastIndex(of: "@") else { return }
        var user = authority[..<at]
        authority = authority[authority.index(after: at)...]
        let password = Self.cut(&user, at: ":")
        guard let name = PercentEncoding.decode(user), let decoded = PercentEncoding.decode(password ?? "") else {
            throw Self.rejection("its user or password is not percent-encoded as it should be")
        }
        self.username = name
        self.password = Secret(decoded)
    }

    private mutating func readParameters(_ query: Substring) throws(Rejection) {
        for parameter in query.split(separator: "&") {
            var name = parameter
            guard let value = Self.cut(&name, at: "=").flatMap({ PercentEncoding.decode($0) }) else {
                throw Self.rejection("a parameter can't be read")
            }
            switch name {
            case "db": try self.setDatabase(value)
            case "username":
                guard (self.username ?? "").isEmpty || self.username == value else {
                    throw Self.rejection("it names two users")
                }
                self.username = value
            case "password":
                guard (self.password?.exposed ?? "").isEmpty || self.password?.exposed == value else {
                    throw Self.rejection("it holds two passwords")
                }
                self.password = Secret(value)
            default: throw Self.rejection("it has a parameter other than db, username and password")
            }
        }
    }

    private mutating func setDatabase(_ text: some StringProtocol) throws(Rejection) {
        guard let number = WholeNumber.parse(text), Self.databases.contains(number) else {
            throw Self.rejection("its database is no number of 0 or more")
        }
        guard self.database == nil || self.database == number else { throw Self.rejection("it names two databases") }
        self.database = number
    }

    /// The URL as it may be shown: what it says, with the password masked.
    var masked: String {
        var userInfo = ""
        if self.username != nil || self.password != nil {
            userInfo = (self.username ?? "") + (self.password == nil ? "" : ":\(Secret.placeholder)") + "@"
        }
        switch self.host {
        case .socket(let path): return "unix://\(userInfo)\(path)" + (self.database.map { "?db=\($0)" } ?? "")
        case .name(let name):
            let host = name.contains(":") ? "[\(name)]" : name
            return "redis://\(userInfo)\(host)" + self.maskedPortAndDatabase
        case nil: return "redis://\(userInfo)" + self.maskedPortAndDatabase
        }
    }

    private var maskedPortAndDatabase: String {
        (self.port.map { ":\($0)" } ?? "") + (self.database.map { "/\($0)" } ?? "")
    }
}
