internal import ProcessCore

/// Fills a store through its own insert, many at a time.
struct StoreFilling {
    /// What a store did that it should not do.
    struct Surprise: Error, CustomStringConvertible {
        let description: String
    }

    /// The queue in which everything waits, or has waited.
    static let queue = "default"
    private static let width = 256

    let repository: any ProcessRepository
    /// What it is called in the line that shows how far it is.
    let name: String

    /// Inserts finished processes, and then waiting ones.
    func fill(finished: Int, waiting: Int) async throws {
        let now = self.repository.now()
        let total = finished + waiting
        try await withThrowingTaskGroup { group in
            for first in 0..<Self.width {
                group.addTask {
                    for number in stride(from: first, to: total, by: Self.width) {
                        if number > 0, number.isMultiple(of: 100_000) {
                            Progress.show("\(self.name): \(number) of \(total)")
                        }
                        // One each millisecond, up to now.
                        let createdAt = now - .milliseconds(total - number)
                        try await self.insert(Self.process(at: createdAt, isFinished: number < finished))
                    }
                }
            }
            try await group.waitForAll()
        }
        Progress.clear()
    }

    /// Inserts one process.
    func insert(_ record: ProcessRecord) async throws {
        let outcome = try await self.repository.insert(ProcessInsertion(record, hasGeneratedID: true))
        guard outcome == .inserted else { throw Surprise(description: "an insert came to \(outcome)") }
    }

    /// A process as callers have them: a payload of 64 bytes, in a queue.
    static func process(at createdAt: Timestamp, isFinished: Bool) throws -> ProcessRecord {
        var start = ProcessStart(kind: "report")
        start.queue = Self.queue
        start.input = JSONText(
            unchecked: Array(#"{"customer":42,"note":"sixty-four bytes of payload, no more, no"}"#.utf8))
        let waiting = ProcessRecord(starting: start, as: ProcessID.uuidV7(at: createdAt), at: createdAt)
        guard isFinished else { return waiting }
        let claim = ProcessTransition(.claim(ProcessClaim(worker: "host-1")), at: createdAt)
        let claimed = try claim.apply(to: waiting).record
        return try ProcessTransition(.complete(result: nil), attempt: claimed.attempt, at: createdAt).apply(to: claimed)
            .record
    }
}
