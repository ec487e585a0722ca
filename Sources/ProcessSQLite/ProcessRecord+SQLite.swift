internal import ProcessCore

// A record as a row, and back. Each column holds one attribute exactly, so what comes back equals what went in.
extension SQLiteStatement {
    /// Inputs longer than this live in a table of their own: a change of a process writes its whole row again.
    static let largestInlineInput = 1024

    /// Binds everything that a process is started with and that never changes.
    func bindConstants(of record: ProcessRecord) {
        self.bind(record.id.text, at: ProcessColumn.id.parameter)
        self.bind(record.kind, at: ProcessColumn.kind.parameter)
        self.bind(record.queue, to: .queue)
        self.bind(record.priority, at: ProcessColumn.priority.parameter)
        self.bind(record.createdAt, to: .createdAt)
        if let backoff = record.backoff { self.bind(BackoffText.write(backoff), to: .backoff) }
        self.bind(record.lease, to: .lease)
        self.bind(record.timeout, to: .timeout)
        self.bind(record.pickupTimeout, to: .pickupTimeout)
        self.bind(record.parentID?.text, to: .parentID)
        self.bind(record.traceparent, to: .traceparent)
        if !record.metadata.isEmpty { self.bind(MetadataText.write(record.metadata), to: .metadata) }
        let isLarge = (record.input?.count ?? 0) > Self.largestInlineInput
        self.bind(isLarge, to: .hasLargeInput)
        if !isLarge { self.bind(record.input, to: .input) }
    }

    /// Binds everything that a change may have changed.
    ///
    /// - Parameters:
    ///   - record: The process.
    ///   - now: The store's time, which says whether the process is still delayed.
    func bindVariables(of record: ProcessRecord, at now: Timestamp) {
        self.bind(record.status.rawValue, at: ProcessColumn.status.parameter)
        self.bind(record.revision, at: ProcessColumn.revision.parameter)
        self.bind(record.isDelayed(at: now), to: .isDelayed)
        self.bind(record.updatedAt, to: .updatedAt)
        self.bind(record.startedAt, to: .startedAt)
        self.bind(record.finishedAt, to: .finishedAt)
        self.bind(record.heartbeatAt, to: .heartbeatAt)
        self.bind(record.progressAt, to: .progressAt)
        self.bind(record.estimatedFinishAt, to: .estimatedFinishAt)
        self.bind(record.runAfter, to: .runAfter)
        self.bind(record.leaseExpiresAt, to: .leaseExpiresAt)
        self.bind(record.deadline, to: .deadline)
        self.bind(record.expiresAt, to: .expiresAt)
        self.bind(record.attempt, at: ProcessColumn.attempt.parameter)
        self.bind(record.maxAttempts, at: ProcessColumn.maxAttempts.parameter)
        self.bind(record.worker, to: .worker)
        self.bind(record.claimedLease, to: .claimedLease)
        switch record.retain {
        case .after(let duration): self.bind(duration, to: .retain)
        case .forever: self.bind(Retention.foreverText, to: .retain)
        case nil: break
        }
        self.bind(record.cancelRequested, to: .cancelRequested)
        self.bind(record.cancelReason, to: .cancelReason)
        self.bind(record.progress != nil, to: .hasProgress)
        if let progress = record.progress {
            self.bind(progress.fraction, to: .progressFraction)
            self.bind(progress.done, to: .progressDone)
            self.bind(progress.total, to: .progressTotal)
            self.bind(progress.message, to: .progressMessage)
        }
        if let failure = record.failure {
            self.bind(failure.code, to: .errorCode)
            self.bind(failure.message, to: .errorMessage)
            self.bind(failure.details, to: .errorDetails)
        }
        self.bind(record.result, to: .result)
    }

    private func bind(_ value: String?, to column: ProcessColumn) {
        if let value { self.bind(value, at: column.parameter) }
    }

    private func bind(_ value: Timestamp?, to column: ProcessColumn) {
        if let value { self.bind(value.milliseconds, at: column.parameter) }
    }

