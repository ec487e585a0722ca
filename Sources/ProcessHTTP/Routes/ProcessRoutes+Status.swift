internal import ProcessCore

extension ProcessRoutes {
    /// The largest answer that shows several processes, in bytes.
    static let maximumAnswerSize = 4 << 20
    /// The most processes that one `GET /status` asks for.
    static let maximumStatusCount = 500

    /// `GET /status/{id}`
    func status(of id: ProcessID, _ request: HTTPRequest) async throws(Problem) -> Answer {
        var fields = ProcessFields.all
        var includesChildren = false
        if request.query != nil {
            var query = try QueryParameters(request.query)
            includesChildren = try Self.takeInclude(from: &query)
            fields = try ProcessFields.take(from: &query, besides: includesChildren ? "children" : nil)
            try query.expectNoMore()
        }
        // A revision says nothing of the children, so what shows them is neither tagged nor compared.
        let known = includesChildren ? [] : request.headers.values(of: "If-None-Match")
        let wait = request.method == .head ? nil : WaitPreference(request.headers.values(of: "Prefer"))
        let record: ProcessRecord
        do {
            record = try await self.record(id, knownAs: known, waitedFor: wait)
        } catch {
            throw Problem(error, effect: .none).waitedFor(wait)
        }
        var answer: Answer
        if includesChildren {
            do {
                answer = try await self.answer(showing: record, withChildrenAnd: fields)
            } catch {
                throw error.waitedFor(wait)
            }
        } else if EntityTag.isKnown(record.revision, in: known) {
            answer = Answer(status: .notModified, contentType: nil, revision: record.revision)
        } else {
            answer = Answer.process(record, policy: self.manager.policy, fields: fields)
        }
        answer.mayBeKept = true
        answer.wait = wait
        answer.retryAfter = PollingAdvice.seconds(for: record, at: self.manager.repository.now())
        return answer
    }

    /// The process at once, or as soon as it differs from what the client knows; where the client knows nothing, as soon as
    /// it has finished.
    private func record(
        _ id: ProcessID, knownAs known: [String], waitedFor wait: WaitPreference?
    ) async throws(ProcessError) -> ProcessRecord {
        guard let wait, wait.seconds > 0 else { return try await self.manager.find(id) }
        // What is no list of tags is passed over, here as everywhere.
        let comparesTags = EntityTag.condition(known) != nil
        return try await self.manager.find(id, waitingUpTo: wait.duration) { record in
            record.status.isFinished || comparesTags && !EntityTag.isKnown(record.revision, in: known)
        }
    }

    private static func takeInclude(from query: inout QueryParameters) throws(Problem) -> Bool {
        guard let names = try query.takeList("include") else { return false }
        guard names.allSatisfy({ $0 == "children" }) else { throw .invalidField("include", "must be children") }
        return true
    }

    private func answer(
        showing record: ProcessRecord, withChildrenAnd fields: ProcessFields
    ) async throws(Problem) -> Answer {
        let counts: [ProcessStatus: Int]
        do { counts = try await self.manager.childCounts(of: record.id) } catch { throw Problem(error, effect: .none) }
        return .json { writer in
            record.write(to: &writer, policy: self.manager.policy, fields: fields) { writer in
                writer.name("children")
                Self.write(counts, to: &writer)
            }
        }
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
