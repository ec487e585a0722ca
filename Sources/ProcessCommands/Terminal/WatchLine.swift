internal import ProcessCore

/// How one process is going, as one line.
///
/// Where it is too wide, the message is cut first; then counts, the attempt, half of the bar, the estimate, the message, the
/// bar and the time go, in this order. What is left in the end are status and percent.
struct WatchLine {
    private static let widestBar = 24
    private static let narrowestBar = 10
    /// The least that is left of a message while there is anything else to leave out.
    private static let leastMessage = 16

    /// What is shown of it, from everything to next to nothing.
    private enum Detail: Int, CaseIterable {
        case all, noCounts, noAttempt, shortBar, noEstimate, noMessage, noBar, noTime
    }

    private typealias Part = (text: String, style: TextStyle)

    private let process: ProcessView
    private let now: Timestamp

    /// Takes what is shown.
    ///
    /// - Parameters:
    ///   - process: The process.
    ///   - now: The time that others are counted from.
    init(_ process: ProcessView, now: Timestamp) {
        self.process = process
        self.now = now
    }

    /// The line, with a bar and times that change by themselves, for a terminal where it is written again and again.
    ///
    /// - Parameters:
    ///   - width: The columns it may take.
    ///   - console: What it is shown on.
    /// - Returns: The line without a line break.
    func live(width: Int, on console: Console) -> String {
        for detail in Detail.allCases {
            var parts = self.parts(detail, hasUnicode: console.hasUnicode)
            let taken = Self.width(of: parts)
            if detail.rawValue < Detail.noMessage.rawValue, let message = self.message {
                let room = width - taken - 2
                guard room >= min(DisplayWidth.of(message), Self.leastMessage) else { continue }
                parts.append((DisplayWidth.truncated(message, to: room, hasUnicode: console.hasUnicode), .plain))
            }
            if Self.width(of: parts) <= width { return Self.joined(parts, hasColors: console.hasColors) }
        }
        let least = self.parts(.noTime, hasUnicode: console.hasUnicode).map(\.text).joined(separator: "  ")
        return DisplayWidth.truncated(least, to: width, hasUnicode: console.hasUnicode)
    }

    /// What has changed, for a log or a pipe, without the time: the same as long as nothing that it says has changed.
    var change: String {
        let status = DisplayWidth.padded(self.status, to: 10)
        let percent = self.process.progress?.fraction.map(ProgressText.percent) ?? ""
        let rest = [self.counts, self.attempt, self.message].compactMap { $0 }
        let columns = [status, DisplayWidth.padded(percent, to: 4, alignedRight: true)] + rest
        var line = columns.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }

    private func parts(_ detail: Detail, hasUnicode: Bool) -> [Part] {
        func has(_ last: Detail) -> Bool { detail.rawValue < last.rawValue }
        var parts: [Part] = [(self.status, self.style)]
        if let fraction = self.process.progress?.fraction {
            var text = ProgressText.percent(fraction)
            if has(.noBar) {
                let width = has(.shortBar) ? Self.widestBar : Self.narrowestBar
                text = "\(ProgressText.bar(fraction, width: width, hasUnicode: hasUnicode)) \(text)"
            }
            parts.append((text, .plain))
        }
        if has(.noCounts), let counts = self.counts { parts.append((counts, .plain)) }
        if has(.noTime), let time = self.time { parts.append((time, .plain)) }
        if has(.noEstimate), let estimate = self.estimate { parts.append((estimate, .plain)) }
        if has(.noAttempt), let attempt = self.attempt { parts.append((attempt, .plain)) }
        return parts
    }

    private static func width(of parts: [Part]) -> Int {
        parts.reduce(0) { $0 + DisplayWidth.of($1.text) } + 2 * max(0, parts.count - 1)
    }

    private static func joined(_ parts: [Part], hasColors: Bool) -> String {
        parts.map { $0.style.applied(to: $0.text, hasColors: hasColors) }.joined(separator: "  ")
    }

    // MARK: Parts

    private var isCancelling: Bool { self.process.cancelRequested && !self.process.status.isFinished }

    private var status: String { self.isCancelling ? "cancelling" : self.process.status.rawValue }

    private var style: TextStyle { self.isCancelling ? .yellow : TextStyle(self.process.status) }

    private var counts: String? {
        guard let done = self.process.progress?.done else { return nil }
        guard let total = self.process.progress?.total else { return "\(ProgressText.number(done)) done" }
        return "\(ProgressText.number(done)) of \(ProgressText.number(total))"
    }

    /// How long it took, has run, or has waited.
    private var time: String? {
        let process = self.process
        if let finishedAt = process.finishedAt {
            return process.startedAt.map { "after \(TimeText.short(finishedAt - $0))" }
        }
        if process.status == .running, let startedAt = process.startedAt {
            return "for \(Self.seconds(self.now - startedAt))"
        }
        return "for \(Self.seconds(self.now - process.createdAt))"
    }

    private var estimate: String? {
        guard self.process.status == .running, let estimate = self.process.estimatedFinishAt else { return nil }
        return estimate > self.now ? "about \(Self.seconds(estimate - self.now)) left" : "any moment"
    }

    private var attempt: String? {
        let process = self.process
        guard process.maxAttempts > 1 || process.attempt > 1, process.attempt > 0 else { return nil }
        return "attempt \(process.attempt) of \(process.maxAttempts)"
    }

    /// What it does, what went wrong, or what it waits for.
    private var message: String? {
        let process = self.process
        let text: String?
        switch process.status {
        case .failed: text = process.failure
        case .cancelled: text = process.cancelReason ?? process.failure
        case .pending: text = process.failure.map { "last error: \($0)" } ?? process.queue.map { "in queue \($0)" }
        case .running, .completed: text = process.progress?.message
        }
        guard let text, !text.isEmpty else { return nil }
        return DisplayText.escaping(text)
    }

    /// A time that is shown while it passes: milliseconds would only flicker.
    private static func seconds(_ duration: Duration) -> String {
        duration < .seconds(1) ? "0s" : TimeText.short(duration)
    }
}

extension ProcessView {
    /// The error in one text.
    var failure: String? {
        self.errorCode.map { code in self.errorMessage.map { "\(code): \($0)" } ?? code }
    }
}