    private func bind(_ value: Duration?, to column: ProcessColumn) {
        if let value { self.bind(value.milliseconds, at: column.parameter) }
    }

    private func bind(_ value: Double?, to column: ProcessColumn) {
        if let value { self.bind(value, at: column.parameter) }
    }

    private func bind(_ value: Bool, to column: ProcessColumn) {
        self.bind(value ? 1 : 0, at: column.parameter)
    }

    private func bind(_ value: JSONText?, to column: ProcessColumn) {
        value?.withUnsafeBytes { self.bind($0, at: column.parameter) }
    }
}

extension ProcessRecord {
    /// Whether it waits for a time that has not come.
    func isDelayed(at now: Timestamp) -> Bool { self.status == .pending && !self.isDue(at: now) }
}

extension Retention {
    /// How `forever` stands in a row.
    static let foreverText = "forever"
}

/// A row that is ours and that no record comes of, because somebody else wrote to it.
struct UnreadableRow: Error {
    /// The id in the row.
    let id: ProcessID
    /// What is wrong with it.
    let reason: String
}

/// Reads the row a query for whole records stands at.
struct ProcessRowReader {
    private let statement: SQLiteStatement

    init(_ statement: SQLiteStatement) {
        self.statement = statement
    }

    /// The number of the row.
    var row: Int64 { self.statement.integer(at: ProcessColumn.row.place) }

    /// The record in the row.
    ///
    /// - Throws: `UnreadableRow` where an attribute has a value that this program never writes.
    func record() throws(UnreadableRow) -> ProcessRecord {
        let id = ProcessID(trusted: self.text(.id) ?? "")
        do {
            return try self.record(id)
        } catch {
            throw UnreadableRow(id: id, reason: error.reason)
        }
    }

    private struct Flaw: Error {
        let reason: String

        init(_ column: ProcessColumn, _ problem: String) {
            self.reason = "\(column.name) \(problem)"
        }
    }

    private func record(_ id: ProcessID) throws(Flaw) -> ProcessRecord {
        guard ProcessID(id.text) != nil else { throw Flaw(.id, "is no identifier") }
        guard let status = self.text(.status).flatMap(ProcessStatus.init(rawValue:)) else {
            throw Flaw(.status, "is no status")
        }
        let metadata = try self.metadata()
        return ProcessRecord(
            id: id, kind: self.text(.kind) ?? "", status: status, revision: self.integer(.revision),
            progress: self.progress(), input: try self.json(.input), result: try self.json(.result),
            failure: try self.failure(), metadata: metadata, createdAt: self.time(self.integer(.createdAt)),
            startedAt: self.time(.startedAt), updatedAt: self.time(self.integer(.updatedAt)),
            finishedAt: self.time(.finishedAt), heartbeatAt: self.time(.heartbeatAt),
            progressAt: self.time(.progressAt), estimatedFinishAt: self.time(.estimatedFinishAt),
            queue: self.text(.queue), priority: Int(self.integer(.priority)), runAfter: self.time(.runAfter),
            attempt: Int(self.integer(.attempt)), maxAttempts: Int(self.integer(.maxAttempts)),
            backoff: try self.backoff(), worker: self.text(.worker), lease: self.duration(.lease),
            claimedLease: self.duration(.claimedLease), leaseExpiresAt: self.time(.leaseExpiresAt),
            timeout: self.duration(.timeout), pickupTimeout: self.duration(.pickupTimeout),
            deadline: self.time(.deadline), retain: try self.retain(),
            cancelRequested: self.integer(.cancelRequested) != 0, cancelReason: self.text(.cancelReason),
            parentID: self.text(.parentID).map(ProcessID.init(trusted:)), traceparent: self.text(.traceparent))
    }

    private func isNull(_ column: ProcessColumn) -> Bool { self.statement.isNull(at: column.place) }

    private func integer(_ column: ProcessColumn) -> Int64 { self.statement.integer(at: column.place) }

