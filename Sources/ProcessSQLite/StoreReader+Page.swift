internal import ProcessCore

extension StoreReader {
    /// What one list is merged from: an index, and the values under which it holds all that can match.
    private struct Source {
        let index: String
        let column: String
        let values: [String]

        /// Each value is an arm of the merge, and SQLite takes no more than 500.
        static let mostValues = 64

        init(index: String, column: String, values: some Sequence<String>) {
            self.index = index
            self.column = column
            self.values = values.sorted()
        }
    }

    // The parameters of a list; the values of its source follow.
    private static let cursorTime: Int32 = 1
    private static let cursorID: Int32 = 2
    private static let lowerBound: Int32 = 3
    private static let upperBound: Int32 = 4
    private static let countLimit: Int32 = 5
    private static let firstValue: Int32 = 6

    /// Pages through processes in the order of (`created_at`, id).
    func page(_ query: ProcessQuery) throws(SQLiteError) -> ProcessPage {
        try self.inOneMoment { () throws(SQLiteError) in
            let source = try self.narrowestSource(of: query)
            let direction = query.order == .oldest ? "" : " DESC"
            let places = try self.statement("\(Self.places(of: source, query)) ORDER BY 1\(direction), 2\(direction)")
            self.bind(query, source, to: places)
            defer { places.reset() }

            var page = ProcessPage(records: [], next: nil)
            var walked = 0
            var payloadBytes = 0
            while try places.step() {
                if page.records.count >= query.limit || walked >= query.walkLimit || payloadBytes >= query.byteLimit {
                    return page
                }
                walked += 1
                page.next = ProcessQuery.Cursor(
                    createdAt: Timestamp(milliseconds: places.integer(at: 0)),
                    id: ProcessID(trusted: places.text(at: 1) ?? ""))
                guard let record = try self.record(inRow: places.integer(at: 2)), query.matches(record) else {
                    continue
                }
                page.records.append(record)
                payloadBytes += record.payloadBytes
            }
            page.next = nil
            return page
        }
    }

    /// The source that holds the fewest processes of the time asked for.
    private func narrowestSource(of query: ProcessQuery) throws(SQLiteError) -> Source {
        var sources: [Source] = []
        func consider(_ index: String, _ column: String, _ values: some Collection<String>) {
            guard !values.isEmpty, values.count <= Source.mostValues else { return }
            sources.append(Source(index: index, column: column, values: values))
        }
        consider("processes_by_status", "status", query.statuses.map(\.rawValue))
        consider("processes_by_kind", "kind", query.kinds)
        consider("processes_by_queue", "queue", query.queues)
        guard var narrowest = sources.first else {
            return Source(
                index: "processes_by_status", column: "status", values: ProcessStatus.allCases.map(\.rawValue))
        }
        guard sources.count > 1 else { return narrowest }

        // Nobody walks further than the limit, so nobody counts further either.
        var fewest = query.walkLimit
        for source in sources {
            let count = try self.statement(
                "SELECT count(*) FROM (\(Self.places(of: source, query)) LIMIT ?\(Self.countLimit))")
            self.bind(query, source, to: count)
            count.bind(fewest, at: Self.countLimit)
            let number = try count.step() ? Int(count.integer(at: 0)) : 0
            count.reset()
            if number < fewest { (narrowest, fewest) = (source, number) }
        }
        return narrowest
    }

    /// Selects time, id and row of all that a source holds, of the time asked for and behind the cursor.
    private static func places(of source: Source, _ query: ProcessQuery) -> String {
        var conditions = ""
        if query.after != nil {
            let comparison = query.order == .oldest ? ">" : "<"
            conditions += " AND (created_at, id) \(comparison) (?\(Self.cursorTime), ?\(Self.cursorID))"
        }
        if query.createdAfter != nil { conditions += " AND created_at > ?\(Self.lowerBound)" }
        if query.createdBefore != nil { conditions += " AND created_at < ?\(Self.upperBound)" }
        return source.values.indices.map { index in
            """
            SELECT created_at, id, row FROM processes INDEXED BY \(source.index) \
            WHERE \(source.column) = ?\(Self.firstValue + Int32(index))\(conditions)
            """
        }.joined(separator: " UNION ALL ")
    }

    private func bind(_ query: ProcessQuery, _ source: Source, to statement: SQLiteStatement) {
        if let after = query.after {
            statement.bind(after.createdAt.milliseconds, at: Self.cursorTime)
            statement.bind(after.id.text, at: Self.cursorID)
        }
        if let time = query.createdAfter { statement.bind(time.milliseconds, at: Self.lowerBound) }
        if let time = query.createdBefore { statement.bind(time.milliseconds, at: Self.upperBound) }
        for (index, value) in source.values.enumerated() {
            statement.bind(value, at: Self.firstValue + Int32(index))
        }
    }
}
