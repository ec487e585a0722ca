internal import ProcessCore

extension ProcessRoutes {
    /// The longest page of a list.
    static let maximumPageLength = 1000

    /// `GET /processes`
    func list(_ request: HTTPRequest) async throws(Problem) -> Answer {
        var parameters = try QueryParameters(request.query)
        let query = try Self.query(from: &parameters)
        let fields = try ProcessFields.take(from: &parameters)
        try parameters.expectNoMore()
        let page: ProcessPage
        do { page = try await self.manager.list(query) } catch { throw Problem(error, effect: .none) }
        return self.answer(showing: page, fields)
    }

    /// Takes what says of a process whether it is wanted, whatever its age.
    static func filter(from parameters: inout QueryParameters) throws(Problem) -> ProcessQuery {
        var query = ProcessQuery()
        query.statuses = Set(try Self.takeStatuses(from: &parameters) ?? [])
        query.kinds = Set(try Self.takeIdentifiers("kind", from: &parameters))
        query.queues = Set(try Self.takeIdentifiers("queue", from: &parameters))
        query.metadata = try Self.takeMetadata(from: &parameters)
        return query
    }

    private static func query(from parameters: inout QueryParameters) throws(Problem) -> ProcessQuery {
        var query = try Self.filter(from: &parameters)
        query.createdAfter = try parameters.takeTimestamp("created_after")
        query.createdBefore = try parameters.takeTimestamp("created_before")
        if let order = try parameters.take("order") {
            guard let order = ProcessQuery.Order(rawValue: order) else {
                throw .invalidField("order", "must be newest or oldest")
            }
            query.order = order
        }
        query.limit = min(try parameters.takeCount("limit") ?? query.limit, Self.maximumPageLength)
        if let text = try parameters.take("cursor") {
            guard let cursor = PageCursor.cursor(text) else {
                throw .invalidField("cursor", "must be a next_cursor that this service answered")
            }
            query.after = cursor
        }
        query.byteLimit = Self.maximumAnswerSize
        return query
    }

    /// Takes the statuses that a query names.
    static func takeStatuses(from parameters: inout QueryParameters) throws(Problem) -> [ProcessStatus]? {
        guard let names = try parameters.takeList("status") else { return nil }
        var statuses: [ProcessStatus] = []
        for name in names {
            guard let status = ProcessStatus(rawValue: name) else {
                throw .invalidField(
                    "status", "must be of \(ProcessStatus.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            statuses.append(status)
        }
        return statuses
    }

    private static func takeIdentifiers(
        _ name: String, from parameters: inout QueryParameters
    ) throws(Problem) -> [String] {
        let identifiers = try parameters.takeList(name) ?? []
        guard identifiers.allSatisfy({ IdentifierShape.matches($0) }) else {
            throw .invalidField(name, JSONValue.shapeReason())
        }
        return identifiers
    }

    private static func takeMetadata(
        from parameters: inout QueryParameters
    ) throws(Problem) -> [ProcessMetadata.Entry] {
        var entries: [ProcessMetadata.Entry] = []
        for (name, value) in parameters.takeAll(withPrefix: "metadata.") {
            guard IdentifierShape.matches(name) else {
                throw .invalidField("metadata.\(name)", "has a name that \(JSONValue.shapeReason())")
            }
            // A process has one text under a name, so two of them would find nothing, which nobody means.
            guard !entries.contains(where: { $0.key == name }) else {
                throw .invalidField("metadata.\(name)", "must not be given twice")
            }
            entries.append(ProcessMetadata.Entry(key: name, value: value))
        }
        return entries
    }

    /// Shows as many processes of a page as an answer may hold; the rest of it begins the next one.
    private func answer(showing page: ProcessPage, _ fields: ProcessFields) -> Answer {
        var writer = JSONWriter(capacity: 1024 * max(1, page.records.count))
        var next = page.next
        writer.beginObject()
        writer.name("processes")
        writer.beginArray()
        var last: ProcessRecord?
        for record in page.records {
            let mark = writer.mark
            record.write(to: &writer, policy: self.manager.policy, fields: fields)
            // One process alone is shown however large it is: a walk must get past it.
            if let last, writer.count > Self.maximumAnswerSize {
                writer.goBack(to: mark)
                next = ProcessQuery.Cursor(createdAt: last.createdAt, id: last.id)
                break
            }
            last = record
        }
        writer.endArray()
        writer.member("next_cursor", next.map(PageCursor.text))
        writer.endObject()
        return Answer(body: writer.finish())
    }
}
