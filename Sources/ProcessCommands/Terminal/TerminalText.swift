internal import ProcessCore

/// Text that was written for a terminal.
enum TerminalText {
    /// Takes away what stands in the line that is not ended.
    static let eraseLine = "\r\u{1B}[K"

    /// The text without escape sequences and control characters, blanks around it removed and tabs made blanks.
    static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar.value {
            case 0x1B: Self.skipSequence(&scalars)
            case 0x09: result.append(" ")
            case 0x00...0x1F, 0x7F...0x9F: break
            default: result.append(scalar)
            }
        }
        while result.last == " " { result.removeLast() }
        return String(String.UnicodeScalarView(result.drop { $0 == " " }))
    }

    /// The text with everything escaped that a terminal would act upon, save that lines are ended and tabs set. Nothing is cut.
    static func escapingAllButLines(_ text: String) -> String {
        var result = ""
        for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
            switch scalar.value {
            case 0x09, 0x0A, 0x20...0x7E: result.unicodeScalars.append(scalar)
            default: result += DisplayText.escaping(String(scalar))
            }
        }
        return result
    }

    /// Skips what follows an escape character: a control sequence (ECMA-48, 5.4), a string up to its end, or one letter.
    private static func skipSequence(_ scalars: inout String.UnicodeScalarView.Iterator) {
        switch scalars.next() {
        case "[":
            while let scalar = scalars.next() {
                if (0x40...0x7E).contains(scalar.value) { return }
            }
        case "]", "P", "X", "^", "_":
            while let scalar = scalars.next() {
                if scalar.value == 0x07 || scalar.value == 0x9C { return }
                if scalar.value == 0x1B {
                    _ = scalars.next()
                    return
                }
            }
        case "(", ")", "*", "+", "#", "%", " ": _ = scalars.next()
        default: return
        }
    }
}
