internal import ProcessCore
internal import ProcessHTTP

/// A process that the tracker handed to this worker, and the calls that report on it.
struct ClaimedProcess: Sendable {
    /// What its calls go through.
    let api: TrackerAPI
    /// The process as it was when it was claimed.
    let process: ProcessView
    /// The longest silence before the tracker gives it to somebody else.
    let lease: Duration

    /// Its id.
    var id: String { self.process.id }
    /// Its attempt, sent with each report: should somebody else have it by now, ours must not count.
    var attempt: Int64 { self.process.attempt }
    /// The longest that this attempt may take; nil where that is as long as it likes. A length, and no time of day: the
    /// tracker's clock need not be ours.
    var timeout: Duration? {
        guard let start = self.process.startedAt, let deadline = self.process.deadline else { return nil }
        return deadline - start
    }

    /// Claims processes.
    ///
    /// - Parameters:
    ///   - limit: How many at the most.
    ///   - options: From which queues, and for how long.
    ///   - worker: Who claims.
    ///   - wait: How long the tracker is to wait for work.
    ///   - api: The tracker.
    /// - Returns: The processes; none where there was no work in that time.
    /// - Throws: `TrackerFailure`.
    static func claim(
        upTo limit: Int, _ options: WorkOptions, worker: String, wait: Duration, at api: TrackerAPI
    ) async throws(TrackerFailure) -> [ClaimedProcess] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("queues", options.queues)
        writer.member("worker", worker)
        writer.member("limit", limit)
        writer.member("lease", options.lease)
        writer.endObject()
        let headers = HTTPHeaders([HTTPHeaders.Field(name: "Prefer", value: "wait=\(wait.components.seconds)")])
        let answer = try await api.post("/claim", writer.finish(), headers: headers)
        return try Answer.read(answer) { fields throws(JSONFieldError) in
            var claimed: [ClaimedProcess] = []
            for element in try fields.requireElements("processes") {
                var object = try element.object()
                let process = try ProcessView(&object)
                let lease = process.lease.flatMap { try? Duration(parsing: $0) } ?? options.lease
                claimed.append(ClaimedProcess(api: api, process: process, lease: lease))
            }
            return claimed
        }
    }

    /// Reports that the work goes on.
    ///
    /// - Parameter report: How far it is; nil for a heartbeat.
    /// - Returns: The process as it is now.
    /// - Throws: `TrackerFailure`.
    func progress(_ report: ProgressReport?) async throws(TrackerFailure) -> ProcessView {
        var writer = self.body()
        switch report?.numbers {
        case .fraction(let fraction): writer.member("fraction", fraction)
        case .units(let done, let total):
            writer.member("done", done)
            if let total { writer.member("total", total) }
        case nil: break
        }
        if let message = report?.message { writer.member("message", message) }
        writer.endObject()
        return try await self.api.process(.post, "/progress/\(self.id)", body: writer.finish())
    }

    /// Reports the end.
    ///
    /// - Parameter report: How it ended.
    /// - Returns: The process as it is now.
    /// - Throws: `TrackerFailure`.
    func report(_ report: HandlerReport) async throws(TrackerFailure) -> ProcessView {
        var writer = self.body()
        let verb: String
        switch report {
        case .completed(let result):
            verb = "complete"
            writer.member("result", result)
        case .cancelled:
            verb = "cancelled"
        case .failed(let failure):
            verb = "fail"
            writer.name("error")
            writer.beginObject()
            writer.member("code", failure.code)
            writer.member("message", failure.message)
            if failure.status != nil || failure.tail != nil {
                writer.name("details")
                writer.beginObject()
                if let status = failure.status { status.writeMembers(to: &writer) }
                if let tail = failure.tail { writer.member("stderr_tail", tail) }
                writer.endObject()
            }
            writer.endObject()
            if !failure.mayRetry { writer.member("retry", false) }
        }
        writer.endObject()
        return try await self.api.process(.post, "/\(verb)/\(self.id)", body: writer.finish())
    }

    private func body() -> JSONWriter {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("attempt", self.attempt)
        return writer
    }
}
