public import ProcessCore

extension ProcessID: ExpressibleByStringLiteral {
    /// An id as it stands in a test.
    public init(stringLiteral text: String) {
        self.init(trusted: text)
    }
}

extension JSONText: ExpressibleByStringLiteral {
    /// A payload as it stands in a test; its bytes are taken as they are.
    public init(stringLiteral text: String) {
        self.init(unchecked: Array(text.utf8))
    }
}

extension Timestamp {
    /// An instant as it stands in a test.
    public static func ms(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
}

extension ProcessRecord {
    /// A process as it begins.
    ///
    /// - Parameters:
    ///   - id: What it is known by.
    ///   - kind: What sort of work it is.
    ///   - now: When it is started.
    ///   - configure: Says what else is asked for; a queue makes it `pending`.
    /// - Returns: The record, revision 1.
    public static func started(
        _ id: ProcessID, kind: String = "report", at now: Timestamp = ManualClock.start,
        _ configure: (inout ProcessStart) -> Void = { _ in }
    ) -> ProcessRecord {
        var start = ProcessStart(kind: kind)
        configure(&start)
        return ProcessRecord(starting: start, as: id, at: now)
    }

    /// A process that waits in a queue.
    ///
    /// - Parameters:
    ///   - id: What it is known by.
    ///   - queue: Where it waits.
    ///   - priority: The higher one is claimed first.
    ///   - runAfter: The time before which it can't be claimed.
    ///   - now: When it is started.
    ///   - configure: Says what else is asked for.
    /// - Returns: The record, revision 1.
    public static func queued(
        _ id: ProcessID, in queue: String = "default", priority: Int = 0, runAfter: Timestamp? = nil,
        at now: Timestamp = ManualClock.start, _ configure: (inout ProcessStart) -> Void = { _ in }
    ) -> ProcessRecord {
        self.started(id, at: now) { start in
            start.queue = queue
            start.priority = priority
            start.runAfter = runAfter.map { .at($0) }
            configure(&start)
        }
    }

    /// A process that has reached an end state.
    ///
    /// - Parameters:
    ///   - id: What it is known by.
    ///   - status: The end state.
    ///   - kind: What sort of work it is.
    ///   - created: When it is started.
    ///   - finished: When it ends; when it is started where that is not said.
    ///   - retain: How long it is kept.
    ///   - parent: What it is a part of.
    /// - Returns: The record, revision 2.
    /// - Throws: A ``FixtureError`` where the status is no end state.
    public static func finished(
        _ id: ProcessID, _ status: ProcessStatus = .completed, kind: String = "report",
        created: Timestamp = ManualClock.start, at finished: Timestamp? = nil, retain: Retention? = nil,
        parent: ProcessID? = nil
    ) throws -> ProcessRecord {
        let record = self.started(id, kind: kind, at: created) { start in
            start.retain = retain
            start.parentID = parent
        }
        let end = finished ?? created
        switch status {
        case .completed: return try record.changed(by: .complete(result: #"{"ok":true}"#), at: end)
        case .failed: return try record.changed(by: .fail(ProcessFailure(code: "exit_2"), mayRetry: true), at: end)
        case .cancelled: return try record.changed(by: .cancel(reason: "no need", force: true), at: end)
        case .pending, .running: throw FixtureError.notAnEndState
        }
    }

    /// The process after a change that must be possible; reports name the current attempt.
    ///
    /// - Parameters:
    ///   - change: What happens.
    ///   - now: When.
    /// - Returns: The record after it.
    /// - Throws: The refusal, where it is not possible.
    public func changed(by change: ProcessChange, at now: Timestamp) throws -> ProcessRecord {
        try ProcessTransition(change, attempt: change.isReport ? self.attempt : nil, at: now).apply(to: self).record
    }
}

/// A fixture that was asked for what it can't make.
public enum FixtureError: Error {
    /// A finished process was to be unfinished.
    case notAnEndState
}
