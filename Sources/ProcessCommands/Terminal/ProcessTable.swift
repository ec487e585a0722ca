internal import ProcessCore

/// Processes as a table.
struct ProcessTable {
    /// The table.
    let table: TextTable

    /// Makes the table.
    ///
    /// - Parameters:
    ///   - processes: What is in it, in this order.
    ///   - now: The time that ages are counted from.
    init(_ processes: [ProcessView], now: Timestamp) {
        let hasQueues = processes.contains { $0.queue != nil }
        var columns = [
            TextTable.Column(title: "ID"), TextTable.Column(title: "KIND"), TextTable.Column(title: "STATUS"),
            TextTable.Column(title: "DONE", alignedRight: true), TextTable.Column(title: "CREATED", isOptional: true),
            TextTable.Column(title: "TOOK", alignedRight: true, isOptional: true),
        ]
        if hasQueues { columns.append(TextTable.Column(title: "QUEUE", isOptional: true)) }
        columns.append(TextTable.Column(title: "MESSAGE", isFlexible: true, isOptional: true))
        var table = TextTable(columns: columns)
        for process in processes {
            let isCancelling = process.cancelRequested && !process.status.isFinished
            var row = [
                TextTable.Cell(DisplayText.escaping(process.id)), TextTable.Cell(DisplayText.escaping(process.kind)),
                TextTable.Cell(
                    isCancelling ? "cancelling" : process.status.rawValue,
                    isCancelling ? .yellow : TextStyle(process.status)),
                TextTable.Cell(process.progress?.fraction.map(ProgressText.percent) ?? ""),
                TextTable.Cell(TimeText.relative(process.createdAt, now: now)),
                TextTable.Cell(Self.took(process, now: now)),
            ]
            if hasQueues { row.append(TextTable.Cell(DisplayText.escaping(process.queue ?? ""))) }
            row.append(TextTable.Cell(DisplayText.escaping(Self.message(process))))
            table.rows.append(row)
        }
        self.table = table
    }

    /// How long it ran, or has run until now.
    private static func took(_ process: ProcessView, now: Timestamp) -> String {
        guard let startedAt = process.startedAt else { return "" }
        return TimeText.short((process.finishedAt ?? now) - startedAt)
    }

    private static func message(_ process: ProcessView) -> String {
        (process.status == .failed ? process.failure : nil) ?? process.progress?.message ?? ""
    }
}
