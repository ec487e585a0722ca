import Glibc

/// An address and port to serve on.
public struct ListenAddress: Hashable, Sendable {
    /// An IPv4 or IPv6 address, without brackets.
    public let host: String

    /// The port; 0 takes a free one.
    public let port: UInt16

    /// Whether the address is an IPv6 one.
    public var isIPv6: Bool { self.host.contains(":") }

    /// Whether nobody outside of this machine can connect.
    public var isLoopback: Bool {
        guard let bytes = Self.ipv6Bytes(self.host) else { return self.host.hasPrefix("127.") }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? bytes[12] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    /// The address to connect to from this machine: the loopback address where all addresses are served.
    public var reachableHost: String {
        if self.host == "0.0.0.0" { return "127.0.0.1" }
        return Self.ipv6Bytes(self.host)?.allSatisfy { $0 == 0 } == true ? "::1" : self.host
    }

    /// Reads an address and port; nil where the text is something else.
    ///
    /// - Parameter text: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = PortNumber.parse(text[text.index(after: colon)...]) else {
            return nil
        }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            guard Self.ipv6Bytes(inner) != nil else { return nil }
            self.host = inner
        } else if host == "localhost" {
            self.host = "127.0.0.1"
        } else {
            guard Self.isIPv4(String(host)) else { return nil }
            self.host = String(host)
        }
        self.port = port
    }

    /// Whether a text is an IPv4 address in its usual form.
    static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }

    /// The bytes of an IPv6 address; nil where it is none.
    static func ipv6Bytes(_ text: String) -> [UInt8]? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: &address) { [UInt8]($0) }
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The address as it is written: `127.0.0.1:8080`, `[::1]:8080`.
    public var description: String { self.isIPv6 ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)" }
}

/// A port in digits.
enum PortNumber {
    /// Reads a port; nil for anything but 0…65535 in at most five digits.
    static func parse(_ text: some StringProtocol) -> UInt16? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt16(text)
    }
}
