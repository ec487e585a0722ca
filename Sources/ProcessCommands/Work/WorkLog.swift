internal import ProcessCore

/// Says what came of each process: one line, for people or for programs.
struct WorkLog: Sendable {
    /// Where the lines go.
    let console: Console
    /// Whether they are JSON.
    let isJSON: Bool

    /// Writes the line on a process; returns once it is written.
    ///
    /// On a thread of its own: a terminal that was stopped holds up this process's slot, and nobody's heartbeats.
    func write(_ outcome: HandlerOutcome) async {
        let line = self.isJSON ? Self.json(outcome) : [UInt8]((self.text(outcome) + "\n").utf8)
        await withCheckedContinuation { continuation in
            let write = self.console.write
            do throws(CommandError) {
                try BlockingThread.start {
                    // Whoever does not want the lines wants the work done all the same.
                    try? write(line)
                    continuation.resume()
                }
            } catch {
                continuation.resume()
            }
        }
    }

    /// A line for people.
    func text(_ outcome: HandlerOutcome) -> String {
        let process = outcome.process
        let word: String
        let style: TextStyle
        var note = ""
        switch outcome.ending {
        case .completed: (word, style) = ("completed", TextStyle(.completed))
        case .cancelled: (word, style) = ("cancelled", TextStyle(.cancelled))
        case .failed(let failure, let willRetry):
            (word, style) = ("failed", TextStyle(.failed))
            note = "  \(failure.code): \(failure.message)" + (willRetry ? "; it will be tried again" : "")
        case .lost(let reason):
            (word, style) = ("lost", .yellow)
            note = "  \(reason)"
        case .unreported(let reason):
            (word, style) = ("unreported", .yellow)
            note = "  \(reason)"
        }
        let padded = word + String(repeating: " ", count: max(0, 10 - word.count))
        return style.applied(to: padded, hasColors: self.console.hasColors)
            + "  \(process.kind)  \(process.id)  attempt \(process.attempt) of \(process.maxAttempts)"
            + "  \(TimeText.short(outcome.duration))" + DisplayText.escaping(note)
    }

    /// A line for programs.
    static func json(_ outcome: HandlerOutcome) -> [UInt8] {
        let process = outcome.process
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("process_id", process.id)
        writer.member("kind", process.kind)
        writer.member("queue", process.queue)
        writer.member("attempt", process.attempt)
        writer.member("max_attempts", process.maxAttempts)
        let reason: (code: String?, message: String)?
        switch outcome.ending {
        case .completed:
            writer.member("outcome", "completed")
            reason = nil
        case .cancelled:
            writer.member("outcome", "cancelled")
            reason = nil
        case .failed(let failure, let willRetry):
            writer.member("outcome", "failed")
            writer.member("will_retry", willRetry)
            reason = (failure.code, failure.message)
        case .lost(let message):
            writer.member("outcome", "lost")
            reason = (nil, message)
        case .unreported(let message):
            writer.member("outcome", "unreported")
            reason = (nil, message)
        }
        writer.member("duration_ms", outcome.duration.milliseconds)
        if let reason {
            writer.name("error")
            writer.beginObject()
            if let code = reason.code { writer.member("code", code) }
            writer.member("message", reason.message)
            writer.endObject()
        }
        writer.endObject()
        return writer.finish() + [0x0A]
    }
}
