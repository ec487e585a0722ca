public import ProcessCore

extension ProcessRecord {
    /// Writes the process as answers show it, its payloads as they were sent.
    ///
    /// - Parameters:
    ///   - writer: What to write to.
    ///   - policy: How long things stay, which says when it expires.
    ///   - fields: Its members to show.
    ///   - more: Writes members behind its own.
    func write(
        to writer: inout JSONWriter, policy: CleanupPolicy, fields: ProcessFields = .all,
        more: (inout JSONWriter) -> Void = { _ in }
    ) {
        writer.beginObject()
        fields.member(.processID, self.id.text, to: &writer)
        fields.member(.kind, self.kind, to: &writer)
        fields.member(.status, self.status.rawValue, to: &writer)
        fields.member(.progress, self.progress, to: &writer)
        fields.member(.input, self.input, to: &writer)
        fields.member(.result, self.result, to: &writer)
        fields.member(.error, self.failure, to: &writer)
        fields.member(.metadata, self.metadata, to: &writer)
        fields.member(.createdAt, self.createdAt, to: &writer)
        fields.member(.startedAt, self.startedAt, to: &writer)
        fields.member(.updatedAt, self.updatedAt, to: &writer)
        fields.member(.finishedAt, self.finishedAt, to: &writer)
        fields.member(.expiresAt, policy.expiry(of: self), to: &writer)
        fields.member(.queue, self.queue, to: &writer)
        fields.member(.priority, self.priority, to: &writer)
        fields.member(.runAfter, self.runAfter, to: &writer)
        fields.member(.attempt, self.attempt, to: &writer)
        fields.member(.maxAttempts, self.maxAttempts, to: &writer)
        fields.member(.backoff, self.backoff, to: &writer)
        fields.member(.worker, self.worker, to: &writer)
        fields.member(.lease, self.leaseInForce, to: &writer)
        fields.member(.leaseExpiresAt, self.leaseExpiresAt, to: &writer)
        fields.member(.timeout, self.timeout, to: &writer)
        fields.member(.pickupTimeout, self.pickupTimeout, to: &writer)
        fields.member(.deadline, self.deadline, to: &writer)
        fields.member(.heartbeatAt, self.heartbeatAt, to: &writer)
        fields.member(.progressAt, self.progressAt, to: &writer)
        fields.member(.estimatedFinishAt, self.estimatedFinishAt, to: &writer)
        fields.member(.retain, self.retain, to: &writer)
        fields.member(.cancelRequested, self.cancelRequested, to: &writer)
        fields.member(.cancelReason, self.cancelReason, to: &writer)
        fields.member(.parentID, self.parentID?.text, to: &writer)
        fields.member(.traceparent, self.traceparent, to: &writer)
        fields.member(.revision, self.revision, to: &writer)
        more(&writer)
        writer.endObject()
    }
}

extension ProcessFields {
    @inline(__always)
    fileprivate func member(_ field: ProcessField, _ value: some JSONWritable, to writer: inout JSONWriter) {
        if self.contains(field) { writer.member(field.name, value) }
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
