/// Text from elsewhere, made safe to show on a terminal and in a log line.
///
/// What others sent (names, messages, paths) may hold control characters: a line break forges a log line, an escape
/// sequence repaints a terminal, a bidirectional override turns a name around. All of these are written as escapes.
public enum DisplayText {
    /// The longest text shown, in bytes before escaping; what is beyond is cut.
    public static let longestText = 4096

    /// The text with every dangerous character written as an escape such as `\u001b` or `\n`.
    ///
    /// Quotes and backslashes stay as they are: the result is for people, not for a parser.
    ///
    /// - Parameter text: Any text.
    /// - Returns: One line, at most about `longestText` bytes of `text`, ending in `… (n bytes)` where it was cut.
    public static func escaping(_ text: String) -> String {
        if Self.isHarmless(text) { return text }
        var bytes: [UInt8] = []
        Self.append(text, quotesEscaped: false, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the text is short printable ASCII, without quotes and backslashes: shown as it is, everywhere.
    static func isHarmless(_ text: String) -> Bool {
        text.utf8.count <= Self.longestText
            && text.utf8.allSatisfy {
                (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            }
    }

    /// Appends a text with its dangerous characters escaped, as JSON escapes them, and cut where it is too long.
    ///
    /// - Parameters:
    ///   - text: Any text.
    ///   - quotesEscaped: Whether `"` and `\` are escaped too, as inside of a JSON string.
    ///   - output: Where the bytes go.
    static func append(_ text: String, quotesEscaped: Bool, to output: inout [UInt8]) {
        if Self.isHarmless(text) {
            output.append(contentsOf: text.utf8)
            return
        }
        var shown = 0
        for scalar in text.unicodeScalars {
            let length = UTF8.width(scalar)
            guard shown + length <= Self.longestText else {
                output.append(contentsOf: "… (\(text.utf8.count) bytes)".utf8)
                return
            }
            shown += length
            Self.append(scalar, quotesEscaped: quotesEscaped, to: &output)
        }
    }

    private static func append(_ scalar: Unicode.Scalar, quotesEscaped: Bool, to output: inout [UInt8]) {
        switch scalar {
        case "\"" where quotesEscaped, "\\" where quotesEscaped:
            output.append(UInt8(ascii: "\\"))
            output.append(UInt8(truncatingIfNeeded: scalar.value))
        case "\n": output.append(contentsOf: #"\n"#.utf8)
        case "\r": output.append(contentsOf: #"\r"#.utf8)
        case "\t": output.append(contentsOf: #"\t"#.utf8)
        case _ where Self.isDangerous(scalar): Self.appendEscape(scalar, to: &output)
        default: output.append(contentsOf: UTF8.encode(scalar)!)
        }
    }

    /// Whether a terminal might act on the character instead of showing it, or a log reader might end the line there.
    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: true  // C0, DEL, C1
        case 0x2028, 0x2029: true  // line and paragraph separator
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // direction marks, overrides and isolates
        case 0xFFF9...0xFFFB, 0xFEFF: true  // interlinear annotation, byte order mark
        case 0xE0000...0xE007F: true  // tags: text that no one sees
        default: false
        }
    }

    private static func appendEscape(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
        for unit in UTF16.encode(scalar)! {
            output.append(contentsOf: #"\u"#.utf8)
            for shift in [12, 8, 4, 0] {
                let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift)) & 0xF
                output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}
