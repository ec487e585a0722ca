internal import ProcessCore

extension ProcessRoutes {
    /// What a worker reports, and what others want of a process that is there.
    func change(
        _ id: ProcessID, _ request: HTTPRequest, _ kind: ChangeRequest.Kind
    ) async throws(Problem) -> Answer {
        var kind = kind
        var query = try QueryParameters(request.query)
        var includesChildren = false
        if case .cancel = kind {
            kind = .cancel(force: try query.takeFlag("force"))
            includesChildren = try query.takeFlag("children")
        }
        let shown = try ProcessFields.take(from: &query)
        try query.expectNoMore()
        let precondition = try Self.precondition(of: request)
        var fields = try Self.fields(of: request)
        let wanted = try Self.reading { () throws(JSONFieldError) in
            let wanted = try ChangeRequest(kind, taking: &fields)
            try fields.expectNoMore()
            return wanted
        }
        let record: ProcessRecord
        do {
            if includesChildren, case .cancel(let reason, let force) = wanted.change {
                record = try await self.manager.cancelTree(
                    id, reason: reason, force: force, precondition: precondition)
            } else {
                record = try await self.manager.change(
                    id, wanted.change, attempt: wanted.attempt, precondition: precondition)
            }
        } catch {
            throw Problem(error, effect: includesChildren ? .tree : .change)
        }
        return .process(record, policy: self.manager.policy, fields: shown)
    }

    private static func precondition(
        of request: HTTPRequest
    ) throws(Problem) -> ProcessTransition.Precondition? {
        let values = request.headers.values(of: "If-Match")
        guard !values.isEmpty else { return nil }
        // Read as if it were not there, it would overwrite what it was to protect.
        guard let condition = EntityTag.condition(values) else {
            throw .invalidField("If-Match", "must be * or revisions in quotes, such as \"7\"")
        }
        return condition.precondition
    }
}
