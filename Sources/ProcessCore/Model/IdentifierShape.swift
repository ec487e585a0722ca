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
        var length = 0
        var onlyDots = true
        for byte in text.utf8 {
            length += 1
            switch byte {
            case UInt8(ascii: "."): break
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "~"),
                UInt8(ascii: "-"):
                onlyDots = false
            case UInt8(ascii: "/") where allowsSlash: onlyDots = false
            default: return false
            }
        }
        return length >= 1 && length <= self.maximumLength && !(onlyDots && length <= 2)
    }
}
