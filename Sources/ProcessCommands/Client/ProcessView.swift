internal import ProcessCore

/// A process as the tracker shows it, as far as commands look at it. A name that is not known here is passed over: the
/// tracker may be newer than this program.
struct ProcessView: Sendable {
    /// How far it is.
    struct Progress: Sendable {
        var fraction: Double?
        var done: Double?
        var total: Double?
        var message: String?
    }

    var id: String
    var kind: String
    var status: ProcessStatus
    var progress: Progress?
    var input: JSONText?
    var result: JSONText?
    var errorCode: String?
    var errorMessage: String?
    var metadata: [(key: String, value: String)]
    var createdAt: Timestamp
    var startedAt: Timestamp?
    var updatedAt: Timestamp?
    var finishedAt: Timestamp?
    var expiresAt: Timestamp?
    var queue: String?
    var runAfter: Timestamp?
    var attempt: Int64
    var maxAttempts: Int64
    var worker: String?
    var lease: String?
    var leaseExpiresAt: Timestamp?
    var deadline: Timestamp?
    var heartbeatAt: Timestamp?
    var estimatedFinishAt: Timestamp?
    var cancelRequested: Bool
    var cancelReason: String?
    var parentID: String?
    var traceparent: String?

    /// Reads an answer.
    init(_ fields: inout JSONObject) throws(JSONFieldError) {
        self.id = try fields.requireString("process_id")
        self.kind = try fields.requireString("kind")
        let status = try fields.requireValue("status")
        guard let known = ProcessStatus(rawValue: try status.string()) else {
            throw status.error("is a status that this version does not know")
        }
        self.status = known
        self.progress = nil
        if var progress = try fields.takeObject("progress") {
            self.progress = Progress(
                fraction: try progress.takeDouble("fraction"), done: try progress.takeDouble("done"),
                total: try progress.takeDouble("total"), message: try progress.takeString("message"))
        }
        self.input = fields.takePresent("input")?.text()
        self.result = fields.takePresent("result")?.text()
        var error = try fields.takeObject("error") ?? JSONObject()
        self.errorCode = try error.takeString("code")
        self.errorMessage = try error.takeString("message")
        self.metadata = []
        var metadata = try fields.takeObject("metadata") ?? JSONObject()
        for (key, value) in metadata.takeRemaining() { self.metadata.append((key, try value.string())) }
        self.createdAt = try fields.requireValue("created_at").timestamp()
        self.startedAt = try fields.takeTimestamp("started_at")
        self.updatedAt = try fields.takeTimestamp("updated_at")
        self.finishedAt = try fields.takeTimestamp("finished_at")
        self.expiresAt = try fields.takeTimestamp("expires_at")
        self.queue = try fields.takeString("queue")
        self.runAfter = try fields.takeTimestamp("run_after")
        self.attempt = try fields.takeInteger("attempt") ?? 0
        self.maxAttempts = try fields.takeInteger("max_attempts") ?? 1
        self.worker = try fields.takeString("worker")
        self.lease = try fields.takeString("lease")
        self.leaseExpiresAt = try fields.takeTimestamp("lease_expires_at")
        self.deadline = try fields.takeTimestamp("deadline")
        self.heartbeatAt = try fields.takeTimestamp("heartbeat_at")
        self.estimatedFinishAt = try fields.takeTimestamp("estimated_finish_at")
        self.cancelRequested = try fields.takeBool("cancel_requested") ?? false
        self.cancelReason = try fields.takeString("cancel_reason")
        self.parentID = try fields.takeString("parent_id")
        self.traceparent = try fields.takeString("traceparent")
    }

    /// Reads an answer that is a process.
    static func read(_ answer: [UInt8]) throws(TrackerFailure) -> ProcessView {
        try Answer.read(answer) { fields throws(JSONFieldError) in try ProcessView(&fields) }
    }
}

/// An answer that is a JSON object.
enum Answer {
    /// Reads it.
    ///
    /// - Parameters:
    ///   - answer: The body.
    ///   - body: Takes from it what is needed.
    /// - Returns: What `body` returns.
    /// - Throws: `TrackerFailure.unintelligible` where it is something else.
    static func read<Content>(
        _ answer: [UInt8], _ body: (inout JSONObject) throws(JSONFieldError) -> Content
    ) throws(TrackerFailure) -> Content {
        var fields: JSONObject
        do throws(JSONError) {
            fields = try JSONObject(parsing: answer)
        } catch {
            throw .unintelligible(error.message)
        }
        do throws(JSONFieldError) {
            return try body(&fields)
        } catch {
            throw .unintelligible(error.message)
        }
    }
}
