internal import ProcessCore

extension RedisCommands {
    /// Adds the name and the value of every field that a record has.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - onlyMutable: Whether to leave out what never changes after the start.
    /// - Returns: Which fields were added.
    @discardableResult
    mutating func addFields(of record: ProcessRecord, onlyMutable: Bool = false) -> RedisFieldSet {
        var fields = FieldWriter(commands: self)
        // The one array must not be shared while it is appended to, or it is copied.
        self = RedisCommands(capacity: 0)
        if !onlyMutable { fields.addFixed(of: record) }
        fields.addMutable(of: record)
        self = fields.commands
        return fields.present
    }

    /// Adds the names of the fields that a change may have removed.
    mutating func addMutableFields(notIn present: RedisFieldSet) {
        for field in RedisField.mutable where !present.contains(field) { self.add(field.name) }
    }
}

private struct FieldWriter {
    var commands: RedisCommands
    var present = RedisFieldSet()

    mutating func addFixed(of record: ProcessRecord) {
        self.add(.kind, record.kind)
        self.add(.createdAt, record.createdAt)
        self.add(.input, record.input)
        if !record.metadata.isEmpty { self.add(.metadata, record.metadata.redisText) }
        self.add(.queue, record.queue)
        if record.priority != 0 { self.add(.priority, Int64(record.priority)) }
        if let backoff = record.backoff { self.add(.backoff, backoff.redisText) }
        self.add(.lease, record.lease)
        self.add(.timeout, record.timeout)
        self.add(.pickupTimeout, record.pickupTimeout)
        self.add(.parentID, record.parentID?.text)
        self.add(.traceparent, record.traceparent)
    }

    mutating func addMutable(of record: ProcessRecord) {
        self.add(.status, record.status.rawValue)
        self.add(.revision, record.revision)
        if let progress = record.progress { self.add(progress) }
        self.add(.result, record.result)
        if let failure = record.failure {
            self.add(.errorCode, failure.code)
            self.add(.errorMessage, failure.message)
            self.add(.errorDetails, failure.details)
        }
        self.add(.startedAt, record.startedAt)
        self.add(.updatedAt, record.updatedAt)
        self.add(.finishedAt, record.finishedAt)
        self.add(.heartbeatAt, record.heartbeatAt)
        self.add(.progressAt, record.progressAt)
        self.add(.estimatedFinishAt, record.estimatedFinishAt)
        self.add(.runAfter, record.runAfter)
        self.add(.attempt, Int64(record.attempt))
        if record.maxAttempts != 1 { self.add(.maxAttempts, Int64(record.maxAttempts)) }
        self.add(.worker, record.worker)
        self.add(.claimedLease, record.claimedLease)
        self.add(.leaseExpiresAt, record.leaseExpiresAt)
        self.add(.deadline, record.deadline)
        switch record.retain {
        case .after(let duration): self.add(.retain, duration)
        case .forever: self.add(.retain, Retention.foreverText)
        case nil: break
        }
        if record.cancelRequested { self.add(.cancelRequested, "true") }
        self.add(.cancelReason, record.cancelReason)
    }

    private mutating func add(_ progress: ProcessProgress) {
        self.add(.progressFraction, progress.fraction)
        self.add(.progressDone, progress.done)
        self.add(.progressTotal, progress.total)
        self.add(.progressMessage, progress.message)
        // What is there but says nothing is not the same as what is not there.
        if progress == ProcessProgress() { self.add(.progress, "{}") }
    }

    private mutating func add(_ field: RedisField, _ text: String?) {
        guard let text else { return }
        self.begin(field)
        self.commands.add(text)
    }

    private mutating func add(_ field: RedisField, _ number: Int64) {
        self.begin(field)
        self.commands.add(number)
    }

    private mutating func add(_ field: RedisField, _ instant: Timestamp?) {
        guard let instant else { return }
        self.add(field, instant.milliseconds)
    }

    private mutating func add(_ field: RedisField, _ duration: Duration?) {
        guard let duration else { return }
        self.add(field, duration.milliseconds)
    }

    private mutating func add(_ field: RedisField, _ json: JSONText?) {
        guard let json else { return }
        self.begin(field)
        self.commands.add(json.bytes)
    }

    private mutating func add(_ field: RedisField, _ number: Double?) {
        guard let number else { return }
        // Whole numbers read better without the fraction that Swift's text of a Double always has.
        if let whole = Int64(exactly: number) {
            self.add(field, whole)
        } else {
            self.add(field, number.description)
        }
    }

    private mutating func begin(_ field: RedisField) {
        self.present.insert(field)
        self.commands.add(field.name)
    }
}

extension Retention {
    /// The value of the field `retain` where it is no number of milliseconds.
    static let foreverText = "forever"
}

extension ProcessMetadata {
    /// The labels as a JSON object, in their order.
    var redisText: String {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        for entry in self.entries {
            writer.name(escaping: entry.key)
            writer.value(entry.value)
        }
        writer.endObject()
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    /// Reads the labels back.
    init?(redisText bytes: UnsafeRawBufferPointer) {
        guard var object = try? JSONObject(parsing: [UInt8](bytes)) else { return nil }
        var entries: [Entry] = []
        for (name, value) in object.takeRemaining() {
            guard let text = try? value.string() else { return nil }
            entries.append(Entry(key: name, value: text))
        }
        self.init(entries)
    }
}

extension Backoff {
    /// The back-off as a JSON object, as the API shows it.
    var redisText: String {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.member("initial", self.initial.text)
        writer.member("factor", self.factor)
        writer.member("max", self.max.text)
        writer.member("jitter", self.jitter)
        writer.endObject()
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    /// Reads a back-off back.
    init?(redisText bytes: UnsafeRawBufferPointer) {
        guard var object = try? JSONObject(parsing: [UInt8](bytes)),
            let initial = try? object.takeDuration("initial", zeroAllowed: true),
            let factor = try? object.takeDouble("factor"),
            let max = try? object.takeDuration("max", zeroAllowed: true),
            let jitter = try? object.takeDouble("jitter")
        else { return nil }
        self.init(initial: initial, factor: factor, max: max, jitter: jitter)
    }
}
