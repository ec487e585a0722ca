/// The one shape that ids, kinds, queues, workers, chunk types, metadata keys, idempotency keys and request ids share:
/// `[A-Za-z0-9._:~-]{1,128}`, but not `.` or `..`, which a path would swallow (RFC 3986, section 5.2.4).
public enum IdentifierShape {
    /// The longest identifier, in bytes; every allowed character is one byte.
    public static let maximumLength = 128

    /// Says whether a text has the shape.
    ///
    /// - Parameters:
    ///   - text: What was sent.
    ///   - allowsSlash: Whether `/` is allowed too, as in the name of a worker.
    /// - Returns: Whether the text may be used as an identifier.
    public static func matches(_ text: some StringProtocol, allowsSlash: Bool = false) -> Bool {
        let isShaped =
            text.utf8.withContiguousStorageIfAvailable { Self.areAllowed($0, allowsSlash) }
            ?? Self.areAllowed(text.utf8, allowsSlash)
        return isShaped && text != "." && text != ".."
    }

    /// Every request has at least one identifier, so the allowed characters are bits: below 64, and from there on.
    private static func areAllowed(_ bytes: some Collection<UInt8>, _ allowsSlash: Bool) -> Bool {
        guard (1...self.maximumLength).contains(bytes.count) else { return false }
        let low: UInt64 = 0x3ff << 48 | 1 << 45 | 1 << 46 | 1 << 58 | (allowsSlash ? 1 << 47 : 0)  // 0-9 - . :
        let high: UInt64 = 0x3ff_ffff << 1 | 0x3ff_ffff << 33 | 1 << 31 | 1 << 62  // A-Z a-z _ ~
        return bytes.allSatisfy { byte in
            byte < 128 && (byte < 64 ? low : high) & 1 << UInt64(byte & 63) != 0
        }
    }
}
