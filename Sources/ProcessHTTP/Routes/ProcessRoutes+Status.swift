internal import ProcessCore

extension ProcessRoutes {
    /// The largest answer that shows several processes, in bytes.
    static let maximumAnswerSize = 4 << 20
    /// The most processes that one `GET /status` asks for.
    static let maximumStatusCount = 500

    /// `GET /status/{id}`
    func status(of id: ProcessID, _ request: HTTPRequest) async throws(Problem) -> Answer {
        var fields = ProcessFields.all
        if request.query != nil {
            var query = try QueryParameters(request.query)
            fields = try ProcessFields.take(from: &query)
            try query.expectNoMore()
        }
        let record: ProcessRecord
        do { record = try await self.manager.find(id) } catch { throw Problem(error, effect: .none) }
        let isKnown = EntityTag.isKnown(record.revision, in: request.headers.values(of: "If-None-Match"))
        var answer =
            isKnown
            ? Answer(status: .notModified, contentType: nil, revision: record.revision)
            : Answer.process(record, policy: self.manager.policy, fields: fields)
        answer.mayBeKept = true
        answer.retryAfter = PollingAdvice.seconds(for: record, at: self.manager.repository.now())
        return answer
    }

    /// `GET /status?id=a&id=b…`
    func statusOfMany(_ request: HTTPRequest) async throws(Problem) -> Answer {
        var query = try QueryParameters(request.query)
        let names = try query.takeList("id")
        let fields = try ProcessFields.take(from: &query)
        try query.expectNoMore()
        guard let names else {
            throw .missingField("id", "is required: name one process or more, as /status/{id} or as /status?id=…&id=…")
        }
        guard names.count <= Self.maximumStatusCount else {
            throw .invalidField("id", "must not be given more than \(Self.maximumStatusCount) times")
        }
        var ids: [ProcessID] = []
        var seen: Set<ProcessID> = []
        for name in names {
            guard let id = ProcessID(name) else { throw .invalidField("id", JSONValue.shapeReason()) }
            if seen.insert(id).inserted { ids.append(id) }
        }
        let lookups: [ProcessLookup]
        do { lookups = try await self.manager.find(ids) } catch { throw Problem(error, effect: .none) }
        return try self.answer(showing: lookups, of: ids, fields)
    }

    /// Each id stands in one list: what is there, what never was, what was removed, what can't be read.
    private func answer(
        showing lookups: [ProcessLookup], of ids: [ProcessID], _ fields: ProcessFields
    ) throws(Problem) -> Answer {
        var writer = JSONWriter(capacity: 1024 * max(1, ids.count))
        var missing: [String] = []
        var removed: [Tombstone] = []
        var corrupt: [String] = []
        writer.beginObject()
        writer.name("processes")
        writer.beginArray()
        for (id, lookup) in zip(ids, lookups) {
            switch lookup {
            case .found(let record):
                record.write(to: &writer, policy: self.manager.policy, fields: fields)
            case .missing: missing.append(id.text)
            case .removed(let tombstone): removed.append(tombstone)
            case .corrupt: corrupt.append(id.text)
            }
            guard writer.count <= Self.maximumAnswerSize else {
                throw Problem(
                    .payloadTooLarge,
                    "the answer would be larger than 4 MiB: ask for fewer processes, or only for the fields you need",
                    field: "fields")
            }
        }
        writer.endArray()
        writer.member("missing", missing)
        writer.name("removed")
        writer.beginArray()
        for tombstone in removed {
            writer.beginObject()
            writer.member("process_id", tombstone.id.text)
            writer.member("process_status", tombstone.status.rawValue)
            writer.member("removed_at", tombstone.removedAt)
            writer.endObject()
        }
        writer.endArray()
        writer.member("corrupt", corrupt)
        writer.endObject()
        return Answer(body: writer.finish())
    }
}
