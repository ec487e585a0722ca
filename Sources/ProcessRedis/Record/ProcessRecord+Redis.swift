internal import ProcessCore

extension RedisCommands {
    /// Adds the name and the value of every field that a record has.
    ///
    /// - Parameter record: The record.
    mutating func addFields(of record: ProcessRecord) {
        self.withFieldWriter { fields in
            fields.addFixed(of: record)
            fields.addMutable(of: record, from: nil)
        }
    }

    /// Adds the name and the value of every field that a change has set.
    ///
    /// - Parameters:
    ///   - record: The record after the change.
    ///   - old: The record before it.
    /// - Returns: The fields that the record does not have any more, which are not added.
    mutating func addChanges(of record: ProcessRecord, from old: ProcessRecord) -> [RedisField] {
        self.withFieldWriter { fields in
            fields.addMutable(of: record, from: old)
            return fields.removed
        }
    }

    private mutating func withFieldWriter<Result>(_ body: (inout FieldWriter) -> Result) -> Result {
        var fields = FieldWriter(commands: self)
        // The one array must not be shared while it is appended to, or it is copied.
        self = RedisCommands(capacity: 0)
        defer { self = fields.commands }
        return body(&fields)
    }
}

private struct FieldWriter {
    var commands: RedisCommands
    var removed: [RedisField] = []

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

    /// Adds what is different from an old record, or all of it where there is none.
    mutating func addMutable(of record: ProcessRecord, from old: ProcessRecord?) {
        self.add(.status, record.status.rawValue, was: old?.status.rawValue)
        self.add(.revision, record.revision, was: old?.revision)
        self.add(record.progress, was: old?.progress)
        self.add(.result, record.result, was: old?.result)
        self.add(.errorCode, record.failure?.code, was: old?.failure?.code)
        self.add(.errorMessage, record.failure?.message, was: old?.failure?.message)
        self.add(.errorDetails, record.failure?.details, was: old?.failure?.details)
        self.add(.startedAt, record.startedAt, was: old?.startedAt)
        self.add(.updatedAt, record.updatedAt, was: old?.updatedAt)
        self.add(.finishedAt, record.finishedAt, was: old?.finishedAt)
        self.add(.heartbeatAt, record.heartbeatAt, was: old?.heartbeatAt)
        self.add(.progressAt, record.progressAt, was: old?.progressAt)
        self.add(.estimatedFinishAt, record.estimatedFinishAt, was: old?.estimatedFinishAt)
        self.add(.runAfter, record.runAfter, was: old?.runAfter)
        self.add(.attempt, Int64(record.attempt), was: old.map { Int64($0.attempt) })
        self.add(.maxAttempts, record.redisMaxAttempts, was: old?.redisMaxAttempts)
        self.add(.worker, record.worker, was: old?.worker)
        self.add(.claimedLease, record.claimedLease, was: old?.claimedLease)
        self.add(.leaseExpiresAt, record.leaseExpiresAt, was: old?.leaseExpiresAt)
        self.add(.deadline, record.deadline, was: old?.deadline)
        self.add(.retain, record.retain?.redisText, was: old?.retain?.redisText)
        self.add(.cancelRequested, record.redisCancelRequested, was: old?.redisCancelRequested)
        self.add(.cancelReason, record.cancelReason, was: old?.cancelReason)
    }

    private mutating func add(_ progress: ProcessProgress?, was old: ProcessProgress?) {
        self.add(.progressFraction, progress?.fraction, was: old?.fraction)
        self.add(.progressDone, progress?.done, was: old?.done)
        self.add(.progressTotal, progress?.total, was: old?.total)
        self.add(.progressMessage, progress?.message, was: old?.message)
        // What is there but says nothing is not the same as what is not there.
        let empty = ProcessProgress()
        self.add(.progress, progress == empty ? "{}" : nil, was: old == empty ? "{}" : nil)
    }

    private mutating func add<Value: RedisFieldValue & Equatable>(
        _ field: RedisField, _ value: Value?, was old: Value? = nil
    ) {
        guard value != old else { return }
        if let value {
            self.commands.add(field.name)
            value.add(to: &self.commands)
        } else {
            self.removed.append(field)
        }
    }
}

/// What the hash of a process can hold.
private protocol RedisFieldValue {
    /// Adds its text as an argument.
    func add(to commands: inout RedisCommands)
}

extension String: RedisFieldValue {
    fileprivate func add(to commands: inout RedisCommands) { commands.add(self) }
}

extension Int64: RedisFieldValue {
    fileprivate func add(to commands: inout RedisCommands) { commands.add(self) }
}

extension Double: RedisFieldValue {
    /// Whole numbers read better without the fraction that Swift's text of a Double always has.
    fileprivate func add(to commands: inout RedisCommands) {
        if let whole = Int64(exactly: self) { commands.add(whole) } else { commands.add(self.description) }
    }
}

extension Timestamp: RedisFieldValue {
    fileprivate func add(to commands: inout RedisCommands) { commands.add(self.milliseconds) }
}

extension Duration: RedisFieldValue {
    fileprivate func add(to commands: inout RedisCommands) { commands.add(self.milliseconds) }
}

extension JSONText: RedisFieldValue {
    fileprivate func add(to commands: inout RedisCommands) { commands.add(self.bytes) }
}

extension ProcessRecord {
    /// `nil` where there is but one attempt, as is usual.
    fileprivate var redisMaxAttempts: Int64? { self.maxAttempts == 1 ? nil : Int64(self.maxAttempts) }

    fileprivate var redisCancelRequested: String? { self.cancelRequested ? "true" : nil }
}

extension Retention {
    /// The value of the field `retain` where it is no number of milliseconds.
    static let foreverText = "forever"

    fileprivate var redisText: String {
        switch self {
        case .after(let duration): String(duration.milliseconds)
        case .forever: Self.foreverText
        }
    }
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
