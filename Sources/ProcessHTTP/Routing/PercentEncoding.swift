/// Percent-encoding as paths and queries have it (RFC 3986, section 2.1).
enum PercentEncoding {
    /// Replaces each `%` and the two hexadecimal digits behind it by the byte they stand for.
    ///
    /// - Parameters:
    ///   - encoded: The text as it was sent.
    ///   - plusIsSpace: Whether `+` is a space, as in a query.
    /// - Returns: The bytes, which may be no UTF-8; nil where two digits do not follow a `%`.
    static func decode(_ encoded: UnsafeBufferPointer<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(encoded.count)
        var position = 0
        while position < encoded.count {
            let byte = encoded[position]
            position += 1
            switch byte {
            case UInt8(ascii: "%"):
                guard position + 2 <= encoded.count, let high = Self.digit(encoded[position]),
                    let low = Self.digit(encoded[position + 1])
                else { return nil }
                decoded.append(high << 4 | low)
                position += 2
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
            default: decoded.append(byte)
            }
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
