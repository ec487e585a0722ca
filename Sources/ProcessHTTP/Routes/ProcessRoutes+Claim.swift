internal import ProcessCore

extension ProcessRoutes {
    /// `POST /claim`
    func claim(_ request: HTTPRequest) async throws(Problem) -> Answer {
        try Self.expectNoParameters(request)
        let wait = WaitPreference(request.headers.values(of: "Prefer"))
        var fields = try Self.fields(of: request)
        let body = try Self.reading { () throws(JSONFieldError) in
            let body = try ClaimBody(taking: &fields)
            try fields.expectNoMore()
            return body
        }
        let claimed: [ProcessRecord]
        do {
            claimed = try await self.manager.claim(body.request, waitingUpTo: wait?.duration ?? .zero)
        } catch {
            throw Problem(error, effect: .claim).waitedFor(wait)
        }
        var writer = JSONWriter(capacity: 64 + 1024 * claimed.count)
        writer.beginObject()
        writer.name("processes")
        writer.beginArray()
        for record in claimed { record.write(to: &writer, policy: self.manager.policy) }
        writer.endArray()
        writer.endObject()
        return Answer(wait: wait, body: writer.finish())
    }
}
