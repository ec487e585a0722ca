internal import Glibc
internal import ProcessCore
internal import Synchronization

/// What a handler prints to standard error, line by line: progress is kept for the tracker, all else is for people, and the
/// end of that is remembered.
final class HandlerErrors: Sendable {
    /// How much of one line is held back before it is passed on unended.
    static let longestLine = 65_536

    private struct State {
        var line: [UInt8] = []
        /// Whether the beginning of this line has been passed on.
        var isContinued = false
        var tail = OutputTail()
        var last = LastLine()
        var progress: ProgressReport?
    }

    /// What is put in front of each line that is passed on.
    private let prefix: [UInt8]
    private let state = Mutex(State())

    /// Makes a memory that is empty.
    ///
    /// - Parameter prefix: What is put in front of each line that is passed on; nothing where only one handler runs, whose
    ///   lines are passed on as they are.
    init(prefix: String = "") {
        self.prefix = [UInt8](prefix.utf8)
    }

    // MARK: For the thread that reads

    /// Takes what was just read.
    ///
    /// - Parameter chunk: The bytes.
    /// - Returns: What is to be passed on now: whole lines.
    func receive(_ chunk: UnsafeRawBufferPointer) -> [UInt8] {
        self.state.withLock { state in
            var output: [UInt8] = []
            var rest = chunk
            while let base = rest.baseAddress, let end = memchr(base, 0x0A, rest.count) {
                let length = UnsafeRawPointer(end) - base + 1
                state.line.append(contentsOf: rest[..<length])
                self.passOn(&state, &output)
                rest = UnsafeRawBufferPointer(rebasing: rest[length...])
                if rest.isEmpty { break }
            }
            state.line.append(contentsOf: rest)
            if state.line.count >= Self.longestLine { self.passOn(&state, &output) }
            return output
        }
    }

    /// Takes note of the end.
    ///
    /// - Returns: What is to be passed on: a last line that was not ended.
    func end() -> [UInt8] {
        self.state.withLock { state in
            var output: [UInt8] = []
            if !state.line.isEmpty { self.passOn(&state, &output) }
            return output
        }
    }

    private func passOn(_ state: inout State, _ output: inout [UInt8]) {
        let isEnded = state.line.last == 0x0A
        if !state.isContinued, let progress = ProgressLine.read(state.line) {
            let message = progress.message ?? state.progress?.message
            state.progress = ProgressReport(numbers: progress.numbers, message: message)
        } else {
            state.line.withUnsafeBytes { line in
                state.tail.append(line)
                state.last.append(line)
            }
            output += self.prefix
            output += state.line
            // Lines of several handlers go to one place: each of them is ended, lest the next one stands behind it.
            if !isEnded, !self.prefix.isEmpty { output.append(0x0A) }
            state.isContinued = !isEnded
        }
        if isEnded { state.isContinued = false }
        state.line.removeAll(keepingCapacity: true)
    }

    // MARK: For the tracker

    /// Takes the newest progress that has not been taken yet.
    func takeProgress() -> ProgressReport? {
        self.state.withLock { state in
            defer { state.progress = nil }
            return state.progress
        }
    }

    /// Gives progress back that could not be reported, unless there is newer one.
    func putBack(_ report: ProgressReport) {
        self.state.withLock { state in
            if state.progress == nil {
                state.progress = report
            } else if state.progress?.message == nil {
                state.progress?.message = report.message
            }
        }
    }

    /// The last line with anything on it, fit to be shown; nil where there is none.
    var lastLine: String? { self.state.withLock { $0.last }.message }

    /// The end of what was printed, progress left out; nil where nothing was.
    var tail: String? {
        let text = self.state.withLock { $0.tail }.text
        return text.isEmpty ? nil : text
    }
}
