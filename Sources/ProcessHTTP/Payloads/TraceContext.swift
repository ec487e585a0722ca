/// The header field `traceparent` (W3C Trace Context, section 3.2).
enum TraceContext {
    /// Reads the field.
    ///
    /// - Parameter values: The header fields of that name.
    /// - Returns: The field as it was sent; nil where it is malformed or stands twice, as if it had not been sent.
    static func traceparent(_ values: [String]) -> String? {
        guard values.count == 1 else { return nil }
        let text = [UInt8](values[0].utf8)
        guard text.count >= 55, text.count <= 256 else { return nil }
        let isFirstVersion = text[0..<2].elementsEqual("00".utf8)
        guard Self.isHex(text[0..<2]), !text[0..<2].elementsEqual("ff".utf8),
            text[2] == UInt8(ascii: "-"), text[35] == UInt8(ascii: "-"), text[52] == UInt8(ascii: "-"),
            Self.isID(text[3..<35]), Self.isID(text[36..<52]), Self.isHex(text[53..<55]),
            text.count == 55 || !isFirstVersion && text[55] == UInt8(ascii: "-"),
            text.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return values[0]
    }

    private static func isID(_ text: ArraySlice<UInt8>) -> Bool {
        Self.isHex(text) && text.contains { $0 != UInt8(ascii: "0") }
    }

    private static func isHex(_ text: ArraySlice<UInt8>) -> Bool {
        text.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }
}