    private func text(_ column: ProcessColumn) -> String? { self.statement.text(at: column.place) }

    private func double(_ column: ProcessColumn) -> Double? {
        self.isNull(column) ? nil : self.statement.double(at: column.place)
    }

    private func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private func time(_ column: ProcessColumn) -> Timestamp? {
        self.isNull(column) ? nil : self.time(self.integer(column))
    }

    private func duration(_ column: ProcessColumn) -> Duration? {
        self.isNull(column) ? nil : .milliseconds(self.integer(column))
    }

    private func json(_ column: ProcessColumn) throws(Flaw) -> JSONText? {
        do {
            return try self.statement.withText(at: column.place) { bytes throws(JSONError) in
                guard let bytes else { return nil }
                return try JSONText(validating: bytes)
            }
        } catch {
            throw Flaw(column, "is no JSON")
        }
    }

    private func progress() -> ProcessProgress? {
        guard self.integer(.hasProgress) != 0 else { return nil }
        return ProcessProgress(
            fraction: self.double(.progressFraction), done: self.double(.progressDone),
            total: self.double(.progressTotal), message: self.text(.progressMessage))
    }

    private func failure() throws(Flaw) -> ProcessFailure? {
        guard let code = self.text(.errorCode) else { return nil }
        return ProcessFailure(code: code, message: self.text(.errorMessage), details: try self.json(.errorDetails))
    }

    private func retain() throws(Flaw) -> Retention? {
        if self.isNull(.retain) { return nil }
        if self.statement.isInteger(at: ProcessColumn.retain.place) {
            return .after(.milliseconds(self.integer(.retain)))
        }
        guard self.text(.retain) == Retention.foreverText else { throw Flaw(.retain, "is no duration") }
        return .forever
    }

    private func metadata() throws(Flaw) -> ProcessMetadata {
        guard let text = try self.json(.metadata) else { return ProcessMetadata() }
        guard let metadata = MetadataText.read(text) else { throw Flaw(.metadata, "is no object of texts") }
        return metadata
    }

    private func backoff() throws(Flaw) -> Backoff? {
        guard let text = try self.json(.backoff) else { return nil }
        guard let backoff = BackoffText.read(text) else { throw Flaw(.backoff, "is no back-off") }
        return backoff
    }
}

/// Metadata as a JSON object, in its order.
private enum MetadataText {
    static func write(_ metadata: ProcessMetadata) -> JSONText {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        for entry in metadata.entries {
            writer.name(escaping: entry.key)
            writer.value(entry.value)
        }
        writer.endObject()
        return JSONText(unchecked: writer.finish())
    }

    static func read(_ text: JSONText) -> ProcessMetadata? {
        guard text.kind == .object, var members = try? JSONObject(parsing: text.bytes) else { return nil }
        var entries: [ProcessMetadata.Entry] = []
        for member in members.takeRemaining() {
            guard let value = try? member.value.string() else { return nil }
            entries.append(ProcessMetadata.Entry(key: member.name, value: value))
        }
        return ProcessMetadata(entries)
    }
}

/// A back-off as a JSON object.
private enum BackoffText {
    static func write(_ backoff: Backoff) -> JSONText {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.member("initial_ms", backoff.initial.milliseconds)
        writer.member("factor", backoff.factor)
        writer.member("max_ms", backoff.max.milliseconds)
        writer.member("jitter", backoff.jitter)
        writer.endObject()
        return JSONText(unchecked: writer.finish())
    }

    static func read(_ text: JSONText) -> Backoff? {
        guard text.kind == .object, var members = try? JSONObject(parsing: text.bytes),
            let initial = try? members.takeInteger("initial_ms"), let factor = try? members.takeDouble("factor"),
            let max = try? members.takeInteger("max_ms"), let jitter = try? members.takeDouble("jitter")
        else { return nil }
        return Backoff(initial: .milliseconds(initial), factor: factor, max: .milliseconds(max), jitter: jitter)
    }
}
