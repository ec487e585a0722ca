internal import ProcessCore

/// The body of a start.
struct StartRequest {
    /// What was asked for.
    var start: ProcessStart
    /// Whether a taken id answers the process that is there.
    var returnsExisting: Bool

    /// The most attempts that a start may ask for.
    static let maximumAttempts: Int64 = 1000
    /// The most labels a process may have.
    static let maximumMetadataCount = 64
    /// The most bytes that its labels may have, names and texts together.
    static let maximumMetadataSize = 4096

    /// Takes every field of the table in the contract, and leaves the rest.
    ///
    /// - Parameters:
    ///   - fields: The object they are members of.
    ///   - traceparent: The trace context the request was sent in.
    /// - Throws: `JSONFieldError` for the first field that is not as it should be.
    init(taking fields: inout JSONObject, traceparent: String?) throws(JSONFieldError) {
        let kind = try fields.takeIdentifier("kind")
        var start = ProcessStart(kind: kind ?? "")
        start.id = try fields.takeIdentifier("id").map { ProcessID(trusted: $0) }
        self.returnsExisting = try Self.takeIfExists(from: &fields, hasID: start.id != nil)
        start.input = fields.takePayload("input")
        start.metadata = try Self.takeMetadata(from: &fields)
        start.queue = try fields.takeIdentifier("queue")
        start.priority = Int(try fields.takeInteger("priority", in: -100...100) ?? 0)
        start.runAfter = try Self.takeRunAfter(from: &fields)
        start.maxAttempts = Int(try fields.takeInteger("max_attempts", in: 1...Self.maximumAttempts) ?? 1)
        start.backoff = try fields.takeObject("backoff").map { object throws(JSONFieldError) in
            try Self.backoff(object)
        }
        start.lease = try fields.takeDuration("lease")
        start.pickupTimeout = try fields.takeDuration("pickup_timeout")
        start.timeout = try fields.takeDuration("timeout")
        start.retain = try fields.takeRetention("retain")
        start.parentID = try fields.takeIdentifier("parent_id").map { ProcessID(trusted: $0) }
        start.worker = try fields.takeIdentifier("worker", allowsSlash: true)
        start.traceparent = traceparent
        guard kind != nil else { throw fields.missing("kind", "is required: say what sort of work this is") }
        if start.queue == nil {
            // Without a queue the process runs at once, and none of these would ever have an effect.
            if start.runAfter != nil {
                throw JSONFieldError(
                    field: fields.path(of: "run_after"), reason: "needs a queue: nothing waits without one")
            }
            if start.pickupTimeout != nil {
                throw JSONFieldError(
                    field: fields.path(of: "pickup_timeout"), reason: "needs a queue: nobody picks it up without one")
            }
            if start.maxAttempts > 1 {
                throw JSONFieldError(
                    field: fields.path(of: "max_attempts"),
                    reason: "above 1 needs a queue: nobody takes up another attempt without one")
            }
            if start.backoff != nil {
                throw JSONFieldError(
                    field: fields.path(of: "backoff"), reason: "needs a queue: there is no further attempt without one")
            }
        }
        self.start = start
    }

    private static func takeIfExists(from fields: inout JSONObject, hasID: Bool) throws(JSONFieldError) -> Bool {
        guard let value = fields.takePresent("if_exists") else { return false }
        switch value.kind == .string ? try value.string() : "" {
        case "refuse": return false
        case "return":
            guard hasID else { throw value.error("needs an id: without one the process is always new") }
            return true
        default: throw value.error("must be \"return\" or \"refuse\"")
        }
    }

    private static func takeMetadata(from fields: inout JSONObject) throws(JSONFieldError) -> ProcessMetadata {
        guard let value = fields.takePresent("metadata") else { return ProcessMetadata() }
        var labels = try value.object()
        guard labels.count <= Self.maximumMetadataCount else {
            throw value.error("must not have more than \(Self.maximumMetadataCount) entries")
        }
        var entries: [ProcessMetadata.Entry] = []
        entries.reserveCapacity(labels.count)
        var size = 0
        for (name, label) in labels.takeRemaining() {
            guard IdentifierShape.matches(name) else {
                throw label.error("has a name that \(JSONValue.shapeReason())")
            }
            let text = try label.string()
            size += name.utf8.count + text.utf8.count
            entries.append(ProcessMetadata.Entry(key: name, value: text))
        }
        guard size <= Self.maximumMetadataSize else {
            throw value.error("must not be larger than \(Self.maximumMetadataSize) bytes, names and texts together")
        }
        return ProcessMetadata(entries)
    }

    private static func takeRunAfter(from fields: inout JSONObject) throws(JSONFieldError) -> ProcessStart.RunAfter? {
        guard let value = fields.takePresent("run_after") else { return nil }
        if value.kind == .string, let time = Timestamp(rfc3339: try value.string()) { return .at(time) }
        do {
            return .delay(try value.duration(zeroAllowed: true))
        } catch {
            throw value.error("\(error.reason), or a time such as 2026-11-08T10:00:00Z")
        }
    }

    private static func backoff(_ object: JSONObject) throws(JSONFieldError) -> Backoff {
        var fields = object
        var backoff = Backoff.standard
        backoff.initial = try fields.takeDuration("initial") ?? backoff.initial
        backoff.factor = try fields.takeDouble("factor", in: 1...1000) ?? backoff.factor
        // A first wait that is longer than the usual longest one raises it; said in numbers, the two must agree.
        let longest = try fields.takeDuration("max")
        backoff.max = longest ?? max(backoff.max, backoff.initial)
        backoff.jitter = try fields.takeDouble("jitter", in: 0...1) ?? backoff.jitter
        try fields.expectNoMore()
        guard backoff.max >= backoff.initial else {
            throw JSONFieldError(field: fields.path(of: "max"), reason: "must not be shorter than initial")
        }
        return backoff
    }
}
