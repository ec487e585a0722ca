internal import ProcessCore
internal import ProcessHTTP

/// `cleanup`: removes finished processes, once somebody has agreed to it.
struct CleanupCommand: Sendable {
    private struct Report {
        var removed: Int64
        var remaining: Int64
        var elapsed: Duration
        /// Where the next portion begins; nil behind the last one.
        var nextCursor: String?

        init(_ fields: inout JSONObject) throws(JSONFieldError) {
            self.removed = try fields.requireInteger("removed")
            self.remaining = try fields.requireInteger("remaining")
            self.elapsed = .milliseconds(try fields.takeInteger("elapsed_ms") ?? 0)
            self.nextCursor = try fields.takeString("next_cursor")
        }
    }

    /// How long the tracker may take for one portion: far less than an answer is waited for.
    private static let portion = "1s"

    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) {
        let query = try self.query(arguments)
        let isDryRun = arguments.has("--dry-run")
        let console = self.context.console
        let tracker = try self.context.tracker(arguments)
        let view = CleanupView(on: console, isShown: !arguments.has("--json"))
        try self.context.signals.endProgram {
            let sentence = view.interruption { Self.processes($0, arguments) }
            view.leaveLine()
            if let sentence { console.warn(sentence) }
        }
        var total: Int64?
        if !isDryRun {
            if !arguments.has("--yes") {
                total = try await self.agreedCount(query, arguments, tracker, view)
                if total == nil { return }
            }
            view.beginRemoval()
        }
        let (answer, report) = try await self.send(query, isDryRun: isDryRun, total, arguments, to: tracker, view)
        if arguments.has("--json") {
            try console.writeJSON(answer)
            return
        }
        let what = Self.processes(report.removed, arguments)
        try console.print(
            isDryRun
                ? "would remove \(what); \(Self.stay(report.remaining))\n"
                : "removed \(what) in \(TimeText.short(report.elapsed)); \(Self.stay(report.remaining))\n")
    }

    /// Says what would go, and asks.
    ///
    /// - Returns: How many are to go; nil where nothing would.
    private func agreedCount(
        _ query: [(name: String, value: String)], _ arguments: ParsedArguments, _ tracker: TrackerAPI,
        _ view: CleanupView
    ) async throws(CommandError) -> Int64? {
        guard let ask = self.context.console.ask else {
            throw .usage("cleanup removes processes for good; add --yes, or --dry-run to see how many would go")
        }
        let (_, report) = try await self.send(query, isDryRun: true, nil, arguments, to: tracker, view)
        if report.removed == 0 {
            self.context.console.warn("there is nothing to remove; \(Self.stay(report.remaining))")
            return nil
        }
        let question =
            "This removes \(Self.processes(report.removed, arguments)) for good; \(Self.stay(report.remaining))."
        guard let answer = ask(question + " Remove? [y/N] "), ["y", "yes"].contains(answer.lowercased()) else {
            throw .failed("nothing was removed")
        }
        return report.removed
    }

    private static func processes(_ count: Int64, _ arguments: ParsedArguments) -> String {
        "\(count) \(arguments.has("--force") ? "" : "finished ")process\(count == 1 ? "" : "es")"
    }

    private static func stay(_ count: Int64) -> String { "\(count) finished \(count == 1 ? "one stays" : "ones stay")" }

    private func query(_ arguments: ParsedArguments) throws(CommandError) -> [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if let age = try arguments.duration("--older-than", zeroAllowed: true) {
            query.append(("older_than", age.text))
        }
        let statuses = try arguments.statuses()
        if !statuses.isEmpty { query.append(("status", statuses.map(\.rawValue).joined(separator: ","))) }
        if arguments.has("--force") {
            query.append(("force", "true"))
        } else if let status = statuses.first(where: { !$0.isFinished }) {
            throw .usage("--status \(status.rawValue) removes work that is not finished; add --force if you mean that")
        }
        return query
    }

    /// Sends one portion after the other, and shows how far they are.
    ///
    /// - Returns: The answer to the last one, whose figures count from the first one on.
    private func send(
        _ query: [(name: String, value: String)], isDryRun: Bool, _ total: Int64?, _ arguments: ParsedArguments,
        to tracker: TrackerAPI, _ view: CleanupView
    ) async throws(CommandError) -> ([UInt8], Report) {
        let query = query + [("dry_run", isDryRun ? "true" : "false"), ("within", Self.portion)]
        var cursor: String?
        do throws(TrackerFailure) {
            while true {
                let answer = try await tracker.send(
                    .delete, "/cleanup", query + (cursor.map { [("cursor", $0)] } ?? []))
                let report = try Answer.read(answer) { fields throws(JSONFieldError) in try Report(&fields) }
                cursor = report.nextCursor
                if cursor == nil {
                    view.clear()
                    return (answer, report)
                }
                view.show(report.removed, of: total)
            }
        } catch {
            view.leaveLine()
            var failure = error.commandError(at: tracker.client.address)
            if let sentence = view.failure({ Self.processes($0, arguments) }) { failure.message += ". \(sentence)" }
            throw failure
        }
    }
}
