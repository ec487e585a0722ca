/// What the OpenAPI document says of the one method of a route; HEAD follows from GET.
struct OpenAPIOperation {
    let id: String
    let tag: Tag
    let summary: String
    /// Names in `components.parameters`, the id of a path left out.
    var parameters: [String] = []
    /// The name of the body's schema; `nil` where there is no body.
    var body: String?
    /// What it answers where all is well.
    var answers: [Answer]
    /// What it answers where something is wrong, besides what every route may answer.
    var problems: [ProblemCode] = []
    /// Those of all its problems that may come after a wait.
    var heldProblems: Set<ProblemCode> = []

    enum Tag: String, CaseIterable {
        case processes = "Processes"
        case reports = "Reports"
        case service = "Service"
    }

    struct Answer {
        let status: HTTPStatus
        let summary: String
        var mediaType = "application/json"
        /// The name of the body's schema; `nil` where there is no body, or it is text.
        var schema: String?
        /// Whether it is a stream of events instead, unless the client asks for the type above.
        var mayBeEvents = false
        /// Names in `components.headers`.
        var headers: [String] = []
    }
}

extension Route {
    /// What the OpenAPI document says of one of its methods.
    func operation(_ method: HTTPMethod) -> OpenAPIOperation {
        self == .stream && method != .post ? Self.outputOperation : self.operation
    }

    private static let outputOperation = OpenAPIOperation(
        id: "output", tag: .processes,
        summary:
            "Shows the output of a process as it comes, as server-sent events; or page by page, with Accept: application/json",
        parameters: ["after", "limit", "Last-Event-ID"],
        answers: [
            .init(
                status: .ok,
                summary: "An event for each chunk, by its type, and done or error at the end. Or a page.",
                schema: "OutputPage", mayBeEvents: true)
        ],
        problems: [.processNotFound, .processRemoved, .corruptRecord])

    /// What the OpenAPI document says of it, where it has several methods of the one that changes something.
    var operation: OpenAPIOperation {
        switch self {
        case .start:
            OpenAPIOperation(
                id: "start", tag: .processes, summary: "Starts a process",
                parameters: ["fields", "Idempotency-Key", "Prefer", "traceparent"], body: "Start",
                answers: [
                    Self.started(.accepted, "The process was started."),
                    Self.started(
                        .ok,
                        "The process is there, by the same idempotency key or by its id; or it finished while waited for."
                    ),
                ],
                problems: [.missingField, .processExists, .processRemoved, .idempotencyMismatch, .storeFull])
        case .status:
            OpenAPIOperation(
                id: "status", tag: .processes, summary: "Shows a process, whatever became of it",
                parameters: ["fields", "include", "If-None-Match", "Prefer"],
                answers: [
                    .init(
                        status: .ok, summary: "The process.", schema: "ProcessWithChildren",
                        headers: ["ETag", "Retry-After", "Preference-Applied"]),
                    .init(
                        status: .notModified, summary: "The process is as the client knows it.",
                        headers: ["ETag", "Retry-After", "Preference-Applied"]),
                ],
                problems: [.processNotFound, .processRemoved, .corruptRecord],
                heldProblems: [.processNotFound, .processRemoved, .corruptRecord, .storeUnavailable, .internal])
        case .statusOfMany:
            OpenAPIOperation(
                id: "statusOfMany", tag: .processes, summary: "Shows several processes",
                parameters: ["ids", "fields"],
                answers: [.init(status: .ok, summary: "What is known of each.", schema: "StatusList")],
                problems: [.missingField, .payloadTooLarge])
        case .processes:
            OpenAPIOperation(
                id: "list", tag: .processes, summary: "Lists processes, page by page",
                parameters: [
                    "status", "kind", "queue", "metadata", "created_after", "created_before", "order", "limit",
                    "cursor",
                    "fields",
                ],
                answers: [.init(status: .ok, summary: "A page.", schema: "ProcessList")])
        case .cleanup:
            OpenAPIOperation(
                id: "cleanup", tag: .processes, summary: "Removes finished processes",
                parameters: ["older_than", "status", "dry_run", "force", "corrupt", "within", "cleanup_cursor"],
                answers: [.init(status: .ok, summary: "What was done.", schema: "CleanupReport")],
                problems: [.storeFull])
        case .stats:
            OpenAPIOperation(
                id: "statistics", tag: .processes, summary: "Counts processes",
                answers: [.init(status: .ok, summary: "The counts.", schema: "Statistics")])
        case .progress:
            Self.report("progress", "Reports progress, or only that the worker is alive", body: "ProgressReport")
        case .complete: Self.report("complete", "Reports that the work is done", body: "Completion")
        case .fail: Self.report("fail", "Reports that the work could not be done", body: "FailureReport")
        case .cancelled:
            Self.report("cancelled", "Confirms that the worker has stopped as asked", body: "CancelConfirmation")
        case .cancel:
            Self.change(
                "cancel", "Asks for the end of a process", parameters: ["cancel_force", "children"],
                body: "CancelRequest")
        case .retry: Self.change("retry", "Tries a failed or cancelled process again", body: "Empty")
        case .retain:
            Self.change("retain", "Says how long a process is kept", body: "RetainRequest", problems: [.missingField])
        case .stream:
            OpenAPIOperation(
                id: "append", tag: .reports, summary: "Appends output", parameters: ["attempt"], body: "OutputBody",
                answers: [.init(status: .ok, summary: "It is there, under these indexes.", schema: "Appended")],
                problems: [
                    .missingField, .processNotFound, .staleAttempt, .alreadyFinished, .invalidTransition,
                    .indexConflict, .processRemoved, .storeFull, .corruptRecord,
                ])
        case .claim:
            OpenAPIOperation(
                id: "claim", tag: .reports, summary: "Hands out work from queues", parameters: ["Prefer"],
                body: "ClaimRequest",
                answers: [
                    .init(
                        status: .ok, summary: "The processes claimed; none where none was due in time.",
                        schema: "ClaimedProcesses", headers: ["Preference-Applied"])
                ],
                problems: [.missingField, .storeFull], heldProblems: [.storeFull, .storeUnavailable, .internal])
        case .batch:
            OpenAPIOperation(
                id: "batch", tag: .reports, summary: "Starts and reports many processes", parameters: ["fields"],
                body: "Batch",
                answers: [
                    .init(status: .ok, summary: "What came of each item, in their order.", schema: "BatchResults")
                ],
                problems: [.missingField])
        case .events:
            OpenAPIOperation(
                id: "events", tag: .processes,
                summary: "Tells of the newest processes, then of each that changes, as server-sent events",
                parameters: ["status", "kind", "queue", "metadata", "fields"],
                answers: [Self.eventStream("An event named process or removed for each change, without an id.")])
        case .eventsOfOne:
            OpenAPIOperation(
                id: "eventsOfOne", tag: .processes,
                summary: "Tells of a process as it is, then of its changes up to its end, as server-sent events",
                parameters: ["fields", "Last-Event-ID"],
                answers: [Self.eventStream("Events named process, with the revision for an id.")],
                problems: [.processNotFound, .processRemoved, .corruptRecord])
        case .health:
            OpenAPIOperation(
                id: "health", tag: .service, summary: "Says how the service and its store do",
                answers: [.init(status: .ok, summary: "How they do, well or not.", schema: "Health")])
        case .live:
            OpenAPIOperation(
                id: "live", tag: .service, summary: "Says that the program runs",
                answers: [.init(status: .ok, summary: "It runs.", schema: "Probe")])
        case .ready:
            OpenAPIOperation(
                id: "ready", tag: .service, summary: "Says whether the service can do its work",
                answers: [.init(status: .ok, summary: "It can.", schema: "Probe")])
        case .metrics:
            OpenAPIOperation(
                id: "metrics", tag: .service, summary: "Shows metrics in Prometheus' text format",
                answers: [.init(status: .ok, summary: "The metrics.", mediaType: "text/plain")])
        case .openAPI:
            OpenAPIOperation(
                id: "openAPI", tag: .service, summary: "Shows this document",
                answers: [.init(status: .ok, summary: "An OpenAPI document.", schema: "Document")])
        case .dashboard:
            OpenAPIOperation(
                id: "dashboard", tag: .service, summary: "Shows all this to people",
                parameters: ["If-None-Match"],
                answers: [
                    .init(status: .ok, summary: "A page.", mediaType: "text/html", headers: ["ETag"]),
                    .init(status: .notModified, summary: "The page is as the client knows it.", headers: ["ETag"]),
                ])
        case .dashboardPart:
            OpenAPIOperation(
                id: "dashboardPart", tag: .service, summary: "Shows what the page is made of",
                parameters: ["part", "If-None-Match"],
                answers: [
                    .init(status: .ok, summary: "A style, a script or a picture.", mediaType: "*/*", headers: ["ETag"]),
                    .init(status: .notModified, summary: "The part is as the client knows it.", headers: ["ETag"]),
                ],
                problems: [.notFound])
        }
    }

