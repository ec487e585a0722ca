public import ProcessCore

/// A process as answers show it.
struct ProcessPayload: JSONWritable {
    let record: ProcessRecord
    /// When a cleanup may remove it, by its own `retain` or by the service's retention as it is now.
    let expiresAt: Timestamp?
    let fields: ProcessFields

    init(_ record: ProcessRecord, policy: CleanupPolicy, fields: ProcessFields = .all) {
        self.record = record
        self.expiresAt = policy.expiry(of: record)
        self.fields = fields
    }

    /// Writes the process as an object, its payloads as they were sent.
    func write(to writer: inout JSONWriter) {
        let record = self.record
        writer.beginObject()
        self.member(.processID, record.id.text, to: &writer)
        self.member(.kind, record.kind, to: &writer)
        self.member(.status, record.status.rawValue, to: &writer)
        self.member(.progress, record.progress, to: &writer)
        self.member(.input, record.input, to: &writer)
        self.member(.result, record.result, to: &writer)
        self.member(.error, record.failure, to: &writer)
        self.member(.metadata, record.metadata, to: &writer)
        self.member(.createdAt, record.createdAt, to: &writer)
        self.member(.startedAt, record.startedAt, to: &writer)
        self.member(.updatedAt, record.updatedAt, to: &writer)
        self.member(.finishedAt, record.finishedAt, to: &writer)
        self.member(.expiresAt, self.expiresAt, to: &writer)
        self.member(.queue, record.queue, to: &writer)
        self.member(.priority, record.priority, to: &writer)
        self.member(.runAfter, record.runAfter, to: &writer)
        self.member(.attempt, record.attempt, to: &writer)
        self.member(.maxAttempts, record.maxAttempts, to: &writer)
        self.member(.backoff, record.backoff, to: &writer)
        self.member(.worker, record.worker, to: &writer)
        self.member(.lease, record.leaseInForce, to: &writer)
        self.member(.leaseExpiresAt, record.leaseExpiresAt, to: &writer)
        self.member(.timeout, record.timeout, to: &writer)
        self.member(.pickupTimeout, record.pickupTimeout, to: &writer)
        self.member(.deadline, record.deadline, to: &writer)
        self.member(.heartbeatAt, record.heartbeatAt, to: &writer)
        self.member(.progressAt, record.progressAt, to: &writer)
        self.member(.estimatedFinishAt, record.estimatedFinishAt, to: &writer)
        self.member(.retain, record.retain, to: &writer)
        self.member(.cancelRequested, record.cancelRequested, to: &writer)
        self.member(.cancelReason, record.cancelReason, to: &writer)
        self.member(.parentID, record.parentID?.text, to: &writer)
        self.member(.traceparent, record.traceparent, to: &writer)
        self.member(.revision, record.revision, to: &writer)
        writer.endObject()
    }

    @inline(__always)
    private func member(_ field: ProcessField, _ value: some JSONWritable, to writer: inout JSONWriter) {
        if self.fields.contains(field) { writer.member(field.name, value) }
    }
}

extension ProcessProgress: JSONWritable {
    /// Writes the numbers and the message.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("fraction", self.fraction)
        writer.member("done", self.done)
        writer.member("total", self.total)
        writer.member("message", self.message)
        writer.endObject()
    }
}

extension ProcessFailure: JSONWritable {
    /// Writes the code, the message and the details as they were sent.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("code", self.code)
        writer.member("message", self.message)
        writer.member("details", self.details)
        writer.endObject()
    }
}

extension ProcessMetadata: JSONWritable {
    /// Writes the labels in the order they were sent.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for entry in self.entries {
            writer.name(escaping: entry.key)
            writer.value(entry.value)
        }
        writer.endObject()
    }
}

extension Backoff: JSONWritable {
    /// Writes the four parts, as a start takes them.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("initial", self.initial)
        writer.member("factor", self.factor)
        writer.member("max", self.max)
        writer.member("jitter", self.jitter)
        writer.endObject()
    }
}

extension Retention: JSONWritable {
    /// Writes a duration, or `forever`.
    public func write(to writer: inout JSONWriter) {
        switch self {
        case .after(let duration): writer.value(duration)
        case .forever: writer.value("forever")
        }
    }
}
