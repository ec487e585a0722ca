internal import ProcessCore

/// The body of a report or of a wish: what is to happen to a process, and which attempt says so.
struct ChangeRequest {
    /// What is to happen.
    var change: ProcessChange
    /// The attempt that the worker was given; `nil` where it did not say, or the change is nobody's report.
    var attempt: Int?

    /// Takes the fields of a route's body, and leaves the rest.
    ///
    /// - Parameters:
    ///   - kind: Which change the fields describe.
    ///   - fields: The object they are members of.
    /// - Throws: `JSONFieldError` for the first field that is not as it should be.
    init(_ kind: Kind, taking fields: inout JSONObject) throws(JSONFieldError) {
        switch kind {
        case .progress: self = try Self.progress(taking: &fields)
        case .complete: self = try Self.complete(taking: &fields)
        case .fail: self = try Self.fail(taking: &fields)
        case .cancel(let force): self = try Self.cancel(taking: &fields, force: force)
        case .cancelled: self = try Self.cancelled(taking: &fields)
        case .retry: self = ChangeRequest(.retry)
        case .retain: self = try Self.retain(taking: &fields)
        }
    }

    /// Which of the changes that a body describes.
    enum Kind {
        case progress, complete, fail, cancel(force: Bool), cancelled, retry, retain
    }

    private init(_ change: ProcessChange, attempt: Int? = nil) {
        self.change = change
        self.attempt = attempt
    }

    /// `{"fraction"}` or `{"done","total"}`, `"message"`, `"attempt"`; empty is a heartbeat.
    private static func progress(taking fields: inout JSONObject) throws(JSONFieldError) -> ChangeRequest {
        let attempt = try Self.takeAttempt(from: &fields)
        let fraction = fields.takePresent("fraction")
        let done = fields.takePresent("done")
        let total = fields.takePresent("total")
        let message = try fields.takeMessage("message")
        var numbers: ProgressReport.Numbers?
        if let fraction {
            guard done == nil, total == nil else {
                throw fraction.error("must not be sent together with done or total: it follows from them")
            }
            numbers = .fraction(try fraction.double(in: 0...1) + 0)
        } else if let done {
            numbers = .units(
                done: try done.amount(),
                total: try total.map { value throws(JSONFieldError) in try value.amount() })
        } else if let total {
            throw total.error("needs done: say how much of it is done")
        }
        return ChangeRequest(.progress(ProgressReport(numbers: numbers, message: message)), attempt: attempt)
    }

    /// `{"result": any}`, `"attempt"`.
    private static func complete(taking fields: inout JSONObject) throws(JSONFieldError) -> ChangeRequest {
        let attempt = try Self.takeAttempt(from: &fields)
        return ChangeRequest(.complete(result: fields.takePayload("result")), attempt: attempt)
    }

    /// `{"error":{"code","message","details"},"retry":true}`, `"attempt"`.
    private static func fail(taking fields: inout JSONObject) throws(JSONFieldError) -> ChangeRequest {
        let attempt = try Self.takeAttempt(from: &fields)
        var failure = ProcessFailure(code: ProcessFailure.unspecifiedCode)
        if let value = fields.takePresent("error") {
            guard value.kind == .object else {
                throw value.error("must be an object such as {\"code\":\"no_space\",\"message\":\"the disk is full\"}")
            }
            var error = try value.object()
            failure.code = try error.takeIdentifier("code") ?? failure.code
            failure.message = try error.takeMessage("message")
            failure.details = error.takePayload("details")
            try error.expectNoMore()
        }
        let mayRetry = try fields.takeBool("retry") ?? true
        return ChangeRequest(.fail(failure, mayRetry: mayRetry), attempt: attempt)
    }

    /// `{}`, `"attempt"`.
    private static func cancelled(taking fields: inout JSONObject) throws(JSONFieldError) -> ChangeRequest {
        ChangeRequest(.confirmCancelled, attempt: try Self.takeAttempt(from: &fields))
    }

    /// `{"reason"}`.
    private static func cancel(taking fields: inout JSONObject, force: Bool) throws(JSONFieldError) -> ChangeRequest {
        ChangeRequest(.cancel(reason: try fields.takeMessage("reason"), force: force))
    }

    /// `{"retain"}`; null is as long as the service keeps what says nothing.
    private static func retain(taking fields: inout JSONObject) throws(JSONFieldError) -> ChangeRequest {
        guard let value = fields.takeValue("retain") else {
            throw fields.missing(
                "retain", "is required: a duration such as \"30d\", \"forever\", or null for the server's own")
        }
        return ChangeRequest(.retain(value.isNull ? nil : try value.retention()))
    }

    private static func takeAttempt(from fields: inout JSONObject) throws(JSONFieldError) -> Int? {
        try fields.takeInteger("attempt", in: 1...Int64(Int32.max)).map { Int($0) }
    }
}
