/// How many columns text takes on a terminal.
enum DisplayWidth {
    /// The columns of a text without control characters.
    static func of(_ text: String) -> Int {
        text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.reduce(0) { $0 + Self.of($1) }
    }

    /// The columns of a character: 0, 1 or 2.
    static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.value < 0x300 { return first.value == 0xAD ? 0 : 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if character.unicodeScalars.contains("\u{FE0F}") || first.properties.isEmojiPresentation { return 2 }
        return Self.isWide(first.value) ? 2 : 1
    }

    /// Whether a character is wide or full-width, by the blocks that are (Unicode Standard Annex 11).
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x17000...0x18CFF, 0x1B000...0x1B2FF,
            0x20000...0x3FFFD:
            true
        default: false
        }
    }

    /// A text cut to some columns, with a sign where something is missing.
    static func truncated(_ text: String, to width: Int, hasUnicode: Bool) -> String {
        guard Self.of(text) > width else { return text }
        let sign = hasUnicode ? "…" : "..."
        guard width > sign.count else { return String(sign.prefix(max(0, width))) }
        var kept = ""
        var columns = 0
        for character in text {
            columns += Self.of(character)
            if columns > width - sign.count { break }
            kept.append(character)
        }
        return kept + sign
    }

    /// A text filled up with blanks to some columns.
    static func padded(_ text: String, to width: Int, alignedRight: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - Self.of(text)))
        return alignedRight ? blanks + text : text + blanks
    }
}
