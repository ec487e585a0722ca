internal import ProcessCore

extension ProcessRoutes {
    /// `POST /start`
    func start(_ request: HTTPRequest) async throws(Problem) -> Answer {
        let shown = try Self.shownFields(of: request)
        let key = try Self.idempotencyKey(of: request)
        let wait = WaitPreference(request.headers.values(of: "Prefer"))
        var fields = try Self.fields(of: request)
        let traceparent = TraceContext.traceparent(request.headers.values(of: "traceparent"))
        let parsed = try Self.reading { () throws(JSONFieldError) in
            let parsed = try StartRequest(taking: &fields, traceparent: traceparent)
            try fields.expectNoMore()
            return parsed
        }
        let outcome: ProcessManager.StartOutcome
        do {
            outcome = try await self.manager.start(
                parsed.start,
                idempotency: key.map { .init(key: $0, fingerprint: BodyFingerprint(request.body).text) },
                returnsExisting: parsed.returnsExisting)
        } catch {
            throw Problem(error, effect: .change)
        }
        let record = try await self.record(outcome.record, waitedFor: wait)
        var answer = Answer.process(record, policy: self.manager.policy, fields: shown)
        answer.wait = wait
        answer.fields.append(HTTPHeaders.Field(name: "Location", value: "/status/\(record.id.text)"))
        answer.retryAfter = PollingAdvice.seconds(for: record, at: self.manager.repository.now())
        switch outcome {
        case .started: answer.status = wait != nil && record.status.isFinished ? .ok : .accepted
        case .replayed: answer.fields.append(HTTPHeaders.Field(name: "Idempotency-Replayed", value: "true"))
        case .existing: break
        }
        return answer
    }

    /// The process once it has finished, or as it is when time is up.
    ///
    /// It was started whatever becomes of the wait, so where the store fails now, it is shown as it was started.
    ///
    /// - Throws: That it is gone: it has finished, and was removed before anybody looked.
    private func record(
        _ record: ProcessRecord, waitedFor wait: WaitPreference?
    ) async throws(Problem) -> ProcessRecord {
        guard let wait, !record.status.isFinished else { return record }
        do {
            return try await self.manager.find(record.id, waitingUpTo: wait.duration, until: \.status.isFinished)
        } catch {
            guard case .removed = error else { return record }
            throw Problem(error, effect: .none).waitedFor(wait)
        }
    }

    /// The idempotency key that came with a request, in quotes or without.
    private static func idempotencyKey(of request: HTTPRequest) throws(Problem) -> String? {
        let sent = request.headers.values(of: "Idempotency-Key")
        guard let first = sent.first else { return nil }
        guard sent.count == 1 else { throw .invalidField("Idempotency-Key", "must not be sent twice") }
        let isQuoted = first.utf8.count >= 2 && first.hasPrefix("\"") && first.hasSuffix("\"")
        let key = isQuoted ? String(first.dropFirst().dropLast()) : first
        guard IdentifierShape.matches(key) else {
            throw .invalidField("Idempotency-Key", JSONValue.shapeReason())
        }
        return key
    }
}
