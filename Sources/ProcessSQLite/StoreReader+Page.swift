internal import ProcessCore

extension StoreReader {
    /// Pages through processes in the order of (`created_at`, id).
    func page(_ query: ProcessQuery) throws(SQLiteError) -> ProcessPage {
        try self.inOneMoment { () throws(SQLiteError) in
            let walk = PageWalk(query)
            let source = try self.narrowest(of: walk)
            let direction = query.order == .oldest ? "" : " DESC"
            let places = try self.statement(
                "\(walk.places(in: source, filtered: true)) ORDER BY 1\(direction), 2\(direction)")
            walk.bind(to: places)
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
                guard places.integer(at: 3) != 0, let record = try self.record(inRow: places.integer(at: 2)),
                    query.matches(record)
                else { continue }
                page.records.append(record)
                payloadBytes += record.payloadBytes
            }
            page.next = nil
            return page
        }
    }

    /// The source that holds the fewest processes of the time asked for.
    ///
    /// Counts all of them a little further each time, so that a narrow one is found without counting a wide one.
    private func narrowest(of walk: PageWalk) throws(SQLiteError) -> PageWalk.Source {
        guard let first = walk.sources.first else { return PageWalk.everything }
        guard walk.sources.count > 1 else { return first }
        var limit = 100
        // Nobody walks further than the limit, so nobody counts further either.
        while limit < walk.query.walkLimit {
            var narrowest: PageWalk.Source?
            var fewest = limit
            for source in walk.sources {
                let number = try self.count(walk, source, limit: fewest)
                if number < fewest { (narrowest, fewest) = (source, number) }
            }
            if let narrowest { return narrowest }
            limit *= 8
        }
        return first
    }

    private func count(_ walk: PageWalk, _ source: PageWalk.Source, limit: Int) throws(SQLiteError) -> Int {
        let count = try self.statement(
            "SELECT count(*) FROM (\(walk.places(in: source, filtered: false)) LIMIT \(PageWalk.Parameter.limit))")
        walk.bind(to: count)
        count.bind(limit, at: PageWalk.Parameter.limit.rawValue)
        defer { count.reset() }
        return try count.step() ? Int(count.integer(at: 0)) : 0
    }
}

/// The ways to walk through the processes of one query: by any index that holds all that can match.
private struct PageWalk {
    /// An index, and the values under which it holds all that can match.
    struct Source: Equatable {
        let index: String
        let column: String
        /// What stands for the values in SQL.
        let terms: [String]
    }

    /// Parameters of every statement of a walk; those of the values follow.
    enum Parameter: Int32, CustomStringConvertible {
        case cursorTime = 1
        case cursorID, lowerBound, upperBound, limit

        static let firstValue = Self.limit.rawValue + 1

        var description: String { "?\(self.rawValue)" }
    }

    /// Each value is an arm of a merge, and SQLite takes no more than 500.
    private static let mostValues = 64

    /// All processes, merged from those of each status.
    static let everything = Source(
        index: "processes_by_status", column: "status", terms: ProcessStatus.allCases.map { "'\($0.rawValue)'" })

    let query: ProcessQuery
    private(set) var sources: [Source] = []
    private var values: [String] = []

    init(_ query: ProcessQuery) {
        self.query = query
        self.add("processes_by_status", "status", query.statuses.map(\.rawValue))
        self.add("processes_by_kind", "kind", query.kinds)
        self.add("processes_by_queue", "queue", query.queues)
    }

    private mutating func add(_ index: String, _ column: String, _ values: some Collection<String>) {
        guard !values.isEmpty, values.count <= Self.mostValues else { return }
        let first = Parameter.firstValue + Int32(self.values.count)
        self.values += values
        self.sources.append(
            Source(
                index: index, column: column, terms: values.indices.enumerated().map { "?\(first + Int32($0.offset))" })
        )
    }

    /// Selects time, id and row of all that a source holds, of the time asked for and behind the cursor, and whether the
    /// other columns let it match: what they do not is passed over without being read.
    func places(in source: Source, filtered: Bool) -> String {
        var conditions = ""
        if self.query.after != nil {
            let comparison = self.query.order == .oldest ? ">" : "<"
            conditions += " AND (created_at, id) \(comparison) (\(Parameter.cursorTime), \(Parameter.cursorID))"
        }
        if self.query.createdAfter != nil { conditions += " AND created_at > \(Parameter.lowerBound)" }
        if self.query.createdBefore != nil { conditions += " AND created_at < \(Parameter.upperBound)" }
        let others = self.sources.filter { filtered && $0 != source }
        let filter = others.map { " AND \($0.column) IN (\($0.terms.joined(separator: ", ")))" }.joined()
        return source.terms.map { term in
            """
            SELECT created_at, id, row, coalesce(1\(filter), 0) FROM processes INDEXED BY \(source.index) \
            WHERE \(source.column) = \(term)\(conditions)
            """
        }.joined(separator: " UNION ALL ")
    }

    func bind(to statement: SQLiteStatement) {
        if let after = self.query.after {
            statement.bind(after.createdAt.milliseconds, at: Parameter.cursorTime.rawValue)
            statement.bind(after.id.text, at: Parameter.cursorID.rawValue)
        }
        if let time = self.query.createdAfter { statement.bind(time.milliseconds, at: Parameter.lowerBound.rawValue) }
        if let time = self.query.createdBefore { statement.bind(time.milliseconds, at: Parameter.upperBound.rawValue) }
        for (index, value) in self.values.enumerated() {
            statement.bind(value, at: Parameter.firstValue + Int32(index))
        }
    }
}
