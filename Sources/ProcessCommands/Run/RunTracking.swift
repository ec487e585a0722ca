internal import ProcessCore
internal import ProcessHTTP

/// A process in the tracker that stands for a command, and the calls that keep it up to date.
struct RunTracking: Sendable {
    /// What its calls go through.
    let api: TrackerAPI
    /// Its id.
    let id: String
    /// Its attempt, sent with each report: should somebody else have it by now, ours must not count.
    let attempt: Int64

    /// Starts a process.
    ///
    /// - Parameters:
    ///   - options: What is known of the command.
    ///   - worker: Who runs it.
    ///   - key: Makes a repeated start harmless.
    ///   - api: The tracker.
    /// - Throws: `TrackerFailure`.
    init(
        starting options: RunOptions, worker: String, key: String, at api: TrackerAPI
    ) async throws(TrackerFailure) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("kind", options.kind)
        if let id = options.id { writer.member("id", id) }
        writer.name("input")
        writer.beginObject()
        writer.member("command", options.command.map { String(decoding: $0, as: UTF8.self) })
        writer.endObject()
        if !options.metadata.isEmpty {
            writer.name("metadata")
            writer.beginObject()
            for (key, value) in options.metadata {
                writer.name(escaping: key)
                writer.value(value)
            }
            writer.endObject()
        }
        writer.member("lease", options.lease)
        if let timeout = options.timeout { writer.member("timeout", timeout) }
        if let retain = options.retain { writer.member("retain", retain) }
        if let parentID = options.parentID { writer.member("parent_id", parentID) }
        writer.member("worker", worker)
        writer.endObject()
        let headers = HTTPHeaders([HTTPHeaders.Field(name: "Idempotency-Key", value: key)])
        let process = try await api.process(.post, "/start", body: writer.finish(), headers: headers)
        self.api = api
        self.id = process.id
        self.attempt = process.attempt
    }

    /// Reports that the command is alive.
    ///
    /// - Parameter message: Its last line, where that is new.
    /// - Returns: The process as it is now.
    /// - Throws: `TrackerFailure`.
    func heartbeat(message: String?) async throws(TrackerFailure) -> ProcessView {
        var writer = self.body()
        if let message { writer.member("message", message) }
        writer.endObject()
        return try await self.api.process(.post, "/progress/\(self.id)", body: writer.finish())
    }

    /// Learns why a report was refused, for which the process is read.
    func loss(_ problem: TrackerProblem) async -> RunLoss {
        guard problem.isTooLate, let process = try? await self.api.process(.get, "/status/\(self.id)") else {
            return .other(problem.sentence)
        }
        switch process.status {
        case .cancelled: return .cancelled
        case .failed where process.errorCode == ProcessFailure.timedOutCode: return .timedOut
        case .pending, .running, .completed, .failed: return .other(problem.sentence)
        }
    }

    /// Reports the end.
    func report(_ report: RunReport) async throws(TrackerFailure) {
        var writer = self.body()
        switch report {
        case .cancelled:
            break
        case .completed(let tail):
            writer.name("result")
            writer.beginObject()
            writer.member("exit_code", 0)
            if let tail { writer.member("output_tail", tail) }
            writer.endObject()
        case .timedOut(let timeout):
            let failure = TimeOut.failure(attempt: self.attempt, after: timeout)
            writer.name("error")
            writer.beginObject()
            writer.member("code", failure.code)
            writer.member("message", failure.message)
            writer.endObject()
        case .failed(let code, let message, let status, let tail):
            writer.name("error")
            writer.beginObject()
            writer.member("code", code)
            writer.member("message", message)
            writer.name("details")
            writer.beginObject()
            status.writeMembers(to: &writer)
            if let tail { writer.member("output_tail", tail) }
            writer.endObject()
            writer.endObject()
        }
        writer.endObject()
        _ = try await self.api.post("/\(report.verb)/\(self.id)", writer.finish())
    }

    private func body() -> JSONWriter {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("attempt", self.attempt)
        return writer
    }
}

extension ExitStatus {
    /// Writes how a command ended into an object, as the details of its process's error.
    func writeMembers(to writer: inout JSONWriter) {
        switch self {
        case .exited(let code): writer.member("exit_code", Int(code))
        case .signalled(let signal):
            writer.member("signal", Int(signal))
            writer.member("signal_name", SignalName.of(signal))
        }
    }
}

/// What the tracker is told at the end.
enum RunReport: Equatable, Sendable {
    /// It returned 0; with the end of its output, where that passed through us.
    case completed(tail: String?)
    /// It returned something else, was ended by a signal, or could not be started.
    case failed(code: String, message: String, status: ExitStatus, tail: String?)
    /// It was ended because it took longer than this.
    case timedOut(after: Duration)
    /// It was ended because somebody asked for that.
    case cancelled

    /// The path's first part.
    var verb: String {
        switch self {
        case .completed: "complete"
        case .failed, .timedOut: "fail"
        case .cancelled: "cancelled"
        }
    }

    /// The report on a command that ended by itself.
    ///
    /// - Parameters:
    ///   - status: How it ended.
    ///   - lastLine: The last line it printed.
    ///   - tail: The end of what it printed.
    init(_ status: ExitStatus, lastLine: String?, tail: String?) {
        let code: String
        let message: String
        switch status {
        case .exited(0):
            self = .completed(tail: tail)
            return
        case .exited(let number):
            code = "exit_\(number)"
            message = lastLine ?? "the command returned \(number)"
        case .signalled(let number):
            code = "signal_\(number)"
            message = "ended by \(SignalName.of(number))" + (lastLine.map { ": \($0)" } ?? "")
        }
        self = .failed(
            code: code, message: TextLimit.prefix(message, bytes: LastLine.longestMessage), status: status, tail: tail)
    }

    /// The report on a command that could not be started.
    init(_ error: SpawnError, command: String) {
        self = .failed(
            code: error.code, message: TextLimit.prefix("\(command): \(error.reason)", bytes: LastLine.longestMessage),
            status: .exited(error.exitCode), tail: nil)
    }
}
