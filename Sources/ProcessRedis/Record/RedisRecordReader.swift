internal import ProcessCore

/// What one hash turned out to be.
enum RedisHash {
    /// A process.
    case record(ProcessRecord)
    /// There is nothing under that key.
    case absent
    /// It is not ours: it has no revision, or is no hash at all.
    case foreign
    /// It is ours and can't be read; the text says why. The status and the revision are as they stand there, for
    /// whoever removes it.
    case corrupt(String, status: String?, revision: String)

    /// What a caller is told of it, where nothing is known of a removed process under that id.
    var lookup: ProcessLookup {
        switch self {
        case .record(let record): .found(record)
        case .absent, .foreign: .missing
        case .corrupt(let reason, _, _): .corrupt(reason)
        }
    }
}

extension RedisReply {
    /// Reads the answer to an `HGETALL` of a process's key.
    ///
    /// - Parameter id: Which process.
    /// - Returns: What is there.
    /// - Throws: Only where Redis answered with an error other than that the key holds something else than a hash.
    mutating func hash(_ id: ProcessID) throws(Surprise) -> RedisHash {
        if self.isError("WRONGTYPE") {
            self.skip()
            return .foreign
        }
        let count = try self.array()
        if count == 0 { return .absent }
        var reader = RedisRecordReader()
        for _ in 0..<(count / 2) {
            let field = try self.optionalBytes { RedisField(name: $0) }
            _ = try self.optionalBytes { value in
                if let field, let field { reader.take(field, value) }
            }
        }
        return reader.finish(id)
    }
}

/// Puts a record together from the fields of its hash, in whatever order they come.
private struct RedisRecordReader {
    private var kind: String?
    private var status: ProcessStatus?
    private var statusText: String?
    private var revision: Int64?
    private var revisionText: String?
    private var progress: ProcessProgress?
    private var input: JSONText?
    private var result: JSONText?
    private var errorCode: String?
    private var errorMessage: String?
    private var errorDetails: JSONText?
    private var metadata = ProcessMetadata()
    private var createdAt: Timestamp?
    private var startedAt: Timestamp?
    private var updatedAt: Timestamp?
    private var finishedAt: Timestamp?
    private var heartbeatAt: Timestamp?
    private var progressAt: Timestamp?
    private var estimatedFinishAt: Timestamp?
    private var queue: String?
    private var priority = 0
    private var runAfter: Timestamp?
    private var attempt: Int?
    private var maxAttempts = 1
    private var backoff: Backoff?
    private var worker: String?
    private var lease: Duration?
    private var claimedLease: Duration?
    private var leaseExpiresAt: Timestamp?
    private var timeout: Duration?
    private var pickupTimeout: Duration?
    private var deadline: Timestamp?
    private var retain: Retention?
    private var cancelRequested = false
    private var cancelReason: String?
    private var parentID: ProcessID?
    private var traceparent: String?
    /// The first thing that was wrong.
    private var fault: String?

    mutating func take(_ field: RedisField, _ value: UnsafeRawBufferPointer) {
        switch field {
        case .kind: self.kind = self.identifier(field, value)
        case .status:
            self.status = ProcessStatus(redisText: value)
            self.statusText = self.status?.rawValue ?? String(decoding: value, as: UTF8.self)
            if self.status == nil { self.blame(field, "is no status") }
        case .revision:
            self.revision = self.integer(field, value)
            self.revisionText = self.revision.map(String.init) ?? String(decoding: value, as: UTF8.self)
        case .progress: self.progress = self.progress ?? ProcessProgress()
        case .progressFraction: self.progress.orEmpty.fraction = self.double(field, value)
        case .progressDone: self.progress.orEmpty.done = self.double(field, value)
        case .progressTotal: self.progress.orEmpty.total = self.double(field, value)
        case .progressMessage: self.progress.orEmpty.message = String(decoding: value, as: UTF8.self)
        case .input: self.input = self.json(field, value)
        case .result: self.result = self.json(field, value)
        case .errorCode: self.errorCode = String(decoding: value, as: UTF8.self)
        case .errorMessage: self.errorMessage = String(decoding: value, as: UTF8.self)
        case .errorDetails: self.errorDetails = self.json(field, value)
        case .metadata:
            if let metadata = ProcessMetadata(redisText: value) {
                self.metadata = metadata
            } else {
                self.blame(field, "is no object of texts")
            }
        case .createdAt: self.createdAt = self.instant(field, value)
        case .startedAt: self.startedAt = self.instant(field, value)
        case .updatedAt: self.updatedAt = self.instant(field, value)
        case .finishedAt: self.finishedAt = self.instant(field, value)
        case .heartbeatAt: self.heartbeatAt = self.instant(field, value)
        case .progressAt: self.progressAt = self.instant(field, value)
        case .estimatedFinishAt: self.estimatedFinishAt = self.instant(field, value)
        case .queue: self.queue = self.identifier(field, value)
        case .priority: self.priority = self.integer(field, value).flatMap(Int.init(exactly:)) ?? 0
        case .runAfter: self.runAfter = self.instant(field, value)
        case .attempt: self.attempt = self.integer(field, value).flatMap(Int.init(exactly:))
        case .maxAttempts: self.maxAttempts = self.integer(field, value).flatMap(Int.init(exactly:)) ?? 1
        case .backoff:
            self.backoff = Backoff(redisText: value)
            if self.backoff == nil { self.blame(field, "is no back-off") }
        case .worker: self.worker = String(decoding: value, as: UTF8.self)
        case .lease: self.lease = self.duration(field, value)
        case .claimedLease: self.claimedLease = self.duration(field, value)
        case .leaseExpiresAt: self.leaseExpiresAt = self.instant(field, value)
        case .timeout: self.timeout = self.duration(field, value)
        case .pickupTimeout: self.pickupTimeout = self.duration(field, value)
        case .deadline: self.deadline = self.instant(field, value)
        case .retain:
            let isForever = value.elementsEqual(Retention.foreverText.utf8)
            self.retain = isForever ? .forever : self.duration(field, value).map { .after($0) }
        case .cancelRequested: self.cancelRequested = value.elementsEqual("true".utf8)
        case .cancelReason: self.cancelReason = String(decoding: value, as: UTF8.self)
        case .parentID: self.parentID = self.identifier(field, value).map { ProcessID(trusted: $0) }
        case .traceparent: self.traceparent = String(decoding: value, as: UTF8.self)
        }
    }

