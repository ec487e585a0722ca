/// The members of a process in answers, in their order.
enum ProcessField: UInt64, CaseIterable {
    case processID
    case kind
    case status
    case progress
    case input
    case result
    case error
    case metadata
    case createdAt
    case startedAt
    case updatedAt
    case finishedAt
    case expiresAt
    case queue
    case priority
    case runAfter
    case attempt
    case maxAttempts
    case backoff
    case worker
    case lease
    case leaseExpiresAt
    case timeout
    case pickupTimeout
    case deadline
    case heartbeatAt
    case progressAt
    case estimatedFinishAt
    case retain
    case cancelRequested
    case cancelReason
    case parentID
    case traceparent
    case revision

    /// The member's name.
    @inline(__always)
    var name: StaticString {
        switch self {
        case .processID: "process_id"
        case .kind: "kind"
        case .status: "status"
        case .progress: "progress"
        case .input: "input"
        case .result: "result"
        case .error: "error"
        case .metadata: "metadata"
        case .createdAt: "created_at"
        case .startedAt: "started_at"
        case .updatedAt: "updated_at"
        case .finishedAt: "finished_at"
        case .expiresAt: "expires_at"
        case .queue: "queue"
        case .priority: "priority"
        case .runAfter: "run_after"
        case .attempt: "attempt"
        case .maxAttempts: "max_attempts"
        case .backoff: "backoff"
        case .worker: "worker"
        case .lease: "lease"
        case .leaseExpiresAt: "lease_expires_at"
        case .timeout: "timeout"
        case .pickupTimeout: "pickup_timeout"
        case .deadline: "deadline"
        case .heartbeatAt: "heartbeat_at"
        case .progressAt: "progress_at"
        case .estimatedFinishAt: "estimated_finish_at"
        case .retain: "retain"
        case .cancelRequested: "cancel_requested"
        case .cancelReason: "cancel_reason"
        case .parentID: "parent_id"
        case .traceparent: "traceparent"
        case .revision: "revision"
        }
    }
}

/// Which members of a process an answer shows.
struct ProcessFields: OptionSet {
    let rawValue: UInt64

    /// Every member.
    static let all = ProcessFields(rawValue: .max)

    /// What tells a process's identity.
    static let processID = ProcessFields(.processID)
    /// Where it is in its life.
    static let status = ProcessFields(.status)
    /// Which attempt it is at.
    static let attempt = ProcessFields(.attempt)
    /// Its `ETag`.
    static let revision = ProcessFields(.revision)

    /// Takes the bits.
    init(rawValue: UInt64) { self.rawValue = rawValue }

    private init(_ field: ProcessField) { self.rawValue = 1 << field.rawValue }

    /// Whether a member is shown.
    @inline(__always)
    func contains(_ field: ProcessField) -> Bool { self.rawValue & 1 << field.rawValue != 0 }

    /// Takes the members that `fields` names in a query.
    ///
    /// - Parameters:
    ///   - query: The parameters.
    ///   - added: A member that this answer has besides, and shows in any case.
    /// - Returns: The members; all of them where the query says nothing.
    /// - Throws: A problem that names what is no member.
    static func take(
        from query: inout QueryParameters, besides added: String? = nil
    ) throws(Problem) -> ProcessFields {
        guard let names = try query.takeList("fields") else { return .all }
        var fields: ProcessFields = []
        for name in names where name != added {
            guard let field = ProcessField.allCases.first(where: { $0.name.description == name }) else {
                throw .unknownField(name, "is not a field of a process")
            }
            fields.insert(ProcessFields(field))
        }
        return fields
    }
}
