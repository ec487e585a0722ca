internal import ProcessCore
internal import Synchronization

/// Shows how one process goes while it is watched.
final class WatchView: Sendable {
    /// How it is shown.
    enum Style: Sendable {
        /// Not at all.
        case nothing
        /// A line of JSON for each change.
        case json
        /// A line for each change.
        case lines
        /// One line, written again and again.
        case live
    }

    private struct State {
        var process: ProcessView?
        /// What the last line said, so that a heartbeat does not repeat it.
        var lastChange = ""
        /// Whether the cursor stands in a line that is not ended.
        var isLineOpen = false
    }

    private let style: Style
    private let console: Console
    private let clock: any WallClock
    private let state = Mutex(State())

    /// A view that has shown nothing.
    ///
    /// - Parameters:
    ///   - style: How the process is shown.
    ///   - console: Where.
    ///   - clock: Tells the time.
    init(_ style: Style, on console: Console, clock: any WallClock) {
        self.style = style
        self.console = console
        self.clock = clock
    }

    /// The process as it was shown last; nil before that.
    var process: ProcessView? { self.state.withLock { $0.process } }

    /// Shows the process as it is now.
    ///
    /// - Parameters:
    ///   - process: The process.
    ///   - data: The same as the tracker sent it.
    /// - Throws: `CommandError` where nothing can be shown any more.
    func show(_ process: ProcessView, _ data: [UInt8]) throws(CommandError) {
        try self.state.withLock { (state) throws(CommandError) in
            let isFirst = state.process == nil
            state.process = process
            switch self.style {
            case .nothing: return
            case .json: try self.console.write(SingleLine.json(data))
            case .lines:
                let change = WatchLine(process, now: self.clock.now()).change
                guard change != state.lastChange else { return }
                state.lastChange = change
                let time = TimeText.absolute(process.updatedAt ?? self.clock.now())
                try self.console.emit("\(time)  \(change)\n")
            case .live:
                if isFirst { try self.console.emit(self.heading(process)) }
                try self.draw(&state)
            }
        }
    }

    /// Writes the line again, since times in it have changed.
    func tick() throws(CommandError) {
        try self.state.withLock { (state) throws(CommandError) in
            if state.isLineOpen { try self.draw(&state) }
        }
    }

    /// Says what came of the process, where somebody looks at it.
    func finish() throws(CommandError) {
        try self.state.withLock { (state) throws(CommandError) in
            guard state.isLineOpen, let process = state.process else { return }
            state.isLineOpen = false
            var text = "\n"
            if process.status == .completed {
                if let result = process.result {
                    let line = String(decoding: SingleLine.json(result.bytes).dropLast(), as: UTF8.self)
                    text += "  Result  \(DisplayText.escaping(line))\n"
                }
            } else if let failure = process.failure {
                text += "  Error   \(DisplayText.escaping(failure))\n"
            }
            try self.console.emit(text)
        }
    }

    /// Says something on standard error, without tearing the line apart.
    func warn(_ text: String) {
        if self.style == .nothing { return }
        self.state.withLock { state in
            guard state.isLineOpen else { return self.console.warn(text) }
            try? self.console.emit(TerminalText.eraseLine)
            self.console.warn(text)
            try? self.draw(&state)
        }
    }

    /// Ends the line that is open, before something else is written; from whatever thread, and without waiting for one that
    /// is held up by the terminal.
    func leaveLine() {
        let isLineOpen = self.state.withLockIfAvailable { state in
            defer { state.isLineOpen = false }
            return state.isLineOpen
        }
        if isLineOpen == true { try? self.console.emit("\n") }
    }

    private func draw(_ state: inout State) throws(CommandError) {
        guard let process = state.process, let width = self.console.measureWidth() ?? self.console.width else { return }
        // The last column stays free: a terminal goes to the next line with it, sooner or later.
        let line = WatchLine(process, now: self.clock.now()).live(width: max(1, width - 1), on: self.console)
        state.isLineOpen = true
        try self.console.emit(TerminalText.eraseLine + line)
    }

    private func heading(_ process: ProcessView) -> String {
        let text = "\(DisplayText.escaping(process.kind)) \(DisplayText.escaping(process.id))"
        return TextStyle.bold.applied(to: text, hasColors: self.console.hasColors) + "\n"
    }
}

/// JSON on one line.
enum SingleLine {
    /// A JSON text with a blank for each line break, and one line break behind it.
    ///
    /// Inside of a string a line break is always written as `\n`, so those that are there stand between values, where a blank
    /// means the same. All else stays as it came: numbers, escapes, the order of names.
    static func json(_ text: [UInt8]) -> [UInt8] {
        text.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } + [0x0A]
    }
}