    private static func started(_ status: HTTPStatus, _ summary: String) -> OpenAPIOperation.Answer {
        .init(
            status: status, summary: summary, schema: "Process",
            headers: ["ETag", "Location", "Retry-After", "Preference-Applied"]
                + (status == .ok ? ["Idempotency-Replayed"] : []))
    }

    private static func eventStream(_ summary: String) -> OpenAPIOperation.Answer {
        .init(status: .ok, summary: summary, mediaType: EventStream.mediaType)
    }

    private static func report(_ id: String, _ summary: String, body: String) -> OpenAPIOperation {
        Self.change(id, summary, body: body, problems: [.missingField, .staleAttempt, .alreadyFinished], tag: .reports)
    }

    private static func change(
        _ id: String, _ summary: String, parameters: [String] = [], body: String, problems: [ProblemCode] = [],
        tag: OpenAPIOperation.Tag = .processes
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            id: id, tag: tag, summary: summary, parameters: parameters + ["fields", "If-Match"], body: body,
            answers: [.init(status: .ok, summary: "The process after it.", schema: "Process", headers: ["ETag"])],
            problems: problems + [
                .processNotFound, .invalidTransition, .processRemoved, .preconditionFailed, .storeFull, .corruptRecord,
            ] + (id == "cancel" ? [.alreadyFinished] : []))
    }

    /// What every request to the route may be answered where something is wrong.
    func commonProblems(_ method: HTTPMethod) -> [ProblemCode] {
        var problems: [ProblemCode] = [.invalidRequest, .misdirectedRequest, .payloadTooLarge, .unsupportedMediaType]
        problems += [.invalidJSON, .unknownField]
        switch self {
        case .live, .metrics, .openAPI, .dashboard, .dashboardPart: break
        case .health, .ready, .stats: problems += [.storeUnavailable]
        case .start, .status, .statusOfMany, .processes, .cleanup, .progress, .complete, .fail, .cancel, .cancelled,
            .retry, .retain, .stream, .claim, .batch, .events, .eventsOfOne:
            problems += [.invalidField, .storeUnavailable, .internal]
        }
        if !method.isSafe { problems += [.forbidden] }
        return problems
    }
}
