internal import ProcessCore

/// What a handler printed to standard output.
struct HandlerOutput: Equatable, Sendable {
    /// How much of it is kept. What the tracker takes is set there, and is less as a rule.
    static let limit = 16 * 1024 * 1024

    /// What was kept.
    private(set) var bytes: [UInt8] = []
    /// Whether there was more.
    private(set) var isCut = false

    /// Adds what was printed next.
    mutating func append(_ chunk: UnsafeRawBufferPointer) {
        let room = Self.limit - self.bytes.count
        self.isCut = self.isCut || chunk.count > room
        self.bytes.append(contentsOf: chunk.prefix(room))
    }

    /// The process's result: JSON as it is, byte for byte; other text, without the end of its last line, as a JSON string;
    /// null where nothing was printed but blanks. What is no UTF-8 is shown as U+FFFD.
    var result: JSONText {
        if self.bytes.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) { return .null }
        if let json = try? JSONText(validating: self.bytes) { return json }
        var text = self.bytes[...]
        if text.last == 0x0A { text.removeLast() }
        if text.last == 0x0D { text.removeLast() }
        var writer = JSONWriter(capacity: text.count + 2)
        writer.value(String(decoding: text, as: UTF8.self))
        return JSONText(unchecked: writer.finish())
    }
}

/// Why a process failed.
struct HandlerFailure: Equatable, Sendable {
    /// The exit code by which a handler says that trying again is of no use: `EX_DATAERR` of `sysexits.h`.
    static let hopelessExitCode: Int32 = 65

    /// The error's code.
    var code: String
    /// The error's message.
    var message: String
    /// How the handler ended, where it ran.
    var status: ExitStatus?
    /// The end of what it printed to standard error.
    var tail: String?
    /// Whether another attempt may do better.
    var mayRetry = true
}

extension HandlerFailure {
    /// An attempt took longer than it may.
    init(_ claimed: ClaimedProcess, timedOutAfter timeout: Duration) {
        let failure = TimeOut.failure(attempt: claimed.attempt, after: timeout)
        self.init(code: failure.code, message: failure.message ?? "")
    }

    /// Whether it is that one.
    var isTimeOut: Bool { self.code == ProcessFailure.timedOutCode }
}

/// What the tracker is told at the end.
enum HandlerReport: Equatable, Sendable {
    /// It is done.
    case completed(JSONText)
    /// It could not be done.
    case failed(HandlerFailure)
    /// It was ended because somebody asked for that.
    case cancelled

    /// The report on a handler that ended.
    ///
    /// - Parameters:
    ///   - status: How it ended.
    ///   - stop: Why we asked it to, if we did. One that returns 0 all the same has done its work.
    ///   - output: What it printed to standard output.
    ///   - errors: What it printed to standard error.
    init(_ status: ExitStatus, stoppedFor stop: HandlerStop?, _ output: HandlerOutput, _ errors: HandlerErrors) {
        switch stop {
        case .timedOut(let failure):
            // Whatever it returned: the tracker has ended the attempt, too.
            self = .failed(failure)
        case _ where status == .exited(0) && !output.isCut:
            self = .completed(output.result)
        case .tooMuchPrinted,
            _ where status == .exited(0):
            self = .failed(
                HandlerFailure(
                    code: "result_too_large",
                    message: "the handler printed more than \(HandlerOutput.limit / 1_048_576) MiB to standard output",
                    status: status, tail: errors.tail, mayRetry: false))
        case .cancelRequested:
            self = .cancelled
        case .workerStops:
            self = .failed(
                HandlerFailure(
                    code: "worker_stopped", message: "the worker was told to stop", status: status, tail: errors.tail))
        case nil:
            self = .failed(Self.failure(status, errors))
        }
    }

    private static func failure(_ status: ExitStatus, _ errors: HandlerErrors) -> HandlerFailure {
        let code: String
        let message: String
        switch status {
        case .exited(let number):
            code = "exit_\(number)"
            message = errors.lastLine ?? "the handler returned \(number)"
        case .signalled(let number):
            code = "signal_\(number)"
            message = "ended by \(SignalName.of(number))" + (errors.lastLine.map { ": \($0)" } ?? "")
        }
        return HandlerFailure(
            code: code, message: TextLimit.prefix(message, bytes: LastLine.longestMessage), status: status,
            tail: errors.tail, mayRetry: status != .exited(HandlerFailure.hopelessExitCode))
    }
}

/// Why we ask a handler to end, where there is something to report afterwards.
enum HandlerStop: Sendable {
    /// Somebody asked the tracker for that.
    case cancelRequested
    /// The attempt's time is over; with the failure that this is.
    case timedOut(HandlerFailure)
    /// The worker has to end.
    case workerStops
    /// It has printed more than any result may have.
    case tooMuchPrinted
}

/// What came of a claimed process.
struct HandlerOutcome: Sendable {
    /// How it ended, as far as the tracker knows.
    enum Ending: Equatable, Sendable {
        case completed
        /// It failed; whether it is to be tried again.
        case failed(HandlerFailure, willRetry: Bool)
        case cancelled
        /// The tracker had given it to somebody else, or put an end to it; with the reason.
        case lost(String)
        /// The tracker did not take the report; with the reason.
        case unreported(String)
    }

    /// The process as it was claimed.
    var process: ProcessView
    /// How it ended.
    var ending: Ending
    /// How long we had it.
    var duration: Duration
    /// Why the handler could not be started, where it could not be.
    var startFailure: String?
}
