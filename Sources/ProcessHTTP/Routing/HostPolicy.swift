internal import Synchronization

/// Which hosts a request may be meant for, and whose pages may change something.
///
/// A page on the web can have its own name resolve to this machine (DNS rebinding) and then reads and writes here as if
/// it were of our origin. Its requests carry that name as their `Host`; names that an attacker can't own are let in.
final class HostPolicy: Sendable {
    private let names: Set<String>
    /// What was let in last: nearly all requests carry the same.
    private let latest = Mutex<String?>(nil)

    /// Takes the names that are let in besides IP addresses, `localhost` and names without a dot.
    ///
    /// - Parameter names: Host names in any case; a port behind one is left out.
    init(names: [String]) {
        self.names = Set(names.compactMap { Authority($0)?.host })
    }

    /// Whether a request with this `Host` is meant for us.
    ///
    /// - Parameter host: The header field; `nil` where there was none, as in HTTP/1.0. No browser leaves it out.
    /// - Returns: Whether to go on with the request.
    func allows(host: String?) -> Bool {
        guard let host else { return true }
        if self.latest.withLock({ $0 == host }) { return true }
        guard let authority = Authority(host) else { return false }
        guard authority.isAddressOrLabel || self.names.contains(authority.host) else { return false }
        self.latest.withLock { $0 = host }
        return true
    }

    /// Whether a page may send a request that changes something: only one from the very host the request went to.
    ///
    /// - Parameters:
    ///   - origin: The header field `Origin`, such as `http://localhost:8080`.
    ///   - host: The header field `Host`.
    /// - Returns: Whether to go on with the request.
    static func isSameOrigin(_ origin: String, host: String?) -> Bool {
        guard let host, let there = Authority(host) else { return false }
        // The scheme that the page was loaded by decides which port is meant where none is said: a proxy in front of us
        // may speak HTTPS.
        let scheme: (prefix: String, port: String)
        if origin.hasPrefix("http://") {
            scheme = ("http://", "80")
        } else if origin.hasPrefix("https://") {
            scheme = ("https://", "443")
        } else {
            return false
        }
        guard let here = Authority(String(origin.dropFirst(scheme.prefix.count))) else { return false }
        return here.host == there.host && here.port ?? scheme.port == there.port ?? scheme.port
    }
}

/// A host and a port, as they stand in `Host` and in an origin (RFC 9110, section 4.2.3).
struct Authority: Equatable {
    /// The host in lower case, without a dot at its end; an IPv6 address in its brackets.
    let host: String
    /// The digits of the port; `nil` where there were none.
    let port: String?
    /// Whether the host is an IP address, or a name without a dot, such as `localhost`.
    let isAddressOrLabel: Bool

    /// Splits an authority; the answer is nil where the text is none.
    init?(_ text: String) {
        var text = text
        let parts = text.withUTF8 { Self.parts(of: $0) }
        guard let parts else { return nil }
        (self.host, self.port, self.isAddressOrLabel) = parts
    }

    private static func parts(
        of text: UnsafeBufferPointer<UInt8>
    ) -> (host: String, port: String?, isAddressOrLabel: Bool)? {
        let isBracketed = text.first == UInt8(ascii: "[")
        let hostEnd: Int
        if isBracketed {
            guard let bracket = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            hostEnd = bracket + 1
        } else {
            hostEnd = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
        }
        var port: String?
        if hostEnd < text.count {
            let digits = text[(hostEnd + 1)...]
            guard text[hostEnd] == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy(Self.isDigit) else {
                return nil
            }
            if !digits.isEmpty { port = String(decoding: digits, as: UTF8.self) }
        }
        var host = text[..<hostEnd]
        if !isBracketed, host.last == UInt8(ascii: ".") { host = host.dropLast() }
        let isAllowed = isBracketed ? Self.isIPv6(host.dropFirst().dropLast()) : Self.isName(host)
        guard isAllowed else { return nil }
        let isAddressOrLabel = isBracketed || !host.contains(UInt8(ascii: ".")) || Self.isIPv4(host)
        let lowercased = String(unsafeUninitializedCapacity: host.count) { buffer in
            for (index, byte) in host.enumerated() {
                buffer[index] = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            }
            return host.count
        }
        return (lowercased, port, isAddressOrLabel)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isName(_ host: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard !host.isEmpty, host.count <= 253 else { return false }
        return host.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    private static func isIPv4(_ host: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let numbers = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return numbers.count == 4
            && numbers.allSatisfy { digits in
                (1...3).contains(digits.count) && digits.allSatisfy(Self.isDigit)
                    && digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 255
            }
    }

    /// Whether it can be nothing else: a name has no colon.
    private static func isIPv6(_ address: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard address.count <= 64, address.contains(UInt8(ascii: ":")) else { return false }
        let zone = address.firstIndex(of: UInt8(ascii: "%")) ?? address.endIndex
        return address[..<zone].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }
}
