internal import ProcessCore
internal import Synchronization

/// Shows how far a cleanup is, in one line that is written again and again, and says what came of one that ends early.
final class CleanupView: Sendable {
    private static let barWidth = 24

    private let console: Console
    private let isShown: Bool
    /// How many were removed; nil as long as nothing is to be.
    private let removed = Mutex<Int64?>(nil)
    /// Whether the cursor stands in a line that is not ended. Held while the terminal is written to.
    private let isLineOpen = Mutex(false)

    /// A view that has shown nothing.
    ///
    /// - Parameters:
    ///   - console: Where it is shown.
    ///   - isShown: Whether anybody wants to see it there.
    init(on console: Console, isShown: Bool) {
        self.console = console
        self.isShown = isShown && console.width != nil && console.canRedraw
    }

    /// From now on processes are removed.
    func beginRemoval() { self.removed.withLock { $0 = 0 } }

    /// Takes note of how many were removed, or only counted, and shows it.
    ///
    /// - Parameters:
    ///   - count: How many, from the first portion on.
    ///   - total: How many there are, where that is known.
    func show(_ count: Int64, of total: Int64?) {
        let isRemoval = self.removed.withLock { removed in
            defer { if removed != nil { removed = count } }
            return removed != nil
        }
        self.isLineOpen.withLock { isLineOpen in
            guard self.isShown, let width = self.console.measureWidth() ?? self.console.width else { return }
            var line = isRemoval ? "removing  " : "counting  "
            if let total, total > 0 {
                let fraction = Double(count) / Double(total)
                line += ProgressText.bar(fraction, width: Self.barWidth, hasUnicode: self.console.hasUnicode)
                line += " \(ProgressText.percent(fraction))  \(count) of \(total)"
            } else {
                line += "\(count) so far"
            }
            // The last column stays free: a terminal goes to the next line with it, sooner or later.
            line = DisplayWidth.truncated(line, to: max(1, width - 1), hasUnicode: self.console.hasUnicode)
            isLineOpen = true
            // A line that can't be shown must not keep the work from being done.
            try? self.console.emit(TerminalText.eraseLine + line)
        }
    }

    /// Takes the line away, so that something else can stand in its place.
    func clear() {
        self.isLineOpen.withLock { isLineOpen in
            if isLineOpen { try? self.console.emit(TerminalText.eraseLine) }
            isLineOpen = false
        }
    }

    /// Ends the line that is open, before something else is written; from whatever thread, and without waiting for one that
    /// is held up by the terminal.
    func leaveLine() {
        let isLineOpen = self.isLineOpen.withLockIfAvailable { isLineOpen in
            defer { isLineOpen = false }
            return isLineOpen
        }
        if isLineOpen == true { try? self.console.emit("\n") }
    }

    /// What is to be said of a cleanup that failed, behind the reason.
    ///
    /// - Parameter processes: Says how many they are.
    /// - Returns: A sentence; nil where nothing was removed.
    func failure(_ processes: (Int64) -> String) -> String? {
        guard let removed = self.removed.withLock({ $0 }), removed > 0 else { return nil }
        return "Before that, \(processes(removed)) \(removed == 1 ? "was" : "were") removed; the same command goes on"
    }

    /// What is to be said where a signal ends the program.
    ///
    /// - Parameter processes: Says how many they are.
    /// - Returns: A sentence; nil where nothing was to be removed yet.
    func interruption(_ processes: (Int64) -> String) -> String? {
        guard let removed = self.removed.withLock({ $0 }) else { return nil }
        let what =
            removed == 0
            ? "some processes may be removed"
            : "\(processes(removed)) \(removed == 1 ? "was" : "were") removed, and maybe some more"
        return "interrupted: \(what); the same command goes on"
    }
}
