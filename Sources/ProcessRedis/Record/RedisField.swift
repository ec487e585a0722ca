internal import Glibc

/// The fields of a process's hash: the API's own names, so that `HGETALL` in `redis-cli` reads like an answer.
///
/// Times and durations are whole milliseconds (the unit of every score, so both can be compared by eye and by script),
/// payloads are the JSON they came as, labels and back-off are JSON objects. What a process does not have is not there.
enum RedisField: UInt8, CaseIterable {
    case kind, status, revision
    case progress, progressFraction, progressDone, progressTotal, progressMessage
    case input, result, errorCode, errorMessage, errorDetails, metadata
    case createdAt, startedAt, updatedAt, finishedAt, heartbeatAt, progressAt, estimatedFinishAt
    case queue, priority, runAfter, attempt, maxAttempts, backoff
    case worker, lease, claimedLease, leaseExpiresAt, timeout, pickupTimeout, deadline
    case retain, cancelRequested, cancelReason, parentID, traceparent

    /// The name in the hash.
    var name: StaticString {
        switch self {
        case .kind: "kind"
        case .status: "status"
        case .revision: "revision"
        case .progress: "progress"
        case .progressFraction: "progress_fraction"
        case .progressDone: "progress_done"
        case .progressTotal: "progress_total"
        case .progressMessage: "progress_message"
        case .input: "input"
        case .result: "result"
        case .errorCode: "error_code"
        case .errorMessage: "error_message"
        case .errorDetails: "error_details"
        case .metadata: "metadata"
        case .createdAt: "created_at"
        case .startedAt: "started_at"
        case .updatedAt: "updated_at"
        case .finishedAt: "finished_at"
        case .heartbeatAt: "heartbeat_at"
        case .progressAt: "progress_at"
        case .estimatedFinishAt: "estimated_finish_at"
        case .queue: "queue"
        case .priority: "priority"
        case .runAfter: "run_after"
        case .attempt: "attempt"
        case .maxAttempts: "max_attempts"
        case .backoff: "backoff"
        case .worker: "worker"
        case .lease: "lease"
        case .claimedLease: "claimed_lease"
        case .leaseExpiresAt: "lease_expires_at"
        case .timeout: "timeout"
        case .pickupTimeout: "pickup_timeout"
        case .deadline: "deadline"
        case .retain: "retain"
        case .cancelRequested: "cancel_requested"
        case .cancelReason: "cancel_reason"
        case .parentID: "parent_id"
        case .traceparent: "traceparent"
        }
    }

    /// Finds a field by its name; `nil` where it is none of ours, as a later version's may be.
    ///
    /// - Parameter name: A name from a hash.
    @inline(__always)
    init?(name: UnsafeRawBufferPointer) {
        guard name.count >= 4 else { return nil }
        let slot = Self.slot(of: name)
        guard let field = Self.bySlot[slot] else { return nil }
        let own = field.name
        guard own.utf8CodeUnitCount == name.count, let start = name.baseAddress,
            memcmp(start, own.utf8Start, name.count) == 0
        else { return nil }
        self = field
    }

    /// A hash that no two of our names share; a test sees to that.
    static func slot(of name: UnsafeRawBufferPointer) -> Int {
        (name.count + 62 * Int(name[0]) + 5 * Int(name[name.count - 3])) & 127
    }

    private static let bySlot: [RedisField?] = {
        var table = [RedisField?](repeating: nil, count: 128)
        for field in Self.allCases {
            let name = UnsafeRawBufferPointer(start: field.name.utf8Start, count: field.name.utf8CodeUnitCount)
            table[Self.slot(of: name)] = field
        }
        return table
    }()
}
