internal import ProcessCore

/// One process as a block of lines for somebody to read.
struct ProcessBlock {
    private static let titleWidth = 10
    private static let barWidth = 24

    private let process: ProcessView
    private let now: Timestamp
    private let console: Console

    /// Takes what is shown.
    ///
    /// - Parameters:
    ///   - process: The process.
    ///   - now: The time that ages are counted from.
    ///   - console: What it is shown on.
    init(_ process: ProcessView, now: Timestamp, console: Console) {
        self.process = process
        self.now = now
        self.console = console
    }

    /// The lines, each with its line break.
    func render() -> String {
        let process = self.process
        let heading = "\(DisplayText.escaping(process.kind)) \(DisplayText.escaping(process.id))"
        var lines = [TextStyle.bold.applied(to: heading, hasColors: self.console.hasColors)]
        lines.append(self.line("Status", self.status, styledLike: TextStyle(process.status)))
        lines += self.progress
        lines += self.failure
        lines += self.times
        lines += self.work
        if !process.metadata.isEmpty {
            lines.append(
                self.line("Metadata", process.metadata.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")))
        }
        if let parentID = process.parentID { lines.append(self.line("Parent", parentID)) }
        if let input = process.input { lines.append(self.line("Input", input.description)) }
        if let result = process.result { lines.append(self.line("Result", result.description)) }
        return lines.map { $0 + "\n" }.joined()
    }

    private var status: String {
        let process = self.process
        var text = process.status.rawValue
        if process.maxAttempts > 1 || process.attempt > 1 {
            text += ", attempt \(process.attempt) of \(process.maxAttempts)"
        }
        if process.cancelRequested && !process.status.isFinished { text += ", cancel requested" }
        if let reason = process.cancelReason { text += " (\(reason))" }
        return text
    }

    private var progress: [String] {
        guard let progress = self.process.progress else { return [] }
        var lines: [String] = []
        if let fraction = progress.fraction {
            var numbers = ProgressText.percent(fraction)
            if let done = progress.done, let total = progress.total {
                numbers += " (\(ProgressText.number(done)) of \(ProgressText.number(total)))"
            }
            let room = (self.console.width ?? .max) - Self.titleWidth - 5 - numbers.count
            let bar = ProgressText.bar(
                fraction, width: max(4, min(Self.barWidth, room)), hasUnicode: self.console.hasUnicode)
            let text = "\(bar) \(numbers)"
            lines.append(self.line("Progress", text))
        } else if let done = progress.done {
            lines.append(self.line("Progress", ProgressText.number(done)))
        }
        if let message = progress.message { lines.append(self.line(lines.isEmpty ? "Progress" : "", message)) }
        return lines
    }

    private var failure: [String] {
        guard let text = self.process.failure else { return [] }
        return [self.line(self.process.status == .pending ? "Last error" : "Error", text, styledLike: .red)]
    }

    private var times: [String] {
        let process = self.process
        var lines = [self.line("Created", self.time(process.createdAt))]
        if let startedAt = process.startedAt, startedAt != process.createdAt {
            lines.append(self.line("Started", self.time(startedAt)))
        }
        if let finishedAt = process.finishedAt {
            let took = process.startedAt.map { ", after \(TimeText.short(finishedAt - $0))" } ?? ""
            lines.append(self.line("Finished", self.time(finishedAt) + took))
            if let expiresAt = process.expiresAt { lines.append(self.line("Expires", self.time(expiresAt))) }
            return lines
        }
        if let estimate = process.estimatedFinishAt {
            lines.append(self.line("Estimated", estimate > self.now ? self.time(estimate) : "any moment"))
        }
        if let heartbeatAt = process.heartbeatAt {
            var text = TimeText.relative(heartbeatAt, now: self.now)
            if let lease = process.lease, let end = process.leaseExpiresAt {
                text += "; its lease of \(lease) ends \(TimeText.relative(end, now: self.now))"
            }
            lines.append(self.line("Heartbeat", text))
        }
        if let runAfter = process.runAfter, runAfter > self.now { lines.append(self.line("Due", self.time(runAfter))) }
        if let deadline = process.deadline { lines.append(self.line("Deadline", self.time(deadline))) }
        return lines
    }

    private var work: [String] {
        [("Queue", self.process.queue), ("Worker", self.process.worker)].compactMap { title, text in
            text.map { self.line(title, $0) }
        }
    }

    private func time(_ instant: Timestamp) -> String {
        "\(TimeText.relative(instant, now: self.now)) (\(TimeText.absolute(instant)))"
    }

    /// A title and what belongs to it, cut to the terminal's width.
    private func line(_ title: String, _ text: String, styledLike style: TextStyle = .plain) -> String {
        var shown = DisplayText.escaping(text)
        let indentation = Self.titleWidth + 4
        if let width = self.console.width {
            shown = DisplayWidth.truncated(shown, to: max(20, width - indentation), hasUnicode: self.console.hasUnicode)
        }
        let padded = "  " + DisplayWidth.padded(title, to: Self.titleWidth) + "  "
        return TextStyle.faint.applied(to: padded, hasColors: self.console.hasColors)
            + style.applied(to: shown, hasColors: self.console.hasColors)
    }
}
