/// The stable words by which a program tells one problem from another; each belongs to one status.
public enum ProblemCode: String, Hashable, Sendable, CaseIterable {
    /// The message can be read in two ways, or is none that this service reads; 417, 431 or 501 where HTTP has a status of its own.
    case invalidRequest = "invalid_request"
    /// The body is no JSON, no object, or has a name twice.
    case invalidJSON = "invalid_json"
    /// A field, parameter or header field has a value that it can't have.
    case invalidField = "invalid_field"
    /// There is no field or parameter of that name.
    case unknownField = "unknown_field"
    /// A field or parameter that is required is not there.
    case missingField = "missing_field"
    /// A page of another origin tried to change something.
    case forbidden = "forbidden"
    /// There is no such path.
    case notFound = "not_found"
    /// There was never such a process, as far as is remembered.
    case processNotFound = "process_not_found"
    /// The path has no such method.
    case methodNotAllowed = "method_not_allowed"
    /// The id is taken.
    case processExists = "process_exists"
    /// The process has ended another way.
    case alreadyFinished = "already_finished"
    /// The report is of an attempt that was given up on.
    case staleAttempt = "stale_attempt"
    /// The state of the process does not allow it.
    case invalidTransition = "invalid_transition"
    /// Another index comes next, or something else has that index.
    case indexConflict = "index_conflict"
    /// The process was there, and a cleanup removed it.
    case processRemoved = "process_removed"
    /// The process is not as `If-Match` says.
    case preconditionFailed = "precondition_failed"
    /// The body, or the answer, is too large.
    case payloadTooLarge = "payload_too_large"
    /// The body is said to be something other than JSON.
    case unsupportedMediaType = "unsupported_media_type"
    /// The request is meant for another host.
    case misdirectedRequest = "misdirected_request"
    /// The idempotency key came before with another body.
    case idempotencyMismatch = "idempotency_mismatch"
    /// A bug, here or in the store.
    case `internal` = "internal"
    /// What is stored can't be read.
    case corruptRecord = "corrupt_record"
    /// The store can't be reached, or takes nothing.
    case storeUnavailable = "store_unavailable"
    /// There is no room.
    case storeFull = "store_full"

    /// The status that answers carry with it.
    public var status: HTTPStatus {
        switch self {
        case .invalidRequest, .invalidJSON, .invalidField, .unknownField, .missingField: .badRequest
        case .forbidden: .forbidden
        case .notFound, .processNotFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .processExists, .alreadyFinished, .staleAttempt, .invalidTransition, .indexConflict: .conflict
        case .processRemoved: .gone
        case .preconditionFailed: .preconditionFailed
        case .payloadTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .misdirectedRequest: .misdirectedRequest
        case .idempotencyMismatch: .unprocessableContent
        case .internal, .corruptRecord: .internalServerError
        case .storeUnavailable: .serviceUnavailable
        case .storeFull: .insufficientStorage
        }
    }

    /// What the problem is, in words that do not change from one occurrence to the next (RFC 9457, section 3.1.3).
    public var title: String {
        switch self {
        case .invalidRequest: "The request is malformed"
        case .invalidJSON: "The body is not a JSON object"
        case .invalidField: "A field has a value that it cannot have"
        case .unknownField: "There is no field of that name"
        case .missingField: "A required field is missing"
        case .forbidden: "Refused for a page of another origin"
        case .notFound: "There is no such path"
        case .processNotFound: "There is no such process"
        case .methodNotAllowed: "The path does not have that method"
        case .processExists: "The id is taken"
        case .alreadyFinished: "The process has already finished"
        case .staleAttempt: "The attempt is no longer the current one"
        case .invalidTransition: "The process does not allow that now"
        case .indexConflict: "The index is not the next one"
        case .processRemoved: "The process was removed"
        case .preconditionFailed: "The process is no longer as it was"
        case .payloadTooLarge: "Too large"
        case .unsupportedMediaType: "The body must be JSON"
        case .misdirectedRequest: "The request is meant for another host"
        case .idempotencyMismatch: "The idempotency key was used for another request"
        case .internal: "Something went wrong in the service"
        case .corruptRecord: "The stored process cannot be read"
        case .storeUnavailable: "The store is not available"
        case .storeFull: "There is no room for more"
        }
    }

    /// The problem's type as a URI (RFC 9457, section 3.1.1). It names the problem and leads nowhere.
    public var type: String { "urn:process-tracker:problem:\(self.rawValue)" }
}
