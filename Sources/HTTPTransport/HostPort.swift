/// A host and a port, written `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
public struct HostPort: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address; an IPv6 address without brackets.
    public var host: String
    /// The port. To listen on, 0 means any free one.
    public var port: UInt16

    /// Takes the parts.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Parses the text form; `nil` where it is anything else.
    ///
    /// - Parameter text: Such as `127.0.0.1:8080`. The port is required; an IPv6 address needs its brackets.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.utf8.contains(UInt8(ascii: ":")) else { return nil }
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            return nil
        }
        guard !host.isEmpty, !host.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == 0x5B || $0 == 0x5D }) else {
            return nil
        }
        self.init(host: String(host), port: port)
    }

    /// The text form.
    public var description: String {
        self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}
