internal import Synchronization

/// What is remembered of a command's output while it passes through: its end, and its last line.
final class OutputCapture: Sendable {
    /// One of the two streams.
    enum Stream: Sendable {
        case output
        case error
    }

    private struct State {
        var tail = OutputTail()
        var output = LastLine()
        var error = LastLine()
        var latest = Stream.output
        /// The last line as it was when it was taken.
        var taken: String?
    }

    private let state = Mutex(State())

    /// Looks at bytes that were just read. Called by the threads that pass them on.
    func record(_ chunk: UnsafeRawBufferPointer, of stream: Stream) {
        self.state.withLock { state in
            state.tail.append(chunk)
            switch stream {
            case .output: state.output.append(chunk)
            case .error: state.error.append(chunk)
            }
            state.latest = stream
        }
    }

    /// The last line that either stream printed, fit to be shown; nil where there is none.
    var lastLine: String? {
        let (first, second) = self.state.withLock { state in
            switch state.latest {
            case .output: (state.output, state.error)
            case .error: (state.error, state.output)
            }
        }
        return first.message ?? second.message
    }

    /// Takes the last line, where it is another than the one that was taken before. For one task at a time.
    func takeNewLine() -> String? {
        let line = self.lastLine
        return self.state.withLock { state in
            guard line != state.taken else { return nil }
            state.taken = line
            return line
        }
    }

    /// Gives a line back that could not be reported.
    func putBackLine() { self.state.withLock { $0.taken = nil } }

    /// The end of both streams together, in the order it was read.
    var tail: String { self.state.withLock { $0.tail }.text }
}
