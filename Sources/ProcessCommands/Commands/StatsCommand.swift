internal import ProcessCore

/// `stats`: counts processes.
struct StatsCommand: Sendable {
    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) {
        let tracker = try self.context.tracker(arguments)
        let answer: [UInt8]
        let text: String
        do throws(TrackerFailure) {
            answer = try await tracker.get("/stats")
            text = try Answer.read(answer) { fields throws(JSONFieldError) in try self.render(&fields) }
        } catch {
            throw error.commandError(at: tracker.client.address)
        }
        if arguments.has("--json") {
            try self.context.console.writeJSON(answer)
        } else {
            try self.context.console.print(text)
        }
    }

    private func render(_ fields: inout JSONObject) throws(JSONFieldError) -> String {
        let total = try fields.requireInteger("total")
        var statuses = try fields.requireObject("by_status")
        let counts = try Self.counts(&statuses)
        var table = Self.table("STATUS")
        for status in ProcessStatus.allCases {
            let count = counts.first { $0.name == status.rawValue }?.count ?? 0
            table.rows.append([TextTable.Cell(status.rawValue, TextStyle(status)), TextTable.Cell("\(count)")])
        }
        table.rows.append([TextTable.Cell("total", .bold), TextTable.Cell("\(total)", .bold)])
        var text = table.render(for: self.context.console)

        if var kinds = try fields.takeObject("by_kind"), !kinds.isEmpty {
            var table = Self.table("KIND")
            for (name, count) in try Self.counts(&kinds).sorted(by: { ($1.count, $0.name) < ($0.count, $1.name) }) {
                table.rows.append([TextTable.Cell(DisplayText.escaping(name)), TextTable.Cell("\(count)")])
            }
            text += "\n" + table.render(for: self.context.console)
        }
        if var queues = try fields.takeObject("queues"), !queues.isEmpty {
            text += "\n" + (try Self.table(ofQueues: &queues)).render(for: self.context.console)
        }
        let notes = try self.notes(&fields)
        return notes.isEmpty ? text : text + "\n" + notes.map { $0 + "\n" }.joined()
    }

    private func notes(_ fields: inout JSONObject) throws(JSONFieldError) -> [String] {
        var notes: [String] = []
        let ages =
            [("running", "oldest_running_age_s"), ("pending", "oldest_pending_age_s")] as [(String, StaticString)]
        for (what, name) in ages {
            guard let seconds = try fields.takeDouble(name) else { continue }
            notes.append("The oldest \(what) process is \(TimeText.short(.seconds(seconds))) old.")
        }
        if var cleanup = try fields.takeObject("last_cleanup") {
            let removed = try cleanup.takeInteger("removed") ?? 0
            let finishedAt = try cleanup.takeTimestamp("finished_at")
            let when = finishedAt.map { " " + TimeText.relative($0, now: self.context.clock.now()) } ?? ""
            notes.append("The last cleanup\(when) removed \(removed).")
        }
        return notes
    }

    private static func table(_ title: String) -> TextTable {
        TextTable(columns: [
            TextTable.Column(title: title), TextTable.Column(title: "PROCESSES", alignedRight: true),
        ])
    }

    private static func table(ofQueues object: inout JSONObject) throws(JSONFieldError) -> TextTable {
        var queues: [(name: String, pending: Int64, dueFor: Double?)] = []
        for (name, value) in object.takeRemaining() {
            var queue = try value.object()
            queues.append((name, try queue.requireInteger("pending"), try queue.takeDouble("oldest_due_age_s")))
        }
        var table = Self.table("QUEUE")
        table.columns.append(TextTable.Column(title: "LONGEST DUE", alignedRight: true))
        for queue in queues.sorted(by: { ($1.pending, $0.name) < ($0.pending, $1.name) }) {
            let dueFor = queue.dueFor.map { TimeText.short(.seconds($0)) } ?? "-"
            table.rows.append([
                TextTable.Cell(DisplayText.escaping(queue.name)), TextTable.Cell("\(queue.pending)"),
                TextTable.Cell(dueFor),
            ])
        }
        return table
    }

    private static func counts(_ object: inout JSONObject) throws(JSONFieldError) -> [(name: String, count: Int64)] {
        var counts: [(name: String, count: Int64)] = []
        for (name, value) in object.takeRemaining() { counts.append((name, try value.integer())) }
        return counts
    }
}
