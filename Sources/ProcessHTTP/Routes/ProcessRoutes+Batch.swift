internal import ProcessCore
internal import Synchronization

extension ProcessRoutes {
    /// The most items of a batch.
    static let maximumBatchCount = 1000
    /// How many rows of items are under way at a time: enough for a store to do many in one go.
    private static let rowsAtOnce = 128
    /// What is shown of a process once the answer is as large as it should be.
    private static let leastFields: ProcessFields = [.processID, .status, .attempt, .revision]

    /// `POST /batch`
    func batch(_ request: HTTPRequest) async throws(Problem) -> Answer {
        var query = try QueryParameters(request.query)
        let fields = try ProcessFields.take(from: &query)
        try query.expectNoMore()
        let items = try Self.batchItems(of: request)
        let rows = BatchRows(items.map { (try? $0.get())?.subjects ?? [] }).rows
        let writer = BatchResultWriter(policy: self.manager.policy, fields: fields, leastFields: Self.leastFields)

        var results = [JSONText?](repeating: nil, count: items.count)
        await withTaskGroup(of: [(Int, JSONText)].self) { group in
            var waiting = rows[...]
            func startRow() {
                guard let row = waiting.popFirst() else { return }
                group.addTask {
                    var done: [(Int, JSONText)] = []
                    for place in row { done.append((place, await self.result(of: items[place], at: place, writer))) }
                    return done
                }
            }
            for _ in 0..<Self.rowsAtOnce { startRow() }
            while let done = await group.next() {
                for (place, result) in done { results[place] = result }
                startRow()
            }
        }
        return .json { json in
            json.beginObject()
            json.name("results")
            json.beginArray()
            for case let result? in results { json.value(result) }
            json.endArray()
            json.endObject()
        }
    }

    /// The items, each with what is wrong with it where something is. Only an envelope that can't be read fails the whole.
    private static func batchItems(of request: HTTPRequest) throws(Problem) -> [Result<BatchItem, JSONFieldError>] {
        var fields = try Self.fields(of: request)
        let values = try Self.reading { () throws(JSONFieldError) in
            guard let value = fields.takePresent("items") else {
                throw fields.missing("items", "is required: say what is to be done")
            }
            let values = try value.elements()
            guard values.count <= Self.maximumBatchCount else {
                throw value.error("must not have more than \(Self.maximumBatchCount) elements")
            }
            try fields.expectNoMore()
            return values
        }
        return values.map { value in Result { () throws(JSONFieldError) in try BatchItem(value) } }
    }

    private func result(
        of item: Result<BatchItem, JSONFieldError>, at place: Int, _ writer: BatchResultWriter
    ) async -> JSONText {
        switch item {
        case .failure(let error): return writer.result(Problem(error))
        case .success(let item):
            do throws(ProcessError) {
                return try await self.result(of: item, writer)
            } catch {
                let problem = Problem(error, effect: .change)
                return writer.result(problem.blaming(problem.field.map { item.path(of: $0, at: place) }))
            }
        }
    }

    private func result(of item: BatchItem, _ writer: BatchResultWriter) async throws(ProcessError) -> JSONText {
        switch item {
        case .change(let id, let wanted, _):
            return writer.result(.ok, try await self.manager.change(id, wanted.change, attempt: wanted.attempt))
        case .start(let request, let key):
            let outcome = try await self.manager.start(
                request.start, idempotency: key, returnsExisting: request.returnsExisting)
            switch outcome {
            case .started(let record): return writer.result(.accepted, record)
            case .replayed(let record): return writer.result(.ok, record, isReplayed: true)
            case .existing(let record): return writer.result(.ok, record)
            }
        }
    }
}

/// Writes the results of a batch, each as soon as it is there, so that a thousand large processes are never held at once.
private final class BatchResultWriter: Sendable {
    private let policy: CleanupPolicy
    private let fields: ProcessFields
    private let leastFields: ProcessFields
    /// How many bytes of processes the answer may still have.
    private let room = Atomic<Int>(ProcessRoutes.maximumAnswerSize)

    init(policy: CleanupPolicy, fields: ProcessFields, leastFields: ProcessFields) {
        self.policy = policy
        self.fields = fields
        self.leastFields = leastFields
    }

    /// A result that shows a process.
    func result(_ status: HTTPStatus, _ record: ProcessRecord, isReplayed: Bool = false) -> JSONText {
        let whole = self.text(status, record, isReplayed, self.fields)
        guard self.room.wrappingSubtract(whole.count, ordering: .relaxed).newValue < 0 else { return whole }
        return self.text(status, record, isReplayed, self.fields.intersection(self.leastFields))
    }

    /// A result that shows what is wrong.
    func result(_ problem: Problem) -> JSONText {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("status", problem.code.status.code)
        writer.name("problem")
        writer.value(JSONText(unchecked: problem.document(for: Route.batch.template, problem.code.status)))
        writer.endObject()
        return JSONText(unchecked: writer.finish())
    }

    private func text(
        _ status: HTTPStatus, _ record: ProcessRecord, _ isReplayed: Bool, _ fields: ProcessFields
    ) -> JSONText {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", status.code)
        if isReplayed { writer.member("replayed", true) }
        writer.name("process")
        record.write(to: &writer, policy: self.policy, fields: fields)
        writer.endObject()
        return JSONText(unchecked: writer.finish())
    }
}
