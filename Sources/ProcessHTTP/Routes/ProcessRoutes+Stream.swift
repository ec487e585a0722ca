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
    func chunks(of id: ProcessID, _ request: HTTPRequest) async throws(Problem) -> Answer {
        var query = try QueryParameters(request.query)
        let after = try query.takeCount("after", from: 0) ?? 0
        let limit = min(try query.takeCount("limit") ?? 100, Self.maximumPageLength)
        try query.expectNoMore()
        let page: StreamPage
        do {
            page = try await self.manager.chunks(of: id, after: Int64(after), limit: limit)
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
