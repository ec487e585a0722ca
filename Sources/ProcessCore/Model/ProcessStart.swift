/// What a caller asks for when it starts a process; checked by the layer that read it.
public struct ProcessStart: Hashable, Sendable {
    /// The time before which a process can't be claimed, as it was asked for.
    public enum RunAfter: Hashable, Sendable {
        /// At this time.
        case at(Timestamp)
        /// This long after the start.
        case delay(Duration)
    }

    /// The caller's own id; `nil` has one made.
    public var id: ProcessID?
    /// What sort of work it is.
    public var kind: String
    /// What the work is started with.
    public var input: JSONText?
    /// The caller's labels.
    public var metadata = ProcessMetadata()
    /// Where a worker claims it from; `nil` where the caller does the work.
    public var queue: String?
    /// -100…100; the higher one is claimed first.
    public var priority = 0
    /// The time before which it can't be claimed.
    public var runAfter: RunAfter?
    /// How many attempts there may be in all, 1 or more.
    public var maxAttempts = 1
    /// The wait between two attempts.
    public var backoff: Backoff?
    /// The longest silence while running.
    public var lease: Duration?
    /// The longest wait for a worker.
    public var pickupTimeout: Duration?
    /// The longest run of one attempt.
    public var timeout: Duration?
    /// How long it is kept once finished.
    public var retain: Retention?
    /// An existing process that this one is a part of.
    public var parentID: ProcessID?
    /// Who does the work.
    public var worker: String?
    /// The W3C trace context of the caller.
    public var traceparent: String?

    /// Asks for a process of a kind, everything else as it is by default.
    public init(kind: String) {
        self.kind = kind
    }
}

extension ProcessRecord {
    /// The process as it begins: `pending` in its queue, or `running` at once, attempt 1, where it has none.
    ///
    /// - Parameters:
    ///   - start: What was asked for.
    ///   - id: What it will be known by.
    ///   - now: The store's time.
    public init(starting start: ProcessStart, as id: ProcessID, at now: Timestamp) {
        let runAfter: Timestamp? =
            switch start.runAfter {
            case .at(let time): time
            case .delay(let delay): delay == .zero ? nil : now + delay
            case nil: nil
            }
        self.init(
            id: id, kind: start.kind, status: .pending, revision: 1, input: start.input, metadata: start.metadata,
            createdAt: now, updatedAt: now, queue: start.queue, priority: start.priority, attempt: 0,
            maxAttempts: start.maxAttempts, backoff: start.backoff, lease: start.lease, timeout: start.timeout,
            pickupTimeout: start.pickupTimeout, retain: start.retain, parentID: start.parentID,
            traceparent: start.traceparent)
        if start.queue == nil {
            self.run(worker: start.worker, at: now)
        } else {
            self.wait(until: runAfter, at: now)
            self.worker = start.worker
        }
    }
}
