/// The columns of `processes`, in one order everywhere: a raw value is the column's parameter in every statement that
/// writes it, and one more than its place in every query that reads whole records.
enum ProcessColumn: Int32, CaseIterable {
    case id = 1, kind, status, revision, queue, priority, isDelayed, createdAt, updatedAt, startedAt, finishedAt
    case heartbeatAt, progressAt, estimatedFinishAt, runAfter, leaseExpiresAt, deadline, expiresAt, attempt
    case maxAttempts, backoff, worker, lease, claimedLease, timeout, pickupTimeout, retain, cancelRequested
    case cancelReason, parentID, traceparent, hasProgress, progressFraction, progressDone, progressTotal
    case progressMessage, errorCode, errorMessage, errorDetails, metadata, result, hasLargeInput, input, row

    /// The parameter of the column.
    var parameter: Int32 { self.rawValue }

    /// The place of the column in a query for whole records.
    var place: Int32 { self.rawValue - 1 }

    /// The name of the column in SQL.
    var name: String {
        switch self {
        case .isDelayed: "is_delayed"
        case .createdAt: "created_at"
        case .updatedAt: "updated_at"
        case .startedAt: "started_at"
        case .finishedAt: "finished_at"
        case .heartbeatAt: "heartbeat_at"
        case .progressAt: "progress_at"
        case .estimatedFinishAt: "estimated_finish_at"
        case .runAfter: "run_after"
        case .leaseExpiresAt: "lease_expires_at"
        case .expiresAt: "expires_at"
        case .maxAttempts: "max_attempts"
        case .lease: "lease_ms"
        case .claimedLease: "claimed_lease_ms"
        case .timeout: "timeout_ms"
        case .pickupTimeout: "pickup_timeout_ms"
        case .cancelRequested: "cancel_requested"
        case .cancelReason: "cancel_reason"
        case .parentID: "parent_id"
        case .hasProgress: "has_progress"
        case .progressFraction: "progress_fraction"
        case .progressDone: "progress_done"
        case .progressTotal: "progress_total"
        case .progressMessage: "progress_message"
        case .errorCode: "error_code"
        case .errorMessage: "error_message"
        case .errorDetails: "error_details"
        case .hasLargeInput: "has_large_input"
        case .id: "id"
        case .kind: "kind"
        case .status: "status"
        case .revision: "revision"
        case .queue: "queue"
        case .priority: "priority"
        case .deadline: "deadline"
        case .attempt: "attempt"
        case .backoff: "backoff"
        case .worker: "worker"
        case .retain: "retain"
        case .traceparent: "traceparent"
        case .metadata: "metadata"
        case .result: "result"
        case .input: "input"
        case .row: "row"
        }
    }

    /// What a query for whole records selects.
    static let selection = Self.allCases.map(\.selection).joined(separator: ", ")

    /// What a query for whole records selects of the column.
    var selection: String {
        switch self {
        case .input:
            "CASE WHEN has_large_input THEN (SELECT l.input FROM large_inputs l WHERE l.row = p.row) ELSE p.input END"
        default: "p.\(self.name)"
        }
    }
}
