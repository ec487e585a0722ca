internal import Glibc

/// What somebody who waits wants to see, on standard error.
enum Progress {
    private static let isTerminal = isatty(2) == 1

    /// Says something that stays.
    static func say(_ text: String) {
        let bytes = Array(text.utf8)
        write(2, bytes, bytes.count)
    }

    /// Says how far something is, in a line that the next one replaces; on what is no terminal each is a line of its own.
    static func show(_ text: String) {
        self.say(self.isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
    }

    /// Clears the line.
    static func clear() {
        if self.isTerminal { self.say("\r\u{1B}[K") }
    }
}
