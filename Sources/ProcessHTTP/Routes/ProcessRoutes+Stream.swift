internal import ProcessCore

extension ProcessRoutes {
    /// `POST /stream/{id}`
    func append(to id: ProcessID, _ request: HTTPRequest) async throws(Problem) -> Answer {
        var query = try QueryParameters(request.query)
        let attempt = try query.takeCount("attempt")
        try query.expectNoMore()
        let body = try OutputBody(request.body, maximumSize: self.maximumChunkSize)
        let range: ClosedRange<Int64>
        do {
            range = try await self.manager.append(
                body.output, to: id, attempt: attempt, firstIndex: body.firstIndex)
        } catch {
            throw Problem(error, effect: .append)
        }
        return .json { writer in
            writer.beginObject()
            writer.member("first", range.lowerBound)
            writer.member("last", range.upperBound)
            writer.endObject()
        }
    }

    /// `GET /stream/{id}`
    func output(of id: ProcessID, _ request: HTTPRequest) async throws(Problem) -> Answer {
        var query = try QueryParameters(request.query)
        let after = Int64(try query.takeCount("after", from: 0) ?? 0)
        let limit = try query.takeCount("limit")
        try query.expectNoMore()
        if MediaType.prefersJSON(request.headers.values(of: "Accept")) {
            return try await self.page(of: id, after: after, limit: min(limit ?? 100, Self.maximumPageLength))
        }
        guard limit == nil else {
            throw .invalidField("limit", "is for pages: ask for one with Accept: application/json")
        }
        // What is not there is told by the status, before the stream begins.
        do { try await self.manager.expect(id) } catch { throw Problem(error, effect: .none) }
        // Whoever comes back asks for the same path, and says in the header how far it has come.
        let known = EventStream.lastEventID(of: request) ?? after
        return EventStream.answer { writer in
            await self.manager.followOutput(of: id, after: known) { output in
                await writer.write(self.events(showing: output, of: id))
            }
        }
    }

    /// Not inlined: the task that follows would keep room for the record as long as it lives.
    @inline(never)
    private func events(showing output: FollowedOutput, of id: ProcessID) -> [UInt8] {
        var events = EventStream()
        var writer = JSONWriter()
        switch output {
        case .chunks(let chunks):
            for chunk in chunks { events.event(chunk.type, id: chunk.index, data: chunk.data.bytes) }
        case .gap(let range):
            writer.beginObject()
            writer.member("first", range.lowerBound)
            writer.member("last", range.upperBound)
            writer.endObject()
            events.event("gap", id: range.upperBound, data: writer.finish())
        case .ended(let record):
            record.write(to: &writer, policy: self.manager.policy)
            events.event(record.status == .completed ? "done" : "error", data: writer.finish())
        case .removed:
            writer.beginObject()
            writer.member("process_id", id.text)
            writer.endObject()
            events.event("removed", data: writer.finish())
        }
        return events.bytes
    }

    private func page(of id: ProcessID, after: Int64, limit: Int) async throws(Problem) -> Answer {
        let page: StreamPage
        do {
            page = try await self.manager.chunks(of: id, after: after, limit: limit)
        } catch {
            throw Problem(error, effect: .none)
        }
        var writer = JSONWriter(capacity: 64 + page.chunks.reduce(0) { $0 + $1.byteCount })
        writer.beginObject()
        writer.name("chunks")
        writer.beginArray()
        for chunk in page.chunks {
            writer.beginObject()
            writer.member("index", chunk.index)
            writer.member("type", chunk.type)
            writer.member("data", chunk.data)
            writer.endObject()
        }
        writer.endArray()
        writer.member("last", page.last)
        writer.member("ended", page.status.isFinished)
        writer.endObject()
        return Answer(body: writer.finish())
    }
}
