internal import ProcessCore

/// When to come back for a process that has not finished: `Retry-After`, in whole seconds.
enum PollingAdvice {
    /// The shortest and the longest advice.
    static let range = 1...30

    /// Advises a client.
    ///
    /// A process that can't begin before its `run_after`, or has an estimated end, is worth a look then. Of any other nothing is
    /// known but its age: looking each time a tenth of it has gone by finds the end with a tenth of delay.
    ///
    /// - Parameters:
    ///   - record: The process.
    ///   - now: The store's time.
    /// - Returns: Seconds, 1 to 30; nil where it has finished.
    static func seconds(for record: ProcessRecord, at now: Timestamp) -> Int? {
        let wait: Int64
        switch record.status {
        case .completed, .failed, .cancelled: return nil
        case .pending:
            if let runAfter = record.runAfter, runAfter > now {
                wait = runAfter.milliseconds - now.milliseconds
            } else {
                wait = (now.milliseconds - (record.runAfter ?? record.createdAt).milliseconds) / 10
            }
        case .running:
            if let end = record.estimatedFinishAt, end > now {
                wait = end.milliseconds - now.milliseconds
            } else {
                wait = (now.milliseconds - (record.startedAt ?? record.createdAt).milliseconds) / 10
            }
        }
        let seconds = (min(max(wait, 0), 30_000) + 999) / 1000
        return min(max(Int(seconds), self.range.lowerBound), self.range.upperBound)
    }
}