    func finish(_ id: ProcessID) -> RedisHash {
        guard let revisionText = self.revisionText else { return .foreign }
        if let fault { return .corrupt(fault, status: self.statusText, revision: revisionText) }
        guard let revision = self.revision, let kind = self.kind, let status = self.status,
            let createdAt = self.createdAt, let updatedAt = self.updatedAt, let attempt = self.attempt
        else {
            let missing: [(RedisField, Bool)] = [
                (.kind, self.kind == nil), (.status, self.status == nil), (.createdAt, self.createdAt == nil),
                (.updatedAt, self.updatedAt == nil), (.attempt, self.attempt == nil),
            ]
            let names = missing.filter(\.1).map { "\($0.0.name)" }
            return .corrupt(
                "the hash lacks \(names.joined(separator: ", "))", status: self.statusText, revision: revisionText)
        }
        if status.isFinished && self.finishedAt == nil {
            return .corrupt("the hash lacks finished_at", status: self.statusText, revision: revisionText)
        }
        var failure: ProcessFailure?
        if let code = self.errorCode {
            failure = ProcessFailure(code: code, message: self.errorMessage, details: self.errorDetails)
        }
        return .record(
            ProcessRecord(
                id: id, kind: kind, status: status, revision: revision, progress: self.progress, input: self.input,
                result: self.result, failure: failure, metadata: self.metadata, createdAt: createdAt,
                startedAt: self.startedAt, updatedAt: updatedAt, finishedAt: self.finishedAt,
                heartbeatAt: self.heartbeatAt, progressAt: self.progressAt,
                estimatedFinishAt: self.estimatedFinishAt, queue: self.queue, priority: self.priority,
                runAfter: self.runAfter, attempt: attempt, maxAttempts: self.maxAttempts, backoff: self.backoff,
                worker: self.worker, lease: self.lease, claimedLease: self.claimedLease,
                leaseExpiresAt: self.leaseExpiresAt, timeout: self.timeout, pickupTimeout: self.pickupTimeout,
                deadline: self.deadline, retain: self.retain, cancelRequested: self.cancelRequested,
                cancelReason: self.cancelReason, parentID: self.parentID, traceparent: self.traceparent))
    }

    private mutating func blame(_ field: RedisField, _ what: String) {
        if self.fault == nil { self.fault = "\(field.name) \(what)" }
    }

    private mutating func integer(_ field: RedisField, _ value: UnsafeRawBufferPointer) -> Int64? {
        let number = Int64(decimal: value)
        if number == nil { self.blame(field, "is no whole number") }
        return number
    }

    private mutating func instant(_ field: RedisField, _ value: UnsafeRawBufferPointer) -> Timestamp? {
        self.integer(field, value).map { Timestamp(milliseconds: $0) }
    }

    private mutating func duration(_ field: RedisField, _ value: UnsafeRawBufferPointer) -> Duration? {
        self.integer(field, value).map { .milliseconds($0) }
    }

    private mutating func double(_ field: RedisField, _ value: UnsafeRawBufferPointer) -> Double? {
        let number = Double(String(decoding: value, as: UTF8.self))
        if number == nil { self.blame(field, "is no number") }
        return number
    }

    /// Anybody may edit a hash in Redis, and one payload that is no JSON would make the whole answer none.
    private mutating func json(_ field: RedisField, _ value: UnsafeRawBufferPointer) -> JSONText? {
        do {
            return try JSONText(validating: value)
        } catch {
            self.blame(field, "is no JSON: \(error.message)")
            return nil
        }
    }

    private mutating func identifier(_ field: RedisField, _ value: UnsafeRawBufferPointer) -> String? {
        let text = String(decoding: value, as: UTF8.self)
        if !IdentifierShape.matches(text) { self.blame(field, "is no identifier") }
        return text
    }
}

extension ProcessStatus {
    /// Reads a status without making a text of it first.
    init?(redisText bytes: UnsafeRawBufferPointer) {
        // The first letters tell which one it can be.
        let status: ProcessStatus
        switch bytes.first {
        case UInt8(ascii: "p"): status = .pending
        case UInt8(ascii: "r"): status = .running
        case UInt8(ascii: "f"): status = .failed
        case UInt8(ascii: "c"): status = bytes.count > 1 && bytes[1] == UInt8(ascii: "o") ? .completed : .cancelled
        default: return nil
        }
        guard bytes.elementsEqual(status.rawValue.utf8) else { return nil }
        self = status
    }
}

extension ProcessProgress? {
    /// The progress, empty where there was none yet.
    fileprivate var orEmpty: ProcessProgress {
        get { self ?? ProcessProgress() }
        set { self = newValue }
    }
}
