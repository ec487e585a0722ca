internal import ProcessCore
internal import ProcessHTTP

/// `cleanup`: removes finished processes, once somebody has agreed to it.
struct CleanupCommand: Sendable {
    private struct Report {
        var removed: Int64
        var remaining: Int64
        var elapsed: Duration
    }

    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) {
        let query = try self.query(arguments)
        let isDryRun = arguments.has("--dry-run")
        let tracker = try self.context.tracker(arguments)
        if !isDryRun, !arguments.has("--yes") {
            guard try await self.isAgreed(query, arguments, tracker) else { return }
        }
        let (answer, report) = try await self.send(query, isDryRun: isDryRun, to: tracker)
        if arguments.has("--json") {
            try self.context.console.writeJSON(answer)
            return
        }
        let what = Self.processes(report.removed, arguments)
        try self.context.console.print(
            isDryRun
                ? "would remove \(what); \(Self.stay(report.remaining))\n"
                : "removed \(what) in \(TimeText.short(report.elapsed)); \(Self.stay(report.remaining))\n")
    }

    /// Says what would go, and asks; false where nothing would.
    private func isAgreed(
        _ query: [(name: String, value: String)], _ arguments: ParsedArguments, _ tracker: TrackerAPI
    ) async throws(CommandError) -> Bool {
        guard let ask = self.context.console.ask else {
            throw .usage("cleanup removes processes for good; add --yes, or --dry-run to see how many would go")
        }
        let (_, report) = try await self.send(query, isDryRun: true, to: tracker)
        if report.removed == 0 {
            self.context.console.warn("there is nothing to remove; \(Self.stay(report.remaining))")
            return false
        }
        let question =
            "This removes \(Self.processes(report.removed, arguments)) for good; \(Self.stay(report.remaining))."
        guard let answer = ask(question + " Remove? [y/N] "), ["y", "yes"].contains(answer.lowercased()) else {
            throw .failed("nothing was removed")
        }
        return true
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

    private func send(
        _ query: [(name: String, value: String)], isDryRun: Bool, to tracker: TrackerAPI
    ) async throws(CommandError) -> ([UInt8], Report) {
        do throws(TrackerFailure) {
            let answer = try await tracker.send(
                .delete, "/cleanup", query + [("dry_run", isDryRun ? "true" : "false")])
            let report = try Answer.read(answer) { fields throws(JSONFieldError) in
                Report(
                    removed: try fields.requireInteger("removed"), remaining: try fields.requireInteger("remaining"),
                    elapsed: .milliseconds(try fields.takeInteger("elapsed_ms") ?? 0))
            }
            return (answer, report)
        } catch {
            throw error.commandError(at: tracker.client.address)
        }
    }
}
