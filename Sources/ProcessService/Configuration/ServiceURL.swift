/// Where a service is found: `http://`, a host and a port.
public struct ServiceURL: Hashable, Sendable {
    /// A host name or an IP address, without brackets.
    public let host: String

    /// The port.
    public let port: UInt16

    /// Makes a URL.
    ///
    /// - Parameters:
    ///   - host: A host name or an IP address, without brackets.
    ///   - port: The port.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// The URL of a service that listens on an address of this machine; nil where the port is 0, a free one.
    ///
    /// - Parameter address: The address.
    public init?(_ address: ListenAddress) {
        guard address.port != 0 else { return nil }
        self.init(host: address.reachableHost, port: address.port)
    }

    init(parsing text: String) throws(Rejection) {
        if text.lowercased().hasPrefix("https://") {
            throw Rejection("https:// is not in this version; allowed: http://host:port")
        }
        guard text.lowercased().hasPrefix("http://") else { throw Rejection() }
        var authority = text.dropFirst("http://".count)
        if authority.hasSuffix("/") { authority.removeLast() }
        if authority.contains("@") {
            throw Rejection("a user name or password has no place here; allowed: http://host:port")
        }
        guard let (host, port) = HostAndPort.split(authority), port != 0 else { throw Rejection() }
        self.init(host: host, port: port ?? 80)
    }
}

extension ServiceURL: CustomStringConvertible {
    /// The URL as text, with its port: `http://127.0.0.1:8080`.
    public var description: String {
        self.host.contains(":") ? "http://[\(self.host)]:\(self.port)" : "http://\(self.host):\(self.port)"
    }
}

/// A host and a port as they stand in a URL.
enum HostAndPort {
    /// Splits `host`, `host:port`, `[::1]` or `[::1]:port`; nil where the text is none of them.
    static func split(_ text: Substring) -> (host: String, port: UInt16?)? {
        let host: Substring
        let rest: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard ListenAddress.ipv6Bytes(String(host)) != nil else { return nil }
        } else {
            host = text.prefix { $0 != ":" }
            rest = text[host.endIndex...]
            guard HostName.isValid(host) else { return nil }
        }
        guard !rest.isEmpty else { return (String(host), nil) }
        guard let port = PortNumber.parse(rest.dropFirst()) else { return nil }
        return (String(host), port)
    }
}

/// What a host name looks like.
enum HostName {
    /// Whether a text is a host name or an IPv4 address: labels of letters, digits, `-` and `_`, joined by dots.
    static func isValid(_ text: some StringProtocol) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                            true
                        default: false
                        }
                    }
            }
    }
}
